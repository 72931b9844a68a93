"""Go, slow and obvious: the Tromp-Taylor rules read aloud, to compare the fast engine with.

Nothing here is shared with gokit and nothing is clever. A board is a tuple of colours, row by
row from the top; boards need not be square. The rules' own words (Tromp and Taylor, "The logical
rules of Go") stand beside the lines that carry them out. Simple ko, situational superko and a ban
on suicide are switches, because gokit has them too.
"""

from __future__ import annotations

from functools import cache

EMPTY, BLACK, WHITE = 0, 1, 2
LETTERS = {".": EMPTY, "X": BLACK, "O": WHITE}


def opponent(color: int) -> int:
    return {BLACK: WHITE, WHITE: BLACK}[color]


@cache
def neighbors(point: int, rows: int, columns: int) -> list[int]:
    """The points next to `point`: at most four."""
    row, column = divmod(point, columns)
    around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
    return [r * columns + c for r, c in around if 0 <= r < rows and 0 <= c < columns]


def region(board: tuple[int, ...], point: int, rows: int, columns: int) -> set[int]:
    """All points that a path of the colour of `point` joins to it: a group, or an empty area."""
    found = {point}
    waiting = [point]
    while waiting:
        for near in neighbors(waiting.pop(), rows, columns):
            if board[near] == board[point] and near not in found:
                found.add(near)
                waiting.append(near)
    return found


def border(points: set[int], rows: int, columns: int) -> set[int]:
    """The points outside `points` that touch them."""
    return {near for p in points for near in neighbors(p, rows, columns)} - points


def reaches(board: tuple[int, ...], point: int, color: int, rows: int, columns: int) -> bool:
    """Rule 3: a point P, not coloured C, reaches C if a path of P's own colour leads to C."""
    around = border(region(board, point, rows, columns), rows, columns)
    return any(board[p] == color for p in around)


def clear(board: tuple[int, ...], color: int, rows: int, columns: int) -> tuple[int, ...]:
    """Rule 4: clearing a colour empties all points of it that do not reach empty."""
    emptied: set[int] = set()
    undecided = {point for point, stone in enumerate(board) if stone == color}
    while undecided:
        group = region(board, min(undecided), rows, columns)
        if not reaches(board, min(group), EMPTY, rows, columns):
            emptied |= group
        undecided -= group
    return tuple(EMPTY if p in emptied else stone for p, stone in enumerate(board))


def is_settled(board: tuple[int, ...], rows: int, columns: int) -> bool:
    """Whether every stone has a liberty: what Tromp and Farnebäck count as a legal position."""
    return all(
        stone == EMPTY or reaches(board, p, EMPTY, rows, columns) for p, stone in enumerate(board)
    )


