"Both pages of `latentsync app` in a real Chromium. Runs where LATENTSYNC_BROWSER=1 is set; pictures of the pages go to outputs/browser."
import importlib.util, os, socket, subprocess, sys, time, urllib.error, urllib.request
from pathlib import Path
import cv2, numpy as np, pytest, soundfile
from latentsync.core import SAMPLE_RATE, demo
from latentsync.jobs import kept_jobs
from latentsync.media import probe, read_audio, read_frames
from latentsync.writing import VideoWriter
from conftest import LONG, chromium, shots

root = Path(__file__).resolve().parents[1]
missing = [n for n in ('gradio', 'streamlit', 'playwright') if not importlib.util.find_spec(n)]
why = ('set LATENTSYNC_BROWSER=1' if not os.environ.get('LATENTSYNC_BROWSER') else f'not installed: {", ".join(missing)}' if missing
    else 'no Chromium: `apt install chromium`' if not chromium else '')
pytestmark = pytest.mark.skipif(bool(why), reason=why)

@pytest.fixture(scope='session')
def given(tmp_path_factory):
    "Files to upload."
    folder = tmp_path_factory.mktemp('given')
    speech, face = read_audio(demo('speech.flac')), next(read_frames(demo('portrait.png')))
    soundfile.write(folder/'two.wav', speech[:2*SAMPLE_RATE], SAMPLE_RATE)
    soundfile.write(folder/'one.wav', speech[2*SAMPLE_RATE:3*SAMPLE_RATE], SAMPLE_RATE)
    soundfile.write(folder/'long.wav', np.tile(speech, 40), SAMPLE_RATE)
    half = cv2.resize(face, None, fx=.6, fy=.6, interpolation=cv2.INTER_AREA)
    couple = np.hstack([half, half[:, ::-1]])
    with VideoWriter(folder/'couple.mp4', couple.shape[1::-1], 25) as w:
        for _ in range(50): w.write(couple)
    (folder/'text.mp4').write_text('this is no video')
    (folder/'list.m3u8').write_text(f'#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n{folder}/couple.mp4\n#EXT-X-ENDLIST\n')
    with open(folder/'huge.mp4', 'wb') as f: f.truncate(2*10**9) # takes no room
    return folder

class Server:
    "`latentsync app` in a process of its own."
    def __init__(self, folder, *words):
        with socket.socket() as s: s.bind(('127.0.0.1', 0)); self.port = s.getsockname()[1]
        self.folder, self.words, self.address = folder, words, f'http://127.0.0.1:{self.port}/'
        self.start()

    def start(self):
        command = [sys.executable, '-m', 'latentsync', 'app', '--out', self.folder, '--port', self.port, '--checkpoint', 'compact', '--device', 'cpu', *self.words]
        self.process = subprocess.Popen([*map(str, command)], cwd=root, start_new_session=True)
        for _ in range(1200):
            try: return urllib.request.urlopen(self.address).close()
            except OSError: assert self.process.poll() is None; time.sleep(.1)

    def stop(self): self.process.kill(); self.process.wait()
    def jobs(self): return [*kept_jobs(self.folder).values()]
    def last(self): return self.jobs()[-1]

@pytest.fixture(scope='session')
def gradio(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp('gradio'))
    yield server
    server.stop()

@pytest.fixture(scope='session')
def streamlit(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp('streamlit'), '--streamlit')
    yield server
    server.stop()

@pytest.fixture
def open_page(browser):
    "Opens an address; no page may be wider than its window."
    pages = []
    def opened(server, width=1280, height=1000):
        page = browser.new_page(viewport=dict(width=width, height=height))
        page.set_default_timeout(LONG)
        page.goto(server.address)
        page.wait_for_selector('#make, [data-testid=stFileUploader]')
        pages.append(page)
        return page
    yield opened
    for page in pages:
        assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')
        page.close()

def shot(page, name): page.wait_for_timeout(800); page.screenshot(path=str(shots/f'{name}.png'), full_page=True)

