"""A headless Chromium for the browser tests, and the board in a page of its own."""

from __future__ import annotations

import re
import shutil

import pytest

from gokit.go.coordinates import from_gtp
from gokit.go.rules import TROMP_TAYLOR
from gokit.widgets.source import page as board_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Stands in for the kernel.
LISTENER = """
globalThis.view = view;
globalThis.changes = [];
globalThis.asked = 0;
view.callbacks = { onChange: (game) => changes.push(game), onAskReply: () => asked++ };
"""


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the whole session; the tests are skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"no Chromium on the PATH: none of {', '.join(BROWSERS)}")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


class BoardPage:
    """The board as a person meets it: points by name, buttons by label, the line it says."""

    def __init__(self, page, size: int) -> None:
        self.page, self.size = page, size
        self.board = page.locator("svg[role=application]")

    def centre(self, point: str) -> tuple[float, float]:
        """The middle of a point, in the page's pixels."""
        row, column = divmod(from_gtp(point, self.size), self.size)
        box = self.board.bounding_box()
        scale = box["width"] / (88 + 40 * (self.size - 1))
        return box["x"] + scale * (44 + 40 * column), box["y"] + scale * (44 + 40 * row)

    def click(self, *points: str) -> None:
        for point in points:
            self.page.mouse.click(*self.centre(point))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def move(self, name: str) -> int:
        return from_gtp(name, self.size)

    @property
    def status(self) -> str:
        return self.page.locator("[data-part=status]").inner_text()

    @property
    def note(self) -> str:
        return self.page.locator("[data-part=note]").text_content()

    @property
    def game(self) -> dict:
        return self.page.evaluate("view.game")

    @property
    def stones(self) -> str:
        """The board as text, "." "X" "O", a row a line."""
        flat = self.page.evaluate("Array.from(view.position.stones)")
        text = "".join(".XO"[color] for color in flat)
        return "\n".join(re.findall("." * self.size, text))


@pytest.fixture
def open_board(browser):
    """Open a page with a board: `open_board(size=5, moves=["C3"], ...)` -> BoardPage."""
    contexts = []

    def open_(
        size=9, moves=(), rules=TROMP_TAYLOR, width=900, height=760, dark=False, game=None, **state
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            accept_downloads=True,
            offline=True,  # the page has all it needs
        )
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        indices = [from_gtp(move, size) for move in moves]
        start = {
            "size": size,
            "rules": rules.to_dict(),
            "moves": indices,
            "cursor": len(indices),
            **(game or {}),
        }
        page.set_content(board_page({"game": start, **state}, script=LISTENER))
        page.wait_for_function("globalThis.view !== undefined")
        return BoardPage(page, size)

    yield open_
    errors = [error for context in contexts for page in context.pages for error in page.errors]
    for context in contexts:
        context.close()
    assert not errors, f"the page raised {errors}"
