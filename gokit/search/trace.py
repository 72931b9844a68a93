"""A search as a list of events: recorded while it runs, written as JSON, replayed either way.

The document holds what cannot be worked out: the actions of every descent, the evaluator's values
and priors. Visits, Q, U and which action won follow from those, here by `Replay` and in the
browser by replay.js. Built in chapter 3.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.lines import describe_line, own_line, read_game
from gokit.go.position import Position
from gokit.options import is_number
from gokit.search.evaluators import Evaluator
from gokit.search.mcts import Search, SearchConfig
from gokit.search.replay import Edge, Replay
from gokit.search.trace_format import (
    BUDGET,
    CLOSED,
    FORMAT,
    MAX_SIMULATIONS,
    OPEN,
    OPEN_EVEN,
    VERSION,
    pack,
    pack_priors,
    unpack,
    unpack_priors,
    whole,
)
from gokit.search.trace_paths import follow, joins_of, pack_paths, unpack_paths
from gokit.search.trace_text import explain, tree_text


class Select(NamedTuple):
    """One step of a descent: the table of the node's actions, and the action that was taken."""

    simulation: int
    step: int
    node: int
    edges: list[Edge]
    chosen: int


class Expand(NamedTuple):
    """A node is added below `parent` by `action`."""

    simulation: int
    node: int
    parent: int
    action: int


class Evaluate(NamedTuple):
    """The value of the leaf, in its mover's view; said by "evaluator", "rules" or "before".

    node: -1 where a full tree had no room for the leaf.
    """

    simulation: int
    node: int
    value: float
    by: str


class BackUp(NamedTuple):
    """One edge of the path takes a value, in the view of the side that moved there."""

    simulation: int
    step: int
    node: int
    action: int
    value: float
    n: int
    q: float


Event = Select | Expand | Evaluate | BackUp
HUGE = 1e6  # no value and no Gumbel sample is nearly as large


def trace_search(
    evaluator: Evaluator,
    position: Position,
    config: SearchConfig,
    rng: np.random.Generator | None = None,
    *,
    name: str | None = None,
) -> Trace:
    """Search a position and return all that happened, step by step.

    name: one line on the evaluator, by default its class. Raises GoError as `Search.run` does,
    and for more than 65,535 simulations.
    """
    if config.simulations > MAX_SIMULATIONS:
        raise GoError(f"a trace holds at most {MAX_SIMULATIONS:,} simulations")
    recorder = Recorder()
    search = Search(evaluator, config)
    result = search.run(Games.from_positions([position]), rng, observer=recorder)
    line = own_line(position)
    head = {
        "game": describe_line(line, len(line) - 1, 0),
        "config": config.to_dict(),
        "evaluator": type(evaluator).__name__ if name is None else name,
        "value_kind": search.value_kind,
        "result": {"action": int(result.actions[0]), "value": float(result.value[0])},
    }
    return Trace(recorder.document(head))


