"Faults of the finished site, as lines to print. What has to be measured in a browser is in tests/test_site.py."
import ast, re
from pathlib import Path
from urllib.parse import unquote, urlsplit
from lxml import html
from docs.reference import exported_names

root = Path(__file__).resolve().parents[1]

def broken_links(pages, site):
    "Files and anchors of the site that a page leads to and that are not there."
    ids = {path: set(page.xpath('//@id')) for path, page in pages.items()}
    for path, page in pages.items():
        for address in page.xpath('//@href | //@src'):
            url = urlsplit(address)
            if url.scheme or url.netloc or path.name == '404.html': continue
            target = (path.parent/unquote(url.path)).resolve() if url.path else path
            if target.is_dir(): target = target/'index.html'
            if not target.exists(): yield f'{path.relative_to(site)}: no file {address}'
            elif url.fragment and target in ids and unquote(url.fragment) not in ids[target]:
                yield f'{path.relative_to(site)}: no anchor {address}'

def misplaced_symbols(pages, site):
    "Exported names that are not on the page of their module, once, and in the order of the source."
    for source in sorted((root/'latentsync').glob('[!_]*.py')):
        tree = ast.parse(source.read_text())
        listed = next(ast.literal_eval(n.value) for n in tree.body if ast.unparse(n).startswith('__all__'))
        lines, where = exported_names(source.read_text()), f'{source.stem}.html'
        ids = [i for i in pages[site/where].xpath('//article//@id') if i in lines]
        for name in listed:
            if ids.count(name) != 1: yield f'{where}: {name} is there {ids.count(name)} times'
        if sorted(ids, key=lines.get) != ids: yield f'{where}: definitions in another order than in the source'

def lost_commands(pages, site):
    "Commands that the page of commands does not explain."
    from latentsync.cli import COMMANDS
    ids = pages[site/'explanations/commands.html'].xpath('//article//h2/@id')
    for name in COMMANDS:
        if name.replace(' ', '-') not in ids: yield f'explanations/commands.html: nothing about {name}'

def bad_text(pages, site):
    "What a reader should never see."
    for path, page in pages.items():
        for article in page.xpath('//article'):
            where, titles = path.relative_to(site), [h.text for h in article.xpath('.//h1')]
            if len(titles) != 1: yield f'{where}: titles {titles}'
            for code in article.xpath('.//code'):
                if raw := re.search(r'\]\([^)\s]*\.(html|md|ipynb)', code.text_content()): yield f'{where}: a raw link in code: {raw[0]!r}'
            for tag in article.xpath('.//code | .//pre | .//*[local-name()="math" or local-name()="svg"] | .//script | .//style'): tag.drop_tree()
            text = article.text_content()
            for raw in re.findall(r'\\[a-zA-Z]{2,}|\$[^\s$(][^$\n]*[\\^_][^$\n]*\$', text): yield f'{where}: raw TeX {raw!r}'
            for raw in re.findall(r'\]\([^)\s]*\)|Call self as a function|^:::.*|\*\*\w+\*\*', text, re.M): yield f'{where}: raw text {raw!r}'

def faults(
    site:Path, # its folder
)->list: # of sentences
    "All of them."
    pages = {p: html.parse(str(p), html.HTMLParser(encoding='utf-8')).getroot() for p in sorted(site.rglob('*.html'))}
    return [fault for check in (broken_links, misplaced_symbols, lost_commands, bad_text) for fault in check(pages, site)]
