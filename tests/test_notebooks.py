"Guards that keep the notebooks exportable, readable and runnable; what the code does is tested in the notebooks."
import ast, importlib, inspect, json, re, shutil, subprocess, sys
from configparser import ConfigParser
from dataclasses import is_dataclass
from importlib.metadata import packages_distributions
from pathlib import Path
import pytest
from latentsync.core import LatentSyncError

root = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(root))
nbs = sorted((root/'nbs').glob('[0-9]*.ipynb'))
runs = sorted((root/'nbs/runs').glob('*.ipynb'))
everything = sorted(p for p in (root/'nbs').rglob('*.ipynb') if not re.search(r'/[._]', str(p.relative_to(root))))
of_notebook = lambda p: p.stem

def cells(p): return json.loads(p.read_text())['cells']
def code(p): return [c for c in cells(p) if c['cell_type'] == 'code']
def source(c): return ''.join(c['source'])
def directives(c): return re.findall(r'^#\s*\|\s*([\w-]+):?\s*(.*)$', source(c), re.M)
def exported(p): return [c for c in code(p) if any(d.startswith('export') for d, _ in directives(c))]
def module(p): return re.sub(r'^\d+[a-z]?_', '', p.stem)
order = {module(p): i for i, p in enumerate(nbs)}

@pytest.mark.parametrize('p', nbs, ids=of_notebook)
def test_one_notebook_is_one_module_with_a_promise(p):
    assert [v for c in code(p) for d, v in directives(c) if d == 'default_exp'] == [module(p)]
    assert re.match(r'# [^#\s].*\n\n> .+', next(source(c) for c in cells(p) if c['cell_type'] == 'markdown'))

@pytest.mark.parametrize('p', nbs, ids=of_notebook)
def test_imports_only_lower_numbers(p):
    for c in exported(p):
        for m in re.findall(r'(?:from|import) latentsync\.(\w+)', source(c)): assert order[m] < order[module(p)], f'{p.name} imports {m}'

@pytest.mark.parametrize('p', nbs, ids=of_notebook)
def test_exported_cells_are_short(p):
    for c in exported(p):
        lines = [l for l in source(c).splitlines() if l.strip() and not l.startswith('#|')]
        assert len(lines) <= 50, f'{p.name}: {len(lines)} lines from {lines[0]!r}'

@pytest.mark.parametrize('p', nbs, ids=of_notebook)
def test_imports_have_their_own_cells(p):
    "Building the docs runs every cell that imports."
    for c in code(p):
        if re.search(r'^\s*[!%]', source(c), re.M) or 'nbdev_export' in source(c): continue
        kinds = {isinstance(n, (ast.Import, ast.ImportFrom)) for n in ast.parse(source(c)).body}
        assert len(kinds) < 2, f'{p.name} mixes imports and code: {source(c)[:60]!r}'

@pytest.mark.parametrize('p', everything, ids=of_notebook)
def test_no_conflict_is_left(p):
    "An unresolved merge exports both sides, and nbdev_test passes."
    assert not [c for c in cells(p) if re.match(r'`?(<<<<<<<|=======|>>>>>>>)', source(c))]

@pytest.mark.parametrize('p', everything, ids=of_notebook)
def test_gradients_are_on_again(p):
    "Other notebooks are tested in the same process."
    switched = re.findall(r'torch.set_grad_enabled\((\w+)\)', '\n'.join(map(source, code(p))))
    assert switched[-1:] in ([], ['True'])

@pytest.mark.parametrize('p', everything, ids=of_notebook)
def test_notebook_is_small(p): assert p.stat().st_size < 300_000

@pytest.mark.parametrize('p', everything, ids=of_notebook)
def test_keeps_no_hidden_state_of_widgets(p): assert 'widgets' not in json.loads(p.read_text())['metadata']

@pytest.mark.parametrize('p', everything, ids=of_notebook)
def test_names_no_path_of_one_machine(p):
    assert not re.findall(r'(?<![\w.])/(?:home|root|tmp|work|Users)/\w+', p.read_text())

