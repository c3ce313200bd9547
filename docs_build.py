"""The site and README.md from the notebooks: markdown -> mkdocs-material. No kernel and no Quarto is needed.

`python docs_build.py` writes README.md, builds the site in `_docs/`, checks it, and fails on any warning.
"""
import ast, logging, re, shutil, sys
from functools import cache
from pathlib import Path
import nbformat, yaml
from execnb.shell import CaptureShell
from nbconvert import MarkdownExporter
from nbdev.config import get_config
from traitlets.config import Config
from docs.reference import exported_names, fold_or_show, folded, reference

root = Path(__file__).resolve().parent
page_name = lambda stem: re.sub(r'^\d+[a-z]?_', '', stem) # '12_unet' -> 'unet'

# what a notebook says

def front_matter(nb):
    "Take the front matter off a notebook."
    if nb.cells[0].cell_type != 'raw': return {}
    return yaml.safe_load(nb.cells.pop(0).source.strip().strip('-')) or {}

def directives(cell):
    "The `#|` lines of a code cell, which are taken off."
    given = dict(re.findall(r'^#\| *([\w-]+):? *(.*)$', cell.source, re.M))
    cell.source = re.sub(r'^#\|.*\n?', '', cell.source, flags=re.M)
    return given

def obey(cell, shell):
    "Turn a code cell's directives into tags, and Quarto's callouts into admonitions."
    if cell.cell_type == 'markdown':
        block = lambda m: f'!!! {m[1]}\n' + '\n'.join('    ' + line for line in m[2].splitlines())
        cell.source = re.sub(r'::: ?\{\.callout-(\w+)\}\n(.*?)\n:::', block, cell.source, flags=re.S)
    if cell.cell_type != 'code': return
    given = directives(cell)
    if 'exec_doc' in given: cell.outputs = run_cell(cell.source, shell())
    cell.metadata['tags'] = [tag for tag, on in dict(
        hide='hide' in given, hide_in=given.get('echo') == 'false', hide_out=given.get('output') == 'false').items() if on]

def run_cell(source, shell):
    "The outputs of a cell that is run when the site is built."
    outputs = shell.run(source)
    if shell.exc: raise RuntimeError(f'in a cell of the site:\n{source}') from shell.exc
    return [nbformat.from_dict(dict(o)) for o in outputs]

FILE_LINK = r'<a href="(?!https?:|#)[^"]*">(.*?)</a>|(?<!!)\[([^\]]*)\]\((?!https?:|#)(?![^)]*\.(?:md|ipynb)\b)[^)]*\)' # in an output

def tidy(cell):
    "Outputs without widgets, terminal colours and links to files of the run; links to notebooks stay."
    if cell.cell_type != 'code': return
    cell.outputs = [o for o in cell.outputs if not any('widget-view' in kind for kind in o.get('data', {}))]
    for o in cell.outputs:
        for kind in {'text/html', 'text/markdown'} & set(o.get('data', {})):
            o.data[kind] = re.sub(FILE_LINK, lambda m: m[1] or m[2], ''.join(o.data[kind]))
        if 'text' in o: o.text = re.sub(r'\x1b\[[0-9;]*[A-Za-z]', '', o.text)

def to_markdown(nb, files):
    "Text and pictures of a notebook; `files` is the folder its pictures will be in."
    nb.metadata['language_info'] = {'name': 'python'} # for the colours of code
    shell = cache(lambda: CaptureShell(path=root/'nbs'))
    for cell in nb.cells: obey(cell, shell), tidy(cell)
    nb.cells = [c for c in nb.cells if c.source.strip()]
    remove = dict(enabled=True, remove_cell_tags={'hide'}, remove_input_tags={'hide_in'}, remove_all_outputs_tags={'hide_out'})
    text, made = MarkdownExporter(config=Config(TagRemovePreprocessor=remove)).from_notebook_node(nb, resources={'output_files_dir': files})
    return text, made['outputs']

def readme():
    "README.md: the index with its links seen from the top folder."
    nb = nbformat.read(root/'nbs/index.ipynb', as_version=4)
    front_matter(nb)
    text, pictures = to_markdown(nb, '')
    assert not pictures, 'the index shows pictures from nbs/images, so that README.md can show them too'
    return re.sub(r'\]\((?!https?:|#)(\.\./)?', lambda m: '](' if m[1] else '](nbs/', text).strip() + '\n'

# what the site makes of it

