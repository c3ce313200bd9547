"What the cells of a module define, as markdown. Nothing is imported or run: names, types, comments and text stand in the source."
import ast, html, io, re, tokenize

functions = (ast.FunctionDef, ast.AsyncFunctionDef)
public = lambda name: not name.startswith('_') or name == '__call__'

def comments(
    source:str, # of a cell
)->dict: # line -> text of its comment
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip('# ') for t in tokens if t.type == tokenize.COMMENT}

def full_name(
    node:ast.stmt, # a function or class of the top level
)->str: # Class.method for one that `patch` gives to a class
    "The name by which a definition is called."
    patched = any(ast.unparse(d).partition('(')[0] == 'patch' for d in node.decorator_list)
    return f'{ast.unparse(node.args.args[0].annotation)}.{node.name}' if patched else node.name

def names_of(
    node:ast.stmt, # of the top level
)->list: # of the names it binds
    "Functions, classes and constants; imports bind nothing here."
    if isinstance(node, (*functions, ast.ClassDef)): return [full_name(node)]
    if isinstance(node, (ast.Import, ast.ImportFrom)): return []
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, 'target', node)]
    return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]

def exported_names(
    source:str, # of a module
)->dict: # name -> line, in the order of the source; methods are there as Class.method
    found = {}
    for node in ast.parse(source).body:
        for name in names_of(node):
            if public(name.rpartition('.')[2]): found.setdefault(name, node.lineno)
        if isinstance(node, ast.ClassDef): found |= {f'{node.name}.{m.name}': m.lineno for m in methods(node)}
    return found

def methods(
    node:ast.ClassDef,
)->list: # of the functions a user calls
    return [m for m in node.body if isinstance(m, functions) and public(m.name)]

def parameters(
    node:ast.FunctionDef,
)->list: # of (how it is written, line of its comment, name); a bare * has no name
    a, rows = node.args, []
    def row(arg, star='', default=None):
        written = star + ast.unparse(arg) + (f'={ast.unparse(default)}' if default else '')
        rows.append((written, (default or arg).end_lineno, star + arg.arg))
    plain = a.posonlyargs + a.args
    for arg, default in zip(plain, [None]*(len(plain)-len(a.defaults)) + a.defaults): row(arg, default=default)
    if a.vararg: row(a.vararg, '*')
    elif a.kwonlyargs: rows.append(('*', 0, ''))
    for arg, default in zip(a.kwonlyargs, a.kw_defaults): row(arg, default=default)
    if a.kwarg: row(a.kwarg, '**')
    return [r for r in rows if r[2] not in ('self', 'cls')]

def fields(
    node:ast.ClassDef,
)->list: # of (how it is written, line of its comment, name), as `parameters`
    return [(ast.unparse(n), n.end_lineno, n.target.id) for n in node.body if isinstance(n, ast.AnnAssign)]

def signature(
    name:str, # such as 'Class.method'
    rows:list, # of `parameters`
    returned:str='', # type
    width:int=96, # characters a line may have
)->str: # code
    end = f') -> {returned}' if returned else ')'
    line = f'{name}({", ".join(r[0] for r in rows)}{end}'
    return line if len(line) <= width else f'{name}(\n' + ''.join(f'    {r[0]},\n' for r in rows) + end

def words(
    text:str, # of a comment or docstring
    link=lambda code: None, # the address of a name in backticks, if it has one
)->str: # HTML
    def code(m):
        target = link(m[1])
        return f'<a href="{target}"><code>{m[1]}</code></a>' if target else f'<code>{m[1]}</code>'
    return re.sub(r'`([^`]+)`', code, html.escape(text, quote=False)).replace('\n\n', '<br>')

