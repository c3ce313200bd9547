"The explorer and a report in JupyterLab, in a real Chromium. Runs where LATENTSYNC_BROWSER=1 is set; pictures of the page go to outputs/browser."
import importlib.util, os, socket, subprocess, sys, time, urllib.request
import nbformat, pytest, soundfile
from nbformat.v4 import new_code_cell, new_notebook
from latentsync.core import SAMPLE_RATE, demo
from latentsync.media import read_audio
from conftest import LONG, chromium, shots

missing = [n for n in ('jupyterlab', 'playwright') if not importlib.util.find_spec(n)]
why = ('set LATENTSYNC_BROWSER=1' if not os.environ.get('LATENTSYNC_BROWSER') else f'not installed: {", ".join(missing)}' if missing
    else 'no Chromium: `apt install chromium`' if not chromium else '')
pytestmark = pytest.mark.skipif(bool(why), reason=why)

CELLS = '''from latentsync.pipeline import lipsync
lipsync('face.png', 'second.wav', 'out.mp4', checkpoint='compact', device='cpu', alive=True, progress=False)''', '''from latentsync.explore import explore
explore('out.mp4', 'next.wav', checkpoint='compact', device='cpu')'''

@pytest.fixture(scope='module')
def notebook(tmp_path_factory):
    "The address of a notebook in a running JupyterLab."
    folder = tmp_path_factory.mktemp('lab')
    speech = read_audio(demo('speech.flac'))
    soundfile.write(folder/'second.wav', speech[:SAMPLE_RATE], SAMPLE_RATE)
    soundfile.write(folder/'next.wav', speech[2*SAMPLE_RATE:3*SAMPLE_RATE], SAMPLE_RATE)
    (folder/'face.png').write_bytes(demo('portrait.png').read_bytes())
    kernel = dict(kernelspec=dict(name='python3', display_name='python3', language='python'))
    nbformat.write(new_notebook(cells=[*map(new_code_cell, CELLS)], metadata=kernel), folder/'look.ipynb')
    with socket.socket() as s: s.bind(('127.0.0.1', 0)); port = s.getsockname()[1]
    command = [sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', f'--ServerApp.port={port}', f'--ServerApp.root_dir={folder}', '--IdentityProvider.token=',
        '--LabApp.news_url=None', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate', '--LabApp.extension_manager=readonly']
    process = subprocess.Popen(command, cwd=folder, start_new_session=True, env=os.environ | dict(JUPYTER_CONFIG_DIR=str(folder/'config'), JUPYTER_DATA_DIR=str(folder/'data'), LATENTSYNC_CACHE=str(folder/'cache')))
    for _ in range(600):
        try: urllib.request.urlopen(f'http://127.0.0.1:{port}/api').close(); break
        except OSError: assert process.poll() is None; time.sleep(.2)
    yield f'http://127.0.0.1:{port}/lab/tree/look.ipynb'
    process.terminate()
    process.wait()

def bytes_shown(page):
    "Digest of the picture in the open tab."
    return page.evaluate('''async () => {
        const image = [...document.querySelectorAll('img.widget-image')].find(x => x.offsetParent !== null)
        if (!image || !image.naturalWidth) return ''
        const data = await (await fetch(image.src)).arrayBuffer()
        return [...new Uint8Array(await crypto.subtle.digest('SHA-256', data))].join()
    }''')

def changed(page, before):
    "Wait until another picture is shown."
    for _ in range(LONG//200):
        if (now := bytes_shown(page)) not in ('', before): return now
        page.wait_for_timeout(200)
    raise AssertionError('the picture stayed the same')

def moved(page, slider, key='ArrowRight', times=1):
    "Move a slider by keyboard; the picture has to change."
    before = bytes_shown(page)
    page.locator('.widget-hslider', has_text=slider).locator('.noUi-handle').focus()
    for _ in range(times): page.keyboard.press(key)
    return changed(page, before)

def test_report_plays_and_explorer_follows_its_sliders(browser, notebook):
    page = browser.new_page(viewport=dict(width=1100, height=2200))
    page.goto(notebook)
    page.get_by_text('| Idle').wait_for(timeout=LONG) # what is run before is lost
    page.locator('.jp-Notebook .jp-InputArea-editor').first.click()
    for _ in CELLS: page.keyboard.press('Shift+Enter')
    page.locator('.jp-OutputArea video').wait_for(timeout=4*LONG)
    film = page.evaluate('''async () => { const v = document.querySelector('.jp-OutputArea video'); v.muted = true; await v.play(); return [v.duration, v.videoWidth, v.videoHeight] }''')
    assert abs(film[0] - 1) < .1 and film[1] > 1.5*film[2]
    page.locator('img.widget-image').first.wait_for(timeout=4*LONG)
    changed(page, '')
    page.screenshot(path=shots/'explore_frame.png')
    moved(page, 'frame', times=5)
    for tab, slider in ('Face square', 'frame'), ('Sound', 'frame'), ('Mouths', 'frame'), ('Window', 'expression'), ('Denoising', 'steps'):
        before = bytes_shown(page)
        page.get_by_role('tab', name=tab, exact=True).click()
        changed(page, before)
        moved(page, slider, times=3)
        page.screenshot(path=shots/f'explore_{tab.lower().replace(" ", "_")}.png')
    assert not page.locator('[data-mime-type="application/vnd.jupyter.error"]').count()
    page.close()
