"A live server without weights: a lamp below the picture is as bright as the sound is loud."
import contextlib, json, time, urllib.error, urllib.request
import numpy as np
from latentsync.answers import AvatarShelf
from latentsync.core import SAMPLE_RATE, demo
from latentsync.gate import ServerSettings
from latentsync.server import create_server, running_server
from latentsync.spoken_text import SafeVoice
from latentsync.talks import LampEngine

class Beeps:
    "Says each word as a beep of a length of its own; counts its calls."
    name, language = 'beeps', 'en-us'
    def __init__(self, seconds=.2): self.seconds, self.called = seconds, 0
    def say(self, text):
        self.called += 1
        dice = np.random.default_rng(len(text))
        for word in text.split():
            beep = .3*np.sin(np.arange(int(SAMPLE_RATE*self.seconds*dice.uniform(.3, 1)))/4)
            yield np.concatenate([beep, np.zeros(int(SAMPLE_RATE*self.seconds*dice.uniform(.3, 1)))]).astype(np.float32)

class Short(Beeps):
    "One frame of sound, whatever the text."
    name = 'short'
    def say(self, text): self.called += 1; yield np.full(640, .1, np.float32)

class Mute(Beeps):
    "Cannot speak."
    name = 'mute'
    def say(self, text): raise OSError('no file'); yield

def shelf_in(folder):
    shelf = AvatarShelf(folder/'avatars')
    shelf.create(demo('portrait.png'), 'grace')
    return shelf

def lamp_app(shelf, voices=None, **settings):
    voices = voices or [Short(), Beeps(), SafeVoice(Mute(), Beeps())]
    return create_server(LampEngine(240), {v.name: v for v in voices}, shelf, ServerSettings(port=0, **settings))

@contextlib.contextmanager
def lamp_server(shelf, voices=None, **settings):
    app = lamp_app(shelf, voices, **settings)
    with running_server(app) as address:
        app.state.address = address
        yield app

def ask(app, path, data=None, method=None, **headers):
    "Status, headers, content."
    if isinstance(data, dict): data, headers = json.dumps(data).encode(), headers | {'Content-Type': 'application/json'}
    try:
        with urllib.request.urlopen(urllib.request.Request(app.state.address + path, data, headers, method=method), timeout=60) as r: return r.status, r.headers, r.read()
    except urllib.error.HTTPError as e: return e.code, e.headers, e.read()

def upload(app, path, **files):
    "Send names and (file name, bytes) or words."
    body = b''
    for name, value in files.items():
        head, data = (f'; filename="{value[0]}"', value[1]) if isinstance(value, tuple) else ('', str(value).encode())
        body += f'--x\r\nContent-Disposition: form-data; name="{name}"{head}\r\n\r\n'.encode() + data + b'\r\n'
    return ask(app, path, body + b'--x--\r\n', **{'Content-Type': 'multipart/form-data; boundary=x'})

def events(content): return [json.loads(l[6:]) for l in content.split(b'\n\n') if l]

def until(condition, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition(): return True
        time.sleep(.05)
    return False
