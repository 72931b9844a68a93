"""Proofs that a side reaches a margin on small boards, superko and all, as compiled functions.

What is kept with each proof is what it leans on: the earlier boards that barred a move in it (its
needs), and the boards it plays through (what it avoids). In another game the proof holds where
the first have all occurred there and none of the second has. The boards are tables of `exact`.

A search that calls itself would be easier to read, but numba crashes on loading the compiled code
of such a function, and so would compile it for seconds in each process. Here the line of play from
the root is an array of frames.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gokit.go.compiled import inline, lean
from gokit.go.rules import BLACK

PROVED, UNKNOWN, REFUTED = 1, 0, -1
OPEN = 2  # in place of an answer: it is being searched
NONE = -1

NODES, LIMIT, REPEATED, _USED = range(4)  # counters
_PROOF_WORDS = 1 << 26
_SCANNED = 64  # proofs looked at in one state before it is searched afresh
_BOARD, _SIDE, _STATE, _TURN, _ACTION, _ANSWER, _FRAME = range(7)  # a frame of the line
_NEXT, _THRESHOLD, _RESULT, _NEEDS, _AVOIDS, _LISTS = range(6)  # fields of a stored proof


class Memory(NamedTuple):
    """What a search knows, and where it stands, on boards that are numbered from 0 to n - 1.

    visited: bool [n], the boards of the game and of the line looked at. hint: int8 [4 n], the
    action that last settled a state. heads: int32 [4 n], a state's latest proof in `proofs`, or
    -1. line: int64 [ply, _FRAME], the positions from the root to the one looked at. needs, avoids:
    int64 [ply, n / 64] bit sets, what the proof under way at each ply leans on. counters: NODES so
    far, their LIMIT, whether a line REPEATED a board, and the words of `proofs` in use.
    """

    visited: np.ndarray
    hint: np.ndarray
    heads: np.ndarray
    proofs: np.ndarray
    line: np.ndarray
    needs: np.ndarray
    avoids: np.ndarray
    counters: np.ndarray


def new_memory(n: int, node_limit: int) -> Memory:
    """Return the memory of a search among `n` boards that has looked at nothing yet."""
    words = -(-n // 64)
    plies = 2 * n + 1  # superko: every board at most once, a pass after each, and the last pass
    return Memory(
        visited=np.zeros(n, np.bool_),
        hint=np.full(4 * n, -1, np.int8),
        heads=np.full(4 * n, -1, np.int32),
        proofs=np.empty(_PROOF_WORDS, np.int32),
        line=np.zeros((plies, _FRAME), np.int64),
        needs=np.zeros((plies, words), np.int64),
        avoids=np.zeros((plies, words), np.int64),
        counters=np.array([0, node_limit, 0, 0]),
    )


@lean
def _settled(boards, board, threshold):
    """What passing for ever decides."""
    if boards.low[board] >= threshold:
        return PROVED
    if boards.high[board] < threshold:
        return REFUTED
    return UNKNOWN


@lean
def prove(boards, s, board, side, passes, threshold, depth):
    """Whether Black's margin is at least `threshold`, UNKNOWN where `depth` plies do not tell.

    Depth first along `s.line`; a frame that is closed leaves in needs[ply] and avoids[ply] what
    its answer leans on.
    """
    points = boards.after.shape[2]
    ply = 0
    result = _enter(boards, s, ply, board, side, passes, threshold, depth)
    while ply > 0 or result == OPEN:
        if result != OPEN:
            ply -= 1
            _take_back(boards, s, ply, result)
        action = _next_action(boards, s, ply, threshold)
        if action == NONE:
            result = _close(s, ply, threshold)
            continue
        frame = s.line[ply]
        board, side, passes = frame[_BOARD], frame[_SIDE], 1
        if action < points:
            board, passes = np.int64(boards.after[board, side - 1, action]), 0
            s.visited[board] = True
        ply += 1
        result = _enter(boards, s, ply, board, 3 - side, passes, threshold, depth)
    return result


@inline
def _enter(boards, s, ply, board, side, passes, threshold, depth):
    """Answer a position at once, or open its frame."""
    s.counters[NODES] += 1
    goal = _goal(side)
    result = _settled(boards, board, threshold)
    if result == UNKNOWN and passes == 1 and (boards.margin[board] >= threshold) == (side == BLACK):
        result = goal
    if result == UNKNOWN and (ply == depth or s.counters[NODES] >= s.counters[LIMIT]):
        return UNKNOWN
    _clear(s, ply)
    state = 4 * board + 2 * (side - 1) + passes
    if result == UNKNOWN:
        result = _recall(s, state, threshold, ply)
    if result != UNKNOWN:
        return result
    frame = s.line[ply]
    frame[_BOARD], frame[_SIDE], frame[_STATE] = board, side, state
    frame[_TURN], frame[_ACTION], frame[_ANSWER] = -1, NONE, -goal
    return OPEN


@inline
def _next_action(boards, s, ply, threshold):
    """The frame's next action that must be searched, or NONE where its answer is known."""
    frame = s.line[ply]
    board, side, state = frame[_BOARD], frame[_SIDE], frame[_STATE]
    points = boards.after.shape[2]
    hint = np.int64(s.hint[state])
    while frame[_TURN] <= points and frame[_ANSWER] != _goal(side):
        turn = frame[_TURN]
        frame[_TURN] += 1
        if turn < 0:
            action = hint
        elif turn < points:
            action = np.int64(boards.order[board, side - 1, turn])
        else:
            action = points
        if action < 0 or (turn >= 0 and action == hint):
            continue
        frame[_ACTION] = action
        if action == points:
            if state & 1:
                continue  # it ends the game, and not to the mover's liking: seen on entering
            return action
        child = np.int64(boards.after[board, side - 1, action])
        if child < 0:
            continue
        if s.visited[child]:
            s.needs[ply, child >> 6] |= 1 << (child & 63)
            continue
        result = _settled(boards, child, threshold)
        if result == UNKNOWN:
            return action
        if result == _goal(side):
            _clear(s, ply)
            _reach_goal(s, ply, child)
    return NONE


