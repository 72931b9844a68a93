"""Monte Carlo tree search with any evaluator, many games at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import RUNNING
from gokit.options import is_number, is_whole
from gokit.search import tree as arrays
from gokit.search.evaluators import Evaluator
from gokit.search.gumbel import gumbel_noise, visit_schedule

ALGORITHMS = ("puct", "gumbel")
VALUE_KINDS = ("win", "margin")
_ONLY_FOR = {
    "puct": {
        "c_puct": 1.5,
        "fpu_reduction": 0.2,
        "noise_fraction": 0.0,
        "noise_alpha": 10.0,
        "temperature": 0.0,
    },
    "gumbel": {
        "considered": 16,
        "gumbel_scale": 1.0,
        "c_visit": 50.0,
        "c_scale": 0.3,
    },
}


@dataclass(frozen=True)
class SearchConfig:
    """Every option of a search. One that the chosen algorithm has no use for is an error.

    algorithm: "puct" (AlphaZero's) or "gumbel" (Danihelka et al. 2022). simulations: leaves
    added or revisited a move. value: "win" scores a finished game as 1, 0 or -1 with komi,
    "margin" as area margin / N*N; by default the evaluator's own kind.

    puct only: c_puct, weight of the prior; fpu_reduction, how far below its parent's mean an
    unvisited move is valued; noise_fraction of Dirichlet noise in the root's priors, whose
    concentration is noise_alpha / number of legal moves; temperature of the choice by visits,
    0 for the most visited.

    gumbel only: considered, how many root actions sequential halving starts with; gumbel_scale,
    0 for play without randomness; c_visit, c_scale: sigma(q) = (c_visit + max n) * c_scale * q.

    Options left at None take the algorithm's default. Built in chapters 3, 4 and 6.
    """

    simulations: int = 64
    algorithm: str = "puct"
    value: str | None = None
    c_puct: float | None = None
    fpu_reduction: float | None = None
    noise_fraction: float | None = None
    noise_alpha: float | None = None
    temperature: float | None = None
    considered: int | None = None
    gumbel_scale: float | None = None
    c_visit: float | None = None
    c_scale: float | None = None

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            known = " or ".join(ALGORITHMS)
            raise GoError(f"a search's algorithm is {known}, not {self.algorithm!r}")
        if self.value is not None and self.value not in VALUE_KINDS:
            raise GoError(f"a search's value is {' or '.join(VALUE_KINDS)}, not {self.value!r}")
        for algorithm, defaults in _ONLY_FOR.items():
            for name, default in defaults.items():
                if algorithm == self.algorithm:
                    if getattr(self, name) is None:
                        object.__setattr__(self, name, default)
                elif getattr(self, name) is not None:
                    raise GoError(f"{name} is an option of {algorithm}, not of {self.algorithm}")
        for name, lowest in (("simulations", 1), ("considered", 1)):
            number = getattr(self, name)
            if number is not None and (not is_whole(number) or number < lowest):
                raise GoError(f"{name} is a whole number from {lowest}, not {number!r}")
        for name in (
            "c_puct",
            "fpu_reduction",
            "temperature",
            "gumbel_scale",
            "c_visit",
            "c_scale",
        ):
            number = getattr(self, name)
            if number is not None and not (is_number(number) and number >= 0):
                raise GoError(f"{name} is a number from 0, not {number!r}")
        if self.algorithm == "puct":
            if not (is_number(self.noise_fraction) and 0 <= self.noise_fraction <= 1):
                raise GoError(f"noise_fraction is from 0 to 1, not {self.noise_fraction!r}")
            if not (is_number(self.noise_alpha) and self.noise_alpha > 0):
                raise GoError(f"noise_alpha is above 0, not {self.noise_alpha!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the options that this algorithm uses, as plain JSON types."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> SearchConfig:
        """Read what `to_dict` wrote; GoError for an unknown option."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(options) - known)
        if unknown:
            raise GoError(f"a search has no option {unknown[0]!r}")
        return cls(**options)


@dataclass(frozen=True)
class SearchResult:
    """What a search of B positions found; every array is from the side to move's view.

    actions: int64 [B], the chosen move. policy: float32 [B, A], what a network should learn:
    the share of visits for puct, the improved policy for gumbel. visits: int32 [B, A], which sum
    to `simulations`. q: float32 [B, A], the mean value of each visited action, nan for others.
    value: float32 [B], the mean over the root's own evaluation and all simulations.
    prior: float32 [B, A], the evaluator's policy over legal moves, without noise.
    raw_value: float32 [B], the evaluator's value of the root. evaluations: how many positions
    the evaluator saw in all.
    """

    actions: np.ndarray
    policy: np.ndarray
    visits: np.ndarray
    q: np.ndarray
    value: np.ndarray
    prior: np.ndarray
    raw_value: np.ndarray
    evaluations: int


class Search:
    """A tree search with one configuration and one evaluator, for any number of games at once.

    Memory: `simulations + 1` nodes a game of `tree.bytes_per_node` bytes each, kept between
    calls. Terminal positions are scored by the rules, never by the evaluator; a position at the
    move cap has no result and keeps the evaluator's value. Built in chapters 3, 4 and 6.
    """

    def __init__(self, evaluator: Evaluator, config: SearchConfig) -> None:
        known = getattr(evaluator, "value_kind", None)
        if config.value and known and config.value != known:
            raise GoError(
                f"the evaluator's value is a {known}, and the search was told {config.value}"
            )
        self.evaluator = evaluator
        self.config = config
        self.value_kind = config.value or known or "win"
        self._tree: arrays.Tree | None = None
        self._leaves: Games | None = None

    def run(
        self,
        games: Games,
        rng: np.random.Generator | None = None,
        indices: np.ndarray | None = None,
        forbidden: np.ndarray | None = None,
    ) -> SearchResult:
        """Search the positions `indices` (default: all) of `games`, and change none of them.

        rng: needed where the configuration asks for noise, a temperature or Gumbel samples.
        forbidden: bool [B, A], root moves not to be played; ignored where nothing else is left.
        Raises GoError where a game is over, or the evaluator's answer is not what it should be.
        """
        if indices is None:
            indices = np.arange(len(games))
        indices = np.ascontiguousarray(indices, np.int64)
        if (games.ended[indices] != RUNNING).any():
            raise GoError("a finished game cannot be searched")
        if rng is None and self._needs_rng():
            raise GoError("this search is random: pass it a generator")
        if not indices.size:
            return _empty_result(games.n_actions)
        config, tree, leaves = self.config, *self._room(games, indices.size)
        dials = self._dials(games)
        none = arrays.RootPlan(
            np.zeros((1, 1), np.float32), np.zeros(1, np.int32), np.zeros((1, 1), np.int32)
        )

        arrays.plant(games.words, indices, leaves.words, tree)
        evaluations = self._evaluate(games, tree, leaves, dials)
        prior = tree.prior[:, 0].copy()
        raw_value = tree.value[:, 0].copy()
        if forbidden is not None:
            _forbid(tree, forbidden)
        plan = none
        if config.algorithm == "gumbel":
            plan = self._plan(tree, rng)
        elif config.noise_fraction > 0:
            _add_noise(tree, config, rng)

        for simulation in range(config.simulations):
            arrays.descend(
                games.geometry, games.words, indices, leaves.words, leaves.cells,
                tree, dials, plan, simulation,
            )  # fmt: skip
            evaluations += self._evaluate(games, tree, leaves, dials)
        return self._result(tree, dials, plan, rng, prior, raw_value, evaluations)

    def _needs_rng(self) -> bool:
        c = self.config
        if c.algorithm == "gumbel":
            return c.gumbel_scale > 0
        return c.noise_fraction > 0 or c.temperature > 0

    def _dials(self, games: Games) -> arrays.Dials:
        c = self.config
        return arrays.Dials(
            algorithm=arrays.GUMBEL if c.algorithm == "gumbel" else arrays.PUCT,
            c_puct=float(c.c_puct or 0),
            fpu_reduction=float(c.fpu_reduction or 0),
            c_visit=float(c.c_visit or 0),
            c_scale=float(c.c_scale or 0),
            value_kind=arrays.MARGIN if self.value_kind == "margin" else arrays.WIN,
            komi=float(games.rules.komi),
        )

    def _room(self, games: Games, n: int) -> tuple[arrays.Tree, Games]:
        """Return arrays for n games, those of the last call where they are large enough."""
        leaves, tree = self._leaves, self._tree
        fits = (
            tree is not None
            and len(leaves) >= n
            and leaves.geometry is games.geometry
            and leaves.rules == games.rules
            and leaves.words.shape[1] == games.words.shape[1]
        )
        if not fits:
            size = (games.geometry.rows, games.geometry.columns)
            leaves = Games(n, size, games.rules, games.max_moves)
            tree = arrays.new_tree(n, self.config.simulations + 1, games.n_actions)
            self._leaves, self._tree = leaves, tree
        return arrays.Tree(*(array[:n] for array in tree)), leaves

    def _evaluate(self, games: Games, tree: arrays.Tree, leaves: Games, dials: arrays.Dials) -> int:
        waiting = np.flatnonzero(tree.waiting)
        if waiting.size:
            logits, values = self.evaluator.evaluate(leaves, waiting)
            _check_answer(logits, values, waiting.size, games.n_actions)
        else:
            logits = np.empty((0, games.n_actions), np.float32)
            values = np.empty(0, np.float32)
        arrays.expand_and_back_up(
            games.geometry, leaves.words, leaves.cells, tree, dials, waiting, logits, values
        )
        return waiting.size

    def _plan(self, tree: arrays.Tree, rng: np.random.Generator | None) -> arrays.RootPlan:
        n, actions = tree.logits.shape[0], tree.logits.shape[2]
        legal = (tree.logits[:, 0] > -np.inf).sum(1)
        return arrays.RootPlan(
            gumbel_noise(rng, (n, actions), self.config.gumbel_scale),
            np.minimum(legal, self.config.considered).astype(np.int32),
            visit_schedule(self.config.considered, self.config.simulations),
        )

    def _result(
        self,
        tree: arrays.Tree,
        dials: arrays.Dials,
        plan: arrays.RootPlan,
        rng: np.random.Generator | None,
        prior: np.ndarray,
        raw_value: np.ndarray,
        evaluations: int,
    ) -> SearchResult:
        visits = tree.visits[:, 0].copy()
        value_sum = tree.value_sum[:, 0]
        q = np.full(visits.shape, np.nan, np.float32)
        np.divide(value_sum, visits, out=q, where=visits > 0)
        total = visits.sum(1)
        if self.config.algorithm == "gumbel":
            policy = np.empty(visits.shape, np.float32)
            actions = np.empty(len(visits), np.int64)
            arrays.gumbel_choices(tree, dials, plan, policy, actions)
        else:
            policy = (visits / total[:, None]).astype(np.float32)
            actions = _choose_by_visits(visits, tree.prior[:, 0], self.config.temperature, rng)
        value = ((raw_value + value_sum.sum(1)) / (1 + total)).astype(np.float32)
        return SearchResult(actions, policy, visits, q, value, prior, raw_value, evaluations)


def _choose_by_visits(
    visits: np.ndarray, prior: np.ndarray, temperature: float, rng: np.random.Generator | None
) -> np.ndarray:
    if temperature == 0:
        # Among equally visited moves the prior decides, rather than the lowest index.
        return np.where(visits == visits.max(1, keepdims=True), prior, -1.0).argmax(1)
    with np.errstate(divide="ignore"):
        scaled = np.log(visits) / temperature
    return (scaled + gumbel_noise(rng, visits.shape, 1.0)).argmax(1)


def _add_noise(tree: arrays.Tree, config: SearchConfig, rng: np.random.Generator) -> None:
    legal = tree.logits[:, 0] > -np.inf
    count = legal.sum(1, keepdims=True)
    # Dirichlet samples over each root's legal moves, as normalised gamma samples.
    gamma = rng.standard_gamma(np.where(legal, config.noise_alpha / count, 0.0))
    noise = gamma / np.maximum(gamma.sum(1, keepdims=True), 1e-30)
    fraction = config.noise_fraction
    tree.prior[:, 0] = (1 - fraction) * tree.prior[:, 0] + fraction * noise


def _forbid(tree: arrays.Tree, forbidden: np.ndarray) -> None:
    legal = tree.logits[:, 0] > -np.inf
    allowed = legal & ~forbidden
    allowed = np.where(allowed.any(1, keepdims=True), allowed, legal)
    tree.logits[:, 0][~allowed] = -np.inf
    tree.prior[:, 0][~allowed] = 0.0
    tree.prior[:, 0] /= tree.prior[:, 0].sum(1, keepdims=True)


def _check_answer(logits: Any, values: Any, batch: int, actions: int) -> None:
    shapes = getattr(logits, "shape", None), getattr(values, "shape", None)
    if shapes != ((batch, actions), (batch,)):
        raise GoError(
            f"the evaluator answered with shapes {shapes[0]} and {shapes[1]}, "
            f"not ({batch}, {actions}) and ({batch},)"
        )
    if not (np.isfinite(logits).all() and np.isfinite(values).all()):
        raise GoError("the evaluator answered with a number that is not finite")


def _empty_result(actions: int) -> SearchResult:
    table = np.zeros((0, actions), np.float32)
    row = np.zeros(0, np.float32)
    return SearchResult(
        np.zeros(0, np.int64), table, table.astype(np.int32), table, row, table, row, 0
    )
