"The site that `make docs` built, as a reader sees it. The browser's part runs where LATENTSYNC_BROWSER=1 is set; pictures go to outputs/browser."
import functools, http.server, importlib.util, os, re, sys, threading
from pathlib import Path
import pytest
from conftest import chromium, shots

root = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(root))
site = root/'_docs'
built = pytest.mark.skipif(not (site/'index.html').exists(), reason='run `make docs`')
why = ('set LATENTSYNC_BROWSER=1' if not os.environ.get('LATENTSYNC_BROWSER') else 'not installed: playwright' if not importlib.util.find_spec('playwright')
    else 'no Chromium: `apt install chromium`' if not chromium else '')
in_browser = pytest.mark.skipif(bool(why), reason=why)

CELL = '''#| export
LIMIT = 3 # items

def first(
    a:int, # of `second`
    *more:str, # any
)->int: # a number
    "What comes first."
    return a

class Second:
    "What comes second."
    def do(self,
        x:int=LIMIT, # how often
    ): "Do it."
    def _hidden(self): pass'''

def test_reference_follows_the_source():
    "Order, comments, methods; what begins with _ is not there."
    from docs.reference import exported_names, reference
    assert exported_names(CELL) == dict(LIMIT=2, first=4, Second=11, **{'Second.do': 13})
    text = reference(CELL.split('\n', 1)[1], lambda name: f'at {name}', lambda name: 'there' if name == 'second' else None)
    places = [text.index(x) for x in ('id="LIMIT"', '### first', 'first(a: int, *more: str) -> int', 'What comes first.', '<code>*more</code>',
        '### Second', 'Second.do(x: int=LIMIT)', '<td>how often')]
    assert places == sorted(places)
    assert '<a href="there"><code>second</code></a>' in text and '### _hidden' not in text

def test_a_patched_method_belongs_to_its_class():
    from docs.reference import exported_names, reference
    code = '@patch\ndef find(self:Desk,\n    id:str, # of a job\n)->str: return id\n\n@patch\ndef _find(self:Desk): pass'
    assert exported_names(code) == {'Desk.find': 2}
    assert '### Desk.find' in reference(code, lambda name: f'at {name}', lambda name: None)

def test_a_line_says_what_comes_back():
    "A comment behind the type of the result is about the result; the sentence of a decorator is the text."
    from docs.reference import reference
    text = reference("@measure('r', 1, 'how lips agree')\ndef agree(c:Pair)->float: # -1..1\n    return 0.", lambda name: '', lambda name: None)
    assert '<td>returns</td><td>-1..1</td>' in text and 'how lips agree' in text
    text = reference('def turn(x:Tensor)->Tensor: # x: (N,D)\n    return x', lambda name: '', lambda name: None)
    assert '<code>x</code></td><td>x: (N,D)' in text and 'returns' not in text

def test_formulas_and_links_of_text():
    from docs_build import Site
    text = Site().prose('`lip_sync_loss` and `$x$` and $x_t$ in [faces](03_face.ipynb)\n\n```\n`recon_loss` $y$\n```', Path('12_unet.ipynb'))
    assert '[`lip_sync_loss`](losses.md#lip_sync_loss)' in text and '[faces](face.md)' in text
    assert '<math' in text and '`$x$`' in text and '`recon_loss` $y$' in text

@built
def test_site_has_no_fault():
    from docs.check import faults
    assert faults(site) == []

@pytest.fixture(scope='module')
def address():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_): pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()

CUT_OFF = '''() => [document.documentElement, ...document.querySelectorAll('article *')].filter(e => {
    const hides = ['hidden', 'auto', 'scroll', 'clip'].includes(getComputedStyle(e).overflowX) || e === document.documentElement
    const right = e.getBoundingClientRect().right
    return e.clientWidth > 0 && (hides && e.scrollWidth > e.clientWidth + 1 || !e.closest('svg, math, video, .md-code__nav') && right > innerWidth + 1)
}).map(e => `${e.tagName} ${e.className} ${e.scrollWidth}>${e.clientWidth} ${e.textContent.trim().slice(0, 40)}`)'''

