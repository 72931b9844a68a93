"""What the tests of self-play share: games stored without it, evaluators that are made up."""

from __future__ import annotations

import numpy as np

from gokit.go.games import Games
from gokit.go.geometry import HASH, MOVE_CAP, MOVES, TWO_PASSES
from gokit.go.position import Position
from gokit.go.rules import BLACK, EMPTY, Rules
from gokit.played import FULL, RANDOM, PlayedGames

SIZE = 3
RULES = Rules(komi=1)


def played(seed: int = 0, count: int = 4) -> tuple[PlayedGames, list[Position]]:
    """Random games as self-play would store them, and their last positions."""
    rng = np.random.default_rng(seed)
    ends = []
    for number in range(count):
        position = Position(SIZE, RULES)
        cap = 6 if number % 3 == 2 else 40
        while not position.is_over and position.move_number < cap:
            stones = position.legal_moves()[:-1]
            passing = not stones.size or (position.move_number > 4 and rng.random() < 0.4)
            position = position.play(9 if passing else int(rng.choice(stones)))
        ends.append(position)
    moves = np.concatenate([p.moves for p in ends]).astype(np.int16)
    cut_off = np.array([not p.is_over for p in ends])
    margin = [np.nan if not p.is_over else p.score().margin + RULES.komi for p in ends]
    owner = np.array([p.score().ownership.ravel() for p in ends], np.int8)
    owner[cut_off] = EMPTY
    searched = rng.random(len(moves)) < 0.8
    policy = rng.dirichlet(np.ones(10), len(moves)) * searched[:, None]
    games = PlayedGames(
        size=SIZE,
        rules=RULES,
        lengths=np.array([p.move_number for p in ends], np.int32),
        end=np.where(cut_off, MOVE_CAP, TWO_PASSES).astype(np.uint8),
        margin=np.array(margin, np.float32),
        ownership=owner,
        played_out=np.ones(count, np.bool_),
        moves=moves,
        how=np.where(searched, FULL, RANDOM).astype(np.uint8),
        policy=policy.astype(np.float16),
        value=np.where(searched, 0.25, np.nan).astype(np.float16),
    )
    return games, ends


def equal(a: PlayedGames, b: PlayedGames) -> bool:
    same = (np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True) for n in a._ARRAYS)
    return a.size == b.size and a.rules == b.rules and all(same)


class HashEvaluator:
    """Opinions that depend on the position alone, and look random."""

    value_kind = None

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits = np.empty((len(indices), games.n_actions), np.float32)
        values = np.empty(len(indices), np.float32)
        for i, row in enumerate(games.words[indices]):
            seed = [int(row[HASH]) & 0xFFFFFFFF, int(row[MOVES])]
            numbers = np.random.default_rng(seed).uniform(-1, 1, games.n_actions + 1)
            logits[i], values[i] = 2 * numbers[:-1], numbers[-1]
        return logits, values


class OneSidedEvaluator:
    """All moves alike but for the pass, and Black always far ahead: `value`, from its view."""

    value_kind = None

    def __init__(self, value: float = 0.9, pass_logit: float = 0.0) -> None:
        self.value, self.pass_logit = value, pass_logit

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits = np.zeros((len(indices), games.n_actions), np.float32)
        logits[:, -1] = self.pass_logit
        black = games.to_move[indices] == BLACK
        return logits, np.where(black, self.value, -self.value).astype(np.float32)
