"""sgfmill's board, pure Python: light playouts, scored by area.

A random empty point that is no suicide, not the ko point and no own one-point eye. sgfmill tests
no legality, so the test for suicide is this script's, on sgfmill's own groups. With `--suicide 1`
there is none: faster moves, but games that never end and are cut at 3 N² moves.
"""

import random

from serve import options, require, serve

arguments = options(__doc__, suicide=0)
versions = require("sgfmill", "sgfmill")

from sgfmill import boards  # noqa: E402

size = arguments.board
generator = random.Random(1)
points = [(row, column) for row in range(size) for column in range(size)]


def around(point, steps):
    row, column = point
    cells = [(row + down, column + right) for down, right in steps]
    return [cell for cell in cells if 0 <= cell[0] < size and 0 <= cell[1] < size]


beside = {point: around(point, [(1, 0), (-1, 0), (0, 1), (0, -1)]) for point in points}
diagonal = {point: around(point, [(1, 1), (1, -1), (-1, 1), (-1, -1)]) for point in points}


def is_own_eye(board, point, color):
    if any(board.board[row][column] != color for row, column in beside[point]):
        return False
    enemy = sum(board.board[row][column] not in (color, None) for row, column in diagonal[point])
    return enemy + (len(diagonal[point]) < 4) < 2


def is_suicide(board, point, color):
    if any(board.board[row][column] is None for row, column in beside[point]):
        return False
    board.board[point[0]][point[1]] = color
    surrounded = board._find_surrounded_groups(*point)
    board.board[point[0]][point[1]] = None
    return all(group.colour == color for group in surrounded) and bool(surrounded)


def random_move(board, color, ko):
    candidates = [point for point in points if board.board[point[0]][point[1]] is None]
    while candidates:
        i = generator.randrange(len(candidates))
        point = candidates[i]
        useful = point != ko and not is_own_eye(board, point, color)
        if useful and (arguments.suicide or not is_suicide(board, point, color)):
            return point
        candidates[i] = candidates[-1]
        candidates.pop()
    return None


def chunk():
    """One playout."""
    board, color, ko, passes, moves = boards.Board(size), "b", None, 0, 0
    while passes < 2 and moves < 3 * size * size:
        move = random_move(board, color, ko)
        if move is None:
            passes, ko = passes + 1, None
        else:
            passes, ko = 0, board.play(*move, color)
        color = "w" if color == "b" else "b"
        moves += 1
    board.area_score()
    return moves


serve(chunk, versions)
