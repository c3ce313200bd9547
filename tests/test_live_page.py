"The page of `latentsync serve` in a real Chromium. Runs where LATENTSYNC_BROWSER=1 is set; pictures of the page go to outputs/browser."
import importlib.util, os
import numpy as np, pytest
from latentsync.core import demo
from conftest import LONG, chromium, shots

missing = [n for n in ('fastapi', 'playwright') if not importlib.util.find_spec(n)]
why = ('set LATENTSYNC_BROWSER=1' if not os.environ.get('LATENTSYNC_BROWSER') else f'not installed: {", ".join(missing)}' if missing
    else 'no Chromium: `apt install chromium`' if not chromium else '')
pytestmark = pytest.mark.skipif(bool(why), reason=why)

@pytest.fixture(scope='module')
def app(tmp_path_factory):
    from lamps import Beeps, Mute, lamp_server, shelf_in
    from latentsync.spoken_text import SafeVoice
    with lamp_server(shelf_in(tmp_path_factory.mktemp('live')), [Beeps(), SafeVoice(Mute(), Beeps())]) as app: yield app

@pytest.fixture
def open_live(browser, app):
    "Opens the page; nothing may be wider than the window, and nothing may go wrong in its scripts."
    pages = []
    def opened(width=1280, height=860, scheme='light'):
        page = browser.new_context(viewport=dict(width=width, height=height), color_scheme=scheme, permissions=['microphone']).new_page()
        page.set_default_timeout(LONG)
        page.wrong = []
        page.on('pageerror', lambda e: page.wrong.append(str(e)))
        page.on('console', lambda m: m.type == 'error' and page.wrong.append(m.text))
        page.goto(app.state.address)
        page.wait_for_selector('#state[data-is=idle]')
        pages.append(page)
        return page
    yield opened
    for page in pages:
        assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')
        assert page.wrong == []
        page.context.close()

def shot(page, name): page.screenshot(path=str(shots/f'live_{name}.png'))

LISTEN = """async seconds => { // how loud the sound is and how bright the lamp, at the time of the sound card
    const { player } = latentsync, tap = new AnalyserNode(player.context, { fftSize: 512 }), wave = new Float32Array(512), seen = []
    player.volume.connect(tap)
    const look = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true }), end = player.context.currentTime + seconds
    while (player.context.currentTime < end) {
        await new Promise(r => setTimeout(r, 4))
        tap.getFloatTimeDomainData(wave)
        const { width, height } = player.canvas
        look.drawImage(player.canvas, 0, height - 16, width, 8, 0, 0, 8, 8)
        seen.push([player.context.currentTime, Math.sqrt(wave.reduce((a, x) => a + x*x) / 512), look.getImageData(4, 4, 1, 1).data[0]])
    }
    return [seen, player.delay, player.numbers()]
}"""

def say(page, words, voice='beeps'):
    page.select_option('#voice', voice)
    page.fill('#text', words)
    page.click('#say')
    page.wait_for_selector('#state[data-is=speaking]')

def rests(page): page.wait_for_selector('#state[data-is=idle]')

def skew(seen, delay):
    "s by which the picture is later than its sound, of the best match."
    at, loud, lamp = np.array(seen).T
    grid = np.arange(at[0] + .3, at[-1] - .3, .004)
    loud, shift = np.interp(grid, at - .016, loud), np.arange(-.2, .2, .004) # the sound of a window is that of its middle
    with np.errstate(all='ignore'): match = np.nan_to_num([np.corrcoef(loud, np.interp(grid + s, at, lamp))[0, 1] for s in shift])
    return shift[int(np.argmax(match))] - delay, max(match)

def test_sound_and_picture_are_in_step(open_live):
    page = open_live()
    shot(page, 'rests')
    say(page, 'word '*120)
    for _ in range(3): # a machine that is busy elsewhere may show nothing for a second
        seen, delay, numbers = page.evaluate(LISTEN, 3.5)
        late, match = skew(seen, delay)
        if match > .6: break
    shot(page, 'speaks')
    print(f'picture {1000*late:.0f} ms later than its sound, match {match:.2f}, {numbers}, {len(seen)} looks, loud to {max(l for _, l, _ in seen):.2f}, lamp {[min(x := [l for *_, l in seen]), max(x)]}')
    assert abs(late) <= .04 and match > .6
    assert np.ptp([l for *_, l in seen]) > 60
    page.click('#stop')
    rests(page)
    page.wait_for_timeout(400)
    seen, *_ = page.evaluate(LISTEN, .5)
    assert max(l for _, l, _ in seen) < .001 and np.ptp([l for *_, l in seen]) < 12, 'it is silent and still'

def test_a_file_is_spoken(open_live):
    page = open_live()
    page.click('#tab-file')
    page.set_input_files('#file', str(demo('speech.flac')))
    page.wait_for_selector('#state[data-is=speaking]')
    seen, *_ = page.evaluate(LISTEN, 2)
    assert max(l for _, l, _ in seen) > .02 and np.ptp([l for *_, l in seen]) > 40
    shot(page, 'file')
    rests(page)

def test_a_microphone_is_spoken(open_live, app):
    page = open_live()
    page.click('#tab-mic')
    page.click('#mic')
    page.wait_for_selector('#state[data-is=speaking]')
    seen, *_ = page.evaluate(LISTEN, 6)
    lamps = [l for *_, l in seen]
    shot(page, 'microphone')
    assert max(l for _, l, _ in seen) < .001, 'the own voice is not played back'
    assert np.ptp(lamps) > 40, 'it moves while somebody speaks'
    page.click('#mic')
    rests(page)

def test_who_speaks_is_chosen_and_made(open_live, app, tmp_path):
    page = open_live()
    page.click('#new')
    (tmp_path/'text.png').write_text('no picture')
    page.set_input_files('#create-file', str(tmp_path/'text.png'))
    page.fill('#create-name', 'me')
    page.click('#create-go')
    page.wait_for_selector('#create-error >> text=text.png')
    page.set_input_files('#create-file', str(demo('portrait.png')))
    shot(page, 'new')
    page.click('#create-go')
    page.wait_for_selector('#people [data-name=me][aria-selected=true]')
    rests(page)
    say(page, 'hello '*20) # long enough to be seen
    shot(page, 'made')
    rests(page)
    page.wrong = [w for w in page.wrong if '400' not in w] # the picture that was none

def test_a_voice_that_fails_says_so(open_live):
    page = open_live()
    say(page, 'one two '*10, 'mute')
    page.wait_for_selector('#note >> text=beeps speaks in its place')
    rests(page)

@pytest.mark.parametrize('name,width,height,scheme', [('dark', 1280, 860, 'dark'), ('phone', 390, 844, 'light'), ('phone_dark', 390, 844, 'dark')])
def test_it_looks_well(open_live, name, width, height, scheme):
    page = open_live(width, height, scheme)
    page.click('#debug summary')
    page.check('#keep')
    page.wait_for_timeout(300)
    page.uncheck('#keep')
    page.screenshot(path=str(shots/f'live_{name}.png'), full_page=True)
