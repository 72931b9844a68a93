"""Players: whatever chooses a move in a position, and the short texts that name them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gokit.go.compiled import kernel
from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.kernels import color_at
from gokit.go.playouts import is_own_eye
from gokit.go.position import Position
from gokit.go.rules import EMPTY, TROMP_TAYLOR, Rules

if TYPE_CHECKING:
    from gokit.search.evaluators import Evaluator
    from gokit.search.mcts import Observer, SearchConfig, SearchResult

RESIGN = -1
SPECS = 'random | policy:PATH | mcts:PATH@SIMS | rollout@SIMS | gnugo@LEVEL | gtp:"COMMAND"'


class Player(Protocol):
    """Anything that plays Go."""

    name: str

    def choose(self, position: Position) -> int:
        """Return a move's index for the side to move: N*N is a pass, RESIGN (-1) resigns."""
        ...

    def reset(self) -> None:
        """Forget the game so far: the next position may be of another."""
        ...

    def close(self) -> None:
        """Let go of processes and memory; the player is not used again."""
        ...


class _Stateless:
    """What players that remember nothing share."""

    def reset(self) -> None:
        """Do nothing: every choice depends on its position alone."""

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


class RandomPlayer(_Stateless):
    """Plays a uniformly random legal move that does not fill an own one-point eye, else passes.

    avoid_own_eyes: False for a move uniform over all legal ones, the pass included; such games
    hardly ever end by two passes on larger boards. Built in chapter 2.
    """

    def __init__(self, rng: np.random.Generator, avoid_own_eyes: bool = True) -> None:
        self.rng = rng
        self.avoid_own_eyes = avoid_own_eyes
        self.name = "random" if avoid_own_eyes else "random (all moves)"

    def choose(self, position: Position) -> int:
        """Return the move's index."""
        legal = position.legal_mask()
        if self.avoid_own_eyes:
            legal &= ~own_eyes(position)
            legal[-1] = not legal[:-1].any()
        return int(self.rng.choice(np.flatnonzero(legal)))

    def choose_many(self, games: Games, indices: np.ndarray) -> np.ndarray:
        """Return a move for each of the positions `indices` of `games`, int64 [B]."""
        legal = games.legal_mask()[indices]
        if self.avoid_own_eyes:
            legal &= ~_own_eyes_many(games, indices)
            legal[:, -1] = ~legal[:, :-1].any(1)
        return np.where(legal, self.rng.random(legal.shape), -1.0).argmax(1)


class PolicyPlayer(_Stateless):
    """Plays by an evaluator's policy alone, with no search. Built in chapter 5.

    temperature: 0 for the move of the highest probability, 1 for a sample of the policy; above
    0 it needs `rng`.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        temperature: float = 0.0,
        rng: np.random.Generator | None = None,
        name: str = "policy",
    ) -> None:
        if not temperature >= 0:
            raise GoError(f"a temperature is 0 or more, not {temperature!r}")
        if temperature > 0 and rng is None:
            raise GoError("a policy player with a temperature is random: pass it a generator")
        self.evaluator = evaluator
        self.temperature = temperature
        self.rng = rng
        self.name = name

    def probabilities(self, position: Position) -> np.ndarray:
        """Return the policy over legal moves at temperature 1: float64 [N*N+1], sum 1."""
        logits, _ = self.evaluator.evaluate(Games.from_positions([position]), np.array([0]))
        return _softmax(np.where(position.legal_mask(), logits[0].astype(np.float64), -np.inf))

    def choose(self, position: Position) -> int:
        """Return the move's index."""
        probabilities = self.probabilities(position)
        if self.temperature == 0:
            return int(probabilities.argmax())
        with np.errstate(divide="ignore"):
            sharpened = _softmax(np.log(probabilities) / self.temperature)
        return int(self.rng.choice(len(sharpened), p=sharpened))

    def choose_many(self, games: Games, indices: np.ndarray) -> np.ndarray:
        """Return a move for each of the positions `indices` of `games`, int64 [B]."""
        logits, _ = self.evaluator.evaluate(games, indices)
        logits = np.where(games.legal_mask()[indices], logits, -np.inf)
        if self.temperature > 0:
            # The argmax of logits and Gumbel noise is a sample of their softmax.
            logits = logits / self.temperature + self.rng.gumbel(size=logits.shape)
        return logits.argmax(1)