@inline
def _take_back(boards, s, ply, result):
    """Undo the frame's action, whose position has that result, and note what it means."""
    frame = s.line[ply]
    board, side, action, child = frame[_BOARD], frame[_SIDE], frame[_ACTION], NONE
    if action < boards.after.shape[2]:
        child = np.int64(boards.after[board, side - 1, action])
        if not s.visited[child]:  # it was left deeper down, so the line came to it twice
            s.counters[REPEATED], s.counters[LIMIT] = 1, 0
        s.visited[child] = False
    if result == UNKNOWN:
        frame[_ANSWER] = UNKNOWN
        return
    if result == _goal(side):
        _clear(s, ply)
    if child != NONE:
        s.needs[ply + 1, child >> 6] &= ~(1 << (child & 63))
    for i in range(s.needs.shape[1]):
        s.needs[ply, i] |= s.needs[ply + 1, i]
        s.avoids[ply, i] |= s.avoids[ply + 1, i]
    if result == _goal(side):
        _reach_goal(s, ply, child)


@inline
def _reach_goal(s, ply, child):
    """The frame's action, to the board `child` or a pass, gives its mover what he wants."""
    frame = s.line[ply]
    frame[_ANSWER] = _goal(frame[_SIDE])
    s.hint[frame[_STATE]] = frame[_ACTION]
    if child != NONE:
        s.avoids[ply, child >> 6] |= 1 << (child & 63)


@inline
def _close(s, ply, threshold):
    """Keep the frame's answer, if it has one, and return it."""
    frame = s.line[ply]
    if frame[_ANSWER] != UNKNOWN:
        _store(s, frame[_STATE], threshold, frame[_ANSWER], ply)
    return frame[_ANSWER]


@inline
def _goal(side):
    return PROVED if side == BLACK else REFUTED


@lean
def _clear(s, ply):
    for i in range(s.needs.shape[1]):
        s.needs[ply, i] = 0
        s.avoids[ply, i] = 0


@lean
def _recall(s, state, threshold, ply):
    """A stored proof that answers the question and holds in this game, or UNKNOWN."""
    at = s.heads[state]
    for _ in range(_SCANNED):
        if at < 0:
            return UNKNOWN
        result = s.proofs[at + _RESULT]
        known = s.proofs[at + _THRESHOLD]
        if (known >= threshold) if result == PROVED else (known <= threshold):
            needs = at + _LISTS
            avoids = needs + s.proofs[at + _NEEDS]
            end = avoids + s.proofs[at + _AVOIDS]
            holds = True
            for i in range(needs, avoids):
                holds &= s.visited[s.proofs[i]]
            for i in range(avoids, end):
                holds &= not s.visited[s.proofs[i]]
            if holds:
                for i in range(needs, avoids):
                    s.needs[ply, s.proofs[i] >> 6] |= 1 << np.int64(s.proofs[i] & 63)
                for i in range(avoids, end):
                    s.avoids[ply, s.proofs[i] >> 6] |= 1 << np.int64(s.proofs[i] & 63)
                return np.int64(result)
        at = s.proofs[at + _NEXT]
    return UNKNOWN


@lean
def _store(s, state, threshold, result, ply):
    """Keep a proof with what it leans on; start over when the memory is full."""
    n = 64 * s.needs.shape[1]
    if s.counters[_USED] + _LISTS + 2 * n > len(s.proofs):
        s.counters[_USED] = 0
        s.heads[:] = -1
    at = s.counters[_USED]
    needs = _write_members(s.needs[ply], s.proofs, at + _LISTS)
    avoids = _write_members(s.avoids[ply], s.proofs, at + _LISTS + needs)
    s.proofs[at + _NEXT] = s.heads[state]
    s.proofs[at + _THRESHOLD] = threshold
    s.proofs[at + _RESULT] = result
    s.proofs[at + _NEEDS] = needs
    s.proofs[at + _AVOIDS] = avoids
    s.heads[state] = at
    s.counters[_USED] = at + _LISTS + needs + avoids


@lean
def _write_members(bits, target, at):
    """Write the members of a bit set into `target` from `at` on and return how many there are."""
    count = 0
    for i in range(len(bits)):
        word = bits[i]
        if word != 0:
            for bit in range(64):
                if (word >> bit) & 1:
                    target[at + count] = 64 * i + bit
                    count += 1
    return count
