"""The rules of Go as compiled functions on one row (see `geometry` for its layout).

Every function takes the geometry `g`, the row as int64 words `row`, and its int16 view `cells`.
Liberties are pseudo-liberties: a chain holds the number of (stone, empty neighbour) pairs and the
sum and the sum of squares of those neighbours' cells, packed in one word, so that placing or
removing a stone is one addition a neighbour. Empty and border cells have the head 0, a chain of no
meaning, so that this addition needs no branch. A chain is in atari where count × squares = sum²
(Cauchy-Schwarz with equality: all its liberties are one cell).

Built slowly and readably in chapter 1.
"""

from __future__ import annotations

import numpy as np

from gokit.go.compiled import inline, kernel, lean
from gokit.go.geometry import (
    BORDER,
    CAPTURED,
    EMPTIES,
    EMPTY_BOARD_HASH,
    ENDED,
    HASH,
    HISTORY_USED,
    KO,
    LAST_MOVE,
    MAX_MOVES,
    MOVE_CAP,
    MOVES,
    PASSES,
    RUNNING,
    SIDE_KEY,
    SIMPLE,
    SITUATIONAL,
    SUICIDE,
    SUPERKO,
    TO_MOVE,
    TWO_PASSES,
)
from gokit.go.rules import BLACK, EMPTY, WHITE

LEGAL, OCCUPIED, SUICIDAL, KO_RETAKE, REPEATS, GAME_OVER = range(6)

_SUM_SHIFT, _COUNT_SHIFT = 32, 52  # squares < 2^32, sum < 2^20, count < 2^11 up to 19 × 19
_SUM_MASK = (1 << (_COUNT_SHIFT - _SUM_SHIFT)) - 1
_SQUARES_MASK = (1 << _SUM_SHIFT) - 1


@inline
def at(index):
    """Say that an index is never negative, which spares numba's wrap-around code."""
    return np.uintp(index)


@inline
def liberty(p):
    """The contribution of the empty cell `p` to a chain's packed pseudo-liberties."""
    return (1 << _COUNT_SHIFT) + (p << _SUM_SHIFT) + p * p


@inline
def in_atari(packed):
    """Whether all liberties of a chain, at least one, are the same cell."""
    total = (packed >> _SUM_SHIFT) & _SUM_MASK
    return (packed >> _COUNT_SHIFT) * (packed & _SQUARES_MASK) == total * total


@inline
def head_of(g, cells, p):
    return np.int64(cells[at(g.head + p)])


@inline
def color_at(g, cells, p):
    return np.int64(cells[at(g.color + p)])


@inline
def liberties_at(g, row, cells, p):
    """The packed pseudo-liberties of the chain at `p`."""
    return row[at(g.liberties + head_of(g, cells, p))]


@lean
def clear(g, row, cells, superko, suicide, max_moves):
    """Make the row an empty board with Black to move."""
    row[:] = 0
    row[HASH] = EMPTY_BOARD_HASH
    row[TO_MOVE] = BLACK
    row[LAST_MOVE] = -1
    row[MAX_MOVES] = max_moves
    row[EMPTIES] = g.n_points
    row[SUPERKO] = superko
    row[SUICIDE] = suicide
    for p in range(g.n_cells):
        cells[g.color + p] = BORDER
    for i in range(g.n_points):
        p = g.points[i]
        cells[g.color + p] = EMPTY
        cells[g.empty + i] = p
        cells[g.slot + p] = i
    remember(g, row)


@lean
def situation(row, stones_hash, to_move):
    """What superko compares: the stones, and under situational superko the side to move too."""
    if row[SUPERKO] == SITUATIONAL and to_move == WHITE:
        return stones_hash ^ SIDE_KEY
    return stones_hash


@lean
def seen(g, row, key):
    """Whether the history holds `key`."""
    mask = row.size - g.history - 1
    slot = key & mask
    while row[at(g.history + slot)] != 0:
        if row[at(g.history + slot)] == key:
            return True
        slot = (slot + 1) & mask
    return False


@lean
def remember(g, row):
    """Enter the present situation into the history, unless the rules have no superko."""
    if row[SUPERKO] == SIMPLE:
        return
    key = situation(row, row[HASH], row[TO_MOVE])
    mask = row.size - g.history - 1
    slot = key & mask
    while row[at(g.history + slot)] != 0:
        if row[at(g.history + slot)] == key:
            return
        slot = (slot + 1) & mask
    row[at(g.history + slot)] = key
    row[HISTORY_USED] += 1


@inline
def plainly_legal(g, row, cells, p, mover):
    """Whether a look at the neighbours of the empty cell `p` is enough to say that it is legal."""
    up, left = color_at(g, cells, p - g.stride), color_at(g, cells, p - 1)
    right, down = color_at(g, cells, p + 1), color_at(g, cells, p + g.stride)
    stood = cells[at(g.stood + p)] & mover
    return (up * left * right * down == EMPTY) & (p != row[KO]) & (stood == 0)