@built
@in_browser
def test_nothing_is_cut_off_at_1280(browser, address):
    "Neither code nor a table nor a picture; folded code is opened first."
    page, found = browser.new_page(viewport=dict(width=1280, height=900)), {}
    page.route(lambda url: not url.startswith(address), lambda route: route.abort()) # it works without a network
    page.set_default_timeout(120_000)
    for p in sorted(site.rglob('*.html')):
        page.goto(f'{address}/{p.relative_to(site)}', wait_until='load')
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        if cut := page.evaluate(CUT_OFF): found[str(p.relative_to(site))] = cut
    assert not found, '\n'.join(f'{k}: {v[:3]}' for k, v in found.items())

LOOKED_AT = ['index', 'explanations/how_it_works', 'losses', 'explanations/results', 'explanations/commands']

@built
@in_browser
@pytest.mark.parametrize('scheme, width', [('light', 1280), ('dark', 1280), ('light', 390)])
def test_pages_as_pictures(browser, address, scheme, width):
    "Both schemes, and the width of a phone, where the page itself does not scroll sideways."
    page = browser.new_page(viewport=dict(width=width, height=900 if width > 400 else 844), color_scheme=scheme)
    page.set_default_timeout(120_000)
    for name in LOOKED_AT:
        page.goto(f'{address}/{name}.html', wait_until='load')
        page.screenshot(path=str(shots/f'site_{Path(name).name}_{scheme}_{width}.png'))
        assert page.evaluate('document.documentElement.scrollWidth <= innerWidth'), name

@built
@in_browser
@pytest.mark.parametrize('opened', ['from a server', 'as a file'])
@pytest.mark.parametrize('asked, answer', [('lip_sync_loss', 'losses.html'), ('widen the border', 'square.html#how-to-widen-the-border'),
    ('add a measure', 'measures.html#how-to-add-a-measure'), ('frame without a face', 'faults.html#a-frame-without-a-face')])
def test_search_answers(browser, address, opened, asked, answer):
    "Without a network, among the first results."
    page = browser.new_page(viewport=dict(width=1280, height=900))
    page.set_default_timeout(120_000)
    page.route('https://**', lambda route: route.abort())
    page.goto(f'{site.as_uri() if opened == "as a file" else address}/index.html', wait_until='load')
    for _ in range(5): # a page that still loads hears no typing
        page.click('.md-search__input')
        page.keyboard.press('Control+A')
        page.keyboard.type(asked)
        for _ in range(20): # many results take a while to be drawn
            page.wait_for_timeout(1000)
            found = [a.get_attribute('href') for a in page.query_selector_all('.md-search-result__link')[:6]]
            if any(answer in re.sub(r'\?h=[^#]*', '', f) for f in found): return
    pytest.fail(f'{page.inner_text(".md-search-result__meta")}: {found}')

@built
def test_tables_of_notebooks_keep_their_links():
    way = (site/'explanations/find_your_way.html').read_text()
    for target in ('../square.html#paste_weight', '../tracks.html#follow_face', '../measures.html#measure', '../CONTRIBUTING.html'): assert f'href="{target}"' in way
    assert 'href="measures.html"' in (site/'CONTRIBUTING.html').read_text()

@built
def test_outputs_of_folded_code_are_seen():
    from lxml import html
    page = html.parse(str(site/'explanations/faults.html'))
    said = [pre for pre in page.iter('pre') if '25 frames, 21 speaking' in pre.text_content()]
    assert said and not any(list(pre.iterancestors('details')) for pre in said)

def test_folds_of_one_kind_become_one():
    from docs.reference import folded
    from docs_build import unfolded_once
    text = unfolded_once('\n\n'.join(folded('Imports of the examples', f'import {m}') for m in ('os', 're', 'sys')) + '\n\n' + folded('Code', 'x = 1'))
    assert text.count('??? code') == 2 and all(f'    import {m}' in text for m in ('os', 're', 'sys'))
