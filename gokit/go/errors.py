"""What a user of gokit can get wrong, each with one clear sentence."""

from __future__ import annotations


class GoError(Exception):
    """Base of every error that gokit raises for wrong input; its text is one clear sentence."""


class IllegalMoveError(GoError):
    """A move that the rules forbid.

    `reason` is one of "occupied", "suicide", "ko", "superko", "game over", "off board".
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class SgfError(GoError):
    """A game record that cannot be read; the text names the place."""


class RulesMismatchError(GoError):
    """Two things that must share rules, komi or board size do not."""


class EngineError(GoError):
    """An outside engine died, hung, or answered nonsense."""