@lean
def legality(g, row, cells, p):
    """Whether the side to move may play a stone on cell `p`: LEGAL or the reason why not."""
    if color_at(g, cells, p) != EMPTY:
        return OCCUPIED
    mover = row[TO_MOVE]
    if plainly_legal(g, row, cells, p, mover):
        return LEGAL
    open_point, safe, captures = False, False, False
    for q in (p - g.stride, p - 1, p + 1, p + g.stride):
        color = color_at(g, cells, q)
        if color == EMPTY:
            open_point = True
        elif color != BORDER:
            atari = in_atari(liberties_at(g, row, cells, q))
            if color == mover:
                safe |= not atari
            else:
                captures |= atari
    suicidal = not (open_point or safe or captures)
    if suicidal and not row[SUICIDE]:
        return SUICIDAL
    if captures and p == row[KO]:
        return KO_RETAKE
    if row[SUPERKO] == SIMPLE:
        return LEGAL
    # The board after the move has the mover's stone on p (unless it is a suicide), so an earlier
    # board can only equal it where that colour has stood there before: an exact filter.
    if not suicidal and not (cells[at(g.stood + p)] & mover):
        return LEGAL
    after = situation(row, hash_after(g, row, cells, p, suicidal), BLACK + WHITE - mover)
    return REPEATS if seen(g, row, after) else LEGAL


@lean
def hash_after(g, row, cells, p, suicidal):
    """The hash of the stones once the side to move has played on `p`."""
    mover = row[TO_MOVE]
    removed = mover if suicidal else BLACK + WHITE - mover
    result = row[HASH]
    if not suicidal:
        result ^= g.keys[at(mover * g.n_cells + p)]
    neighbors = (p - g.stride, p - 1, p + 1, p + g.stride)
    for k in range(4):
        q = neighbors[k]
        if color_at(g, cells, q) != removed or not in_atari(liberties_at(g, row, cells, q)):
            continue
        head = head_of(g, cells, q)
        counted = False
        for j in range(k):
            r = neighbors[j]
            counted |= color_at(g, cells, r) == removed and head_of(g, cells, r) == head
        if not counted:
            result ^= row[at(g.chain_hash + head)]
    return result


@inline
def take_empty(g, row, cells, p):
    """Remove `p` from the list of empty points."""
    last = row[EMPTIES] - 1
    row[EMPTIES] = last
    moved = cells[at(g.empty + last)]
    slot = cells[at(g.slot + p)]
    cells[at(g.empty + slot)] = moved
    cells[at(g.slot + moved)] = slot


@inline
def remove_chain(g, row, cells, p):
    """Take the chain at `p` off the board and return the number of its stones."""
    head = head_of(g, cells, p)
    row[HASH] ^= row[at(g.chain_hash + head)]
    removed = 0
    stone = p
    while True:
        cells[at(g.color + stone)] = EMPTY
        cells[at(g.head + stone)] = 0
        cells[at(g.empty + row[EMPTIES])] = stone
        cells[at(g.slot + stone)] = row[EMPTIES]
        row[EMPTIES] += 1
        freed = liberty(stone)
        for q in (stone - g.stride, stone - 1, stone + 1, stone + g.stride):
            row[at(g.liberties + head_of(g, cells, q))] += freed
        removed += 1
        stone = np.int64(cells[at(g.next + stone)])
        if stone == p:
            return removed


@inline
def join(g, row, cells, a, b):
    """Merge the chains with heads `a` and `b` and return the head of the larger, which stays."""
    if cells[at(g.size + a)] < cells[at(g.size + b)]:
        a, b = b, a
    row[at(g.liberties + a)] += row[at(g.liberties + b)]
    row[at(g.chain_hash + a)] ^= row[at(g.chain_hash + b)]
    cells[at(g.size + a)] += cells[at(g.size + b)]
    stone = b
    while True:
        cells[at(g.head + stone)] = a
        stone = np.int64(cells[at(g.next + stone)])
        if stone == b:
            break
    after_a = cells[at(g.next + a)]
    cells[at(g.next + a)] = cells[at(g.next + b)]
    cells[at(g.next + b)] = after_a
    return a


@inline
def place(g, row, cells, p):
    """Put a stone of the side to move on `p`, join, capture, set the ko point; return captures.

    Negative: the move was a suicide of that many stones. The move must be legal.
    """
    mover = row[TO_MOVE]
    enemy = BLACK + WHITE - mover
    take_empty(g, row, cells, p)
    key = g.keys[at(mover * g.n_cells + p)]
    row[HASH] ^= key
    cells[at(g.color + p)] = mover
    cells[at(g.stood + p)] |= mover
    cells[at(g.head + p)] = p
    cells[at(g.next + p)] = p
    cells[at(g.size + p)] = 1
    row[at(g.chain_hash + p)] = key
    own = np.int64(0)
    lost = liberty(p)
    for q in (p - g.stride, p - 1, p + 1, p + g.stride):
        own += liberty(q) if color_at(g, cells, q) == EMPTY else 0
        row[at(g.liberties + head_of(g, cells, q))] -= lost
    row[at(g.liberties + p)] = own

    head = p
    captured = 0
    captured_cell = 0
    for q in (p - g.stride, p - 1, p + 1, p + g.stride):
        color = color_at(g, cells, q)
        other = head_of(g, cells, q)
        joins = (color == mover) & (other != head)
        dies = (color == enemy) & (row[at(g.liberties + other)] == 0)
        if joins | dies:  # one branch, seldom taken; one on each colour would be a coin toss
            if joins:
                head = join(g, row, cells, head, other)
            else:
                captured += remove_chain(g, row, cells, q)
                captured_cell = q
    row[KO] = 0
    if captured == 1 and cells[at(g.size + head)] == 1:
        if row[at(g.liberties + head)] >> _COUNT_SHIFT == 1:
            row[KO] = captured_cell
    elif captured == 0 and row[at(g.liberties + head)] == 0:
        return -remove_chain(g, row, cells, p)
    return captured


