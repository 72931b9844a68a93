"""Game records: SGF in and out, through sgfmill. Built in chapter 1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sgfmill import sgf, sgf_grammar

from gokit.go.coordinates import MAX_SIZE, from_sgf, to_gtp, to_sgf
from gokit.go.errors import GoError, IllegalMoveError, SgfError
from gokit.go.rules import BLACK, COLOR_NAMES, EMPTY, TROMP_TAYLOR, WHITE, Rules
from gokit.storage import write_atomic

if TYPE_CHECKING:
    from gokit.go.position import Position

MAX_BYTES = 1 << 20
_LETTERS = {BLACK: "B", WHITE: "W"}
_TOKEN = re.compile(rb"\s*(?:(\[[^\\\]]*(?:\\.[^\\\]]*)*\])|([A-Za-z]{1,64})|([;()]))", re.DOTALL)
_KATAGO_RULES = re.compile(r"ko(SIMPLE|POSITIONAL|SITUATIONAL)score\w+?tax\w+?sui([01])")
# What the SGF standard's rule names and common spellings say of ko and suicide.
_NAMED_RULES = {
    "tromp-taylor": ("positional", True),
    "aga": ("situational", False),
    "chinese": ("simple", False),
    "goe": ("positional", True),
    "japanese": ("simple", False),
    "jp": ("simple", False),
    "korean": ("simple", False),
    "nz": ("situational", True),
    "new zealand": ("situational", True),
}


@dataclass
class GameRecord:
    """One game as it was played, main line only.

    size: lines of the board. rules: with the komi. moves: (color, index) each, index size² a
    pass; one colour may move twice in a row. setup: {point: color} before the first move.
    first_player: who is to move before the first move. result: as SGF writes it ("B+3.5",
    "W+R", "0" for a draw, "Void"), None where unknown. names: Black's and White's. comments:
    {number of moves played: text}. handicap: stones, as the file says. end: None, "two passes",
    "resignation", "move cap" or another reason in words.
    """

    size: int = 9
    rules: Rules = TROMP_TAYLOR
    moves: list[tuple[int, int]] = field(default_factory=list)
    setup: dict[int, int] = field(default_factory=dict)
    first_player: int = BLACK
    result: str | None = None
    names: tuple[str, str] = ("", "")
    comments: dict[int, str] = field(default_factory=dict)
    handicap: int = 0
    end: str | None = None

    def start(self) -> Position:
        """Return the position before the first move; GoError where the setup is no position."""
        from gokit.go.position import Position

        if self.setup:
            board = np.zeros(self.size * self.size, dtype=np.int8)
            for point, color in self.setup.items():
                board[point] = color
            square = board.reshape(self.size, self.size)
            return Position.from_array(square, to_move=self.first_player, rules=self.rules)
        return Position(self.size, self.rules).to_play(self.first_player)

    def positions(self) -> Iterator[Position]:
        """Yield the start and the position after each move.

        Raises IllegalMoveError naming the move's number and the rule where a move is illegal.
        """
        position = self.start()
        yield position
        for number, (color, move) in enumerate(self.moves, 1):
            try:
                position = position.to_play(color).play(move)
            except IllegalMoveError as error:
                name = f"move {number}, {COLOR_NAMES[color]} {to_gtp(move, self.size)}"
                raise IllegalMoveError(f"{name}: {error}", error.reason) from None
            yield position

    def final_position(self) -> Position:
        """Return the position after the last move; IllegalMoveError as for `positions`."""
        position = self.start()
        for position in self.positions():  # noqa: B007
            pass
        return position

    @classmethod
    def from_position(
        cls,
        position: Position,
        names: tuple[str, str] = ("", ""),
        comments: dict[int, str] | None = None,
    ) -> GameRecord:
        """Return the record of the game that led to `position`."""
        start, moves = position.line()[0], position.plays
        board = start.board.ravel()
        setup = {int(p): int(board[p]) for p in np.flatnonzero(board)}
        return cls(
            size=position.size,
            rules=position.rules,
            moves=list(moves),
            setup=setup,
            first_player=moves[0][0] if moves else start.to_move,
            result=position.result,
            names=names,
            comments=dict(comments or {}),
            end=position.end,
        )


def read_sgf(source: str | bytes | Path, rules: Rules = TROMP_TAYLOR) -> GameRecord:
    """Read the main line of an SGF game: of the first game, where there are several.

    source: a path, or the content as bytes or as text. rules: for what the file does not say.
    A komi of 2.75 or 3.75, which Chinese sources count in stones, is doubled.

    Raises SgfError, and only that, with the place: the line and byte of what cannot be parsed,
    or the move number and line of what makes no sense. Moves are not replayed here:
    `GameRecord.positions` does that.
    """
    content, encoding = _content(source)
    node_starts = _check_grammar(content)
    try:
        tree = sgf_grammar.parse_sgf_game(content)
        size = _size(tree.sequence[0])
        text = _Text.of(tree.sequence[0], encoding)
        # Latin-1 decodes any bytes; `_Text` decodes what people read.
        game = sgf.Sgf_game.from_coarse_game_tree(tree, override_encoding="latin-1")
    except ValueError as error:
        raise SgfError(f"not a game record: {error}") from None
    reader = _Reader(size, text)
    line, counted = 1, 0
    for start, node in zip(node_starts, game.main_sequence_iter(), strict=True):
        line += content.count(b"\n", counted, start)
        counted = start
        try:
            reader.read_node(node)
        except (GoError, ValueError) as error:
            move = len(reader.record.moves)
            place = f"after move {move}" if move else "before the first move"
            raise SgfError(f"line {line}, {place}: {error}") from None
    return reader.finish(rules)


def write_sgf(record: GameRecord, path: str | Path | None = None) -> str:
    """Return a record as SGF text in UTF-8, and write it whole to `path` where one is given.

    What `read_sgf` reads back equals the record. Raises GoError for a record that SGF cannot hold.
    """
    try:
        content = _serialised(record)
    except ValueError as error:
        raise GoError(f"SGF cannot hold this record: {error}") from None
    if path is not None:
        write_atomic(path, content)
    return content.decode("utf-8")


def _serialised(record: GameRecord) -> bytes:
    size = record.size
    if not 1 <= size <= MAX_SIZE:
        raise GoError(f"a record has a board of 1 to {MAX_SIZE} lines, not {size}")
    game = sgf.Sgf_game(size=size)
    root = game.get_root()
    root.set("AP", ("gokit", "1"))
    root.set("KM", record.rules.komi)
    root.set("RU", _rules_name(record.rules))
    for identifier, text in (
        ("RE", record.result),
        ("PB", record.names[0]),
        ("PW", record.names[1]),
        ("GC", record.end and f"end: {record.end}"),
    ):
        if text:
            root.set(identifier, text)
    if record.handicap > 1:
        root.set("HA", record.handicap)
    for color, identifier in ((BLACK, "AB"), (WHITE, "AW")):
        points = [to_sgf(point, size) for point, c in sorted(record.setup.items()) if c == color]
        if points:
            root.set_raw_list(identifier, [point.encode() for point in points])
    root.set("PL", _LETTERS[record.first_player].lower())
    node = root
    if 0 in record.comments:
        root.set("C", record.comments[0])
    for number, (color, move) in enumerate(record.moves, 1):
        node = node.new_child()
        node.set_raw(_LETTERS[color], to_sgf(move, size).encode())
        if number in record.comments:
            node.set("C", record.comments[number])
    return game.serialise()


def _content(source: str | bytes | Path) -> tuple[bytes, str | None]:
    """Return the bytes of a record, and their encoding where it is known without reading them."""
    encoding = None
    if isinstance(source, (bytes, bytearray)):
        content = bytes(source)
    elif isinstance(source, str) and ("(" in source and ";" in source):
        content, encoding = source.encode("utf-8", "replace"), "utf-8"
    elif isinstance(source, (str, Path)):
        content = _read_file(source)
    else:
        raise SgfError(f"a record is a path, text or bytes, not {type(source).__name__}")
    if len(content) > MAX_BYTES:
        raise SgfError(f"a record has at most {MAX_BYTES >> 20} MiB, and this one has more")
    if content.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8"
    return content, encoding


def _read_file(path: str | Path) -> bytes:
    try:
        if not Path(path).is_file():
            raise SgfError(f"there is no file {str(path)[:200]!r}")
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SgfError(f"cannot read {str(path)[:200]!r}: {error}") from None


def _check_grammar(content: bytes) -> list[int]:
    """Return the offsets of the main line's nodes; SgfError with the place of broken grammar."""
    begin = re.search(rb"\(\s*;", content)
    if begin is None:
        raise SgfError('no game record here: it would begin with "(;"')
    offset, depth, before = begin.start(), 0, "start"
    nodes: list[int] = []
    main_line_ended = False
    while True:
        token = _TOKEN.match(content, offset)
        if token is None:
            broken = content[offset:].lstrip()[:1]
            what = "a value that does not end" if broken == b"[" else f"{broken!r}"
            raise _misplaced(content, offset, what if broken else "the end of the file")
        kind = ("value", "property", token[token.lastindex].decode("latin-1"))[token.lastindex - 1]
        if before not in _MAY_FOLLOW[kind]:
            raise _misplaced(content, token.start(token.lastindex), f"a misplaced {kind!r}")
        before, offset = kind, token.end()
        if kind == ";" and not main_line_ended:
            nodes.append(token.start(token.lastindex))
        elif kind == "(":
            depth += 1
        elif kind == ")":
            main_line_ended = True
            depth -= 1
            if depth == 0:
                return nodes


