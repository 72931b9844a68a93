"""The board in a real JupyterLab: kernel, widget manager, shortcuts and all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.browser.conftest import BoardPage

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
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    folder = tmp_path_factory.mktemp("lab")
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "source": source.strip(),
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "board.ipynb").write_text(json.dumps(notebook))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA")}
    own |= {"JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "IPYTHONDIR": str(folder / "ipython")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}"]
    command += ["--IdentityProvider.token=", "--ServerApp.open_browser=False"]
    command += ["--LabApp.news_url=", "--LabApp.check_for_updates_class="]
    environment = {**os.environ, **own, "GOKIT_STATIC": "0"}
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api", server, folder / "log.txt")
        yield f"http://127.0.0.1:{port}/lab/tree/board.ipynb?reset"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def wait_for(address: str, server: subprocess.Popen, log) -> None:
    """Wait until a server answers; fail with its log where it does not come up."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not come up:\n{log.read_text()[-2000:]}")


def test_a_game_in_jupyterlab(lab, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    # Cells run before the kernel is there would make JupyterLab ask for one.
    page.get_by_text("| Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
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
