"""A GTP engine as a child process: lines out, whole responses in, and never a wait without end."""

from __future__ import annotations

import contextlib
import os
import queue
import shlex
import shutil
import signal
import subprocess
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence

from gokit.go.errors import EngineError

LONGEST_RESPONSE = 1 << 20
# Debian puts its games, GNU Go among them, where PATH often does not look.
EXTRA_PATH = ("/usr/games", "/usr/local/games")


def find_engine(program: str) -> str | None:
    """Return the path of an engine's program, on PATH or where Debian puts games, or None."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *EXTRA_PATH])
    return shutil.which(program, path=path)


class EngineProcess:
    """One running engine, asked one command at a time.

    Raises EngineError, naming the engine and with the last of what it wrote on its standard
    error, where it cannot be started, dies, does not answer in time, or answers nonsense; the
    process and its children are then killed.
    """

    def __init__(self, command: str | Sequence[str]) -> None:
        self.words = _words(command)
        self.name = os.path.basename(self.words[0])
        program = find_engine(self.words[0])
        if program is None:
            raise EngineError(f"the engine {self.words[0]!r} is neither on PATH nor in /usr/games")
        try:
            self._process = subprocess.Popen(
                [program, *self.words[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            raise EngineError(f"the engine {self.name!r} does not start: {error}") from None
        _share_niceness(self._process.pid)
        # Runs at the end of our own process too: no engine is left behind.
        self._kill = weakref.finalize(self, _kill_group, self._process)
        # Bounded, so that an engine that babbles blocks on its pipe and does not fill memory.
        self._chunks: queue.Queue[bytes] = queue.Queue(maxsize=16)
        self._pending = b""
        self._errors: deque[bytes] = deque(maxlen=16)
        self._count = 0
        self._closing = False
        for target in (self._read_output, self._read_errors):
            threading.Thread(target=target, daemon=True).start()

    @property
    def is_running(self) -> bool:
        """Whether the engine can still be asked."""
        return not self._closing and self._process.poll() is None

    def ask(self, command: str, timeout_s: float) -> tuple[bool, str]:
        """Send a command; return whether it succeeded and the text of the response."""
        self._count += 1
        try:
            self._process.stdin.write(f"{self._count} {command}\n".encode("ascii", "replace"))
        except (OSError, ValueError):
            raise self._failure(f"died before {command!r}") from None
        header, text = self._response(command, time.monotonic() + timeout_s, timeout_s)
        digits, _, first = header[1:].partition(" ")
        if digits.strip() != str(self._count):
            raise self._failure(f"answered {header[:60]!r} to command {self._count}, {command!r}")
        return header[0] == "=", "\n".join([first, *text]).strip()

    def close(self) -> None:
        """Kill the engine and its children, if they still run, and free its pipes."""
        if self._closing:
            return
        self._closing = True
        self._kill()
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _response(self, command: str, deadline: float, timeout_s: float) -> tuple[str, list[str]]:
        """Return a response's first line and its further lines, skipping what precedes it."""
        skipped = 0
        lines: list[str] = []
        while True:
            line = self._line(command, deadline, timeout_s)
            skipped += len(line) + 1
            if skipped > LONGEST_RESPONSE:
                raise self._failure(f"answered {command!r} with over a megabyte")
            if lines and not line:
                return lines[0], lines[1:]
            if lines or line[:1] in ("=", "?"):
                lines.append(line)

    def _line(self, command: str, deadline: float, timeout_s: float) -> str:
        while b"\n" not in self._pending:
            if len(self._pending) > LONGEST_RESPONSE:
                raise self._failure(f"answered {command!r} with over a megabyte")
            try:
                chunk = self._chunks.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise self._failure(f"gave no answer to {command!r} in {timeout_s:g} s") from None
            if not chunk:
                raise self._failure(f"died at {command!r}")
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        if time.monotonic() > deadline:
            raise self._failure(f"gave no answer to {command!r} in {timeout_s:g} s")
        return line.decode("latin-1").rstrip("\r").replace("\t", " ")

    def _failure(self, what: str) -> EngineError:
        """Kill the engine and return the error that says what it did."""
        if what.startswith("died"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                what += f" (exit status {self._process.wait(timeout=1)})"
            time.sleep(0.05)  # its last words may still be in the pipe
        self.close()
        words = " | ".join(b"".join(self._errors).decode("utf-8", "replace").split("\n")[-6:])
        tail = f"; its standard error ends: {words[-400:]}" if words.strip(" |") else ""
        return EngineError(f"the engine {self.name!r} {what}{tail}")

    def _read_output(self) -> None:
        stream = self._process.stdout
        with contextlib.suppress(OSError, ValueError):
            while chunk := stream.read(1 << 16):
                self._put(chunk)
        self._put(b"")
        with contextlib.suppress(OSError):
            stream.close()

    def _put(self, chunk: bytes) -> None:
        while not self._closing:
            with contextlib.suppress(queue.Full):
                self._chunks.put(chunk, timeout=0.2)
                return

    def _read_errors(self) -> None:
        stream = self._process.stderr
        with contextlib.suppress(OSError, ValueError):
            while chunk := stream.read(1 << 12):
                self._errors.append(chunk)
        with contextlib.suppress(OSError):
            stream.close()


def _share_niceness(pid: int) -> None:
    """Let an engine give way to other work where this process does."""
    # Linux weighs sessions against each other by a niceness of their own, at first 0.
    group = f"/proc/{pid}/autogroup"
    if os.path.exists(group):
        with contextlib.suppress(OSError), open(group, "w") as file:
            file.write(str(os.getpriority(os.PRIO_PROCESS, 0)))


def _kill_group(process: subprocess.Popen) -> None:
    if os.name == "posix":
        # The group outlives an engine that has died and left children behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()


def _words(command: str | Sequence[str]) -> list[str]:
    try:
        words = shlex.split(command) if isinstance(command, str) else [str(w) for w in command]
    except ValueError as error:
        raise EngineError(f"the command {command!r} cannot be split: {error}") from None
    if not words:
        raise EngineError("an engine's command is empty")
    return words
