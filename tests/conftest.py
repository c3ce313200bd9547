"What the tests in a real Chromium share."
import shutil
from pathlib import Path
import pytest

shots = Path(__file__).resolve().parents[1]/'outputs'/'browser' # pictures of pages
chromium = next((p for n in ('chromium', 'chromium-browser', 'google-chrome') if (p := shutil.which(n))), None)
LONG = 300_000 # ms; a busy machine is slow
MEDIA = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required'] # a microphone that plays a file

def microphone():
    "What the microphone of the browser hears, again and again: two seconds of silence, three of speech."
    import numpy as np, soundfile
    from latentsync.core import SAMPLE_RATE, demo
    from latentsync.media import read_audio
    speech = read_audio(demo('speech.flac'))[:3*SAMPLE_RATE]
    soundfile.write(shots/'microphone.wav', np.concatenate([np.zeros(2*SAMPLE_RATE), speech, np.zeros(1600)]), SAMPLE_RATE, subtype='PCM_16')
    return shots/'microphone.wav'

def camera():
    "What its camera sees: a portrait."
    import av
    from latentsync.core import demo
    from latentsync.media import read_frames
    with av.open(str(shots/'camera.mjpeg'), 'w', format='mjpeg') as out:
        stream = out.add_stream('mjpeg', 25)
        stream.width, stream.height, stream.pix_fmt = 512, 600, 'yuvj420p'
        frame = av.VideoFrame.from_ndarray(next(read_frames(demo('portrait.png'))), 'rgb24').reformat(512, 600)
        for _ in range(5): out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return shots/'camera.mjpeg'

@pytest.fixture(scope='session')
def browser():
    "One for all: Playwright can only be started once in a process."
    from playwright.sync_api import sync_playwright
    shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as p:
        files = [f'--use-file-for-fake-audio-capture={microphone()}', f'--use-file-for-fake-video-capture={camera()}']
        b = p.chromium.launch(executable_path=chromium, args=['--no-sandbox', *MEDIA, *files])
        yield b
        b.close()