def plays(page, where):
    "Play a video: where it is after a moment, its width and its length."
    page.wait_for_function(f"document.querySelector('{where} video')?.readyState >= 2")
    return page.evaluate(f"""async () => {{ let v
        for (let i = 0; i < 100 && !(v?.currentTime > .6); i++) {{
            v = document.querySelector('{where} video') // the page may have put another in its place
            v.muted = true
            if (v.paused) await v.play().catch(() => {{}})
            await new Promise(r => setTimeout(r, 200))
        }}
        return [v.currentTime, v.videoWidth, v.duration] }}""")

def who_moved(source, result):
    "Which half of a picture of two was changed: left, right."
    a, b = (next(f for i, f in enumerate(read_frames(p)) if i == 20).astype(int) for p in (source, result))
    moved, middle = (abs(a-b) > 40).any((0,2)), a.shape[1]//2
    return bool(moved[:middle].any()), bool(moved[middle:].any())

def fetched(address):
    try:
        with urllib.request.urlopen(address) as r: return r.read()
    except urllib.error.HTTPError as e: return str(e.code).encode()

# Gradio

def fill(page, video, sound):
    page.set_input_files('#video input[type=file]', str(video))
    page.set_input_files('#sound input[type=file]', str(sound))

def made(page, title):
    "Order the job that is asked for, and wait for its video."
    page.click('#make')
    page.wait_for_selector(f'#progress >> text={title}')
    page.wait_for_selector('#progress .note.done')
    page.wait_for_selector('#download')

def test_app_makes_a_portrait_speak(gradio, open_page):
    page = open_page(gradio)
    shot(page, 'app_start')
    fill(page, demo('portrait.png'), demo('speech.flac'))
    page.wait_for_selector('#note .note.good')
    shot(page, 'app_ready')
    page.click('#make')
    page.wait_for_selector('#progress .bar')
    page.wait_for_selector('#first video')
    shot(page, 'app_working')
    page.wait_for_selector('#download')
    at, width, length = plays(page, '#result')
    assert at > .5 and width == 512 and 5 < length < 5.4
    shot(page, 'app_done')
    with page.expect_download() as download: page.click('#download')
    assert probe(download.value.path()).frames == 130
    page.get_by_role('tab', name='Before and after').click()
    assert plays(page, '#comparison')[1] > 700
    shot(page, 'app_comparison')

def test_app_lets_the_second_face_speak(gradio, open_page, given):
    page = open_page(gradio)
    fill(page, given/'couple.mp4', given/'two.wav')
    page.locator('#faces button').nth(1).click()
    page.wait_for_selector('#several')
    page.wait_for_timeout(500)
    page.wait_for_selector('#note .note.good')
    shot(page, 'app_two_faces')
    made(page, 'couple.mp4 says two.wav')
    assert gradio.last().settings['face'] == ['1']
    assert who_moved(given/'couple.mp4', gradio.last().file('result.mp4')) == (False, True)

def test_app_gives_each_face_a_sound(gradio, open_page, given):
    page = open_page(gradio)
    fill(page, given/'couple.mp4', given/'two.wav')
    page.click('#several button')
    page.locator('#several input[type=file]').first.set_input_files(str(given/'one.wav'))
    page.wait_for_timeout(2000)
    made(page, 'couple.mp4 says two.wav and one.wav')
    job = gradio.last()
    assert len(job.settings['face']) == 2 and probe(job.file('result.mp4')).frames == 75

def test_app_cancels(gradio, open_page, given):
    page = open_page(gradio)
    fill(page, demo('portrait.png'), given/'long.wav')
    page.wait_for_selector('#note .note')
    page.click('#make')
    page.wait_for_selector('#first video')
    page.click('#cancel')
    page.wait_for_selector('#progress >> text=stopped before the end')
    shot(page, 'app_cancelled')
    job = gradio.last()
    assert job.state == 'cancelled' and not job.file('result.mp4') and not list(job.folder.glob('.*'))

