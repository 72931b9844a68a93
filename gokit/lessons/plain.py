"""Plain data: the only thing that is ever compared.

A learner's object could answer `==` with True to everything. So an answer is first rebuilt from
exact built-in types, and whatever else it holds is refused by name.
"""

from __future__ import annotations

import math
from typing import Any


class NotPlainError(Exception):
    """An answer holds an object that is not plain data; the text says which class."""


def plain(value: Any) -> Any:
    """Rebuild `value` from None, bool, int, float, str, tuple, frozenset and dict.

    Lists and tuples become tuples, sets frozensets, numpy scalars and arrays Python numbers and
    nested tuples. Anything else, subclasses of these included, raises `NotPlainError`.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (list, tuple):
        return tuple(plain(item) for item in value)
    if kind in (set, frozenset):
        return frozenset(plain(item) for item in value)
    if kind is dict:
        return {plain(key): plain(item) for key, item in value.items()}
    if kind.__module__ == "numpy" and hasattr(kind, "tolist") and kind.__name__ != "object_":
        return plain(kind.tolist(value))
    raise NotPlainError(f"an object of class {kind.__name__}")


def same(expected: Any, got: Any) -> bool:
    """Whether two plain values are the same; floats to 9 digits, and True is not 1."""
    if isinstance(expected, float) and type(got) in (int, float):
        return math.isclose(expected, got, rel_tol=1e-9, abs_tol=1e-9) or (
            math.isnan(expected) and math.isnan(got)
        )
    if type(expected) is not type(got):
        return False
    if isinstance(expected, tuple):
        return len(expected) == len(got) and all(map(same, expected, got))
    if isinstance(expected, dict):
        return expected.keys() == got.keys() and all(same(expected[k], got[k]) for k in expected)
    return expected == got


_NAMES = {
    "NoneType": "None",
    "bool": "True or False",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "tuple": "a list or tuple",
    "frozenset": "a set",
    "dict": "a dictionary",
}


def kind_name(value: Any) -> str:
    """A plain value's type in words, for messages."""
    return _NAMES.get(type(value).__name__, type(value).__name__)


def show(value: Any, limit: int = 300) -> str:
    """A plain value as short text: sets sorted, long values cut in the middle."""
    text = _show(value)
    if len(text) > limit:
        text = f"{text[: limit // 2]} ... {text[-limit // 3 :]}"
    return text


def _show(value: Any) -> str:
    if isinstance(value, frozenset):
        try:
            items = sorted(value)
        except TypeError:
            items = sorted(value, key=repr)
        return "{" + ", ".join(map(_show, items)) + "}" if items else "an empty set"
    if isinstance(value, tuple):
        inner = ", ".join(map(_show, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_show(k)}: {_show(v)}" for k, v in value.items()) + "}"
    return repr(value)
