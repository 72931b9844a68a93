"""Games from anywhere: folders and archives of SGF, read one game at a time, the broken skipped.

Made for what KGS, CGOS, OGS, GoGoD and this package's own corpora write: any board size, handicap
and set-up stones, variations (the main line is read), comments in any encoding.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from gokit.corpus import store
from gokit.corpus.archives import files_at
from gokit.go.compiled import lean
from gokit.go.coordinates import to_gtp
from gokit.go.errors import GoError, SgfError
from gokit.go.games import Games
from gokit.go.geometry import KO, PASSES, TO_MOVE
from gokit.go.kernels import LEGAL, action_legality, play
from gokit.go.records import GameRecord, read_sgf
from gokit.go.rows import REASONS
from gokit.go.rules import BLACK, COLOR_NAMES, EMPTY, TROMP_TAYLOR, WHITE, Rules

SUFFIXES = (".sgf", ".sgfs")
EXAMPLES = 3
MOST_KOMI = 63  # planes hold komi in half-points, to 127
_ROOT = re.compile(rb"\(\s*;")
_PROPERTY = re.compile(rb"\s*([A-Za-z]+)\s*((?:\[[^\]\\]*(?:\\.[^\]\\]*)*\]\s*)+)", re.DOTALL)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHARSET = re.compile(rb"CA\s*\[[^\]]*\]")
# Resignation, time and forfeit; not the cancellations that some servers write in the same form.
_RESULT = re.compile(r"([BW])\+(?:[\d.RTFrtf]|$)")
_RANK = re.compile(r"(\d{1,2}) ?([dkp])[a-z]*", re.IGNORECASE)


@dataclass
class SourceReport:
    """What was read, and what was left out and why.

    files: files of games, whole or not. kept: games, or rows of positions, that were yielded.
    skipped: how many were left out for which reason. examples: the first few places of each
    reason, with details.
    """

    files: int = 0
    kept: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, reason: str, place: str, detail: str = "", count: int = 1) -> None:
        """Count `count` games as left out."""
        self.skipped[reason] = self.skipped.get(reason, 0) + count
        examples = self.examples.setdefault(reason, [])
        if len(examples) < EXAMPLES:
            examples.append(f"{place}: {detail}" if detail else place)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and examples as plain JSON types."""
        return {
            "files": self.files,
            "kept": self.kept,
            "skipped": dict(sorted(self.skipped.items())),
            "examples": self.examples,
        }

    def __str__(self) -> str:
        lines = [f"{self.kept:,} kept of {self.files:,} files"]
        for reason, count in sorted(self.skipped.items(), key=lambda item: -item[1]):
            lines.append(f"{count:,} skipped: {reason}, for instance {self.examples[reason][0]}")
        return "\n".join(lines)


@dataclass(frozen=True)
class SourceGame:
    """A game that can be replayed to its last move, and what the file says besides.

    place: the file, and the number of the game in it. random: numbers, from 1, of plies that are
    no target for a policy. stated: identifiers of the properties of the file's first node.
    ratings: Black's and White's in the file's words, "" where it has none.
    """

    record: GameRecord
    place: str
    random: tuple[int, ...] = ()
    stated: frozenset[str] = frozenset()
    ratings: tuple[str, str] = ("", "")

    @property
    def winner(self) -> int | None:
        """BLACK, WHITE, EMPTY for a draw, None where the file does not know."""
        return winner_of(self.record.result)