@pytest.mark.parametrize('p', runs, ids=of_notebook)
def test_runs_take_literal_parameters(p):
    "Papermill ignores values silently when the tag is gone."
    tagged = [c for c in cells(p) if 'parameters' in c['metadata'].get('tags', [])]
    assert len(tagged) == 1
    for n in ast.parse(source(tagged[0])).body: ast.literal_eval(n.value), ast.unparse(n.annotation)
    assert all(l.count('=') == 1 for l in source(tagged[0]).splitlines()), 'papermill reads no parameter from a line with two equal signs'
    assert not exported(p)

@pytest.mark.parametrize('m', order)
def test_module_imports_and_its_annotations_resolve(m):
    "The site shows signatures; a name in quotes has to be one that a reader's `inspect` finds."
    try: module = importlib.import_module(f'latentsync.{m}')
    except LatentSyncError as e: pytest.skip(str(e)) # an extra that is not installed
    for x in vars(module).values():
        if inspect.isfunction(x) or inspect.isclass(x) and is_dataclass(x):
            if x.__module__ == module.__name__: inspect.signature(x, eval_str=True)

def test_no_undefined_names():
    "nbdev_test cannot see a helper that was never exported; ruff can."
    r = subprocess.run([sys.executable, '-m', 'ruff', 'check', '--select', 'F821,E9', root/'latentsync'], capture_output=True, text=True)
    assert not r.returncode, r.stdout

def snapshot(folder): return {str(p.relative_to(folder)): p.read_bytes() for d in ('nbs', 'latentsync') for p in (folder/d).rglob('*') if p.suffix in ('.ipynb', '.py') and '.ipynb_checkpoints' not in p.parts}

def test_clean_and_export_change_nothing(tmp_path):
    "Otherwise a module was edited by hand, or a notebook was not exported or not cleaned."
    for name in 'nbs', 'latentsync': shutil.copytree(root/name, tmp_path/name, ignore=shutil.ignore_patterns('__pycache__'))
    for name in 'settings.ini', 'setup.py', 'pyproject.toml': shutil.copy(root/name, tmp_path)
    for tool in 'nbdev_clean', 'nbdev_export': subprocess.run([Path(sys.executable).with_name(tool)], cwd=tmp_path, check=True)
    before, after = snapshot(root), snapshot(tmp_path)
    assert before.keys() == after.keys()
    assert [p for p in before if before[p] != after[p]] == []
    assert (tmp_path/'pyproject.toml').read_bytes() == (root/'pyproject.toml').read_bytes()

def test_readme_is_the_rendered_index():
    import docs_build
    assert (root/'README.md').read_text() == docs_build.readme(), 'run `make docs`'

def test_every_notebook_has_one_place_on_the_site():
    listed = re.findall(r'^ *(?:- |href: )(\S+\.ipynb)$', (root/'nbs/_quarto.yml').read_text(), re.M)
    assert sorted(listed) == sorted(str(p.relative_to(root/'nbs')) for p in everything), 'list it in nbs/_quarto.yml'

def test_requirements_cover_the_imports():
    config = ConfigParser(delimiters=['='])
    config.read(root/'settings.ini')
    named = set(re.findall(r'[\w.-]+', ' '.join(config['DEFAULT'][k] for k in ('requirements', 'app_requirements', 'ray_requirements', 'live_requirements', 'agents_requirements')).lower()))
    trees = [ast.parse(p.read_text()) for p in (root/'latentsync').glob('*.py')]
    used = {name.split('.')[0] for tree in trees for n in ast.walk(tree) for name in
            ([a.name for a in n.names] if isinstance(n, ast.Import) else [n.module] if isinstance(n, ast.ImportFrom) and not n.level else [])}
    given = packages_distributions()
    missing = {m for m in used - sys.stdlib_module_names - {'latentsync'} if not named & {m, f'{m}-ai', *(d.lower() for d in given.get(m, []))}} # pipecat-ai need not be installed
    assert not missing, f'not in settings.ini: {missing}'

def test_recipes_name_rooms_that_exist():
    named = set(re.findall(r'`(\d+[a-z]?_\w+)`', (root/'CONTRIBUTING.md').read_text()))
    assert len(named) > 8 and named <= {p.stem for p in nbs}
