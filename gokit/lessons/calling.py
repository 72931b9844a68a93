"""Calling a learner's function so that nothing it does can disturb the check."""

from __future__ import annotations

import contextlib
import copy
import dis
import io
import linecache
import os
import signal
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from gokit.lessons.plain import NotPlainError

MOST_PRINTED = 2_000
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PYTHON = sysconfig.get_paths()["stdlib"]


class OutOfTime(BaseException):
    """Raised inside a learner's function that runs too long.

    Not an `Exception`, so that the learner's own `except Exception` cannot swallow it.
    """


@dataclass
class Answer:
    """What one call gave: a plain value, or an error; what what it printed, changed."""

    value: Any = None
    error: BaseException | None = None
    printed: str = ""
    changed_arguments: bool = False
    not_plain: str = ""


def ask(call: Callable, learner: Any, args: tuple, read: Callable[[Any], Any]) -> Answer:
    """Call `call(learner, *args)` on a copy of the arguments, its prints kept apart."""
    given = copy.deepcopy(args)
    printed = _Bounded()
    answer = Answer()
    try:
        with contextlib.redirect_stdout(printed):
            value = call(learner, *given)
            answer.value = read(value) if value is not Ellipsis else Ellipsis
    except NotPlainError as error:
        answer.not_plain = str(error)
    except (Exception, SystemExit, OutOfTime) as error:
        answer.error = error
    answer.printed = printed.getvalue()
    answer.changed_arguments = fingerprint(given) != fingerprint(args)
    return answer


class _Bounded(io.StringIO):
    """Keeps the first `MOST_PRINTED` characters: a print in a loop must not fill the memory."""

    def write(self, text: str) -> int:
        room = MOST_PRINTED - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


def fingerprint(value: Any, inside: tuple[int, ...] = ()) -> Any:
    """What an argument holds, as something to compare before and after a call.

    `inside` are the ids of the objects around it: a tree whose nodes know their parents has an end.
    """
    # Not `==` on the objects: an array has no single truth, and the learner may hold the objects.
    if id(value) in inside:
        return "above"
    around = (*inside, id(value))
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [fingerprint(item, around) for item in value])
    if isinstance(value, (set, frozenset)):
        return ("set", sorted(map(repr, value)))
    if isinstance(value, dict):
        return ("dict", [(repr(key), fingerprint(item, around)) for key, item in value.items()])
    if hasattr(value, "tobytes"):
        return (str(value.dtype), value.shape, value.tobytes())
    if type(value).__repr__ is object.__repr__:
        fields = sorted(getattr(value, "__dict__", {}).items())
        return {name: fingerprint(item, around) for name, item in fields}
    return repr(value)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in the running code after `seconds`.

    Needs signals, so it acts on the main thread of Linux and macOS (where notebook cells run).
    Elsewhere an endless loop is stopped by the reader's own Interrupt button.
    """
    main = threading.current_thread() is threading.main_thread()
    if not (hasattr(signal, "setitimer") and main):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    # Again every second: a bare `except:` in a loop swallows the first.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def is_not_attempted(error: BaseException | None, learner: Any) -> bool:
    """Whether this error is the stub's own `raise NotImplementedError()`.

    A NotImplementedError from a library that the learner calls is the learner's error instead.
    """
    if not isinstance(error, NotImplementedError):
        return False
    frames = list(traceback.walk_tb(error.__traceback__))
    last = frames[-1][0].f_code.co_filename if frames else ""
    return not _is_library(last)


def has_empty_body(learner: Any) -> bool:
    """Whether a function does nothing at all (`pass`, `...`, or a docstring alone)."""
    code = getattr(learner, "__code__", None)
    if code is None:
        return False
    quiet = {
        "RESUME",
        "NOP",
        "CACHE",
        "LOAD_CONST",
        "RETURN_VALUE",
        "RETURN_CONST",
        "COPY_FREE_VARS",
    }
    instructions = list(dis.get_instructions(code))
    returned = [i.argval for i in instructions if i.opname in ("LOAD_CONST", "RETURN_CONST")]
    return {i.opname for i in instructions} <= quiet and all(v is None for v in returned)


def learners_place(trace: TracebackType | None, learner: Any) -> tuple[str, int, str]:
    """`(function, line number in its cell or file, text of the line)` of the learner's last line.

    The last frame of the traceback that is neither gokit's nor a library's.
    """
    code = getattr(learner, "__code__", None)
    found = (getattr(learner, "__name__", "your code"), 0, "")
    for frame, line in traceback.walk_tb(trace):
        name = frame.f_code.co_filename
        own = code is not None and name == code.co_filename
        if own or not (_is_library(name) or name.startswith("<frozen")):
            text = linecache.getline(name, line).strip()
            found = (frame.f_code.co_name, line, text)
    return found


def _is_library(filename: str) -> bool:
    if filename.startswith((_OURS, _PYTHON)):
        return True
    return "site-packages" in filename or filename.startswith(os.path.join(sys.prefix, "lib"))
