"""The protocol's text: lines to commands, results to responses."""

from __future__ import annotations

import re
from typing import NamedTuple

from gokit.go.errors import GoError
from gokit.go.rules import BLACK, WHITE

COLOR_WORDS = {"b": BLACK, "black": BLACK, "w": WHITE, "white": WHITE}
COLOR_LETTERS = {BLACK: "B", WHITE: "W"}
_CONTROL = dict.fromkeys([*range(9), *range(10, 32), 127])
_COMMAND = re.compile(r" *(?:([0-9]+)(?: +|$))?([^ ]*)(.*)", re.DOTALL)
# Our error texts are for people; the protocol is US-ASCII.
_TO_ASCII = str.maketrans({"×": "x", "–": "-", "ä": "ae", "’": "'"})


class GtpError(GoError):
    """What a command answers with "?", in the protocol's words where it has some."""


class Command(NamedTuple):
    """One line from the controller: id ("" where it has none), name, arguments as a list."""

    id: str
    name: str
    arguments: list[str]


def parse_line(line: str | bytes) -> Command | None:
    """Return the command on a line, or None for an empty line or one with only a comment.

    As the protocol says: control characters vanish (a CR too), text from "#" on is a comment,
    tabs are spaces. Bytes above 127 stay as they are.
    """
    text = line.decode("latin-1") if isinstance(line, bytes) else line
    text = text.replace("\t", " ").translate(_CONTROL).partition("#")[0]
    if not text.strip(" "):
        return None
    id_, name, rest = _COMMAND.match(text).groups()
    return Command(id_ or "", name, [word for word in rest.split(" ") if word])


def format_response(id_: str, ok: bool, text: str = "") -> str:
    """Return a whole response, two newlines at its end and no empty line in it."""
    ascii_text = text.translate(_TO_ASCII).encode("ascii", "replace").decode("ascii")
    lines = [line.translate(_CONTROL).rstrip() for line in ascii_text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    body = "\n".join(line for i, line in enumerate(lines) if line or i == 0)
    return f"{'=' if ok else '?'}{id_}{' ' + body if body else ''}\n\n"


def parse_color(word: str) -> int:
    """Return BLACK or WHITE for b, w, black or white in any case; GtpError for other words."""
    color = COLOR_WORDS.get(word.lower())
    if color is None:
        raise GtpError(f"invalid color {word[:40]!r}")
    return color


def parse_int(word: str, lowest: int = 0) -> int:
    """Return a whole number of at most 31 bits; GtpError for anything else."""
    if word.isascii() and word.isdigit() and len(word) < 11 and lowest <= int(word) < 1 << 31:
        return int(word)
    raise GtpError(f"syntax error: {word[:40]!r} is not a whole number from {lowest}")
