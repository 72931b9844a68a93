"""explore: the tree of a search as a widget where there is one, and as a picture elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gokit.go.position import Position
from gokit.search.config import SearchConfig
from gokit.search.evaluators import Evaluator
from gokit.search.trace import Trace
from gokit.widgets.search_request import first_request, run_request
from gokit.widgets.tree_picture import TreePicture, tree_picture

if TYPE_CHECKING:
    from gokit.widgets.tree import TreeExplorer

PICTURED = ("title", "at")  # what a picture and a widget both understand


def explore(
    position: Position | Trace | None = None,
    evaluator: Evaluator | str | Path | None = None,
    *,
    config: SearchConfig | None = None,
    simulations: int | None = None,
    seed: int = 0,
    evaluators: Mapping[str, Evaluator | str | Path | None] | None = None,
    **options: Any,
) -> TreeExplorer | TreePicture:
    """Search a position and show the tree: an explorer, or its picture under GOKIT_STATIC=1.

    position: what is searched (an empty 9 × 9 board by default), or the Trace of a search.
    evaluator: any Evaluator, the path of a checkpoint, or None for random games. config: of the
    search; simulations: how many, short for a config of nothing else. seed: of the noise and the
    random games. evaluators: more of them by name, to choose from in "What if". options: what
    `TreeExplorer` takes besides: title, at, nodes, max_simulations.
    The picture has alt text, and print gives the tree in words.

    Raises GoError for a position that is over and for options that make no sense.
    Built in chapter 4.
    """
    asked: dict[str, Any] = {
        "config": config, "simulations": simulations, "seed": seed, "evaluators": evaluators,
    }  # fmt: skip
    if os.environ.get("GOKIT_STATIC", "0") in ("", "0"):
        try:
            from gokit.widgets.tree import TreeExplorer
        except ImportError:
            pass
        else:
            return TreeExplorer(position, evaluator, **asked, **options)
    request, choices = first_request(position, evaluator, **asked)
    pictured = {name: options[name] for name in PICTURED if name in options}
    return tree_picture(request.trace or run_request(request, choices), **pictured)
