"""The tree explorer in a real JupyterLab: kernel, search threads, widget manager, shortcuts."""

from __future__ import annotations

import pytest

from tests.browser.lab import run_all, running_lab

pytestmark = pytest.mark.browser

CELLS = [
    """
from gokit import Position, explore
explorer = explore(Position(5), simulations=40, title="Forty simulations")
explorer
""",
    "print('moves:', explorer.wait().position.moves, explorer.trace.simulations)",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on a free port with one notebook; the address of the notebook."""
    with running_lab(tmp_path_factory.mktemp("lab"), CELLS) as address:
        yield address


def test_a_search_is_explored_compared_and_gone_on_from_in_jupyterlab(lab, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    run_all(page, lab)
    count = page.locator("[data-part=count]")
    count.filter(has_text="40 of 40").wait_for(timeout=180_000)  # kernels may compile

    # In JupyterLab these keys would run, paste, undo and delete cells, or leave the cell.
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    tree = page.locator("[data-part=svg-a]")
    tree.scroll_into_view_if_needed()
    tree.focus()
    for key in ("Home", ".", ".", "d", "d", "z", "x", "b", "a", "ArrowDown", "Enter", "Escape"):
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    count.filter(has_text="0 of 40 · step 2").wait_for(timeout=10_000)
    page.screenshot(path=tmp_path / "lab.png")  # kept by pytest, for who wants to look

    # What if c were larger: the kernel searches, and both trees stand side by side.
    page.locator("[data-part=what-if] summary").click()
    page.locator("[data-dial=c_puct]").fill("6")
    page.get_by_role("button", name="Search, and show it beside this tree").click()
    page.locator("[data-part=compare]", has_text="Where the visits went").wait_for(timeout=60_000)
    assert page.locator("[data-side=b] [role=treeitem]").count() > 10
    assert "c 6" in page.locator("[data-part=name-b]").inner_text()
    assert "c 1.5" in page.locator("[data-part=name-a]").inner_text()

    # Search on from the most visited child.
    tree.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Search from this position").click()
    page.locator("[data-part=node-name]", has_text="root").wait_for(timeout=60_000)
    page.locator("[data-part=compare]").wait_for(state="hidden", timeout=60_000)
    page.locator(".jp-Notebook .jp-Cell").nth(1).click()
    page.keyboard.press("Control+Enter")
    printed = (
        page.locator(".jp-OutputArea-output").filter(has_text="40").filter(has_text="moves: [")
    )
    page.wait_for_function(
        "[...document.querySelectorAll('.jp-OutputArea-output')]"
        ".some((output) => /moves: \\[\\d+\\] 40/.test(output.textContent))",
        timeout=60_000,
    )
    assert printed.count() >= 1
    page.close()
