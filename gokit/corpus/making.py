"""Making a corpus: an engine a worker, and every finished game on disk before the next."""

from __future__ import annotations

import contextlib
import json
import platform
import queue
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gokit.corpus import store
from gokit.corpus.games import Game, Plan, Settings, Stopped, game_key, open_player, plans
from gokit.corpus.games import play_game as play_one
from gokit.go.coordinates import from_sgf
from gokit.go.errors import EngineError, GoError
from gokit.gtp import find_engine
from gokit.storage import write_atomic

_TRIES = 3
_MOVE = re.compile(rb";[BW]\[([a-z]{0,2})\]")


@dataclass
class Progress:
    """How far a corpus is: games in it, and games dropped by reason, sealed or not."""

    games: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    played_now: int = 0
    damaged_lines: int = 0

    def count(self, game: Game) -> None:
        """Count a game that took its place in the order of the games."""
        if game.dropped:
            self.dropped[game.dropped] = self.dropped.get(game.dropped, 0) + 1
        else:
            self.games += 1


def make_corpus(
    settings: Settings,
    folder: str | Path,
    games: int,
    *,
    workers: int = 1,
    shard_games: int = 1000,
    on_game: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Play until the corpus in `folder` has `games` distinct games, and return how it stands.

    Games are numbered, and a game is the same whoever plays it and when, so a corpus can be
    made in any number of goes, by any number of workers. Games in flight when a run ends are
    played again by the next. shard_games: numbers of games to a shard.

    Raises EngineError where the engine does not start, or fails at three games in a row, and
    GoError where the folder holds a corpus of other settings or another run works in it.
    """
    for name, number in (("games", games), ("workers", workers), ("shard-games", shard_games)):
        if number < 1:
            raise GoError(f"{name} is a whole number from 1, not {number}")
    if find_engine(settings.command()[0]) is None:
        advice = ": install it (apt install gnugo)" if settings.engine == "gnugo" else ""
        raise GoError(f"there is no engine {settings.command()[0]!r} on this machine{advice}")
    with open_player(settings, 1) as player:
        engine = player.name
    folder = Path(folder)
    with _claimed(folder, settings):
        return _Making(settings, folder, engine, shard_games, on_game).run(games, workers)


class _Making:
    def __init__(
        self,
        settings: Settings,
        folder: Path,
        engine: str,
        shard_games: int,
        on_game: Callable[[Progress], None],
    ) -> None:
        self.settings, self.folder, self.shard_games = settings, folder, shard_games
        self.about = {"engine": engine, "machine": platform.machine(), "numpy": np.__version__}
        self.on_game = on_game
        self.progress = Progress()
        self.journal = store.Journal(folder / store.JOURNAL_FILE)
        self.seen: set[bytes] = set()
        self.unsealed: list[Game] = []  # in order, without gaps, duplicates marked
        self.next = 0  # the first game that is not yet in order
        for _, last, path in store.shards(folder):
            self._count_shard(path)
            self.next = last + 1
        # A run that was killed after it wrote a shard has left the shard's games here too.
        games = (game for game in self.journal.read() if game.index >= self.next)
        self.waiting = {game.index: game for game in games}
        self.progress.damaged_lines = self.journal.damaged

    def _count_shard(self, path: Path) -> None:
        said = store.provenance(path)
        if said["settings"] != self.settings.to_dict():
            raise GoError(f"{path} was made with other settings")
        for reason, count in said["dropped"].items():
            self.progress.dropped[reason] = self.progress.dropped.get(reason, 0) + count
        size = self.settings.size
        for _, content in store.sgf_files(path):
            for line in content.splitlines():
                letters = (match.decode() for match in _MOVE.findall(line))
                self.seen.add(game_key(tuple(from_sgf(text, size) for text in letters), size))
                self.progress.games += 1

    def run(self, games: int, workers: int) -> Progress:
        try:
            self._put_in_order(games)
            if self.progress.games < games:
                self._play(games, workers)
            self._seal()
        finally:
            self.journal.close()
        return self.progress

    def _play(self, games: int, workers: int) -> None:
        stop = threading.Event()
        results: queue.SimpleQueue[Game | Exception] = queue.SimpleQueue()
        handed_out = _HandOut(self.settings, self.next, set(self.waiting))
        threads = [
            threading.Thread(
                target=_work, args=(self.settings, handed_out, results, stop), daemon=True
            )
            for _ in range(workers)
        ]
        for thread in threads:
            thread.start()
        failed: list[Game] = []
        try:
            while self.progress.games < games:
                game = _next_result(results)
                if game.dropped == "engine failure":
                    # Three in a row are no trait of three games, and are tried again next time.
                    failed.append(game)
                    if len(failed) == _TRIES:
                        raise EngineError(game.detail)
                    continue
                for done in (*failed, game):
                    self.journal.append(done)
                    self.waiting[done.index] = done
                failed = []
                self.progress.played_now += 1
                self._put_in_order(games)
                self.on_game(self.progress)
        finally:
            stop.set()
            for thread in threads:
                # An engine that is thinking is killed at the end of this process.
                thread.join(timeout=2.0)

    def _put_in_order(self, games: int) -> None:
        """Take the games whose turn it is, and seal a shard whenever one is full."""
        while self.next in self.waiting and self.progress.games < games:
            game = self.waiting.pop(self.next)
            key = game_key(game.moves, self.settings.size)
            if not game.dropped and key in self.seen:
                game = replace(game, dropped="duplicate")
            if not game.dropped:
                self.seen.add(key)
            self.unsealed.append(game)
            self.next += 1
            self.progress.count(game)
            if len(self.unsealed) == self.shard_games:
                self._seal()

    def _seal(self) -> None:
        if not self.unsealed:
            return
        store.write_shard(self.folder, self.settings, self.unsealed, self.about)
        self.unsealed = []
        self.journal.rewrite(self.waiting[index] for index in sorted(self.waiting))


def _next_result(results: queue.SimpleQueue[Game | Exception]) -> Game:
    while True:
        # A wait without end could not be interrupted on every system.
        with contextlib.suppress(queue.Empty):
            result = results.get(timeout=0.5)
            if isinstance(result, Exception):
                raise result
            return result


class _HandOut:
    """Gives every worker the next game that nobody has played."""

    def __init__(self, settings: Settings, first: int, done: set[int]) -> None:
        self._lock = threading.Lock()
        self._plans = plans(settings)
        self._first, self._done = first, done

    def take(self) -> Plan:
        with self._lock:
            for plan in self._plans:
                if plan.index >= self._first and plan.index not in self._done:
                    return plan
        raise GoError("there are no further openings")


def _work(
    settings: Settings,
    handed_out: _HandOut,
    results: queue.SimpleQueue[Game | Exception],
    stop: threading.Event,
) -> None:
    try:
        for game in _played(settings, handed_out, stop):
            results.put(game)
    except Stopped:
        pass
    except Exception as error:
        results.put(error)


def _played(settings: Settings, handed_out: _HandOut, stop: threading.Event) -> Iterator[Game]:
    player = None
    try:
        while not stop.is_set():
            plan = handed_out.take()
            for attempt in range(_TRIES):
                try:
                    # An engine remembers earlier games: only a new one plays the same again.
                    if player is None or settings.reproducible:
                        if player is not None:
                            player.close()
                        player = open_player(settings, plan.seed)
                    game = play_one(settings, plan, player, stop.is_set)
                    break
                except EngineError as error:
                    if attempt == _TRIES - 1:
                        detail = str(error)
                        game = Game(plan.index, (), (), None, None, "engine failure", detail)
            yield game
    finally:
        if player is not None:
            player.close()


@contextlib.contextmanager
def _claimed(folder: Path, settings: Settings) -> Iterator[None]:
    """Hold a corpus' folder for one run; make it where there is none."""
    path = folder / store.SETTINGS_FILE
    if not path.exists():
        write_atomic(path, (json.dumps(settings.to_dict(), indent=1) + "\n").encode())
    if store.read_settings(folder) != settings:
        raise GoError(f"{folder} holds games made with other settings: {path.name} names them")
    with open(path, "rb") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # no such locks on this system
        except OSError:
            raise GoError(f"another run is making games in {folder}") from None
        yield
