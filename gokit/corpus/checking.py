"""Checking a corpus: hashes, every game replayed, repeats counted, and what the games are like."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gokit.corpus import store
from gokit.corpus.games import Settings, game_key, position_key
from gokit.go.errors import GoError
from gokit.go.records import GameRecord, read_sgf

_QUANTILES = (0, 5, 25, 50, 75, 95, 100)


@dataclass
class CorpusReport:
    """What one corpus' shards hold, and what is wrong with them.

    random_moves: in all games together. margins: Black's, komi in, of the games that were
    scored. waiting: games in the journal, in no shard yet.
    """

    name: str
    games: int = 0
    bytes: int = 0
    waiting: int = 0
    random_moves: int = 0
    black_wins: int = 0
    draws: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    sequences: set[tuple[int, ...]] = field(default_factory=set)
    keys: set[bytes] = field(default_factory=set)
    openings: set[bytes] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and distributions as plain JSON types."""
        return {
            "corpus": self.name,
            "games": self.games,
            "distinct": len(self.sequences),
            "distinct_up_to_symmetry": len(self.keys),
            "openings_up_to_symmetry": len(self.openings),
            "waiting": self.waiting,
            "dropped": self.dropped,
            "length_quantiles": _quantiles(self.lengths),
            "random_moves": self.random_moves,
            "black_wins": self.black_wins,
            "draws": self.draws,
            "margin_quantiles": _quantiles(self.margins),
            "bytes": self.bytes,
            "faults": self.faults,
        }

    def column(self) -> dict[str, str]:
        """Return what a datasheet says of the corpus."""
        games = max(self.games, 1)
        dropped = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items())
        shares = ", ".join(f"{n}" for n in _QUANTILES)
        return {
            "games": f"{self.games:,}",
            "distinct": f"{len(self.sequences):,}",
            "distinct up to symmetry": f"{len(self.keys):,}",
            "positions after the opening, up to symmetry": f"{len(self.openings):,}",
            "dropped": dropped or "0",
            "random moves a game": f"{self.random_moves / games:.2f}",
            f"moves a game: {shares} %": ", ".join(f"{n:g}" for n in _quantiles(self.lengths)),
            "won by Black": f"{self.black_wins / games:.1%}",
            "drawn": f"{self.draws / games:.1%}",
            f"Black's margin with komi: {shares} %": ", ".join(
                f"{n:+g}" for n in _quantiles(self.margins)
            ),
            "bytes a game": f"{self.bytes / games:.1f}",
        }


