"The site and README.md from the notebooks without Quarto: nbdev -> markdown -> mkdocs-material."
import re, shutil
from pathlib import Path
import nbformat, yaml
from nbconvert import MarkdownExporter
from nbdev.config import get_config
from nbdev.serve import proc_nbs
from traitlets.config import Config

root = Path(__file__).resolve().parent
page_name = lambda stem: re.sub(r'^\d+[a-z]?_', '', stem) # '12_unet' -> 'unet'

def front_matter(nb):
    "Take the front matter off a notebook."
    if nb.cells[0].cell_type != 'raw': return {}
    return yaml.safe_load(nb.cells.pop(0).source.strip().strip('-')) or {}

def obey(cell):
    "Turn a code cell's `#|` directives into tags, and Quarto's callouts into admonitions."
    if cell.cell_type == 'markdown':
        block = lambda m: f'!!! {m[1]}\n' + '\n'.join('    ' + line for line in m[2].splitlines())
        cell.source = re.sub(r'::: ?\{\.callout-(\w+)\}\n(.*?)\n:::', block, cell.source, flags=re.S)
    if cell.cell_type != 'code': return
    given = dict(re.findall(r'^#\|\s*([\w-]+):?\s*(.*)$', cell.source, re.M))
    cell.metadata['tags'] = [tag for tag, on in dict(
        hide='hide' in given, hide_in=given.get('echo') == 'false', hide_out=given.get('output') == 'false').items() if on]
    cell.source = re.sub(r'^#\|.*\n?', '', cell.source, flags=re.M)

def to_markdown(path, files):
    "Title, text and pictures of a notebook; `files` is the folder its pictures will be in."
    nb = nbformat.read(path, as_version=4)
    front = front_matter(nb)
    nb.metadata['language_info'] = {'name': 'python'} # for the colours of code
    for cell in nb.cells: obey(cell)
    remove = dict(enabled=True, remove_cell_tags={'hide'}, remove_input_tags={'hide_in'}, remove_all_outputs_tags={'hide_out'})
    text, made = MarkdownExporter(config=Config(TagRemovePreprocessor=remove)).from_notebook_node(nb, resources={'output_files_dir': files})
    head = re.match(r'\s*# (.+)', text)
    title = head[1] if head else front.get('title', path.stem)
    if not head: text = f'# {title}\n\n' + (f'> {front["description"]}\n\n' if 'description' in front else '') + text
    return title, text, made['outputs']

def readme():
    "README.md: the index with its links seen from the top folder."
    _, text, pictures = to_markdown(root/'nbs/index.ipynb', '')
    assert not pictures, 'the index shows pictures from nbs/images, so that README.md can show them too'
    return re.sub(r'\]\((?!https?:|#)(\.\./)?', lambda m: '](' if m[1] else '](nbs/', text).strip() + '\n'

def relink(text, up, cfg):
    "Links to notebooks and to the published site become pages; links out of `nbs` lead to the repository."
    text = re.sub(rf'\]\({"../"*up}\.\./', f']({cfg.git_url}/blob/{cfg.branch}/', text)
    text = re.sub(r'\]\(((?:\.\./)*(?:[\w-]+/)*)([\w-]+)\.ipynb', lambda m: f']({m[1]}{page_name(m[2])}.md', text)
    return re.sub(rf'\]\({re.escape(cfg.doc_host + cfg.doc_baseurl)}/(\w+)\.html', rf']({"../"*up}\1.md', text)

def page(path, source, out, cfg):
    "Write one page and its pictures."
    folder, stem = path.relative_to(source).parent, page_name(path.stem)
    title, text, pictures = to_markdown(path, f'{stem}_files')
    text = relink(text, len(folder.parts), cfg)
    for name, data in {**{f'{stem}.md': text.encode()}, **pictures}.items():
        target = out/folder/name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return str(folder), title, str(folder/f'{stem}.md')

def navigation(pages):
    "Home, the modules in their order, then a section for each folder."
    top = [{title: file} for folder, title, file in pages if folder == '.']
    sections = sorted({folder for folder, *_ in pages} - {'.'}, key=lambda s: ['tutorials', 'explanations', 'runs'].index(s))
    return top + [{s.capitalize(): [{t: f} for folder, t, f in pages if folder == s]} for s in sections]

def build():
    "README.md, _docs_src/ and mkdocs.yml."
    (root/'README.md').write_text(readme())
    cfg, source, out = get_config(), proc_nbs(n_workers=0), root/'_docs_src'
    shutil.rmtree(out, ignore_errors=True)
    paths = sorted(source.rglob('*.ipynb'), key=lambda p: (p.stem != 'index', p))
    pages = [page(p, source, out, cfg) for p in paths]
    if (root/'nbs/images').exists(): shutil.copytree(root/'nbs/images', out/'images')
    extensions = ['admonition', 'attr_list', 'md_in_html', 'tables', {'pymdownx.highlight': {}}, 'pymdownx.superfences', 'pymdownx.arithmatex']
    (root/'mkdocs.yml').write_text(yaml.safe_dump(dict(
        site_name=cfg.title, docs_dir='_docs_src', site_dir='_docs', use_directory_urls=False, plugins=['search'], nav=navigation(pages),
        theme=dict(name='material', font=False, features=['content.code.copy']), markdown_extensions=extensions)))

if __name__ == '__main__': build()