MARKS = re.compile(r"""
    ^```[\s\S]*?^``` | ^\#.*$ | \[[^\]\n]*\]\([^)\n]*\)         # stay as they are: blocks of code, headings, links
    | `(?P<room>\d\d[a-z]?_\w+)(?:\.ipynb)?` | `(?P<name>[A-Za-z_][\w.]*(?:\(\))?)` | `[^`\n]*` # a notebook or name in backticks, other code
    | (?P<block>\$)?(?<!\\)\$(?P<tex>[^\s$](?:[^$]*[^\s$])?)\$(?(block)\$) # a formula
    """, re.M | re.X)

# pages that answer questions stand before those that only use the same words: how much more they count in the search
ANSWERS = dict.fromkeys(['how_it_works', 'find_your_way', 'glossary', 'faithful', 'faults', 'CONTRIBUTING'], 4)

def front(title, source, module=None):
    "What mkdocs shall know of a page; `source` is its path in the repository."
    boost = ANSWERS.get(Path(source).stem, 1)
    return f'---\n{yaml.safe_dump(dict(title=title, source=source, module=module, search=dict(boost=boost)))}---\n'

def unfolded_once(text):
    "Neighbouring blocks of folded code with one title become one block."
    pair = r'(\?\?\? code "((?:Imports|Preparation) of [^"]*)"\n\n    ````python\n(?:    .*\n|\n)*?)    ````\s+\?\?\? code "\2"\n\n    ````python\n'
    while text != (text := re.sub(pair, r'\1\n', text)): pass
    return text

