"""Which games are held out: decided by their moves alone, the same for a game and its images."""

from __future__ import annotations

import hashlib

import numpy as np

from gokit.go import symmetry
from gokit.go.errors import GoError
from gokit.go.records import GameRecord

OPENING = 30


def game_key(record: GameRecord, plies: int | None = None) -> bytes:
    """Return 16 bytes that two games share where one's moves are an image of the other's.

    Board size, set-up stones, colours and moves count; komi, result, names, comments and passes
    at the end do not. plies: how many moves count, from the first; by default all.
    """
    size, a_pass = record.size, record.size**2
    moves = list(record.moves)
    while moves and moves[-1][1] == a_pass:
        moves.pop()
    colors, points = _columns(moves[:plies])
    setup_colors, setup_points = _columns([(color, p) for p, color in record.setup.items()])
    images = []
    for k in range(symmetry.COUNT):
        to = symmetry.permutation(k, size)
        stones = np.sort(1024 * setup_colors + to[setup_points])
        images.append(np.concatenate([stones, [-1], 1024 * colors + to[points]]))
    least = min(image.astype(">i2").tobytes() for image in images)
    return hashlib.blake2b(bytes([size]) + least, digest_size=16).digest()


def held_out(record: GameRecord, share: float) -> bool:
    """Whether a game belongs to the hold-out, which gets about `share` of all games.

    Its first 30 moves decide. So a game falls on the same side whatever file it is in, whoever
    cut it short, mirrored or turned it, and a larger hold-out contains every smaller one. Raises
    GoError for a share outside 0 to 1. Built in chapter 5.
    """
    return is_held_out(game_key(record, OPENING), share)


def is_held_out(key: bytes, share: float) -> bool:
    """Whether a key, uniform bytes of which the first 8 count, falls into the hold-out."""
    if not 0 <= share < 1:
        raise GoError(f"a hold-out is a share of the games, from 0 to below 1, not {share}")
    return int.from_bytes(key[:8], "big") < share * 2.0**64


def _columns(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
