"What the tests in a real Chromium share."
import shutil
from pathlib import Path
import pytest

shots = Path(__file__).resolve().parents[1]/'outputs'/'browser' # pictures of pages
chromium = next((p for n in ('chromium', 'chromium-browser', 'google-chrome') if (p := shutil.which(n))), None)
LONG = 300_000 # ms; a busy machine is slow

@pytest.fixture(scope='session')
def browser():
    "One for all: Playwright can only be started once in a process."
    from playwright.sync_api import sync_playwright
    shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
        yield b
        b.close()
