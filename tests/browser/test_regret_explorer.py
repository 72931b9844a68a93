"""Chapter 2's regret explorer in a real JupyterLab: sliders, kernel, and a new picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from gokit.lessons.sources import read_source
from tests.browser.lab import run_all, running_lab

pytestmark = pytest.mark.browser

SOURCE = Path(__file__).resolve().parents[2] / "chapters" / "source" / "02_bandits.py"
NEEDED = ("import matplotlib", "def band(", "def likely_moves(", "def explore(", "interact(")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab with the cells that the explorer needs, and no others."""
    cells = [cell.text for cell in read_source(SOURCE) if cell.kind == "code"]
    cells = [text for text in cells if any(part in text for part in NEEDED)]
    with running_lab(tmp_path_factory.mktemp("lab"), cells) as address:
        yield address


def test_moving_a_slider_draws_another_picture(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    run_all(page, lab)
    first = page.locator('img[alt*="82 arms, prior good, c 1.5"]')
    first.wait_for(timeout=120_000)
    sliders = page.get_by_role("slider")
    assert sliders.count() == 3
    sliders.first.focus()
    page.keyboard.press("ArrowLeft")
    page.locator('img[alt*="41 arms, prior good"]').wait_for(timeout=60_000)
    page.locator(".widget-dropdown select").select_option("adversarial")
    page.locator('img[alt*="41 arms, prior adversarial"]').wait_for(timeout=60_000)
    assert page.locator('img[alt*="arms, prior"]').count() == 1, "the old picture is gone"
    page.close()