class MctsPlayer(_Stateless):
    """Plays the move that a tree search chooses. Built in chapters 3 and 4.

    simulations: leaves a move. config: every other option of the search; with `reuse`, `choose`
    goes on from what it knew of the game's latest moves. avoid_own_eyes: never fills an own
    one-point eye at the root, as rollouts never do. resign_below: resigns where the search's
    value, in [-1, 1], is lower.
    `last` is the latest search's result, None before the first. `observer` watches the searches
    of `choose`, where it is set.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        simulations: int,
        rng: np.random.Generator | None = None,
        *,
        config: SearchConfig | None = None,
        avoid_own_eyes: bool = False,
        resign_below: float | None = None,
        name: str = "mcts",
    ) -> None:
        from dataclasses import replace

        from gokit.search.mcts import Search, SearchConfig

        options = replace(config or SearchConfig(), simulations=simulations)
        self.search = Search(evaluator, options)
        self.rng = rng
        self.avoid_own_eyes = avoid_own_eyes
        self.resign_below = resign_below
        self.name = name
        self.last: SearchResult | None = None
        self.observer: Observer | None = None
        self._plays = 0  # how many plays the position last searched was made by

    def choose(self, position: Position) -> int:
        """Return the move's index, or RESIGN."""
        forbidden = own_eyes(position)[None] if self.avoid_own_eyes else None
        games = Games.from_positions([position])
        if self.search.config.reuse:
            self._follow(position)
        self.last = self.search.run(games, self.rng, forbidden=forbidden, observer=self.observer)
        if self.resign_below is not None and self.last.value[0] < self.resign_below:
            return RESIGN
        return int(self.last.actions[0])

    def _follow(self, position: Position) -> None:
        """Carry the kept tree over the moves since; of another game, the search will not use it."""
        if self.last is not None and len(self.last.actions) == 1:
            for _, action in position.plays[self._plays :]:
                self.search.advance(np.array([action]))
        self._plays = len(position.plays)

    def choose_many(self, games: Games, indices: np.ndarray) -> np.ndarray:
        """Return a move, or RESIGN, for each of the positions `indices` of `games`, int64 [B]."""
        forbidden = _own_eyes_many(games, indices) if self.avoid_own_eyes else None
        self.last = self.search.run(games, self.rng, indices, forbidden)
        if self.resign_below is None:
            return self.last.actions
        return np.where(self.last.value < self.resign_below, RESIGN, self.last.actions)

    def reset(self) -> None:
        """Forget the latest search."""
        self.last = None


def rollout_player(simulations: int, rng: np.random.Generator, name: str = "rollout") -> MctsPlayer:
    """Return a tree search that judges positions by random games. Built in chapter 3.

    Its moves all have the same prior, so unvisited ones count as no worse than their parent:
    otherwise the first move tried would take nearly every visit.
    """
    from gokit.search.evaluators import RolloutEvaluator
    from gokit.search.mcts import SearchConfig

    config = SearchConfig(c_puct=3.0, fpu_value=0.0)
    evaluator = RolloutEvaluator(rng)
    return MctsPlayer(evaluator, simulations, rng, config=config, avoid_own_eyes=True, name=name)


def parse_player(
    spec: str,
    size: int = 9,
    rules: Rules = TROMP_TAYLOR,
    seed: int | np.random.SeedSequence = 0,
    device: str = "cpu",
) -> Player:
    """Return the player that a short text names.

    random; policy:PATH and mcts:PATH@SIMS with a checkpoint's network; rollout@SIMS, a search
    with random games; gnugo@LEVEL, GNU Go with the flags that suit area scoring;
    gtp:"COMMAND", any GTP engine. seed: of the player's own random numbers.

    Raises GoError for any other text, for a checkpoint that cannot be read, and
    RulesMismatchError for one of other rules or sizes; EngineError where an engine fails.
    """
    kind, _, rest = spec.strip().partition(":")
    head, _, count = kind.partition("@")
    if spec.strip() == "random":
        return RandomPlayer(np.random.default_rng(seed))
    if kind == "policy" and rest:
        return PolicyPlayer(_network(rest, size, rules, device), name=spec.strip())
    if kind == "mcts" and "@" in rest:
        path, _, simulations = rest.rpartition("@")
        count = _count(simulations, spec)
        network = _network(path, size, rules, device)
        return MctsPlayer(network, count, np.random.default_rng(seed), name=spec.strip())
    if head == "rollout" and not rest:
        return rollout_player(_count(count, spec), np.random.default_rng(seed), spec.strip())
    if kind == "gtp" and rest.strip():
        from gokit.gtp import GtpPlayer

        return GtpPlayer(_unquoted(rest), size=size, rules=rules)
    if head == "gnugo" and not rest:
        from gokit.gtp import GtpPlayer, gnugo_command

        command = gnugo_command(_count(count, spec), _engine_seed(seed), rules)
        return GtpPlayer(command, size=size, rules=rules, name=spec.strip())
    raise GoError(f"{spec[:60]!r} names no player; a player is {SPECS}")


def own_eyes(position: Position) -> np.ndarray:
    """Return where the side to move would fill an own one-point eye: bool [N*N+1], pass False."""
    g = position._geometry
    mask = np.zeros(g.n_points + 1, np.bool_)
    _own_eyes(g, position.row.view(np.int16), position.to_move, mask)
    return mask


def _own_eyes_many(games: Games, indices: np.ndarray) -> np.ndarray:
    """Return `own_eyes` of the positions `indices` of `games`: bool [B, N*N+1]."""
    masks = np.zeros((len(indices), games.n_actions), np.bool_)
    to_move = games.to_move
    for mask, index in zip(masks, indices, strict=True):
        _own_eyes(games.geometry, games.cells[index], int(to_move[index]), mask)
    return masks


@kernel
def _own_eyes(g, cells, color, mask):
    for index in range(g.n_points):
        cell = np.int64(g.points[index])
        mask[index] = color_at(g, cells, cell) == EMPTY and is_own_eye(g, cells, cell, color)


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def _network(path: str, size: int, rules: Rules, device: str) -> Evaluator:
    from gokit.nn.checkpoint import load_evaluator

    return load_evaluator(path, device, rules=rules, size=size)


def _count(text: str, spec: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) > 0):
        raise GoError(f"{spec[:60]!r} needs a whole number from 1 after its last @")
    return int(text)


def _engine_seed(seed: int | np.random.SeedSequence) -> int:
    return int(np.random.default_rng(seed).integers(1, 2**31))


def _unquoted(command: str) -> str:
    """Return a command without the one pair of quotes that a shell may have left round it."""
    command = command.strip()
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise GoError(f"the command {command[:60]!r} cannot be split: {error}") from None
    return words[0] if len(words) == 1 and command[0] in "\"'" else command
