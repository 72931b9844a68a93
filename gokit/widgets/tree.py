"""TreeExplorer: one search as a tree that one steps through, and others beside it. Chapter 4."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.search.config import SearchConfig
from gokit.search.evaluators import Evaluator
from gokit.search.trace import Trace
from gokit.widgets.search_request import (
    MAX_SIMULATIONS,
    Request,
    Superseded,
    changed_config,
    default_configs,
    first_request,
    next_request,
    read_request,
    run_request,
)
from gokit.widgets.source import explorer_page, explorer_source, explorer_style

# The traits that hold the documents of the tree, a, and of the one beside it, b.
DOCUMENTS = {"a": "record", "b": "record_beside"}
LIMITS = (12, 24, 48, 100, 200)
PROGRESS_EVERY = 0.25  # seconds between two words on how far a search is


class TreeExplorer(anywidget.AnyWidget):
    """A recorded search in the notebook, which one steps through either way.

    position, evaluator, config, simulations, seed, evaluators: as for `explore`. The search runs
    in a thread of its own, so the notebook stays free; `wait` waits for it. trace: the Trace
    shown, other: the one beside it or None, position: the root of the trace.
    title: a line above the tree. at: how many simulations are shown done at first, all by
    default. nodes: how many nodes are drawn at first, one of 12, 24, 48, 100, 200.
    max_simulations: as many as the page may ask for.

    Raises GoError for arguments that make no sense. Built in chapter 4.
    """

    _esm = explorer_source()
    _css = explorer_style()
    record = traitlets.Dict().tag(sync=True)
    record_beside = traitlets.Dict().tag(sync=True)
    dials = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        position: Position | Trace | None = None,
        evaluator: Evaluator | str | Path | None = None,
        *,
        config: SearchConfig | None = None,
        simulations: int | None = None,
        seed: int = 0,
        evaluators: Mapping[str, Evaluator | str | Path | None] | None = None,
        title: str = "",
        at: int | None = None,
        nodes: int = 24,
        max_simulations: int = MAX_SIMULATIONS,
    ) -> None:
        if nodes not in LIMITS:
            raise GoError(f"nodes is one of {LIMITS}, not {nodes!r}")
        if at is not None and not (isinstance(at, int) and at >= 0):
            raise GoError(f"at is a number of simulations from 0, not {at!r}")
        request, choices = first_request(
            position, evaluator, config=config, simulations=simulations, seed=seed,
            evaluators=evaluators,
        )  # fmt: skip
        super().__init__()
        self._choices = choices
        self._max_simulations = max(max_simulations, request.config.simulations)
        self._lock = threading.RLock()  # the state below and the traits
        self._requests: dict[str, Request] = {"a": request}
        self._shown: Request | None = None  # what the tree is the answer to
        self._traces: dict[str, Trace] = {}
        self._revision = {"a": 0, "b": 0}
        self._workers: list[threading.Thread] = []
        self.view = {"title": title, "limit": nodes} | ({} if at is None else {"at": at})
        self.on_msg(self._on_message)
        if request.trace is not None:
            self._show("a", request.trace)
        else:
            self._start("a", request)

    @property
    def trace(self) -> Trace:
        """The search that is shown; waits for it where it is still running."""
        self.wait()
        if "a" not in self._traces:
            raise GoError(self.status.get("notice") or "there is no search yet")
        return self._traces["a"]

    @property
    def other(self) -> Trace | None:
        """The search beside it, or None."""
        self.wait()
        return self._traces.get("b")

    @property
    def position(self) -> Position:
        """The position that is searched."""
        return self._requests["a"].position

    @property
    def searching(self) -> bool:
        """Whether a search is running."""
        return any(worker.is_alive() for worker in self._workers)

    def search(
        self,
        position: Position | None = None,
        *,
        config: SearchConfig | None = None,
        evaluator: str | None = None,
        seed: int | None = None,
        beside: bool = False,
    ) -> TreeExplorer:
        """Search again, and show it instead of the tree, or beside it; return this.

        What is not given stays as it is. evaluator: a name, as offered in "What if".
        Raises GoError for a position that is over and an evaluator that is not known.
        """
        old = self._requests["a"]
        request = next_request(old, self._choices, position, config, evaluator, seed)
        self._start("b" if beside else "a", request)
        return self

    def compare(
        self, *, evaluator: str | None = None, seed: int | None = None, **changes: Any
    ) -> TreeExplorer:
        """Search the same position otherwise, and show it beside the tree; return this.

        changes: options of SearchConfig, such as c_puct=4.0. Raises GoError where it does.
        """
        config = changed_config(self._requests["a"].config, changes)
        return self.search(config=config, evaluator=evaluator, seed=seed, beside=True)

    def wait(self, timeout: float | None = None) -> TreeExplorer:
        """Wait until no search is running, at most `timeout` seconds a search; return this."""
        for worker in list(self._workers):
            worker.join(timeout)
        return self

    def page(self, title: str = "Search tree") -> str:
        """Return a web page with what is shown, which needs neither a kernel nor a network."""
        beside = self.other.document if self.other else None
        return explorer_page(self.trace.document, beside, title=title, view=self.view)

    def __repr__(self) -> str:
        """The text twin of the tree."""
        trace = self._traces.get("a")
        return str(trace) if trace else f"Searching …\n{self.position}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = repr(self)  # whole: the widget would cut it
        return bundle

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        try:
            if kind == "search":
                with self._lock:
                    slot, request = read_request(
                        content, self._requests["a"].config, self._choices, self._max_simulations
                    )
                    self._start(slot, request)
            elif kind == "close":
                self._close()
        except GoError as error:
            with self._lock:
                self._tell(notice=_sentence(str(error)))

    def _close(self) -> None:
        with self._lock:
            self._revision["b"] += 1
            self._traces.pop("b", None)
            self.record_beside = {}
            self._tell()

    def _tell(self, **status: Any) -> None:
        # With a number that grows, a sentence that is said twice is sent twice.
        self.status = {**status, "revision": self.status.get("revision", 0) + 1}

    def _start(self, slot: str, request: Request) -> None:
        with self._lock:
            self._revision[slot] += 1
            if slot == "a":
                self._requests["a"] = request
                self._close()  # what stands beside was compared with the tree that goes
            self._tell(searching=slot)
            self.dials = {
                "evaluators": list(self._choices.names),
                "evaluator": request.evaluator,
                "defaults": default_configs(),
                "max_simulations": self._max_simulations,
                "seed": request.seed,
            }
            worker = threading.Thread(
                target=self._work, args=(slot, request, self._revision[slot]), daemon=True
            )
            self._workers = [old for old in self._workers if old.is_alive()] + [worker]
            worker.start()

    def _work(self, slot: str, request: Request, revision: int) -> None:
        told = time.monotonic()

        def progress(done: int) -> None:
            nonlocal told
            if revision != self._revision[slot]:
                raise Superseded
            if time.monotonic() - told > PROGRESS_EVERY:
                told = time.monotonic()
                with self._lock:
                    self._tell(searching=slot, done=done, of=request.config.simulations)

        try:
            trace = run_request(request, self._choices, progress)
        except Superseded:
            return
        # Evaluators are anyone's code: whatever they raise is told where the person looks.
        except Exception as error:
            with self._lock:
                if revision == self._revision[slot]:
                    self._requests["a"] = self._shown or request
                    self._tell(notice=f"The search failed: {str(error) or type(error).__name__}")
            return
        with self._lock:
            if revision == self._revision[slot]:
                self._show(slot, trace)

    def _show(self, slot: str, trace: Trace) -> None:
        with self._lock, self.hold_sync():
            self._traces[slot] = trace
            if slot == "a":
                self._shown = self._requests["a"]
            setattr(self, DOCUMENTS[slot], trace.document)
            self._tell()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