@lean
def play(g, row, cells, action):
    """Play a legal action of the side to move (`g.n_points` is a pass) and end the game if due."""
    mover = row[TO_MOVE]
    if action == g.n_points:
        row[PASSES] += 1
        row[KO] = 0
        row[TO_MOVE] = BLACK + WHITE - mover
        if row[SUPERKO] == SITUATIONAL:
            remember(g, row)
        if row[PASSES] == 2:
            row[ENDED] = TWO_PASSES
    else:
        captured = place(g, row, cells, g.points[at(action)])
        if captured > 0:
            row[at(CAPTURED + mover - 1)] += captured
        elif captured < 0:
            row[at(CAPTURED + BLACK + WHITE - mover - 1)] -= captured
        row[PASSES] = 0
        row[TO_MOVE] = BLACK + WHITE - mover
        remember(g, row)
    row[LAST_MOVE] = action
    row[MOVES] += 1
    if row[ENDED] == RUNNING and row[MOVES] >= row[MAX_MOVES]:
        row[ENDED] = MOVE_CAP


@lean
def action_legality(g, row, cells, action):
    """As `legality`, for an action: a pass is legal until the game is over."""
    if row[ENDED] != RUNNING:
        return GAME_OVER
    if action == g.n_points:
        return LEGAL
    return legality(g, row, cells, g.points[at(action)])


@lean
def legal_mask(g, row, cells, mask):
    """Fill `mask`, bool [n_points + 1]: what the side to move may play, pass last."""
    mask[:] = False
    if row[ENDED] != RUNNING:
        return
    mover = row[TO_MOVE]
    for i in range(row[EMPTIES]):
        p = np.int64(cells[at(g.empty + i)])
        if plainly_legal(g, row, cells, p, mover) or legality(g, row, cells, p) == LEGAL:
            mask[at(g.actions[at(p)])] = True
    mask[g.n_points] = True


@kernel
def area(g, cells, owner):
    """Fill `owner`, int8 [n_points], with the colour that owns each point by area, EMPTY for none.

    A stone owns its point; an empty region belongs to the only colour it touches. Returns Black's
    area minus White's.
    """
    region = np.empty(g.n_points, np.int64)
    visited = np.zeros(g.n_cells, np.bool_)
    margin = 0
    for start in range(g.n_points):
        p = g.points[start]
        color = color_at(g, cells, p)
        if color != EMPTY:
            owner[start] = color
            margin += 1 if color == BLACK else -1
        elif not visited[at(p)]:
            visited[at(p)] = True
            region[0] = p
            length, done, touched = 1, 0, 0
            while done < length:
                r = region[at(done)]
                done += 1
                for q in (r - g.stride, r - 1, r + 1, r + g.stride):
                    color = color_at(g, cells, q)
                    if color == BLACK or color == WHITE:
                        touched |= color
                    elif color == EMPTY and not visited[at(q)]:
                        visited[at(q)] = True
                        region[at(length)] = q
                        length += 1
            value = touched if touched != BLACK | WHITE else EMPTY
            for i in range(length):
                owner[g.actions[at(region[at(i)])]] = value
            if value != EMPTY:
                margin += length if value == BLACK else -length
    return margin


@lean
def set_up(g, row, cells, board, to_move):
    """Put the stones of `board`, int8 [n_points], on an empty row and start its history afresh.

    The stones must have a liberty a chain. Returns whether they have.
    """
    for color in (BLACK, WHITE):
        row[TO_MOVE] = color
        for i in range(g.n_points):
            if board[i] == color and color_at(g, cells, g.points[i]) == EMPTY:
                before = row[EMPTIES]
                place(g, row, cells, g.points[i])
                if row[EMPTIES] != before - 1:
                    return False
    row[g.history :] = 0
    row[HISTORY_USED] = 0
    row[KO] = 0
    row[TO_MOVE] = to_move
    remember(g, row)
    return True


@lean
def move_history(g, source, target):
    """Enter the history of the row `source` into `target`, whose table may have another size."""
    target[g.history :] = 0
    mask = target.size - g.history - 1
    for i in range(g.history, source.size):
        key = source[i]
        if key != 0:
            slot = key & mask
            while target[at(g.history + slot)] != 0:
                slot = (slot + 1) & mask
            target[at(g.history + slot)] = key
