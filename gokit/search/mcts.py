"""Monte Carlo tree search with any evaluator, many games at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import HISTORY_USED, RUNNING
from gokit.go.kernels import play
from gokit.options import is_whole
from gokit.search import tree as arrays
from gokit.search.config import FPU_MODES, TRANSPOSITIONS, SearchConfig
from gokit.search.descent import descend, expand_and_back_up, roll_out
from gokit.search.evaluators import Evaluator, RolloutEvaluator
from gokit.search.gumbel import gumbel_noise, visit_schedule
from gokit.search.select import RootPlan, gumbel_choices

_ALGORITHM_CODES = {"puct": arrays.PUCT, "uct": arrays.UCT, "gumbel": arrays.GUMBEL}


@dataclass(frozen=True)
class SearchResult:
    """What a search of B positions found; every array is from the side to move's view.

    actions: int64 [B], the chosen move. policy: float32 [B, A], what a network should learn:
    the share of visits, or the improved policy for gumbel. visits: int32 [B, A], which sum to
    `simulations`, and more where part of the tree was kept. q: float32 [B, A], the mean value of
    each visited action, nan for others. value: float32 [B], the mean over the root's own
    evaluation and all simulations. prior: float32 [B, A], the evaluator's policy over legal
    moves, without noise. raw_value: float32 [B], the evaluator's value of the root.
    evaluations: how many positions the evaluator saw in all. nodes: int32 [B], of each tree.
    """

    actions: np.ndarray
    policy: np.ndarray
    visits: np.ndarray
    q: np.ndarray
    value: np.ndarray
    prior: np.ndarray
    raw_value: np.ndarray
    evaluations: int
    nodes: np.ndarray


class Observer(Protocol):
    """Watches a search from inside; see `gokit.search.trace`. The arrays are not to be changed."""

    def planted(self, tree: arrays.Tree, plan: RootPlan, dials: arrays.Dials) -> None:
        """The roots are open, their noise added."""

    def selected(self, tree: arrays.Tree) -> None:
        """A round of descents has reached its leaves."""

    def backed_up(self, tree: arrays.Tree) -> None:
        """The leaves are opened and their values carried up."""


class Search:
    """A tree search with one configuration and one evaluator, for any number of games at once.

    threads: how many share the tree work; the result does not depend on it. Memory:
    `config.nodes` nodes a game, `tree.tree_bytes` in all, kept between calls. Terminal positions
    are scored by the rules, never by the evaluator; a position at the move cap has no result and
    keeps the evaluator's value. Built in chapters 3, 4 and 6.
    """

    def __init__(self, evaluator: Evaluator, config: SearchConfig, *, threads: int = 1) -> None:
        known = getattr(evaluator, "value_kind", None)
        if config.value and known and config.value != known:
            raise GoError(
                f"the evaluator's value is a {known}, and the search was told {config.value}"
            )
        if not (is_whole(threads) and threads >= 1):
            raise GoError(f"threads is a whole number from 1, not {threads!r}")
        self.evaluator = evaluator
        self.config = config
        self.value_kind = config.value or known or "win"
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._tree: arrays.Tree | None = None
        self._leaves: Games | None = None
        self._roots: np.ndarray | None = None  # the roots' rows, where trees are kept

    def run(
        self,
        games: Games,
        rng: np.random.Generator | None = None,
        indices: np.ndarray | None = None,
        forbidden: np.ndarray | None = None,
        observer: Observer | None = None,
    ) -> SearchResult:
        """Search the positions `indices` (default: all) of `games`, and change none of them.

        rng: needed where the configuration asks for noise, a temperature or Gumbel samples.
        forbidden: bool [B, A], root moves not to be played; ignored where nothing else is left.
        observer: told of every step.
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
        config = self.config
        tree, leaves = self._room(games, indices.size)
        dials = self._dials(games)
        fresh = self._fresh(games, indices, tree)

        arrays.plant(games.geometry, games.words, indices, fresh, leaves.words, tree, dials)
        evaluations = self._evaluate(games, tree, leaves, dials)
        prior = tree.prior[:, 0].copy()
        raw_value = tree.value[:, 0].copy()
        if forbidden is not None:
            _forbid(tree, forbidden)
        plan = self._plan(tree, rng)
        if config.algorithm == "puct" and config.noise_fraction > 0:
            _add_noise(tree, config, rng)
        if observer is not None:
            observer.planted(tree, plan, dials)

        if observer is None and type(self.evaluator) is RolloutEvaluator and config.leaf_batch == 1:
            evaluations += self._roll_out(games, indices, tree, leaves, dials, plan)
        else:
            while (tree.done < config.simulations).any():
                self._share(
                    len(indices), descend, games.geometry, games.words, indices, leaves.words,
                    leaves.cells, tree, dials, plan,
                )  # fmt: skip
                if observer is not None:
                    observer.selected(tree)
                evaluations += self._evaluate(games, tree, leaves, dials)
                if observer is not None:
                    observer.backed_up(tree)
        if config.reuse:
            self._roots = games.words[indices]
        return self._result(tree, dials, plan, rng, prior, raw_value, evaluations)

    def advance(self, actions: np.ndarray) -> np.ndarray:
        """Keep, of each search of the last run, what lies below the move now played.

        actions: int [B], as many as were searched, -1 to drop a tree. May be called again, for
        the opponent's reply. The next run goes on from a kept tree where the same place of its
        batch holds that very position, past included; elsewhere it starts anew. Returns the nodes
        kept, int [B].
        Raises GoError unless the configuration says `reuse`, and where the number differs.
        """
        if not self.config.reuse:
            raise GoError("this search keeps no trees: configure it with reuse=True")
        if self._roots is None or len(actions) != len(self._roots):
            searched = 0 if self._roots is None else len(self._roots)
            raise GoError(f"{searched} positions were searched, not {len(actions)}")
        g, tree = self._leaves.geometry, self._tree
        actions = np.asarray(actions)
        if actions.dtype.kind not in "iu" or not ((actions >= -1) & (actions <= g.n_points)).all():
            raise GoError(f"actions are whole numbers from -1 to {g.n_points}")
        dials = self._dials(self._leaves)
        for slot, action in enumerate(actions.tolist()):
            row = self._roots[slot]
            if action == -1 or tree.nodes[slot] == 0 or tree.child[slot, 0, action] < 0:
                tree.nodes[slot] = 0
                continue
            used_before = int(row[HISTORY_USED])
            play(g, row, row.view(np.int16), action)
            past = int(tree.past[slot])
            if dials.merging == arrays.BY_HISTORY:
                past = arrays.past_after(row, past, used_before)
            arrays.keep_subtree(tree, slot, action, dials, past)
        return tree.nodes[: len(self._roots)].copy()

    def _fresh(self, games: Games, indices: np.ndarray, tree: arrays.Tree) -> np.ndarray:
        """Tell which searches have no kept tree of the very position that they are asked about."""
        fresh = np.ones(len(indices), np.bool_)
        if self._roots is not None:
            for slot, root in enumerate(self._roots[: len(indices)]):
                row = games.words[indices[slot]]
                same = tree.nodes[slot] > 0 and arrays.same_game(games.geometry, root, row)
                fresh[slot] = not same
        return fresh

    def _needs_rng(self) -> bool:
        c = self.config
        if c.algorithm == "gumbel":
            return c.gumbel_scale > 0
        return c.temperature > 0 or (c.noise_fraction or 0) > 0

    def _dials(self, games: Games) -> arrays.Dials:
        c = self.config
        return arrays.Dials(
            algorithm=_ALGORITHM_CODES[c.algorithm],
            simulations=c.simulations,
            c=float(c.c_puct or c.c_uct or 0),
            fpu=FPU_MODES.index(c.fpu) if c.fpu else arrays.INFINITE,
            fpu_value=float(c.fpu_value or 0),
            c_visit=float(c.c_visit or 0),
            c_scale=float(c.c_scale or 0),
            virtual_loss=float(c.virtual_loss),
            merging=TRANSPOSITIONS.index(c.transpositions),
            squares=c.choice == "lcb",
            value_kind=arrays.MARGIN if self.value_kind == "margin" else arrays.WIN,
            komi=float(games.rules.komi),
        )

    def _room(self, games: Games, n: int) -> tuple[arrays.Tree, Games]:
        """Return arrays for n games, those of the last call where they are large enough."""
        leaves, tree, config = self._leaves, self._tree, self.config
        fits = (
            tree is not None
            and len(tree.nodes) >= n
            and leaves.geometry is games.geometry
            and leaves.rules == games.rules
            and leaves.words.shape[1] == games.words.shape[1]
        )
        if not fits:
            size = (games.geometry.rows, games.geometry.columns)
            leaves = Games(n * config.leaf_batch, size, games.rules, games.max_moves)
            tree = arrays.new_tree(
                n, config.nodes, games.n_actions, config.leaf_batch,
                merging=config.transpositions != "none", squares=config.choice == "lcb",
            )  # fmt: skip
            self._leaves, self._tree, self._roots = leaves, tree, None
        return tree.first(n), leaves

    def _share(self, n: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Run a compiled function on n searches, a part of them on each thread."""
        if self._pool is None or n == 1:
            return [function(*arguments, 0, n)]
        bounds = np.linspace(0, n, min(self._threads, n) + 1).astype(int).tolist()
        parts = [
            self._pool.submit(function, *arguments, start, stop) for start, stop in pairwise(bounds)
        ]
        return [part.result() for part in parts]

    def _evaluate(self, games: Games, tree: arrays.Tree, leaves: Games, dials: arrays.Dials) -> int:
        waiting = np.flatnonzero(tree.waiting)
        if waiting.size:
            logits, values = self.evaluator.evaluate(leaves, waiting)
            _check_answer(logits, values, waiting.size, games.n_actions)
        else:
            logits = np.empty((0, games.n_actions), np.float32)
            values = np.empty(0, np.float32)
        self._share(
            len(tree.nodes), expand_and_back_up, games.geometry, leaves.words, leaves.cells, tree,
            dials, waiting, logits, values,
        )  # fmt: skip
        return waiting.size

    def _roll_out(
        self,
        games: Games,
        indices: np.ndarray,
        tree: arrays.Tree,
        leaves: Games,
        dials: arrays.Dials,
        plan: RootPlan,
    ) -> int:
        streams = self.evaluator.streams(len(indices))
        counts = self._share(
            len(indices), roll_out, games.geometry, games.words, indices, leaves.words,
            leaves.cells, tree, dials, plan, streams, self.evaluator.playouts,
        )  # fmt: skip
        return sum(counts)

    def _plan(self, tree: arrays.Tree, rng: np.random.Generator | None) -> RootPlan:
        if self.config.algorithm != "gumbel":
            return RootPlan(
                np.zeros((1, 1), np.float32), np.zeros(1, np.int32), np.zeros((1, 1), np.int32)
            )
        n, actions = tree.logits.shape[0], tree.logits.shape[2]
        legal = (tree.logits[:, 0] > -np.inf).sum(1)
        return RootPlan(
            gumbel_noise(rng, (n, actions), self.config.gumbel_scale),
            np.minimum(legal, self.config.considered).astype(np.int32),
            visit_schedule(self.config.considered, self.config.simulations),
        )

    def _result(
        self,
        tree: arrays.Tree,
        dials: arrays.Dials,
        plan: RootPlan,
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
            gumbel_choices(tree, dials, plan, policy, actions)
        else:
            policy = (visits / total[:, None]).astype(np.float32)
            actions = self._choose(tree, visits, q, rng)
        value = ((raw_value + value_sum.sum(1)) / (1 + total)).astype(np.float32)
        nodes = tree.nodes.copy()
        return SearchResult(actions, policy, visits, q, value, prior, raw_value, evaluations, nodes)

    def _choose(
        self,
        tree: arrays.Tree,
        visits: np.ndarray,
        q: np.ndarray,
        rng: np.random.Generator | None,
    ) -> np.ndarray:
        config, prior = self.config, tree.prior[:, 0]
        if config.temperature > 0:
            with np.errstate(divide="ignore"):
                scaled = np.log(visits) / config.temperature
            return (scaled + gumbel_noise(rng, visits.shape, 1.0)).argmax(1)
        if config.choice == "visits":
            merit = visits
        elif config.choice == "value":
            merit = np.where(visits > 0, q, -np.inf)
        else:
            bound = lower_bounds(visits, q, tree.squares[:, 0], config.lcb_deviations)
            merit = np.where(10 * visits >= visits.max(1, keepdims=True), bound, -np.inf)
        # Among equals the prior decides, rather than the lowest index.
        return np.where(merit == merit.max(1, keepdims=True), prior, -1.0).argmax(1)


def lower_bounds(
    visits: np.ndarray, q: np.ndarray, squares: np.ndarray, deviations: float
) -> np.ndarray:
    """Return each action's mean less `deviations` standard errors, -inf without visits.

    The variance counts one value at distance 1 from the mean besides those seen, so that an
    action seen once is not held to be certain. All arrays [B, A].
    """
    n = np.maximum(visits, 1)
    variance = np.maximum(squares / n - q**2, 0) + 1 / n
    return np.where(visits > 0, q - deviations * np.sqrt(variance / n), -np.inf)


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
    tree.visits[:, 0][~allowed] = 0
    tree.value_sum[:, 0][~allowed] = 0.0


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
    none = np.zeros(0, np.int32)
    return SearchResult(
        np.zeros(0, np.int64), table, table.astype(np.int32), table, row, table, row, 0, none
    )