@dataclass(frozen=True)
class Report:
    """The corpora in a folder, and how many games are in more than one of them."""

    corpora: list[CorpusReport]
    shared: int

    @property
    def faults(self) -> list[str]:
        """What is wrong, a sentence each."""
        return [fault for corpus in self.corpora for fault in corpus.faults]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON types."""
        return {"corpora": [corpus.to_dict() for corpus in self.corpora], "shared": self.shared}

    def __str__(self) -> str:
        columns = [corpus.column() for corpus in self.corpora]
        lines = [
            _row("", *(corpus.name for corpus in self.corpora)),
            "|---" * (len(columns) + 1) + "|",
        ]
        lines += [_row(name, *(column[name] for column in columns)) for name in columns[0]]
        waiting = sum(corpus.waiting for corpus in self.corpora)
        lines += [f"\n{waiting} further games in journals; {self.shared} games in two corpora"]
        return "\n".join(lines + [f"wrong: {fault}" for fault in self.faults])


def check(
    folder: str | Path, on_game: Callable[[CorpusReport], None] = lambda report: None
) -> Report:
    """Check the corpus at `folder`, or every corpus in it.

    Every game is replayed by our rules, its result compared, its place in the numbering and its
    random moves checked, and its SGF held against the hash in the provenance. Raises GoError
    where there is no corpus.
    """
    folder = Path(folder)
    found = sorted(path.parent for path in folder.rglob(store.SETTINGS_FILE))
    if not found:
        raise GoError(f"there is no corpus in {folder}: no {store.SETTINGS_FILE}")
    corpora = [_check_corpus(path, on_game) for path in found]
    total = sum(len(corpus.keys) for corpus in corpora)
    return Report(corpora, total - len(set().union(*(corpus.keys for corpus in corpora))))


def _check_corpus(folder: Path, on_game: Callable[[CorpusReport], None]) -> CorpusReport:
    report = CorpusReport(folder.name)
    settings = store.read_settings(folder)
    journal = store.Journal(folder / store.JOURNAL_FILE)
    report.waiting = len(journal.read())
    if journal.damaged:
        report.faults.append(f"{journal.path} has {journal.damaged} damaged lines")
    try:
        found = store.shards(folder)
    except GoError as error:
        report.faults.append(str(error))
        return report
    for first, last, path in found:
        try:
            _check_shard(report, settings, first, last, path, on_game)
        except GoError as error:
            report.faults.append(f"{path}: {error}")
    return report


def _check_shard(
    report: CorpusReport,
    settings: Settings,
    first: int,
    last: int,
    path: Path,
    on_game: Callable[[CorpusReport], None],
) -> None:
    said = store.provenance(path)
    report.bytes += path.stat().st_size
    [(_, content)] = store.sgf_files(path)
    if hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise GoError("its games are not those that its provenance has the hash of")
    if said["settings"] != settings.to_dict():
        raise GoError("it was made with other settings than its corpus")
    indices = [game["index"] for game in said["set_aside"]]
    for reason, count in said["dropped"].items():
        report.dropped[reason] = report.dropped.get(reason, 0) + count
    for text in store.split_collection(content):
        record = read_sgf(text)
        index = store.game_index(record)
        indices.append(index)
        try:
            _check_game(report, settings, record)
        except GoError as error:
            report.faults.append(f"{path}: game {index}: {error}")
        on_game(report)
    if sorted(indices) != list(range(first, last + 1)):
        raise GoError(f"it does not hold each game from {first} to {last} once")


def _check_game(report: CorpusReport, settings: Settings, record: GameRecord) -> None:
    if (record.size, record.rules) != (settings.size, settings.rules):
        raise GoError("another board or other rules than the corpus")
    if any(color != 1 + number % 2 for number, (color, _) in enumerate(record.moves)):
        raise GoError("the colours do not alternate from Black")
    moves = tuple(move for _, move in record.moves)
    random = store.random_plies(record)
    opening = next(n for n in range(len(random) + 1) if n == len(random) or random[n] != n + 1)
    if not settings.plies[0] <= opening <= settings.plies[1] or any(p > len(moves) for p in random):
        raise GoError(f"the random plies {random} are not what the settings say")
    position = start = record.start()
    for number, position in enumerate(record.positions()):
        if number == opening:
            start = position
    if record.end == "resignation":
        position = position.resign()
    if (position.end, position.result) != (record.end, record.result):
        raise GoError(f"it says {record.end}, {record.result}, and the board {position.result}")
    key, opening_key = game_key(moves, record.size), position_key(start)
    if key in report.keys:
        raise GoError("it is an earlier game of the corpus, or its image")
    if opening_key in report.openings:
        raise GoError("its opening leads where an earlier one leads")
    report.keys.add(key)
    report.openings.add(opening_key)
    report.sequences.add(moves)
    report.games += 1
    report.lengths.append(len(moves))
    report.random_moves += len(random)
    report.black_wins += record.result.startswith("B")
    report.draws += record.result == "0"
    if record.end == "two passes":
        report.margins.append(position.score().margin)


def _quantiles(numbers: list[int] | list[float]) -> list[float]:
    if not numbers:
        return []
    return [float(n) for n in np.percentile(numbers, _QUANTILES, method="nearest")]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