def entry(
    node:ast.stmt, # a function or class
    name:str, # with that of its class
    source:str, # of the cell
    address:str, # of the source in the repository
    link, # see `words`
    level:int=3, # of the heading
)->str: # markdown
    "Heading, signature, text, table of parameters, folded source; then the methods."
    said, init = comments(source), None
    if isinstance(node, ast.ClassDef):
        init = next((m for m in node.body if isinstance(m, functions) and m.name == '__init__'), None)
        rows, returned = (parameters(init) if init else fields(node)), ''
        shown = signature(name, rows) if rows else f'class {ast.unparse(ast.ClassDef(name, node.bases, node.keywords, [], []))[6:-1]}'
        back = 0
    else:
        rows, returned = parameters(node), ast.unparse(node.returns) if node.returns else ''
        shown, back = signature(name, rows, returned), node.returns.end_lineno if node.returns else 0
    helps = [a.value for d in node.decorator_list if isinstance(d, ast.Call) for a in d.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    text = ast.get_docstring(node) or (init and ast.get_docstring(init)) or max(helps, key=len, default='') # a decorator's sentence, not its name
    several = len({line for _, line, _ in rows}) == len(rows) # one comment belongs to one parameter
    returns = back in said and not any(said[back].startswith(f'{n}:') for _, line, n in rows if line == back) # it stands behind the type
    table = [(f'<code>{n}</code>', said[line]) for _, line, n in rows if several and line in said and not (returns and line == back)]
    if returns: table.append(('returns', said[back]))
    code = ast.get_source_segment(source, node)
    decorators = ''.join(f'@{ast.get_source_segment(source, d)}\n' for d in node.decorator_list)
    parts = [f'{"#"*level} {name} {{ #{name} .symbol }}', fence(shown),
        f'<p class="doc">{words(text, link)} <a class="to-source" href="{address}">source</a></p>']
    if table:
        cells = ''.join(f'<tr><td>{n}</td><td>{words(t, link)}</td></tr>' for n, t in table)
        parts.append(f'<table class="parameters"><tbody>{cells}</tbody></table>')
    if level == 3: parts.append(folded('Code', decorators + code))
    return '\n\n'.join(parts)

def fence(code, language='python'): return f'````{language}\n{code}\n````'

def folded(
    title:str,
    code:str,
)->str: # markdown
    "Code that opens on a click."
    lines = ''.join(f'    {line}\n' for line in fence(code).splitlines())
    return f'??? code "{title}"\n\n{lines}'

def reference(
    source:str, # of an exported cell
    address, # of a name's source in the repository
    link, # see `words`
)->str: # markdown
    "Every definition of a cell, in its order."
    parts, plain = [], []
    def flush():
        anchors = ''.join(f'<span id="{name}"></span>' for name in dict.fromkeys(n for node in plain for n in names_of(node)) if public(name))
        if not plain: return
        code = '\n'.join(source.splitlines()[plain[0].lineno-1:plain[-1].end_lineno])
        parts.append(f'<div class="constants">{anchors}</div>\n\n{fence(code)}')
        plain.clear()
    for node in ast.parse(source).body:
        if not isinstance(node, (*functions, ast.ClassDef)): plain.append(node); continue
        flush()
        if not public(node.name): parts.append(folded(node.name, ast.get_source_segment(source, node))); continue
        parts.append(entry(node, full_name(node), source, address(full_name(node)), link))
        inner = methods(node) if isinstance(node, ast.ClassDef) else []
        parts += [entry(m, f'{node.name}.{m.name}', source, address(f'{node.name}.{m.name}'), link, 4) for m in inner]
    flush()
    return '\n\n'.join(parts)

def fold_or_show(
    source:str, # of a cell that defines nothing of the module
    outputs:list, # of the cell
    exported:bool, # imports of the module
    prepares:bool, # whether preparations are folded, too
)->str|None: # markdown; None: the cell stays as it is
    "Imports and preparations without a result open on a click."
    nodes = ast.parse(re.sub(r'^\s*[!%].*$', '', source, flags=re.M)).body
    if outputs or not nodes: return None
    if all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in nodes):
        return folded('Imports of the module' if exported else 'Imports of the examples', source)
    shows = any(isinstance(n, (ast.Assert, ast.Raise)) or isinstance(n, ast.Name) and re.match('test_|assert', n.id) for t in nodes for n in ast.walk(t))
    return folded('Preparation of the examples', source) if prepares and not shows else None
