"""explore: the tree of a search as a widget where there is one, and as a picture elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gokit.go.position import Position
from gokit.plots import Picture
from gokit.search.config import SearchConfig
from gokit.search.evaluators import Evaluator
from gokit.search.trace import Trace
from gokit.widgets.search_request import (
    Choices,
    Request,
    changed_config,
    first_request,
    next_request,
    run_request,
)
from gokit.widgets.source import explorer_page
from gokit.widgets.tree_picture import tree_picture

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
) -> TreeExplorer | StaticExplorer:
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
    return StaticExplorer(request, choices, **pictured)


class StaticExplorer(Picture):
    """The pictures of a search and of one beside it; it has the methods of a TreeExplorer.

    trace, other, position: as there. image, text: the picture of the tree and its words.
    """

    def __init__(
        self, request: Request, choices: Choices, title: str = "", at: int | None = None
    ) -> None:
        self._choices, self._options = choices, {"title": title, "at": at}
        self._set(request)

    def _set(self, request: Request) -> None:
        self._request, self.other = request, None
        self.trace = request.trace or run_request(request, self._choices)
        picture = tree_picture(self.trace, **self._options)
        super().__init__(picture.image, picture.text)

    @property
    def position(self) -> Position:
        """The position that is searched."""
        return self._request.position

    def search(
        self,
        position: Position | None = None,
        *,
        config: SearchConfig | None = None,
        evaluator: str | None = None,
        seed: int | None = None,
        beside: bool = False,
    ) -> StaticExplorer:
        """Search again, and show it instead of the tree, or beside it; return this."""
        request = next_request(self._request, self._choices, position, config, evaluator, seed)
        if beside:
            self.other = run_request(request, self._choices)
        else:
            self._options["at"] = None  # it was the old search's
            self._set(request)
        return self

    def compare(
        self, *, evaluator: str | None = None, seed: int | None = None, **changes: Any
    ) -> StaticExplorer:
        """Search the same position otherwise, and show it beside the tree; return this."""
        config = changed_config(self._request.config, changes)
        return self.search(config=config, evaluator=evaluator, seed=seed, beside=True)

    def wait(self, timeout: float | None = None) -> StaticExplorer:
        """Return this: its searches are done."""
        return self

    def page(self, title: str = "Search tree") -> str:
        """Return a web page with what is shown, which needs neither a kernel nor a network."""
        beside = self.other.document if self.other else None
        return explorer_page(self.trace.document, beside, title=title)

    def __repr__(self) -> str:
        """The trees in words."""
        return "\n\n".join(str(trace) for trace in (self.trace, self.other) if trace)

    def _repr_html_(self) -> str:
        beside = tree_picture(self.other)._repr_html_() if self.other else ""
        return super()._repr_html_() + beside
