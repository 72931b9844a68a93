"""A widget's JavaScript as the one module that anywidget, or a page of its own, wants."""

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
EXPLORER_MODULES = (
    "rules.js",
    "draw.js",
    "replay.js",
    "tree_steps.js",
    "tree_layout.js",
    "tree_draw.js",
    "tree_side.js",
    "compare.js",
    "whatif.js",
    "tree_panel.js",
    "tree_player.js",
    "tree.js",
)
_LOCAL_IMPORT = re.compile(r'^import [^;]*? from "\./[a-z_]+\.js";\n', re.MULTILINE)


@cache
def module_source(names: tuple[str, ...] = MODULES) -> str:
    """Return a widget's modules joined into one, the imports between them dropped."""
    texts = ((FOLDER / name).read_text(encoding="utf-8") for name in names)
    return "\n".join(_LOCAL_IMPORT.sub("", text) for text in texts)


@cache
def style_source(names: tuple[str, ...] = ("board.css",)) -> str:
    """Return a widget's style sheets, one after the other."""
    return "".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


def explorer_source() -> str:
    """Return the tree explorer's modules joined into one."""
    return module_source(EXPLORER_MODULES)


def explorer_style() -> str:
    """Return the tree explorer's style sheets: the board's, since it shows boards, and its own."""
    return style_source(("board.css", "tree.css"))


def page(
    state: Mapping[str, Any] | None = None, *, title: str = "Go board", script: str = ""
) -> str:
    """Return a web page that holds one board and needs neither a kernel nor a network.

    state: what `mount` in board.js takes: game, players, status, overlay, view, each optional.
    script: JavaScript that runs once the board stands: `view` is the board, and
        `view.callbacks = { onChange, onAskReply }` listens to it.
    """
    return _document(title, "board", module_source(), style_source(), dict(state or {}), script)


def explorer_page(
    trace: Mapping[str, Any],
    other: Mapping[str, Any] | None = None,
    *,
    title: str = "Search tree",
    view: Mapping[str, Any] | None = None,
    script: str = "",
) -> str:
    """Return a web page that explores one recorded search, or two side by side, without a kernel.

    trace, other: trace documents, `Trace.document`. view: how it is shown at first, see
    `TreeExplorer`. script: JavaScript that runs once the explorer stands, as `view`.
    """
    state = {"trace": dict(trace), "other": dict(other or {}), "view": dict(view or {})}
    source, style = explorer_source(), explorer_style()
    return _document(title, "tree", source, style, state, script)


def _document(
    title: str, place: str, source: str, style: str, state: dict[str, Any], script: str
) -> str:
    # "</script>" inside the data would end the script early.
    data = json.dumps(state).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 16px; background: light-dark(#ffffff, #12161b); }}
{style}</style>
</head>
<body>
<main id="{place}"></main>
<script type="module">
{source}
const view = mount(document.getElementById("{place}"), {data});
{script}
</script>
</body>
</html>
"""