class Recorder:
    """Takes down one search as its observer; `document` writes what happened."""

    def __init__(self) -> None:
        self.rounds: list[int] = []
        self.paths: list[tuple[np.ndarray, np.ndarray]] = []
        self.leaf_values: list[float] = []

    def planted(self, tree: Any, plan: Any, dials: Any) -> None:
        """The root is open; GoError where the tree is not one fresh root."""
        if len(tree.nodes) != 1 or tree.nodes[0] != 1:
            raise GoError("a trace begins with one search and a tree of nothing but its root")
        self.tree, self.plan = tree, plan

    def selected(self, tree: Any) -> None:
        """Descents have been made: keep the paths of those that took place."""
        took_place = np.flatnonzero(tree.path_length >= 0)
        for path in took_place:
            length = tree.path_length[path]
            nodes = np.append(tree.path_node[path, :length], tree.leaf[path])
            self.paths.append((nodes, tree.path_action[path, :length].copy()))
        self.rounds.append(took_place.size)

    def backed_up(self, tree: Any) -> None:
        """The round's values are in: keep them."""
        self.leaf_values += tree.leaf_value[tree.path_length >= 0].tolist()

    def document(self, head: dict[str, Any]) -> dict[str, Any]:
        """Return the trace document: `head`, and the search's arrays."""
        tree, count = self.tree, int(self.tree.nodes[0])
        n_actions = tree.logits.shape[2]
        logits, prior = tree.logits[0, :count], tree.prior[0, :count]
        closed = tree.state[0, :count] == CLOSED
        legal = (logits > -np.inf) & ~closed[:, None]
        visited = (tree.visits[0, :count] > 0) & legal
        selected = visited.any(1)
        values, leaf_values = tree.value[0, :count], np.array(self.leaf_values, np.float32)
        leaves = np.array([nodes[-1] for nodes, _ in self.paths])
        document = {
            "format": FORMAT,
            "version": VERSION,
            **head,
            "nodes": count,
            "simulations": len(self.paths),
            "values": pack(values, "<f4"),
            "paths": pack_paths([taken for _, taken in self.paths], n_actions),
        }
        if max(self.rounds) > 1:
            document["rounds"] = pack(self.rounds, "<u2")
        if (values[leaves] != leaf_values).any() or (leaves < 0).any():
            document["leaf_values"] = pack(leaf_values, "<f4")
        joins = joins_of(self.paths, n_actions)
        if joins.size:
            document["joins"] = pack(joins, "<i4")
        document.update(self._root_prior(logits[0], prior[0]))
        if head["config"]["algorithm"] == "gumbel":
            document["gumbel"] = self._halving()
        room = BUDGET - len(json.dumps(document)) - 4 * count // 3
        even, priors = pack_priors(prior, legal, selected, visited, room)
        states = np.where(closed, CLOSED, np.where(even, OPEN_EVEN, OPEN))
        return {**document, "states": pack(states, "u1"), "priors": priors}

    def _root_prior(self, logits: np.ndarray, prior: np.ndarray) -> dict[str, Any]:
        own = np.exp(logits.astype(np.float64))
        own = (own / own.sum()).astype(np.float32)
        return {"root_prior": pack(own, "<f4")} if np.abs(own - prior).max() > 1e-5 else {}

    def _halving(self) -> dict[str, Any]:
        considered = int(self.plan.considered[0])
        schedule = self.plan.schedule[considered, : len(self.paths)]
        return {
            "noise": pack(self.plan.gumbel[0], "<f4"),
            "considered": considered,
            "schedule": pack(schedule, "<u2"),
        }