@dataclass(frozen=True)
class Filters:
    """Which games to take; without arguments, all that can be replayed.

    sizes: lines of the board, () for any. least_moves: passes included. known_result,
    known_komi, known_rules: whether the file must say them ("Void" and "?" are no result).
    handicap: whether to take games that begin with handicap or set-up stones. least_rating: of
    both players, a rank ("2d", "15k", "1p") or a number ("1800"); players without a rating on
    the same scale are left out then.

    Raises GoError for a rating that is none.
    """

    sizes: tuple[int, ...] = ()
    least_moves: int = 0
    known_result: bool = False
    known_komi: bool = False
    known_rules: bool = False
    handicap: bool = True
    least_rating: str = ""

    def __post_init__(self) -> None:
        if self.least_rating and rating_of(self.least_rating) is None:
            raise GoError(f"a rating is a rank or a number, not {self.least_rating[:40]!r}")

    def why_not(self, game: SourceGame) -> str | None:
        """Return why a game is left out, None where it is taken."""
        record = game.record
        if self.sizes and record.size not in self.sizes:
            return "another board size"
        if len(record.moves) < self.least_moves:
            return "too few moves"
        if self.known_result and game.winner is None:
            return "result unknown"
        if self.known_komi and "KM" not in game.stated:
            return "komi unknown"
        if self.known_rules and "RU" not in game.stated:
            return "rules unknown"
        if not self.handicap and (record.handicap or record.setup):
            return "handicap or set-up stones"
        return self._why_rated_out(game.ratings) if self.least_rating else None

    def _why_rated_out(self, ratings: tuple[str, str]) -> str | None:
        scale, least = rating_of(self.least_rating)
        for text in ratings:
            found = rating_of(text)
            if found is None or found[0] != scale:
                return "rating unknown"
            if found[1] < least:
                return "rated too low"
        return None


def read_source(
    path: str | Path,
    filters: Filters | None = None,
    report: SourceReport | None = None,
    rules: Rules = TROMP_TAYLOR,
) -> Iterator[SourceGame]:
    """Yield the games at `path`, a file, folder, zip or tar in any nesting, one at a time.

    Every game can be replayed by its rules to its last move; what cannot, what cannot be read
    and what the filters leave out is counted in `report`. rules: for what a file does not say.
    Raises GoError where there is nothing at `path`. Built in chapter 5.
    """
    filters = Filters() if filters is None else filters
    report = SourceReport() if report is None else report
    files = files_at(path, SUFFIXES, report.skip)
    for file, content in chain(files, _journals(Path(path), report)):
        report.files += 1
        number = 0
        for number, text in enumerate(split_games(content), 1):
            place = f"{file}, game {number}"
            game = _read_game(text, place, rules, report)
            if game is None:
                continue
            reason = filters.why_not(game)
            if reason is None:
                report.kept += 1
                yield game
            else:
                report.skip(reason, place)
        if number == 0:
            report.skip("no game record", file)


def _journals(path: Path, report: SourceReport) -> Iterator[tuple[str, bytes]]:
    """Yield as SGF the games of our own corpora that are in no shard yet."""
    for journal in sorted(path.rglob(store.JOURNAL_FILE)):
        try:
            settings = store.read_settings(journal.parent)
            games = [game for game in store.Journal(journal).read() if not game.dropped]
        except (GoError, OSError) as error:
            report.skip("unreadable file", str(journal), str(error))
            continue
        if games:
            lines = (store.sgf_line(settings, game, settings.engine) for game in games)
            yield str(journal), "".join(lines).encode()


def split_games(content: bytes) -> Iterator[bytes]:
    """Yield the game trees of an SGF collection in any encoding; a broken one costs only itself.

    Where a broken one ends: see `store.split_collection`.
    """
    if content[:2] in _UTF16:
        content = content.decode("utf-16", "replace").encode()
    yield from store.split_collection(content, mend=True)


def _read_game(text: bytes, place: str, rules: Rules, report: SourceReport) -> SourceGame | None:
    root = root_properties(text)
    try:
        record = read_sgf(_without_unknown_charset(text, root), rules)
    except SgfError as error:
        report.skip("broken record", place, str(error))
        return None
    if abs(record.rules.komi) > min(record.size**2, MOST_KOMI):
        report.skip("komi that no game has", place, f"{record.rules.komi:g}")
        return None
    # Some servers go on recording passes while the players agree on what is dead.
    a_pass = record.size**2
    while len(record.moves) > 2 and all(move == a_pass for _, move in record.moves[-3:]):
        record.moves.pop()
    try:
        illegal = why_illegal(record)
    except GoError as error:
        report.skip("no position to begin with", place, str(error))
        return None
    if illegal is not None:
        report.skip("illegal move", place, illegal)
        return None
    try:
        random = store.random_plies(record)
    except GoError:
        random = ()
    ratings = root.get("BR", ""), root.get("WR", "")
    return SourceGame(record, place, random, frozenset(root), ratings)