_MAY_FOLLOW = {
    "(": {"start", ";", "value", ")"},
    ")": {";", "value", ")"},
    ";": {"(", ";", "value"},
    "property": {";", "value"},
    "value": {"property", "value"},
}


def _misplaced(content: bytes, offset: int, what: str) -> SgfError:
    line = content.count(b"\n", 0, offset) + 1
    return SgfError(f"line {line}, byte {offset}: the record breaks off at {what}")


def _size(root: dict[str, list[bytes]]) -> int:
    """Return the board size that a root node states, and leave it in the form sgfmill reads."""
    text = root.get("SZ", [b"19"])[0].decode("latin-1").strip()
    match = re.fullmatch(r"([0-9]{1,4})(?:\s*:\s*([0-9]{1,4}))?", text)
    if match is None:
        raise SgfError(f"SZ[{text[:20]}] is no board size")
    columns, rows = int(match[1]), int(match[2] or match[1])
    if columns != rows:
        raise SgfError(f"a board of {columns}×{rows} is not square, and gokit plays square ones")
    if not 1 <= columns <= MAX_SIZE:
        raise SgfError(f"a board has 1 to {MAX_SIZE} lines, and this record has {columns}")
    root["SZ"] = [str(columns).encode()]
    return columns


@dataclass
class _Text:
    """Turns raw property values into what people read, replacing bytes that are not text."""

    encoding: str

    @classmethod
    def of(cls, root: dict[str, list[bytes]], known: str | None) -> _Text:
        encoding = known or root.get("CA", [b"latin-1"])[0].decode("latin-1").strip().lower()
        try:
            if not re.fullmatch(r"[a-z0-9_.:() -]{1,40}", encoding):
                raise LookupError
            if b"aA-1".decode(encoding, "replace") != "aA-1":
                raise LookupError
        except (LookupError, ValueError):
            raise SgfError(f"the record's text encoding is unknown: {encoding[:40]!r}") from None
        return cls(encoding)

    def line(self, raw: bytes) -> str:
        return self._decode(sgf_grammar.simpletext_value(raw)).strip()

    def paragraph(self, raw: bytes) -> str:
        return self._decode(sgf_grammar.text_value(raw))

    def _decode(self, value: bytes) -> str:
        try:
            return value.decode(self.encoding, "replace")
        except (LookupError, ValueError):
            raise SgfError(f"text that is not in the encoding {self.encoding!r}") from None