class Trace:
    """One recorded search; arrays by node (K), by listed action (E) and by step of a path (T).

    document: plain JSON types. size, game, config, evaluator, value_kind; nodes K, simulations S.
    values: float64 [K], the evaluator's (or the rules') value of each node, its mover's view.
    closed: bool [K]. parents, actions, born, depths: int [K], how each node was first reached,
    by which simulation (-1 the root), and how deep. priors: see `trace_format.Priors`.
    starts: int [S + 1], where each path begins in path_node, path_action, path_edge (an index
    into the priors' actions), path_value (backed up there) and path_reached (-1: no room), [T].
    leaves, leaf_values, is_new, round_of: [S].

    Raises GoError for a document that is not a trace, or of another version.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise GoError("this is not the trace of a search")
        if document.get("version") != VERSION:
            raise GoError(
                f"the trace has version {document.get('version')!r}; this gokit reads {VERSION}"
            )
        self.document = document
        self.game = read_game(document.get("game"))
        self.size = self.game.size
        self.n_actions = self.size**2 + 1
        self.config = _read_config(document.get("config"))
        self.evaluator, self.value_kind = document.get("evaluator"), document.get("value_kind")
        if not isinstance(self.evaluator, str) or self.value_kind not in ("win", "margin"):
            raise GoError("the trace lacks its evaluator's name or the kind of its values")
        self._read_nodes()
        self._read_paths()
        self._read_priors()
        self._read_extras()

    def _read_nodes(self) -> None:
        document = self.document
        self.simulations = whole(document, "simulations", 1, MAX_SIMULATIONS)
        self.nodes = whole(document, "nodes", 1, self.simulations + 1)
        self.values = unpack(document, "values", "<f4", self.nodes).astype(np.float64)
        self.states = unpack(document, "states", "u1", self.nodes)
        self.closed = self.states == CLOSED
        if (
            not (np.abs(self.values) < HUGE).all()
            or self.states.max() > OPEN_EVEN
            or self.closed[0]
        ):
            raise GoError(
                "the trace's arrays values and states do not describe the nodes of a tree"
            )

    def _read_paths(self) -> None:
        document = self.document
        paths = unpack_paths(document.get("paths"), self.simulations, self.n_actions)
        self.starts, self.path_action = paths
        joins = unpack(document, "joins", "<i4") if "joins" in document else np.zeros(0, np.int32)
        self.round_sizes = np.ones(self.simulations, np.int64)
        if "rounds" in document:
            self.round_sizes = unpack(document, "rounds", "<u2").astype(np.int64)
        if self.round_sizes.sum() != self.simulations or self.round_sizes.min() < 1:
            raise GoError("the trace's rounds do not add up to its simulations")
        self.round_of = np.repeat(np.arange(self.round_sizes.size), self.round_sizes)
        self.round_starts = np.concatenate([[0], np.cumsum(self.round_sizes)])
        followed = follow(self.starts, self.path_action, self.closed, joins, self.n_actions)
        self.path_node, self.path_reached, self.parents, self.actions, self.born = followed
        self.leaves = self.path_reached[self.starts[1:] - 1]
        self.depths = np.zeros(self.nodes, np.int64)
        for node in range(1, self.nodes):
            self.depths[node] = self.depths[self.parents[node]] + 1
        self.is_new = np.zeros(self.simulations, bool)
        self.is_new[self.born[1:]] = True
        self.leaf_values = self.values[self.leaves]
        if "leaf_values" in document:
            values = unpack(document, "leaf_values", "<f4", self.simulations)
            self.leaf_values = values.astype(np.float64)
        if not (np.abs(self.leaf_values) < HUGE).all():
            raise GoError("the trace backs up a value that is not a number")
        if (self.leaves < 0).any() and "leaf_values" not in document:
            raise GoError("the trace lacks the array leaf_values")
        lengths = np.diff(self.starts)
        to_go = np.repeat(self.starts[1:], lengths) - np.arange(self.starts[-1])
        self.path_value = np.repeat(self.leaf_values, lengths) * np.where(to_go % 2, -1.0, 1.0)

    def _read_priors(self) -> None:
        keys = self.path_node * self.n_actions + self.path_action
        selected = np.zeros(self.nodes, bool)
        selected[self.path_node] = True
        self.priors = unpack_priors(
            self.document.get("priors"), self.states, selected, np.unique(keys), self.n_actions
        )
        owner = np.repeat(np.arange(self.nodes), np.diff(self.priors.start))
        edges = owner * self.n_actions + self.priors.actions
        self.path_edge = np.minimum(np.searchsorted(edges, keys), edges.size - 1)
        if (edges[self.path_edge] != keys).any():
            raise GoError("the trace's paths take an action that is not legal there")
        self.edge_child = np.full(edges.size, -1)
        self.edge_child[self.path_edge] = self.path_reached
        self.edge_first = np.full(edges.size, self.simulations)
        simulation = np.repeat(np.arange(self.simulations), np.diff(self.starts))
        np.minimum.at(self.edge_first, self.path_edge, simulation)

    def _read_extras(self) -> None:
        document, result = self.document, self.document.get("result")
        whole(result, "action", 0, self.n_actions - 1)
        value = result.get("value")
        if not is_number(value) or abs(value) > HUGE:
            raise GoError(f"the trace's result has no value but {value!r}")
        self.root_prior = None
        if "root_prior" in document:
            self.root_prior = unpack(document, "root_prior", "<f4", self.n_actions)
        self.noise = self.schedule = None
        if self.config.algorithm == "gumbel":
            part = document.get("gumbel")
            self.noise = unpack(part, "noise", "<f4", self.n_actions).astype(np.float64)
            self.schedule = unpack(part, "schedule", "<u2", self.simulations).astype(np.int64)
            if not (np.abs(self.noise) < HUGE).all():
                raise GoError("the trace's array noise holds something that is not a number")

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read what `to_json` wrote; GoError for anything else."""
        try:
            return cls(json.loads(text))
        except (ValueError, RecursionError):
            raise GoError("the trace is not JSON") from None

    def to_json(self) -> str:
        """Return the document as one line of JSON."""
        return json.dumps(self.document, separators=(",", ":"))

    @property
    def size_bytes(self) -> int:
        """Bytes of the document as JSON."""
        return len(self.to_json())

    @property
    def action(self) -> int:
        """The move that the search chose."""
        return self.document["result"]["action"]

    @property
    def value(self) -> float:
        """The root's mean value after the search, in its mover's view."""
        return self.document["result"]["value"]

    @cached_property
    def root(self) -> Position:
        """The position that was searched."""
        position = self.game.start()
        for move in self.game.moves[: self.game.cursor]:
            position = position.play(move)
        return position

    @cached_property
    def _positions(self) -> dict[int, Position]:
        return {0: self.root}

    def position(self, node: int) -> Position:
        """The position of a node, along the path by which it was first reached."""
        self.check_node(node)
        missing = []
        while node not in self._positions:
            missing.append(node)
            node = int(self.parents[node])
        position = self._positions[node]
        for child in reversed(missing):
            position = position.play(int(self.actions[child]))
            self._positions[child] = position
        return position

    def check_node(self, node: int) -> None:
        """GoError unless there is such a node."""
        if not 0 <= node < self.nodes:
            raise GoError(f"the trace has nodes 0 to {self.nodes - 1}, not {node}")

    def path(self, simulation: int) -> tuple[list[int], list[int]]:
        """The nodes from which a simulation selected, and the actions it took there."""
        if not 0 <= simulation < self.simulations:
            raise GoError(
                f"the trace has simulations 0 to {self.simulations - 1}, not {simulation}"
            )
        steps = slice(*self.starts[simulation : simulation + 2])
        return self.path_node[steps].tolist(), self.path_action[steps].tolist()

    def replay(self) -> Replay:
        """Return a replay that stands before the first simulation."""
        return Replay(self)

    def events(self, start: int = 0, stop: int | None = None) -> Iterator[Event]:
        """All that happened in the simulations from `start` to before `stop`, in order.

        Of one round all descents come first, then their values and back-ups.
        """
        stop = self.simulations if stop is None else min(stop, self.simulations)
        replay = self.replay()
        while start < stop:
            end = min(int(self.round_starts[self.round_of[start] + 1]), stop)
            for simulation in range(start, end):
                yield from self._descent(replay, simulation)
            for simulation in range(start, end):
                yield from self._value(replay, simulation)
            start = end

    def _descent(self, replay: Replay, simulation: int) -> Iterator[Event]:
        for step, selection in enumerate(replay.selection(simulation)):
            yield Select(simulation, step, *selection)
        if self.is_new[simulation]:
            leaf = int(self.leaves[simulation])
            yield Expand(simulation, leaf, int(self.parents[leaf]), int(self.actions[leaf]))

    def _value(self, replay: Replay, simulation: int) -> Iterator[Event]:
        leaf = int(self.leaves[simulation])
        by = "rules" if leaf >= 0 and self.closed[leaf] else "evaluator"
        if leaf >= 0 and not self.is_new[simulation]:
            by = "before"
        yield Evaluate(simulation, leaf, float(self.leaf_values[simulation]), by)
        replay.seek(simulation + 1)
        for at in range(self.starts[simulation + 1] - 1, self.starts[simulation] - 1, -1):
            edge = self.path_edge[at]
            n = int(replay.n[edge])
            yield BackUp(
                simulation, int(at - self.starts[simulation]), int(self.path_node[at]),
                int(self.path_action[at]), float(self.path_value[at]), n, float(replay.w[edge]) / n,
            )  # fmt: skip

    def explain(self, simulation: int) -> str:
        """Say what one simulation did and why each action won, with the numbers filled in."""
        return explain(self, simulation)

    def __str__(self) -> str:
        return tree_text(self)

    def __repr__(self) -> str:
        return (
            f"<Trace of {self.simulations} simulations, {self.config.algorithm}, {self.evaluator}>"
        )


def _read_config(options: Any) -> SearchConfig:
    if not isinstance(options, dict):
        raise GoError("the trace lacks the configuration of its search")
    return SearchConfig.from_dict(options)
