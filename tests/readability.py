"""How a notebook reads, as numbers: lines a definition cell, what is shown near its definition, lines before a demonstration, prose, names,
parameters told, long lines, tuple assignments. `python tests/readability.py` prints the table, `--write` the exceptions of the guard."""
import ast
import builtins
import json
import re
import sys
from pathlib import Path

import numpy as np

NBS = Path(__file__).parents[1]/'nbs'
EXCEPTIONS = Path(__file__).with_name('readability.json')
KNOWN = set(dir(builtins))
LIMITS = { # measure -> (limit, whether more is better)
    'cell median': (12, False), 'cell 90': (25, False), 'cell most': (40, False), 'shown': (.75, True),
    'unshown median': (12, False), 'unshown 90': (30, False), 'unshown most': (60, False), 'words a line': (5, True),
    'names median': (12, False), 'names 90': (24, False), 'names most': (40, False), 'told': (.95, True),
    'long lines': (10, False), 'tuples': (12, False)} # the last two per 1000 lines

def source(cell): return ''.join(cell['source'])
def is_exported(text): return bool(re.search(r'^#\s*\|\s*export', text, re.M))
def code_lines(text): return [l for l in text.splitlines() if l.strip() and not l.lstrip().startswith('#|')]
def only_imports(text): return 'default_exp' in text or bool(re.fullmatch(r'(\s*(from|import) .*\n?)+', text.strip()))

def told(tree, rows):
    "Of each public function with parameters: whether each of them has a comment on its line."
    for f in ast.walk(tree):
        if not isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)) or f.name.startswith('_'): continue
        a = f.args
        given = [p for p in [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg] if p and p.arg not in ('self', 'cls')]
        if given: yield all('#' in rows[p.end_lineno - 1] for p in given)

def is_tuple(n):
    "Several assignments in one."
    return isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Tuple) and isinstance(n.value, ast.Tuple)

def measured(path):
    "The measures of one notebook; without definitions only what can be told."
    cells = json.loads(Path(path).read_text(encoding='utf-8'))['cells']
    sizes, names, shown, gaps, told_all = [], [], [], [], []
    words, lines, long, tuples, gap = 0, 0, 0, 0, 0
    for i, cell in enumerate(cells):
        text = source(cell)
        if cell['cell_type'] == 'markdown': words += len(re.findall(r'\w+', re.sub(r'```.*?```', '', text, flags=re.S)))
        if cell['cell_type'] != 'code' or only_imports(text): continue
        if not is_exported(text):
            if gap: gaps.append(gap)
            gap = 0
            continue
        tree, rows = ast.parse(text), code_lines(text)
        lines += len(rows)
        long += sum(len(l) > 120 for l in rows)
        tuples += sum(map(is_tuple, ast.walk(tree)))
        defined = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
        if not defined: continue
        gap += len(rows)
        sizes.append(len(rows))
        names.append(len({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - KNOWN))
        told_all += told(tree, text.splitlines())
        after = [source(c) for c in cells[i+1:i+4] if c['cell_type'] == 'code' and not is_exported(source(c))]
        shown += [any(re.search(rf'\b{d.name}\b', x) for x in after) for d in defined if not d.name.startswith('_')]
    if gap: gaps.append(gap)
    out = {'words a line': words/max(lines, 1), 'long lines': 1000*long/max(lines, 1), 'tuples': 1000*tuples/max(lines, 1)}
    for name, x in dict(cell=sizes, unshown=gaps, names=names).items():
        if x: out |= {f'{name} median': np.percentile(x, 50), f'{name} 90': np.percentile(x, 90), f'{name} most': max(x)}
    for name, x in dict(shown=shown, told=told_all).items():
        if x: out[name] = np.mean(x)
    return {k: round(float(v), 2) for k, v in out.items()} if lines else {}

def missed(values):
    "Measures beyond their limits."
    return {k: v for k, v in values.items() if (v < LIMITS[k][0] if LIMITS[k][1] else v > LIMITS[k][0])}

def notebooks():
    "All that are a module."
    return sorted(p for p in NBS.glob('[0-9]*.ipynb'))

if __name__ == '__main__':
    all_missed = {p.stem: missed(measured(p)) for p in notebooks()}
    for name, values in all_missed.items():
        if values: print(f'{name:22}', ', '.join(f'{k} {v:g}' for k, v in values.items()))
    print(sum(map(len, all_missed.values())), 'exceptions in', sum(map(bool, all_missed.values())), 'of', len(all_missed), 'notebooks')
    if '--write' in sys.argv: EXCEPTIONS.write_text(json.dumps({k: v for k, v in all_missed.items() if v}, indent=1) + '\n')