class _Reader:
    """Collects a record node by node."""

    def __init__(self, size: int, text: _Text) -> None:
        self.record = GameRecord(size=size)
        self.text = text
        self.komi: float | None = None
        self.rules_name = ""
        self.first_player: int | None = None

    def read_node(self, node: sgf.Node) -> None:
        record = self.record
        if node.has_property("GM") and self._line(node, "GM") not in ("", "1"):
            raise SgfError(f"GM[{self._line(node, 'GM')[:20]}] is not a game of Go")
        self._read_game_info(node)
        self._read_setup(node)
        played = [color for color in (BLACK, WHITE) if node.has_property(_LETTERS[color])]
        if len(played) > 1:
            raise SgfError("both Black and White move in one node")
        for color in played:
            letters = node.get_raw(_LETTERS[color]).decode("latin-1").strip()
            record.moves.append((color, from_sgf(letters, record.size)))
        if node.has_property("C"):
            comment = self.text.paragraph(node.get_raw("C"))
            earlier = record.comments.get(len(record.moves))
            record.comments[len(record.moves)] = f"{earlier}\n{comment}" if earlier else comment

    def _line(self, node: sgf.Node, identifier: str) -> str:
        if not node.has_property(identifier):
            return ""
        return self.text.line(node.get_raw(identifier))

    def _read_game_info(self, node: sgf.Node) -> None:
        record = self.record
        names = self._line(node, "PB"), self._line(node, "PW")
        record.names = (names[0] or record.names[0], names[1] or record.names[1])
        record.result = _result(self._line(node, "RE")) or record.result
        self.rules_name = self._line(node, "RU") or self.rules_name
        if self._line(node, "GC").startswith("end: "):
            record.end = self._line(node, "GC").removeprefix("end: ")
        if komi := self._line(node, "KM"):
            self.komi = _komi(komi)
        if handicap := self._line(node, "HA"):
            if not re.fullmatch(r"[0-9]{1,3}", handicap):
                raise SgfError(f"HA[{handicap[:20]}] is no number of handicap stones")
            record.handicap = int(handicap) if int(handicap) > 1 else 0
        if player := self._line(node, "PL").lower():
            if player[0] not in "bw12":
                raise SgfError(f"PL[{player[:20]}] is no player")
            self._set_first_player(BLACK if player[0] in "b1" else WHITE)

    def _set_first_player(self, color: int) -> None:
        """A PL after moves only says what the colour of the next move says again."""
        if not self.record.moves:
            self.first_player = color

    def _read_setup(self, node: sgf.Node) -> None:
        record, seen = self.record, set()
        for identifier, color in (("AB", BLACK), ("AW", WHITE), ("AE", EMPTY)):
            if not node.has_property(identifier):
                continue
            if record.moves:
                raise SgfError(f"{identifier} changes the board in mid-game, and no move does that")
            for row, column in node.get(identifier):
                point = (record.size - 1 - row) * record.size + column
                if point in seen:
                    name = to_gtp(point, record.size)
                    raise SgfError(f"{name} is set up twice in one node, in two ways")
                seen.add(point)
                if color == EMPTY:
                    record.setup.pop(point, None)
                else:
                    record.setup[point] = color

    def finish(self, rules: Rules) -> GameRecord:
        record = self.record
        superko, suicide = _read_rules_name(self.rules_name) or (rules.superko, rules.suicide)
        komi = rules.komi if self.komi is None else self.komi
        record.rules = Rules(komi, superko, suicide)
        if self.first_player is not None:
            record.first_player = self.first_player
        elif record.moves:
            record.first_player = record.moves[0][0]
        elif record.handicap and BLACK in record.setup.values():
            record.first_player = WHITE
        if record.end is None:
            record.end = self._plain_end()
        return record

    def _plain_end(self) -> str | None:
        record, a_pass = self.record, self.record.size**2
        if record.result and record.result[1:] == "+R":
            return "resignation"
        both_passed = len(record.moves) > 1 and all(m == a_pass for _, m in record.moves[-2:])
        return "two passes" if both_passed else None