class Site:
    "All pages, and what they have to know of each other."
    def __init__(self):
        self.cfg, self.out = get_config(), root/'_docs_src'
        self.quarto = yaml.safe_load((root/'nbs/_quarto.yml').read_text())['website']
        self.lines = {p.stem: exported_names(p.read_text()) for p in sorted((root/'latentsync').glob('*.py')) if p.stem[0] != '_'}
        self.titles, self.blob = {}, f'{self.cfg.git_url}/blob/{self.cfg.branch}'

    def home_of(self, name, here):
        "The module whose page has a name: this one, or the only one; the commands' functions share names with those they call."
        if name in self.lines.get(here, {}): return here
        if not here and re.fullmatch('[a-z]+', name): return None # an ordinary word
        homes = [m for m, names in self.lines.items() if name in names and m != 'cli']
        return homes[0] if len(homes) == 1 else None

    def linker(self, path):
        "A function from a name in backticks to its address, seen from the page of a notebook."
        up, here = '../'*(len(path.parts)-1), page_name(path.stem)
        def link(name, suffix='.html'):
            home = self.home_of(name.removesuffix('()'), here if not up else '')
            return home and f'{up}{home}{suffix}#{name.removesuffix("()")}'
        return link

    def prose(self, text, path):
        "Links and formulas of a markdown cell."
        up, link = '../'*(len(path.parts)-1), self.linker(path)
        text = re.sub(rf'(\]\(){up}\.\./(CONTRIBUTING\.md)', rf'\g<1>{up}\2', text) # a page of the site as well
        text = re.sub(rf'(\]\(|href=")(?!https?:){up}\.\./', rf'\g<1>{self.blob}/', text)
        text = re.sub(r'(\]\(|href=")((?:\.\./)*(?:[\w-]+/)*)([\w-]+)\.ipynb', lambda m: f'{m[1]}{m[2]}{page_name(m[3])}.{"md" if m[1]=="](" else "html"}', text)
        text = re.sub(rf'\]\({re.escape(self.cfg.doc_host + self.cfg.doc_baseurl)}/(\w+)\.html', rf']({up}\1.md', text)
        def found(m):
            if m['tex']: return formula(m['tex'], bool(m['block']))
            if m['room']: return f'[{m["room"]}]({up}{page_name(m["room"])}.md)' if (root/'nbs'/f'{m["room"]}.ipynb').exists() else m[0]
            target = m['name'] and link(m['name'], '.md')
            return f'[`{m["name"]}`]({target})' if target else m[0]
        return re.sub(MARKS, found, text)

    def code(self, cell, path, module):
        "The cells that take the place of a code cell: an exported one becomes its reference, what nobody has to read opens on a click."
        given = directives(nbformat.from_dict(dict(cell)))
        source, markdown = re.sub(r'^#\|.*\n?', '', cell.source, flags=re.M), nbformat.v4.new_markdown_cell
        if {'hide', 'exec_doc'} & given.keys() or not source.strip(): return [cell]
        if any(k.startswith('export') for k in given) and any(not isinstance(n, (ast.Import, ast.ImportFrom)) for n in ast.parse(source).body):
            address = lambda name: f'{self.blob}/latentsync/{module}.py#L{self.lines[module][name]}'
            return [markdown(reference(source, address, self.linker(path)))]
        if given.get('code-fold') == 'true':
            cell.source = '#| echo: false\n' + source
            return [markdown(folded('Code', source) + '\n\n<!-- else an indented output would be folded, too -->'), cell]
        prepares = (module or path.parent.name == 'explanations') and 'parameters' not in cell.metadata.get('tags', [])
        text = fold_or_show(source, cell.outputs, 'export' in given, prepares)
        return [markdown(text)] if text else [cell]

    def page(self, path):
        "Write one page and its pictures."
        nb, rel = nbformat.read(root/'nbs'/path, as_version=4), Path(path)
        front_matter(nb)
        stem = page_name(rel.stem)
        module = next((m[1] for c in nb.cells if (m := re.search(r'^#\| default_exp (\w+)', c.source, re.M))), None)
        for cell in nb.cells:
            if cell.cell_type == 'markdown': cell.source = self.prose(cell.source, rel)
            for data in (o.data for o in cell.get('outputs', []) if 'text/markdown' in o.get('data', {})):
                data['text/markdown'] = self.prose(data['text/markdown'], rel)
        nb.cells = [c for cell in nb.cells for c in (self.code(cell, rel, module) if cell.cell_type == 'code' else [cell])]
        text, pictures = to_markdown(nb, f'{stem}_files')
        self.titles[path] = re.search(r'^# (.+)', text, re.M)[1]
        head = front(self.titles[path], f'nbs/{path}', module)
        for name, data in {**{f'{stem}.md': (head + unfolded_once(text)).encode()}, **pictures}.items():
            target = self.out/rel.parent/name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    def contributing(self):
        "CONTRIBUTING.md is a page as well."
        text = (root/'CONTRIBUTING.md').read_text().replace('](nbs/', '](')
        (self.out/'CONTRIBUTING.md').write_text(front('Contributing', 'CONTRIBUTING.md') + self.prose(text, Path('CONTRIBUTING.ipynb')))

    def navigation(self, contents=None):
        "The sections of nbs/_quarto.yml with the pages' titles."
        entries = []
        for c in contents or self.quarto['sidebar']['contents']:
            if isinstance(c, dict) and 'section' in c: entries.append({c['section']: self.navigation(c['contents'])}); continue
            path = Path(c['href'] if isinstance(c, dict) else c)
            title = c['text'] if isinstance(c, dict) else self.titles[str(path)]
            entries.append({title: str(path.with_name(page_name(path.stem) + '.md')).removeprefix('../')})
        return entries

    def write(self):
        "_docs_src/ and mkdocs.yml."
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(root/'nbs/images', self.out/'images')
        shutil.copytree(root/'docs/assets', self.out/'assets')
        for p in sorted((root/'nbs').rglob('*.ipynb')):
            if not re.search(r'/[._]', str(p.relative_to(root))): self.page(str(p.relative_to(root/'nbs')))
        self.contributing()
        settings = yaml.safe_load((root/'docs/mkdocs.yml').read_text())
        (root/'mkdocs.yml').write_text(yaml.safe_dump(settings | dict(
            site_name=self.cfg.title, site_url=self.cfg.doc_host + self.cfg.doc_baseurl + '/', site_description=self.cfg.description,
            repo_url=self.cfg.git_url, repo_name=f'{self.cfg.user}/{self.cfg.repo}', copyright=self.cfg.copyright, nav=self.navigation())))

def formula(tex, block):
    "TeX as MathML, which browsers draw without any script."
    from latex2mathml.converter import convert
    math = convert(tex.strip(), display='block' if block else 'inline')
    return f'<p class="formula">{math}</p>' if block else f'<span class="formula">{math}</span>'

def build():
    "README.md and the site; returns how many warnings there were."
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.utils import CountHandler
    from docs.check import faults
    (root/'README.md').write_text(readme())
    Site().write()
    counter = CountHandler(level=logging.WARNING)
    logging.getLogger('mkdocs').addHandler(counter)
    logging.getLogger('mkdocs').addHandler(logging.StreamHandler())
    build(load_config(str(root/'mkdocs.yml')))
    found = faults(root/'_docs')
    for fault in found: print(fault)
    warnings = sum(n for _, n in counter.get_counts()) + len(found)
    print(f'{len(list((root/"_docs").rglob("*.html")))} pages, {warnings} warnings')
    return warnings

if __name__ == '__main__':
    if sys.argv[1:] == ['--readme']: (root/'README.md').write_text(readme())
    else: sys.exit(bool(build()))