def test_app_speaks_text(gradio, open_page):
    page = open_page(gradio)
    page.set_input_files('#video input[type=file]', str(demo('portrait.png')))
    page.get_by_role('tab', name='Text').click()
    page.fill('#text textarea', 'Good morning to all of you.')
    page.locator('#text textarea').blur()
    page.wait_for_selector('#note .note.good')
    made(page, 'portrait.png says Good morning')

def test_app_records_a_face_and_a_voice(gradio, open_page):
    "The camera shows the portrait, the microphone hears a speech."
    page = open_page(gradio)
    page.get_by_role('tab', name='Webcam').click()
    page.click('text=Click to Access Webcam')
    page.click('button:has-text("Record")')
    page.wait_for_timeout(3000)
    shot(page, 'app_webcam')
    page.click('button:has-text("Stop")')
    page.wait_for_selector('#faces button')
    page.click('#sound button[aria-label="Record audio"]')
    page.click('#sound button:has-text("Record")')
    page.wait_for_timeout(5000)
    page.click('#sound button:has-text("Stop")')
    page.wait_for_selector('#note .note.good, #note .note.fair')
    shot(page, 'app_recorded')

def test_app_says_what_is_wrong(gradio, open_page, given):
    page = open_page(gradio)
    for name, words in ('text.mp4', 'text.mp4 is not a media file; give a video, a picture or a sound'), ('list.m3u8', 'list.m3u8 is a list of other files; give the file itself'):
        page.set_input_files('#video input[type=file]', str(given/name))
        page.wait_for_selector(f'#trouble >> text={words}')
        shot(page, f'app_wrong_{name}')
        page.locator('#video button[aria-label*=lear], #video button[title*=emove], #video button[aria-label*=emove]').first.click()
    page.wait_for_function("!document.querySelector('#trouble')?.innerText.trim()")
    page.wait_for_timeout(3000) # what was cleared has been heard of
    page.click('#make')
    page.wait_for_selector('#note >> text=there is no video and no picture; give one')

def test_app_takes_no_two_gigabytes(gradio, open_page, given):
    page, before = open_page(gradio), len(gradio.jobs())
    page.set_input_files('#video input[type=file]', str(given/'huge.mp4'))
    page.wait_for_selector('text=/exceeds|too large|maximum/i')
    shot(page, 'app_huge')
    assert len(gradio.jobs()) == before

def test_app_fits_a_phone(gradio, open_page):
    page = open_page(gradio, 390, 844)
    page.wait_for_selector('#download')
    shot(page, 'app_phone')

def test_app_gives_no_file_of_the_machine(gradio, given):
    secret = given/'text.mp4'
    for path in secret, f'{gradio.folder}/../{secret.relative_to(secret.parents[1])}', f'{gradio.folder}/%2e%2e/{secret.relative_to(secret.parents[1])}', f'file://{secret}', root/'settings.ini':
        for route in 'gradio_api/file=', 'file=', 'gradio_api/file/', 'static/', 'assets/', 'theme.css/../', 'gradio_api/proxy=': assert fetched(f'{gradio.address}{route}{path}')[:16] not in (b'this is no video', b'[DEFAULT]\nrepo =')

def test_app_remembers_after_a_restart(gradio, open_page):
    before = [(j.id, j.state) for j in gradio.jobs()]
    gradio.stop()
    gradio.start()
    page = open_page(gradio)
    page.wait_for_selector('#kept label')
    page.wait_for_function(f"document.querySelectorAll('#kept label').length === {len(before)}")
    assert [(j.id, j.state) for j in gradio.jobs()] == before
    page.locator('#kept label', has_text='portrait.png says speech.flac: done').last.click()
    at, width, _ = plays(page, '#result')
    assert at > .5 and width == 512

# Streamlit

UPLOAD = '.st-key-{} input[type=file]'

