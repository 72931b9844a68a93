"""The files of the page, and the page served until Ctrl-C."""

from __future__ import annotations

import os
import sys
import webbrowser
from functools import partial
from pathlib import Path

from gokit.play.server import File, PlayServer
from gokit.play.table import Table
from gokit.widgets.source import explorer_source, explorer_style, module_source

FOLDER = Path(__file__).parent
_SCRIPT = "text/javascript"


def page_files(table: Table) -> dict[str, File]:
    """Return what the page consists of: the notebooks' modules and styles, and its own."""
    read = lambda name: (FOLDER / name).read_text(encoding="utf-8")  # noqa: E731
    own = {name: File(_SCRIPT, read(name)) for name in ("play.js", "model.js", "chart.js")}
    return {
        "": File("text/html", read("page.html")),
        "play.css": File("text/css", explorer_style() + read("play.css")),
        "board.js": File(_SCRIPT, module_source()),
        "tree.js": File(_SCRIPT, explorer_source()),
        "game.sgf": File("application/x-go-sgf", table.sgf, "game.sgf"),
        **own,
    }


def serve(table: Table, *, port: int = 0, browser: bool = True) -> None:
    """Serve a table's page on this computer until Ctrl-C; GoError where the port is taken.

    browser: open the page, except over SSH, where the browser is on another computer.
    """
    try:
        server = PlayServer(page_files(table), table.channel, port)
    except BaseException:
        table.close()
        raise
    tell = partial(print, flush=True)
    with server:
        try:
            tell(f"gokit play: the board is at {server.url}")
            tell("Ctrl-C ends it.", file=sys.stderr)
            if "SSH_CONNECTION" in os.environ:
                port = server.server_port
                tell(f"On your own computer: ssh -L {port}:127.0.0.1:{port} HOST", file=sys.stderr)
            elif browser:
                webbrowser.open(server.url)
            server.serve_forever()
        except KeyboardInterrupt:
            tell("\ngokit play: stopped", file=sys.stderr)
        finally:
            table.close()
