"Every tutorial from top to bottom, and the first cell of the first one in an empty environment. Runs where LATENTSYNC_TUTORIALS=1 is set."
import json, os, subprocess, sys, time, venv
from pathlib import Path
import papermill, pytest

root = Path(__file__).resolve().parents[1]
tutorials = sorted((root/'nbs'/'tutorials').glob('[0-9]*.ipynb'))
pytestmark = pytest.mark.skipif(not os.environ.get('LATENTSYNC_TUTORIALS'), reason='takes minutes; set LATENTSYNC_TUTORIALS=1')
took = {}

@pytest.mark.parametrize('path', tutorials, ids=lambda p: p.stem)
def test_tutorial(path, tmp_path, capsys):
    began = time.perf_counter()
    papermill.execute_notebook(str(path), str(tmp_path/path.name), progress_bar=False, kernel_name='python3', cwd=tmp_path, start_timeout=300)
    took[path.stem] = time.perf_counter() - began
    with capsys.disabled(): print(f'\n{path.stem} {took[path.stem]:.0f} s, {sum(took.values()):.0f} s in all')

def test_first_cell_installs_into_an_empty_environment(tmp_path):
    "The address of the repository is answered by this clone; what is not committed is not tried."
    cell = next(''.join(c['source']) for c in json.loads(tutorials[0].read_text())['cells'] if c['cell_type'] == 'code')
    venv.create(tmp_path/'env', with_pip=True)
    (tmp_path/'first.py').write_text(cell + '\nimport latentsync.pipeline; print("installed", latentsync.__file__)\n')
    here = dict(GIT_CONFIG_COUNT='1', GIT_CONFIG_KEY_0=f'url.file://{root}.insteadOf', GIT_CONFIG_VALUE_0='https://github.com/example/latentsync')
    python = tmp_path/'env'/('Scripts' if os.name == 'nt' else 'bin')/'python'
    clean = {k: v for k, v in os.environ.items() if k not in ('PYTHONPATH', 'VIRTUAL_ENV')}
    run = subprocess.run([python, 'first.py'], cwd=tmp_path, env=clean | here, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    assert f'installed {tmp_path}' in run.stdout