def test_form_makes_a_portrait_speak(streamlit, open_page):
    page = open_page(streamlit, 1280, 1400)
    page.set_input_files(UPLOAD.format('video'), str(demo('portrait.png')))
    page.set_input_files(UPLOAD.format('sound'), str(demo('speech.flac')))
    page.wait_for_selector('text=This will work well')
    shot(page, 'form_ready')
    page.click('text=Make the video')
    page.wait_for_selector('[data-testid=stProgress]')
    page.wait_for_selector('video')
    shot(page, 'form_working')
    page.wait_for_selector('text=Download the video')
    at, width, length = plays(page, '[data-testid=stTabs]:has(video)')
    assert at > .5 and width == 512 and 5 < length < 5.4
    shot(page, 'form_done')
    with page.expect_download() as download: page.click('text=Download the video')
    assert probe(download.value.path()).frames == 130

def settled(page):
    "Streamlit has made the page again."
    page.wait_for_timeout(500)
    page.wait_for_selector('[data-testid=stApp][data-test-script-state=notRunning]')

def test_form_takes_guidance_steps_and_the_second_face(streamlit, open_page, given):
    page = open_page(streamlit, 1280, 1400)
    page.set_input_files(UPLOAD.format('video'), str(given/'couple.mp4'))
    page.get_by_role('radiogroup').get_by_text('Face 2').click()
    page.set_input_files(UPLOAD.format('sound'), str(given/'one.wav'))
    page.wait_for_selector('text=This will work')
    page.click('text=As compact was trained')
    settled(page)
    page.get_by_role('slider', name='Steps').press('Home')
    settled(page)
    page.wait_for_selector('text=This will work')
    page.click('text=Make the video')
    page.wait_for_selector('[data-testid=stProgress]')
    page.wait_for_selector('[data-testid=stProgress]', state='detached')
    page.wait_for_selector('text=Download the video')
    job = streamlit.last()
    assert (job.settings['guidance_scale'], job.settings['steps'], job.settings['face']) == (1.5, 10, ['1'])
    assert who_moved(given/'couple.mp4', job.file('result.mp4')) == (False, True)

def test_form_takes_a_sound_for_each_face(streamlit, open_page, given):
    page = open_page(streamlit, 1280, 1400)
    page.set_input_files(UPLOAD.format('video'), str(given/'couple.mp4'))
    page.set_input_files(UPLOAD.format('sound'), str(given/'two.wav'))
    page.click('text=Several people speak')
    page.locator(UPLOAD.format('voice1')).set_input_files(str(given/'one.wav'))
    page.wait_for_selector('text=This will work')
    page.wait_for_selector('text=75 frames')
    shot(page, 'form_two_voices')

def test_form_cancels(streamlit, open_page, given):
    page = open_page(streamlit, 1280, 1400)
    page.set_input_files(UPLOAD.format('video'), str(demo('portrait.png')))
    page.set_input_files(UPLOAD.format('sound'), str(given/'long.wav'))
    page.click('text=Make the video')
    page.wait_for_selector('text=/frame \\d+ of/')
    page.click('text=Cancel')
    page.wait_for_selector('text=stopped before the end')
    job = streamlit.last()
    assert job.state == 'cancelled' and not list(job.folder.glob('.*'))

def test_form_says_what_is_wrong(streamlit, open_page, given):
    page = open_page(streamlit, 1280, 1400)
    page.set_input_files(UPLOAD.format('video'), str(given/'text.mp4'))
    page.wait_for_selector('text=text.mp4 is not a media file; give a video, a picture or a sound')
    shot(page, 'form_wrong')
    page.set_input_files(UPLOAD.format('video'), str(given/'huge.mp4'))
    page.wait_for_selector('text=/500(.0)? ?MB or smaller|exceeds|must be/i')
    shot(page, 'form_huge')

def test_form_gives_no_file_of_the_machine(streamlit, given):
    for path in given/'text.mp4', root/'settings.ini':
        for route in 'media/', 'media/../../', 'app/static/', 'app/static/../', '~/+/', '_stcore/', 'static/../../': assert fetched(f'{streamlit.address}{route}{path}')[:16] not in (b'this is no video', b'[DEFAULT]\nrepo =')

def test_form_fits_a_phone(streamlit, open_page):
    page = open_page(streamlit, 390, 2400)
    page.wait_for_selector('text=All videos')
    shot(page, 'form_phone')
