"The live server among friends and others; what its page shows is tested in test_live_page."
import contextlib, gc, io, json, socket, struct, threading, time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote
import numpy as np, psutil, pytest, soundfile
schemathesis = pytest.importorskip('schemathesis')
fastapi = pytest.importorskip('fastapi')
from hypothesis import HealthCheck, given, settings as tried, strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from latentsync.core import SAMPLE_RATE, demo
from latentsync.streams import unpacked
from lamps import Beeps, Short, ask, events, lamp_server, shelf_in, until, upload

KEY = 'swordfish-swordfish'
ENDLESS = dict(per_minute=10**6, sessions=16)

@pytest.fixture(scope='module')
def shelf(tmp_path_factory): return shelf_in(tmp_path_factory.mktemp('live'))

@pytest.fixture(scope='module')
def app(shelf):
    with lamp_server(shelf, limits=ENDLESS | dict(stall_seconds=1, megabytes=5)) as app: yield app

@contextlib.contextmanager
def live_socket(app, **start):
    with connect(app.state.address.replace('http', 'ws') + '/ws/live', max_size=None) as ws:
        ws.send(json.dumps(dict(type='start') | start))
        yield ws

def talks(app): return app.state.live.desk.talks

# What the document says

def test_it_does_what_its_document_says(shelf):
    "Requests that fit the document and such that do not: no answer is a defect of the server, and all are as the document says."
    with lamp_server(shelf, [Short()], api_key=KEY, limits=ENDLESS | dict(seconds=5)) as app:
        document = schemathesis.openapi.from_url(f'{app.state.address}/openapi.json')
        operations = [found.ok() for found in document.get_all_operations()]
        assert len(operations) > 18
        for operation in operations:
            strategy = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE) | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
            @given(strategy)
            @tried(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
            def try_it(case):
                if case.path == '/idle': case.query = dict(case.query or {}) | dict(max_frames=2, fps=30)
                case.call_and_validate(headers={'X-API-Key': KEY}, timeout=30, excluded_checks=[schemathesis.checks.positive_data_acceptance, schemathesis.checks.negative_data_rejection])
            try_it()

def test_a_document_with_examples(app):
    document = json.loads(ask(app, '/openapi.json')[2])
    assert {'/generate', '/generate-from-audio', '/avatar', '/idle', '/get-tts-audio', '/health', '/debug/status', '/debug/config', '/avatars', '/voices', '/metrics'} <= document['paths'].keys()
    assert 'examples' in json.dumps(document['components']['schemas']['SayText'])

# The public dialects

def test_a_text_is_spoken_once_for_sound_and_pictures(shelf):
    voice = Beeps()
    with lamp_server(shelf, [voice]) as app:
        status, headers, wav = ask(app, '/get-tts-audio?text=one%20two')
        made = events(ask(app, '/generate?text=one%20two', Accept='text/event-stream')[2])
        seconds = soundfile.info(io.BytesIO(wav)).duration
        assert voice.called == 1 and abs(float(headers['X-Audio-Duration']) - seconds) < .001
        assert made[-1] == dict(status='complete', total_frames=-(-int(seconds*SAMPLE_RATE)//640), duration=made[-1]['duration'])
        assert [e['frame_number'] for e in made[:-1]] == [*range(len(made)-1)]

@pytest.mark.parametrize('subtype', ['PCM_U8', 'PCM_16', 'PCM_24', 'PCM_32', 'FLOAT', 'DOUBLE', 'ULAW', 'ALAW'])
@pytest.mark.parametrize('rate,channels', [(8000, 1), (16000, 2), (22050, 1), (44100, 2), (48000, 6), (96000, 1)])
def test_a_file_is_read_as_what_it_is(app, subtype, rate, channels):
    "25 frames a second of any sound: 10 s gave 7.88 s of pictures in the public server."
    sound = np.repeat(.3*np.sin(np.arange(rate//5)/rate*2*np.pi*300)[:, None], channels, 1)
    soundfile.write(file := io.BytesIO(), sound, rate, format='WAV', subtype=subtype)
    made = events(upload(app, '/generate-from-audio?format=sse', audio_file=('a.wav', file.getvalue()))[2])
    assert made[-1]['total_frames'] == 5

@pytest.mark.parametrize('name,data,status', [('a.wav', b'', 400), ('a.wav', b'RIFF....WAVE', 400), ('a.txt', b'hello', 400), ('a.m3u8', b'#EXTM3U\n#EXTINF:1,\n/etc/passwd\n', 400), ('a.png', None, 400)])
def test_what_is_no_sound_is_the_fault_of_who_sends_it(app, name, data, status):
    data = demo('portrait.png').read_bytes() if data is None else data
    got, _, words = upload(app, '/generate-from-audio', audio=(name, data))
    assert got == status and set(json.loads(words)) == {'error', 'message'} and b'/tmp' not in words

def test_a_voice_that_fails_falls_back_and_says_so(shelf):
    from latentsync.spoken_text import SafeVoice
    from lamps import Mute
    with lamp_server(shelf, [SafeVoice(Mute(), Beeps()), Beeps()]) as app:
        assert json.loads(ask(app, '/health')[2])['status'] == 'ok'
        with live_socket(app) as ws:
            ws.send('{"type": "say", "text": "hello"}')
            while 'notice' not in (said := str(ws.recv(timeout=20))): pass
        assert 'beeps speaks in its place' in said
        health = json.loads(ask(app, '/health')[2])
        assert health['status'] == 'degraded' and health['services']['tts'] == 'fallback'

# Names, keys, limits

@pytest.mark.parametrize('name', ['../grace', '..', '.', '/etc/passwd', 'grace/../grace', '%2e%2e', 'a b', 'grace\x00', 'ü'])
def test_nothing_outside_its_folder(app, shelf, name):
    before = sorted(p.name for p in shelf.root.parent.rglob('*'))
    assert ask(app, f'/avatars/{quote(name, safe="")}/picture')[0] in (404, 405)
    assert ask(app, '/generate', dict(text='a', character=name))[0] == 404
    assert ask(app, '/generate', dict(text='a', voice=name))[0] == 404
    assert upload(app, '/avatars', file=('../../x.png', demo('portrait.png').read_bytes()), name=name)[0] == 422
    assert ask(app, f'/static/{name}')[0] in (404, 400, 405) if '\x00' not in name and ' ' not in name and name != 'ü' else True
    for path in '/static/../gate.py', '/static/%2e%2e/gate.py', '/static/..%2fgate.py': assert b'class Gate' not in ask(app, path)[2]
    assert sorted(p.name for p in shelf.root.parent.rglob('*')) == before

def test_no_key_and_a_wrong_key(shelf):
    with lamp_server(shelf, api_key=KEY) as app:
        paths = [p for p in json.loads(ask(app, '/openapi.json')[2])['paths']]
        for path in paths:
            for key in {}, {'X-API-Key': 'wrong'}, {'Authorization': 'Bearer wrong'}: assert ask(app, path.replace('{', '').replace('}', ''), **key)[0] in (401, 405)
        assert ask(app, '/avatars', Authorization=f'Bearer {KEY}')[0] == ask(app, f'/avatars?key={KEY}')[0] == 200
        with pytest.raises(Exception), connect(app.state.address.replace('http', 'ws') + '/ws/live?key=wrong'): pass
        with connect(app.state.address.replace('http', 'ws') + f'/ws/live?key={KEY}') as ws: ws.send('{"type": "start"}'); assert 'ready' in ws.recv()

def test_other_sites_may_not_use_it(app):
    assert ask(app, '/avatars', Origin='https://evil.example')[0] == 403
    assert 'Access-Control-Allow-Origin' not in ask(app, '/avatars')[1]
    with pytest.raises(Exception), connect(app.state.address.replace('http', 'ws') + '/ws/live', origin='https://evil.example'): pass

def test_limits_are_told(shelf):
    with lamp_server(shelf, [Beeps(2)], limits=dict(sessions=2, per_minute=6, letters=100)) as app:
        assert ask(app, f'/generate?text={"a"*200}')[0] == 413
        with live_socket(app) as one, live_socket(app) as two:
            one.recv(), two.recv()
            assert ask(app, '/generate?text=a')[0] == 503 and json.loads(ask(app, '/generate?text=a')[2])['error'] == 'busy'
        assert until(lambda: not talks(app))
        answers = [ask(app, '/get-tts-audio?text=a') for _ in range(6)]
        assert answers[-1][0] == 429 and answers[-1][1]['Retry-After']

# Those who misbehave

def frames_a_second(app, seconds=1.2):
    "What a well-behaved viewer gets meanwhile."
    with live_socket(app, framing='v1') as ws:
        times = []
        while True:
            m = ws.recv(timeout=20)
            if isinstance(m, bytes): times.append(time.monotonic())
            if times and times[-1] - times[0] > seconds: return (len(times)-1)/(times[-1]-times[0])

def raw(app, lines):
    "A connection that is not read."
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(('127.0.0.1', int(app.state.address.rsplit(':', 1)[1])))
    s.sendall('\r\n'.join([*lines, 'Host: 127.0.0.1', '', '']).encode())
    return s

UPGRADE = ['GET /ws/live HTTP/1.1', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version: 13']

def text_frame(text):
    "A masked message of a client."
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode()

def test_viewers_who_never_read(app):
    silent = [raw(app, ['GET /idle?quality=95 HTTP/1.1']) for _ in range(3)]
    sockets = [raw(app, UPGRADE) for _ in range(3)]
    for s in sockets: time.sleep(.2); s.sendall(text_frame('{"type": "start", "quality": 95}'))
    assert until(lambda: len(talks(app)) == 3 and app.state.live.watching == 3)
    assert frames_a_second(app) > 22
    assert until(lambda: not talks(app) and not app.state.live.watching, 60), 'after the stall nothing of them is left'
    for s in silent + sockets: s.close()

def test_viewers_who_vanish(app):
    for _ in range(5):
        s = raw(app, UPGRADE)
        time.sleep(.1)
        s.sendall(text_frame('{"type": "start"}'))
        stream = raw(app, [f'GET /generate?voice=beeps&text={"word%20"*30} HTTP/1.1'])
        assert until(lambda: len(talks(app)) == 2)
        for x in s, stream:
            x.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)) # a reset, not a farewell
            x.close()
        assert until(lambda: not talks(app))

def test_a_hundred_megabytes(app):
    memory = psutil.Process().memory_info().rss
    for path, kind in ('/generate', 'application/json'), ('/generate-from-audio', 'multipart/form-data; boundary=x'), ('/avatars', 'multipart/form-data; boundary=x'):
        s = raw(app, [f'POST {path} HTTP/1.1', f'Content-Type: {kind}', 'Content-Length: 100000000'])
        sent, chunk = 0, b'--x\r\nContent-Disposition: form-data; name="audio_file"; filename="a.wav"\r\n\r\n' + bytes(10**6)
        try:
            while sent < 10**8: sent += s.send(chunk); chunk = bytes(10**6)
        except OSError: pass
        s.settimeout(5)
        try: assert b'413' in s.recv(4096)[:40]
        except OSError: pass # the answer was lost with the connection
        s.close()
        assert sent < 5*10**7
    with live_socket(app) as ws:
        with pytest.raises(ConnectionClosed):
            ws.send(bytes(2*10**6))
            for _ in ws: pass
            raise ConnectionClosed(None, None)
    with pytest.raises(ConnectionClosed), live_socket(app) as ws:
        for _ in range(100): ws.send(bytes(10**6)) # an hour of silence, of a client that reads nothing meanwhile
        ws.send('{"type": "stop"}')
        for _ in range(10**4): ws.recv(timeout=20)
    assert ask(app, '/health')[0] == 200 and until(lambda: not talks(app)) and frames_a_second(app) > 22
    gc.collect()
    assert psutil.Process().memory_info().rss - memory < 80e6

def told(ws):
    "All that is told in words until the end."
    words, end = [], time.monotonic() + 20
    while time.monotonic() < end:
        try: words += [m for m in [ws.recv(timeout=20)] if isinstance(m, str)]
        except ConnectionClosed: return words
    raise TimeoutError(f'no end after {words}')

anything = st.one_of(st.binary(max_size=3000), st.text(max_size=200), st.fixed_dictionaries(dict(type=st.sampled_from(['start', 'say', 'format', 'flush', 'interrupt', 'report', 'x', None, 1])),
    optional=dict(text=st.one_of(st.text(max_size=50), st.none(), st.integers()), sample_rate=st.integers(-1, 10**6), channels=st.integers(-1, 99), format=st.sampled_from(['s16le', 'f32le', 'u8', '']),
        skew_ms=st.floats(allow_nan=True), quality=st.integers(-5, 200), voice=st.text(max_size=9), framing=st.sampled_from(['raw', 'v1', 'x']))).map(json.dumps))

def test_messages_of_any_kind(shelf):
    "Whatever a viewer sends: it is told what is wrong, and is heard again."
    with lamp_server(shelf, limits=ENDLESS) as app: say_anything(app)

def say_anything(app):
    @given(st.lists(anything, max_size=12))
    @tried(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def try_them(messages):
        with live_socket(app, framing='v1') as ws:
            for m in messages: ws.send(m)
            ws.send('{"type": "stop"}')
            assert json.loads(told(ws)[-1])['type'] == 'end'
    try_them()
    assert until(lambda: not talks(app)) and ask(app, '/health')[0] == 200

def test_many_viewers_at_a_time(app):
    with ThreadPoolExecutor(4) as pool: rates = [*pool.map(lambda _: frames_a_second(app), range(4))]
    assert min(rates) > 22, rates

def test_an_interruption_from_outside(app):
    with live_socket(app, framing='v1', sound=True) as ws:
        session = json.loads(ws.recv())['session']
        assert ask(app, f'/sessions/{session}/say', dict(text='word '*100, voice='beeps'))[0] == 200
        loud = lambda m: isinstance(m, bytes) and m[:4] == b'LSA1' and any(m[16:])
        while not loud(ws.recv(timeout=20)): pass
        assert ask(app, f'/sessions/{session}/interrupt', {})[0] == 200
        until_here = app.state.live.desk.find(session).session.made
        assert not any(loud(m) for m, _ in zip(ws, range(150)) if isinstance(m, bytes) and unpacked(m).number > until_here + 3)
        assert ask(app, f'/sessions/{session}', method='DELETE')[0] == 200
        assert ask(app, f'/sessions/{session}/say', dict(text='a'))[0] == 404
    assert until(lambda: not talks(app))
    assert not [t for t in threading.enumerate() if t.name.startswith('talk-')]
