"""The board's JavaScript as the one module that anywidget, or a page of its own, wants."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
MODULES = (
    "rules.js",
    "sgf.js",
    "draw.js",
    "panel.js",
    "board.js",
)  # each imports from those before
_LOCAL_IMPORT = re.compile(r'^import [^;]*? from "\./[a-z]+\.js";\n', re.MULTILINE)


@cache
def module_source() -> str:
    """Return the board's modules joined into one, the imports between them dropped."""
    texts = ((FOLDER / name).read_text(encoding="utf-8") for name in MODULES)
    return "\n".join(_LOCAL_IMPORT.sub("", text) for text in texts)


@cache
def style_source() -> str:
    """Return the board's style sheet."""
    return (FOLDER / "board.css").read_text(encoding="utf-8")


def page(
    state: Mapping[str, Any] | None = None, *, title: str = "Go board", script: str = ""
) -> str:
    """Return a web page that holds one board and needs neither a kernel nor a network.

    state: what `mount` in board.js takes: game, players, status, overlay, view, each optional.
    script: JavaScript that runs once the board stands: `view` is the board, and
        `view.callbacks = { onChange, onAskReply }` listens to it.
    """
    # "</script>" inside the data would end the script early.
    data = json.dumps(dict(state or {})).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 16px; background: light-dark(#ffffff, #12161b); }}
{style_source()}</style>
</head>
<body>
<main id="board"></main>
<script type="module">
{module_source()}
const view = mount(document.getElementById("board"), {data});
{script}
</script>
</body>
</html>
"""
