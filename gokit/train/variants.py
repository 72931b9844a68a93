"""Other ways to get targets: random games, old positions searched again, results alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from gokit.go.games import Games
from gokit.go.rules import BLACK, EMPTY, Rules
from gokit.played import CHEAP, FULL, POLICY, RANDOM, PlayedGames, Samples
from gokit.search.mcts import Search
from gokit.selfplay import SelfPlay, SelfPlayConfig

_NEVER = -30.0  # logits of moves that fill an own eye; of a pass, half of it


class EyeKeeper:
    """A policy of even chances among the moves that fill no eye of one's own; it passes last.

    So its games end when nothing is left to play for, and can be counted.
    """

    value_kind = None

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits float32 [B, N*N+1], and values of 0."""
        boards = games.boards()[indices]
        margin = ((0, 0), (1, 1), (1, 1))
        own = np.pad(boards == games.to_move[indices, None, None], margin)
        inside = np.pad(np.ones_like(boards, np.bool_), margin)
        beside = [(0, 1), (2, 1), (1, 0), (1, 2)]
        corners = [(0, 0), (0, 2), (2, 0), (2, 2)]
        rows, columns = boards.shape[1:]

        def count(planes: np.ndarray, where: list[tuple[int, int]]) -> np.ndarray:
            return sum(planes[:, r : r + rows, c : c + columns].astype(np.int8) for r, c in where)

        surrounded = count(own | ~inside, beside) == 4
        # In the middle one corner may be lost, at the edge of the board none.
        lost = count(inside & ~own & np.pad(boards != EMPTY, margin), corners)
        edge = count(~inside, corners) > 0
        eyes = (boards == EMPTY) & surrounded & (lost <= np.where(edge, 0, 1))
        logits = np.full((len(indices), games.n_actions), _NEVER / 2, np.float32)
        logits[:, :-1] = np.where(eyes, _NEVER, 0.0).reshape(len(indices), -1)
        return logits, np.zeros(len(indices), np.float32)


def random_games(
    count: int,
    size: int,
    rules: Rules,
    rng: np.random.Generator,
    on_step: Callable[[int], None] | None = None,
) -> PlayedGames:
    """Return `count` games of random moves, played until nothing is left to play for.

    No position has a policy to learn. Claim 78: random games teach the value first.
    """
    config = SelfPlayConfig(
        games=min(count, 512), max_moves=4 * size * size, random_plies=0, no_pass_plies=0
    )
    players = SelfPlay(EyeKeeper(), None, config, rng, size=size, rules=rules)
    games, _ = players.play(count, on_step)
    return dataclasses.replace(
        games,
        how=np.full_like(games.how, RANDOM),
        value=np.full_like(games.value, np.nan),
    )


def relabel(
    games: PlayedGames, search: Search, rng: np.random.Generator, count: int, no_pass_plies: int
) -> PlayedGames:
    """Return the games with `count` of the searched positions searched again; DAgger's labels.

    Their policy and value are what the search finds now; the moves stay those that were played.
    """
    targets = np.flatnonzero(games.how == FULL)
    chosen = np.zeros(games.positions, np.bool_)
    chosen[rng.choice(targets, min(count, len(targets)), replace=False)] = True
    policy, value = games.policy.copy(), games.value.copy()
    longest = int(games.lengths.max(initial=0))
    board = Games(len(games), games.size, games.rules, longest + 1)
    for ply in range(longest):
        running = np.flatnonzero(games.lengths > ply)
        where = games.starts[running] + ply
        again = running[chosen[where]]
        if again.size:
            forbidden = np.zeros((len(again), board.n_actions), np.bool_)
            forbidden[:, -1] = ply < no_pass_plies
            result = search.run(board, rng, again, forbidden)
            policy[games.starts[again] + ply] = result.policy
            value[games.starts[again] + ply] = result.value
        actions = np.full(len(games), -1, np.int64)
        actions[running] = games.moves[where]
        board.play(actions)
    return dataclasses.replace(games, policy=policy, value=value)


def learn_from_results(samples: Samples, games: PlayedGames, chosen: np.ndarray) -> Samples:
    """Return samples whose policy target is the move that was played, by the side that won.

    chosen: which positions of the games the samples are. Moves of the loser, and of a game
    without a winner, are no targets.
    """
    game = np.repeat(np.arange(len(games)), games.lengths)[chosen]
    black = games.plies[chosen] % 2 == 0
    won = games.winner[game] == np.where(black, BLACK, 3 - BLACK)
    policy = np.zeros_like(samples.policy)
    policy[np.arange(len(chosen)), games.moves[chosen]] = 1
    played = won & np.isin(games.how[chosen], (FULL, CHEAP, POLICY))
    return dataclasses.replace(samples, policy=policy, policy_weight=played.astype(np.float32))
