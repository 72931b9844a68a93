"""The board in a real JupyterLab: kernel, widget manager, shortcuts and all."""

from __future__ import annotations

import pytest

from tests.browser.conftest import BoardPage
from tests.browser.lab import run_all, running_lab

pytestmark = pytest.mark.browser

CELLS = [
    """
from gokit import Position, show

class Mirror:
    name = "Mirror"
    def choose(self, position):
        if position.last_move == position.pass_move:
            raise RuntimeError("it will not pass")
        return position.size**2 - 1 - position.last_move
    def reset(self): pass
    def close(self): pass

board = show(size=5, opponent=Mirror(), title="Against the mirror")
board
""",
    "print('moves:', board.position.moves)",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on a free port with one notebook; the address of the notebook."""
    with running_lab(tmp_path_factory.mktemp("lab"), CELLS) as address:
        yield address


def test_a_game_in_jupyterlab(lab, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    run_all(page, lab)
    page.wait_for_selector(".gokit-board svg path", timeout=60_000)
    board = BoardPage(page, 5)
    board.board.scroll_into_view_if_needed()

    def says(text: str) -> None:
        status = page.locator("[data-part=status]").filter(has_text=text)
        status.wait_for(timeout=20_000)

    board.click("B4")
    says("White played D2. Black to play.")
    board.click("D2")
    says("D2 is occupied")

    # By keyboard alone; in JupyterLab these keys would run, paste, undo and delete cells.
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    board.board.focus()
    board.press("ArrowUp", "ArrowUp", "Enter")
    says("White played")
    board.press("u", "r", "x", "d", "d", "z", "b", "a", "a")
    board.press("p")
    says("Mirror failed: it will not pass")
    page.screenshot(path=tmp_path / "lab.png")  # kept by pytest, for who wants to look
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells

    board.press("u")
    says("Black to play")
    page.locator(".jp-Notebook .jp-Cell").nth(1).click()
    page.keyboard.press("Control+Enter")
    printed = page.locator(".jp-OutputArea-output", has_text="moves: [6, 18")
    printed.wait_for(timeout=20_000)
    page.close()
