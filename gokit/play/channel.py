"""Widgets without Jupyter: their traits told to any number of pages, and pages' words to them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from traitlets import HasTraits

from gokit.go.errors import GoError

# What ipywidgets gives every widget, and only Jupyter reads.
_JUPYTERS_OWN = {"layout", "tabbable", "tooltip", "comm"}

State = dict[str, dict[str, Any]]


class Channel:
    """The shared state of some widgets, by name.

    A widget is anything with traits; those tagged sync=True are told. Values are read when they
    are sent, so that a page that is slow to listen gets the latest and misses what was between.
    """

    def __init__(self) -> None:
        self._widgets: dict[str, HasTraits] = {}
        self._receivers: dict[str, Callable[[Any], None]] = {}
        self._pages: set[Page] = set()
        self._changed = threading.Condition()

    def put(self, name: str, widget: HasTraits, receive: Callable[[Any], None]) -> None:
        """Have a widget under that name, instead of another's; `receive` takes pages' words."""
        with self._changed:
            self._widgets[name], self._receivers[name] = widget, receive
            self._mark(name, _shared(widget))
        widget.observe(lambda change: self._note(name, widget, change["name"]), _shared(widget))

    def receive(self, name: Any, content: Any) -> None:
        """Hand a page's message to the widget of that name; GoError where there is none."""
        receive = self._receivers.get(name) if isinstance(name, str) else None
        if receive is None:
            raise GoError(f"there is no widget {name!r:.60}")
        receive(content)

    def page(self) -> Page:
        """Return the view of one more page, which first gets everything."""
        with self._changed:
            page = Page(self)
            page._stale = {name: set(_shared(w)) for name, w in self._widgets.items()}
            self._pages.add(page)
        return page

    def close(self) -> None:
        """End every page's view."""
        with self._changed:
            for page in self._pages:
                page.closed = True
            self._changed.notify_all()

    def _note(self, name: str, widget: HasTraits, trait: str) -> None:
        with self._changed:
            if self._widgets.get(name) is widget:
                self._mark(name, [trait])

    def _mark(self, name: str, traits: list[str]) -> None:
        for page in self._pages:
            page._stale.setdefault(name, set()).update(traits)
        self._changed.notify_all()


class Page:
    """What one page has not been told yet."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._stale: dict[str, set[str]] = {}
        self.closed = False

    def news(self, timeout: float) -> State | None:
        """Wait for changes, at most `timeout` seconds; {} where none came, None at the end."""
        channel = self._channel
        with channel._changed:
            channel._changed.wait_for(lambda: self._stale or self.closed, timeout)
            if self.closed:
                return None
            stale, self._stale = self._stale, {}
            return {
                name: {trait: getattr(channel._widgets[name], trait) for trait in sorted(traits)}
                for name, traits in stale.items()
            }

    def leave(self) -> None:
        """Stop listening."""
        with self._channel._changed:
            self._channel._pages.discard(self)


def _shared(widget: HasTraits) -> list[str]:
    names = widget.trait_names(sync=True)
    return [name for name in names if name[0] != "_" and name not in _JUPYTERS_OWN]
