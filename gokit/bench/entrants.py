"""Who takes part in a benchmark: gokit on threads of this process, peers in processes of theirs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from gokit.go.errors import GoError

PEERS = Path(__file__).parent / "peers"


class Sample(NamedTuple):
    """One turn: units of work, seconds on the clock and of processor time.

    evaluator_seconds: those of the seconds that a search's evaluator took. tree_cpu_seconds:
    processor time of the searching thread outside the evaluator.
    """

    units: int
    seconds: float
    cpu_seconds: float
    evaluator_seconds: float = 0.0
    tree_cpu_seconds: float = 0.0


class Entrant:
    """gokit at a task: one worker a thread, each a function that does a little and says how much.

    The kernels release Python's lock, so that threads run side by side. search_seconds: says
    how much of a sample's last two fields a search has taken so far.
    """

    def __init__(
        self,
        name: str,
        workers: Sequence[Callable[[], int]],
        versions: dict[str, str] | None = None,
        search_seconds: Callable[[], tuple[float, float]] = lambda: (0.0, 0.0),
    ) -> None:
        self.name, self.workers, self.versions = name, list(workers), versions or {}
        self._search_seconds = search_seconds
        for worker in self.workers:
            worker()

    def measure(self, seconds: float) -> Sample:
        """Work for about `seconds`, all workers at once, each at least once."""
        evaluator, tree = self._search_seconds()
        start, cpu = time.perf_counter(), time.process_time()
        deadline = start + seconds

        def work(worker: Callable[[], int]) -> int:
            units = worker()  # at least once, however late it was let run
            while time.perf_counter() < deadline:
                units += worker()
            return units

        if len(self.workers) == 1:
            # Not on a thread of its own: torch would get a second set of threads there, and two
            # sets on the same cores wait for each other.
            units = work(self.workers[0])
        else:
            with ThreadPoolExecutor(len(self.workers)) as pool:
                units = sum(pool.map(work, self.workers))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        evaluator_now, tree_now = self._search_seconds()
        return Sample(units, seconds, cpu, evaluator_now - evaluator, tree_now - tree)

    def close(self) -> None:
        """Nothing to let go of."""


class Peer:
    """Another package at the same task, in a process that sleeps between its turns."""

    def __init__(self, name: str, script: str, board: int, python: str | None = None) -> None:
        """script: the file in `peers` and, after blanks, its options."""
        self.name = name
        file, *options = script.split()
        command = [python or sys.executable, str(PEERS / file), "--board", str(board), *options]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise GoError(f"cannot run {command[0]}: {error.strerror}") from None
        hello = self._read()
        self.missing = hello.get("missing")
        self.versions = hello.get("versions", {})

    def _read(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            said = (self._process.stderr.read().strip().splitlines() or ["nothing"])[-1]
            raise GoError(f"the benchmark of {self.name} stopped and said: {said}")
        return json.loads(line)

    def measure(self, seconds: float) -> Sample:
        """Let the peer work for about `seconds`."""
        try:
            self._process.stdin.write(f"{seconds}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it died: reading tells why
        answer = self._read()
        return Sample(answer["units"], answer["seconds"], answer["cpu_seconds"])

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
