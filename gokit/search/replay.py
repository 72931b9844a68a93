"""Replays a traced search: the statistics after any simulation, and what each choice saw.

The numbers are worked out again from the trace's paths and values, in float64 and in the order
of the search; replay.js does the same in the browser.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gokit.go.coordinates import to_gtp
from gokit.go.errors import GoError

if TYPE_CHECKING:
    from gokit.search.trace import Trace

UNTRIED = 1e6  # stands for the infinite first-play urgency, so that priors still tell


class Edge(NamedTuple):
    """One action of a node at one moment, in the view of the side to move there.

    child: the node it leads to, -1 where there is none yet. n: visits. q: mean value, or what an
    action without visits counts as (infinite where it must be tried first). p: prior.
    u: the part of the score that is not Q: c P √(1 + N) / (1 + n) for puct, c √(ln N / n) for
    uct, noise + logit at a Gumbel root, the improved policy below one. sigma: σ(Q) for gumbel.
    score: what selection compares. eligible: False where selection may not take the action: at a
    Gumbel root it has not the visits that halving asks for, or the rules forbid it on this path.
    """

    action: int
    child: int
    n: int
    q: float
    p: float
    u: float
    score: float
    unvisited: bool
    eligible: bool
    sigma: float | None


class Selection(NamedTuple):
    """A step of a descent as it was: the node, its table, and the action that the search took."""

    node: int
    edges: list[Edge]
    chosen: int


class Variation(NamedTuple):
    """A step of the principal variation: the action most visited at a node."""

    node: int
    action: int
    n: int
    q: float


class Replay:
    """The state of a traced search after any number of whole simulations.

    after: how many are done. n, w: visits int64 [E] and sums of values float64 [E] of the trace's
    edges, the node's mover's view. Raises GoError for what the trace does not hold.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.seek(0)

    def seek(self, simulations: int) -> Replay:
        """Go to the state after so many simulations, forwards or backwards; return this replay."""
        if not 0 <= simulations <= self.trace.simulations:
            raise GoError(f"a simulation is from 0 to {self.trace.simulations}, not {simulations}")
        self.after = simulations
        self.n, self.w = self._sums(simulations)
        return self

    def _sums(self, simulations: int) -> tuple[np.ndarray, np.ndarray]:
        trace = self.trace
        done = slice(trace.starts[simulations])
        edges, size = trace.path_edge[done], trace.edge_child.size
        # bincount adds one after the other, as the search did.
        sums = np.bincount(edges, trace.path_value[done], size).astype(np.float64)
        return np.bincount(edges, minlength=size), sums

    def visits(self, node: int) -> int:
        """How many simulations have come to a node so far; for the root, all."""
        self.trace.check_node(node)
        if node == 0:
            return self.after
        done = slice(self.trace.starts[self.after])
        return int((self.trace.path_reached[done] == node).sum())

    def mean(self, node: int) -> float:
        """The mean of a node's own value and all below it so far, in its mover's view."""
        self.trace.check_node(node)
        own = slice(*self.trace.priors.start[node : node + 2])
        return (self.trace.values[node] + self.w[own].sum()) / (1 + self.n[own].sum())

    def edges(self, node: int) -> list[Edge]:
        """The actions listed of a node, rising, as the next simulation would see them.

        All legal ones where the search ever selected from the node, else the likeliest.
        """
        self.trace.check_node(node)
        return self._table(node, self.n, self.w, self.after, known=self.after)

    def selection(self, simulation: int) -> list[Selection]:
        """Each step of a simulation with its table as it was then; `after` stays as it is.

        With a leaf batch, the descents before it in its round count as visits that were lost.
        """
        trace = self.trace
        nodes, actions = trace.path(simulation)
        first = int(trace.round_starts[trace.round_of[simulation]])
        n, w = self._sums(first)
        under_way = trace.path_edge[trace.starts[first] : trace.starts[simulation]]
        np.add.at(n, under_way, 1)
        np.subtract.at(w, under_way, trace.config.virtual_loss)
        steps, position = [], trace.root
        for node, action in zip(nodes, actions, strict=True):
            edges = self._table(node, n, w, simulation, known=simulation)
            if trace.config.transpositions == "position":
                # A merged node's list is that of the path which made it.
                if not position.is_legal(winner(edges, trace.config.algorithm)):
                    legal = position.legal_mask()
                    edges = self._table(node, n, w, simulation, known=simulation, legal=legal)
                position = position.play(action)
            steps.append(Selection(node, edges, action))
        return steps

    def principal_variation(self, node: int = 0) -> list[Variation]:
        """From a node on, the most visited action each time; of equals the one of higher Q."""
        self.trace.check_node(node)
        trace, steps, seen = self.trace, [], set()
        while node >= 0 and node not in seen:
            seen.add(node)
            own = np.arange(*trace.priors.start[node : node + 2])
            if not self.n[own].any():
                break
            best = int(own[np.lexsort((-own, self.w[own], self.n[own]))[-1]])
            n = int(self.n[best])
            q = float(self.w[best]) / n
            steps.append(Variation(node, int(trace.priors.actions[best]), n, q))
            node = int(trace.edge_child[best])
        return steps

    def _table(
        self,
        node: int,
        n: np.ndarray,
        w: np.ndarray,
        simulation: int,
        *,
        known: int,
        legal: np.ndarray | None = None,
    ) -> list[Edge]:
        trace = self.trace
        own = slice(*trace.priors.start[node : node + 2])
        n, w, p, actions = n[own], w[own], trace.priors.values[own], trace.priors.actions[own]
        if not actions.size:
            return []
        eligible = np.ones(actions.size, bool) if legal is None else legal[actions]
        if trace.config.algorithm == "gumbel":
            score = self._gumbel_at_root if node == 0 else self._gumbel_below
            q, sigma, u, scores = score(node, n, w, p, eligible, simulation)
        else:
            score = self._uct if trace.config.algorithm == "uct" else self._puct
            q, u = score(node, n, w, p)
            sigma, scores = None, q + u
        children = np.where(trace.edge_first[own] < known, trace.edge_child[own], -1)
        columns = (actions, children, n, q, p, u, scores, n == 0, eligible)
        sigma = [None] * actions.size if sigma is None else sigma.tolist()
        rows = zip(*(column.tolist() for column in columns), sigma, strict=True)
        return [Edge(*row) for row in rows]

    def _first_play(self, node: int, n: np.ndarray, w: np.ndarray, p: np.ndarray) -> float:
        config = self.trace.config
        if config.fpu == "infinite":
            return math.inf
        if config.fpu == "absolute":
            return config.fpu_value
        reduction = config.fpu_value
        if config.fpu == "visited policy":
            reduction *= math.sqrt(p[n > 0].sum())
        return (self.trace.values[node] + w.sum()) / (1 + n.sum()) - reduction

    def _q(self, n: np.ndarray, w: np.ndarray, otherwise: float) -> np.ndarray:
        return np.where(n > 0, w / np.maximum(n, 1), otherwise)

    def _puct(
        self, node: int, n: np.ndarray, w: np.ndarray, p: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        c = self.trace.config.c_puct
        return self._q(n, w, self._first_play(node, n, w, p)), c * math.sqrt(1 + n.sum()) * p / (
            1 + n
        )

    def _uct(
        self, node: int, n: np.ndarray, w: np.ndarray, p: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        c = self.trace.config.c_uct
        bonus = c * np.sqrt(math.log(max(n.sum(), 1)) / np.maximum(n, 1))
        return self._q(n, w, self._first_play(node, n, w, p)), np.where(n > 0, bonus, 0.0)

    def _completed(
        self, node: int, n: np.ndarray, w: np.ndarray, p: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Completed Q, σ of it, and logits, the highest 0."""
        config, total, visited = self.trace.config, n.sum(), n > 0
        mixed = self.trace.values[node]
        if total:
            mean = (p[visited] * w[visited] / n[visited]).sum() / p[visited].sum()
            mixed = (mixed + total * mean) / (1 + total)
        q = self._q(n, w, mixed)
        return q, (config.c_visit + n.max()) * config.c_scale * q, np.log(p / p.max())

    def _gumbel_at_root(
        self,
        node: int,
        n: np.ndarray,
        w: np.ndarray,
        p: np.ndarray,
        eligible: np.ndarray,
        simulation: int,
    ) -> tuple[np.ndarray, ...]:
        trace = self.trace
        q, sigma, logits = self._completed(node, n, w, p)
        u = trace.noise[trace.priors.actions[: n.size]] + logits
        # After the last simulation the most visited actions compete for the move.
        visits = trace.schedule[simulation] if simulation < trace.simulations else n.max()
        eligible &= n == visits
        return q, sigma, u, u + sigma

    def _gumbel_below(
        self,
        node: int,
        n: np.ndarray,
        w: np.ndarray,
        p: np.ndarray,
        eligible: np.ndarray,
        simulation: int,
    ) -> tuple[np.ndarray, ...]:
        q, sigma, logits = self._completed(node, n, w, p)
        weights = np.where(eligible, np.exp(logits + sigma - (logits + sigma)[eligible].max()), 0.0)
        improved = weights / weights.sum()
        return q, sigma, improved, improved - n / (1.0 + n.sum())

    def formula(self, node: int, action: int) -> str:
        """How the next simulation's score of an action comes about, with the numbers filled in."""
        edges = self.edges(node)
        for edge in edges:
            if edge.action == action:
                return formula(self.trace, node, edge, sum(e.n for e in edges))
        raise GoError(f"{to_gtp(action, self.trace.size)} is not among the actions of node {node}")


def winner(edges: list[Edge], algorithm: str) -> int:
    """The action that selection takes from a table, its rules for ties included."""
    best = max((edge for edge in edges if edge.eligible), key=lambda edge: _rank(edge, algorithm))
    return best.action


def _rank(edge: Edge, algorithm: str) -> tuple[float, float, int]:
    if math.isinf(edge.score):
        return edge.score, edge.p, -edge.action
    # UCB1 knows no priors; they only order actions that have no visits.
    return edge.score, edge.p if algorithm == "uct" and edge.unvisited else 0.0, -edge.action


def formula(trace: Trace, node: int, edge: Edge, total: int) -> str:
    """Return a score's formula for an edge of a node whose actions have `total` visits in all."""
    config, score = trace.config, fixed(edge.score, 3)
    q, p, n = fixed(edge.q, 3), fixed(edge.p, 3), edge.n
    if config.algorithm == "gumbel":
        if node == 0:
            noise = fixed(trace.noise[edge.action], 3)
            logit = fixed(edge.u - trace.noise[edge.action], 3)
            return f"g + logit + σ(Q) = {noise} + {logit} + {fixed(edge.sigma, 3)} = {score}"
        return f"π′ - n/(1+N) = {fixed(edge.u, 3)} - {n}/(1+{total}) = {score}"
    if config.algorithm == "uct":
        if edge.unvisited:
            return f"FPU = {score}"
        return f"Q + c·√(ln N/n) = {q} + {number(config.c_uct)}·√(ln {total}/{n}) = {score}"
    name = "FPU" if edge.unvisited else "Q"
    u = f"{number(config.c_puct)}·{p}·√(1+{total})/(1+{n})"
    return f"{name} + c·P·√(1+N)/(1+n) = {q} + {u} = {score}"


_ROOMY = Context(prec=400)  # digits for any float that a damaged trace may hold


def fixed(value: float, digits: int) -> str:
    """Write a number with so many decimals, half away from zero, as JavaScript's toFixed does."""
    if math.isinf(value):
        return "∞"
    text = f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _ROOMY)}"
    return text.lstrip("-") if not text.strip("-0.") else text


def number(value: float) -> str:
    """Write a number of the configuration as short as it was given."""
    return f"{value:.6g}"