def _without_unknown_charset(text: bytes, root: dict[str, str]) -> bytes:
    """Names and comments in an unknown encoding are no reason to lose the moves."""
    try:
        codecs.lookup(root.get("CA", "latin-1"))
    except (LookupError, ValueError):
        return _CHARSET.sub(b"", text, count=1)
    return text


def why_illegal(record: GameRecord) -> str | None:
    """Return the first illegal move of a game with the rule it breaks, None where there is none.

    Says what `GameRecord.positions` says, two hundred times as fast. Raises GoError where the
    set-up is no position.
    """
    start = replace(record, rules=record.rules.replace(komi=0.0)).start()
    games = Games.from_positions([start], max_moves=len(record.moves) + 1)
    moves = np.array(record.moves, np.int64).reshape(-1, 2)
    number, why = _first_illegal(games.geometry, games.words[0], games.cells[0], moves)
    if number < 0:
        return None
    color, move = record.moves[number]
    name = f"{COLOR_NAMES[color]} {to_gtp(move, record.size)}"
    return f"move {number + 1}, {name}: {REASONS[why]}"


@lean
def _first_illegal(g, row, cells, moves):
    for number in range(len(moves)):
        if row[TO_MOVE] != moves[number, 0]:
            row[TO_MOVE] = moves[number, 0]
            row[KO] = 0
            row[PASSES] = 0
        why = action_legality(g, row, cells, moves[number, 1])
        if why != LEGAL:
            return number, why
        play(g, row, cells, moves[number, 1])
    return -1, LEGAL


def root_properties(text: bytes) -> dict[str, str]:
    """Return the first value of each property in a game's first node, bytes read as Latin-1."""
    found: dict[str, str] = {}
    begin = _ROOT.search(text)
    offset = begin.end() if begin else len(text)
    while match := _PROPERTY.match(text, offset):
        identifier = "".join(c for c in match[1].decode("latin-1") if c.isupper())
        value = match[2].split(b"]", 1)[0][1:].decode("latin-1").strip()
        if value:
            found.setdefault(identifier, value)
        offset = match.end()
    return found


def winner_of(result: str | None) -> int | None:
    """Return BLACK, WHITE, EMPTY for a draw, and None for an SGF result that names none."""
    match = _RESULT.match(result or "")
    if match is None:
        return EMPTY if result == "0" else None
    if margin_of(result) == 0:
        return EMPTY
    return BLACK if match[1] == "B" else WHITE


def margin_of(result: str | None) -> float | None:
    """Return Black's margin with komi that an SGF result states in points, else None."""
    if result == "0":
        return 0.0
    match = re.fullmatch(r"([BW])\+(\d+(?:\.\d+)?)", result or "")
    if match is None:
        return None
    return float(match[2]) if match[1] == "B" else -float(match[2])


def rating_of(text: str) -> tuple[str, float] | None:
    """Return (scale, rating) of "3d", "12k?", "9p" or "1850"; None for what is no rating.

    On the scale "rank" 1d is 1 and 1k is 0; professional ranks begin above 9d.
    """
    text = text.strip().rstrip("?").strip()
    if match := _RANK.fullmatch(text):
        number, kind = int(match[1]), match[2].lower()
        return "rank", {"k": 1 - number, "d": number, "p": 9 + number}[kind]
    if re.fullmatch(r"\d{2,4}(\.\d+)?", text):
        return "number", float(text)
    return None