def _komi(text: str) -> float:
    try:
        komi = float(text)
        return Rules(komi=2 * komi if komi in (2.75, 3.75) else komi).komi
    except (ValueError, GoError):
        raise SgfError(f"KM[{text[:20]}] is no komi: a multiple of 0.5") from None


def _result(text: str) -> str | None:
    """Return a result in the short forms of the standard; None where the file does not know."""
    short = {"draw": "0", "jigo": "0", "?": None, "": None, "void": "Void"}
    if text.lower() in short:
        return short[text.lower()]
    return re.sub(r"(?i)^([BW])\+(R|T|F)[a-z]*$", lambda m: m[0][:3].upper(), text)


def _rules_name(rules: Rules) -> str:
    """Return "Tromp-Taylor", or KataGo's spelling, which states every rule by itself."""
    if rules.superko == "positional" and rules.suicide:
        return "Tromp-Taylor"
    return f"ko{rules.superko.upper()}scoreAREAtaxNONEsui{int(rules.suicide)}"


def _read_rules_name(name: str) -> tuple[str, bool] | None:
    """Return (superko, suicide) for a RU value, or None where it is not known here."""
    if match := _KATAGO_RULES.search(name):
        return match[1].lower(), match[2] == "1"
    return _NAMED_RULES.get(name.lower())
