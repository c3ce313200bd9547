"What mkdocs asks while it builds the site."
import re
from pathlib import Path

def on_page_markdown(markdown, page, config, files):
    "The edit link leads to the notebook; below a module's title stands where it is."
    source, module = page.meta['source'], page.meta['module']
    page.edit_url = f'{config.repo_url}/blob/main/{source}'
    where = f'<p class="where"><code>latentsync.{module}</code>, written in <a href="{page.edit_url}">{Path(source).name}</a></p>'
    return re.sub(r'\A(\s*# .+\n(?:\s*\n> .+\n)?)', lambda m: f'{m[1]}\n{where}\n\n', markdown) if module else markdown

def on_page_content(html, page, config, files):
    "The search reads text, names and signatures; folded code would answer every question with everything."
    return html.replace('<details class="code">', '<details class="code" data-search-exclude>')

def on_post_page(output, page, config):
    "Drawings become part of the page, so that they follow its colours."
    folder = Path(page.file.abs_dest_path).parent
    def inline(m):
        if m[1].endswith('logo.svg'): return m[0]
        drawing = (folder/m[1]).resolve().relative_to(config.site_dir)
        return re.sub(r'<\?xml.*?\?>', '', (Path(config.docs_dir)/drawing).read_text())
    return re.sub(r'<img[^>]* src="(?!https?:)([^"]+\.svg)"[^>]*>', inline, output)