class ReferencePosition:
    """One moment of one game. Playing returns a new object; the names are those of gokit's.

    `history` holds (board, side to move) from the start to now, passes included.
    """

    def __init__(self, rows=9, columns=None, *, superko="positional", suicide=True, komi=7.5):
        self.rows, self.columns = rows, columns or rows
        self.superko, self.suicide, self.komi = superko, suicide, komi
        self.board: tuple[int, ...] = (EMPTY,) * (rows * self.columns)
        self.to_move = BLACK
        self.history: tuple = ((self.board, BLACK),)
        self.moves: tuple[int, ...] = ()
        self.captured = (0, 0)
        self.previous: ReferencePosition | None = None

    @classmethod
    def from_diagram(cls, text, to_move=BLACK, **switches) -> ReferencePosition:
        """Set stones up from lines of ". X O"."""
        lines = [line.split() for line in text.strip().splitlines()]
        start = cls(len(lines), len(lines[0]), **switches)
        start.board = tuple(LETTERS[mark] for line in lines for mark in line)
        start.to_move = to_move
        start.history = ((start.board, to_move),)
        return start

    @property
    def pass_move(self) -> int:
        return self.rows * self.columns

    @property
    def passes(self) -> int:
        """Passes in a row, up to now."""
        count = 0
        for move in reversed(self.moves):
            if move != self.pass_move:
                break
            count += 1
        return count

    @property
    def is_over(self) -> bool:
        """Rule 9: the game ends after two consecutive passes."""
        return self.passes >= 2

    def board_after(self, move: int) -> tuple[int, ...]:
        """Rule 7: colour an empty point, then clear the opponent, then clear oneself."""
        if move == self.pass_move:
            return self.board
        colored = (*self.board[:move], self.to_move, *self.board[move + 1 :])
        without_theirs = clear(colored, opponent(self.to_move), self.rows, self.columns)
        return clear(without_theirs, self.to_move, self.rows, self.columns)

    def illegality(self, move: int) -> str | None:
        """The reason why a move is barred, or None."""
        if self.is_over:
            return "game over"
        if not 0 <= move <= self.pass_move:
            return "off board"
        if move == self.pass_move:
            return None
        if self.board[move] != EMPTY:
            return "occupied"
        after = self.board_after(move)
        if after[move] == EMPTY and not self.suicide:
            return "suicide"
        return self._repetition(after)

    def _repetition(self, after: tuple[int, ...]) -> str | None:
        retaken = len(self.history) > 1 and after == self.history[-2][0] and after != self.board
        if self.superko == "simple":
            return "ko" if retaken else None
        if self.superko == "positional":
            repeated = after in {board for board, _ in self.history}
        else:
            repeated = (after, opponent(self.to_move)) in self.history
        if repeated:
            return "ko" if retaken else "superko"
        return None

    def legal_moves(self) -> list[int]:
        return [move for move in range(self.pass_move + 1) if self.illegality(move) is None]

    def play(self, move: int) -> ReferencePosition:
        reason = self.illegality(move)
        if reason is not None:
            raise ValueError(f"move {move} is barred: {reason}")
        after = ReferencePosition.__new__(ReferencePosition)
        after.__dict__.update(self.__dict__)
        after.board = self.board_after(move)
        after.to_move = opponent(self.to_move)
        after.history = (*self.history, (after.board, after.to_move))
        after.moves = (*self.moves, move)
        after.captured = self._captured_with(move, after.board)
        after.previous = self
        return after

    def _captured_with(self, move, after) -> tuple[int, int]:
        placed = {move: self.to_move} if move != self.pass_move else {}
        before = [placed.get(p, stone) for p, stone in enumerate(self.board)]
        by_black, by_white = self.captured
        return (
            by_black + before.count(WHITE) - after.count(WHITE),
            by_white + before.count(BLACK) - after.count(BLACK),
        )

    def group_at(self, point: int) -> tuple[set[int], set[int]]:
        """The stones and the liberties of the group on a point."""
        stones = region(self.board, point, self.rows, self.columns)
        around = border(stones, self.rows, self.columns)
        return stones, {p for p in around if self.board[p] == EMPTY}

    def ownership(self) -> tuple[int, ...]:
        """Rule 10, point by point: stones, and empty points that reach only one colour."""
        return tuple(self._owner(p) for p in range(self.pass_move))

    def _owner(self, point: int) -> int:
        if self.board[point] != EMPTY:
            return self.board[point]
        black = reaches(self.board, point, BLACK, self.rows, self.columns)
        white = reaches(self.board, point, WHITE, self.rows, self.columns)
        if black == white:
            return EMPTY
        return BLACK if black else WHITE

    def margin(self) -> float:
        """Black's area minus White's area minus komi."""
        owners = self.ownership()
        return owners.count(BLACK) - owners.count(WHITE) - self.komi


def perft(position: ReferencePosition, depth: int, *, passes: bool = False) -> int:
    """How many move sequences of that length there are, with or without passes among them."""
    if depth == 0:
        return 1
    moves = position.legal_moves()
    if not passes:
        moves = [move for move in moves if move != position.pass_move]
    return sum(perft(position.play(move), depth - 1, passes=passes) for move in moves)


def settled_boards(rows: int, columns: int) -> list[tuple[int, ...]]:
    """Every legal position of a small board."""
    boards = [()]
    for _ in range(rows * columns):
        boards = [(*board, color) for board in boards for color in (EMPTY, BLACK, WHITE)]
    return [board for board in boards if is_settled(board, rows, columns)]


def position_graph(rows: int, columns: int) -> dict[tuple[int, ...], set[tuple[int, ...]]]:
    """Tromp's graph: an edge for each board that one move of either colour turns into another.

    Either colour may move, since a pass is free; a move that changes nothing is no edge.
    """
    graph: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    waiting = [(EMPTY,) * (rows * columns)]
    while waiting:
        board = waiting.pop()
        if board in graph:
            continue
        graph[board] = set()
        for color in (BLACK, WHITE):
            here = ReferencePosition(rows, columns)
            here.board, here.to_move = board, color
            for point in range(here.pass_move):
                if board[point] == EMPTY:
                    graph[board].add(here.board_after(point))
        graph[board].discard(board)
        waiting.extend(graph[board])
    return graph


def count_games(graph, board) -> int:
    """Simple paths from a board: the games of positional superko, cut off at every length."""

    def walk(here: tuple[int, ...], visited: frozenset) -> int:
        ahead = graph[here] - visited
        return 1 + sum(walk(there, visited | {there}) for there in ahead)

    return walk(board, frozenset([board]))
