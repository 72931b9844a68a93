"""Searches of every kind, recorded, for the tests of the trace and of its two replays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gokit.go.games import Games
from gokit.go.position import Position
from gokit.go.rules import TROMP_TAYLOR, Rules
from gokit.search.evaluators import RolloutEvaluator, UniformEvaluator
from gokit.search.mcts import Search, SearchConfig, SearchResult
from gokit.search.trace import Recorder, Trace, trace_search
from tests.search.reference_search import HashEvaluator

KO_RULES = Rules(superko="simple")


class Case(NamedTuple):
    """A search to record; `evaluator` makes a fresh one each time."""

    config: SearchConfig
    size: int = 4
    rules: Rules = TROMP_TAYLOR
    evaluator: str = "hash"

    def make_evaluator(self):
        return {
            "hash": lambda: HashEvaluator(),
            "sharp": lambda: HashEvaluator(3.0),
            "passing": lambda: HashEvaluator(1.0, pass_logit=2.0),
            "uniform": UniformEvaluator,
            "rollouts": lambda: RolloutEvaluator(np.random.default_rng(5)),
        }[self.evaluator]()

    def position(self) -> Position:
        first = Position(self.size, self.rules)
        return first.play("A1").play("B2") if self.size > 2 else first

    def trace(self) -> Trace:
        return trace_search(
            self.make_evaluator(), self.position(), self.config, np.random.default_rng(3)
        )

    def search(self, observer=None) -> tuple[Search, SearchResult]:
        search = Search(self.make_evaluator(), self.config)
        games = Games.from_positions([self.position()])
        return search, search.run(games, np.random.default_rng(3), observer=observer)


def config(simulations: int = 120, **options) -> SearchConfig:
    return SearchConfig(simulations=simulations, **options)


# Every prior of these is written to one part in two million: choices must come out alike.
EXACT = {
    "puct": Case(config()),
    "puct, sharp priors": Case(config(), evaluator="sharp"),
    "puct, infinite": Case(config(fpu="infinite")),
    "puct, absolute": Case(config(fpu="absolute", fpu_value=-0.3)),
    "puct, visited policy": Case(config(fpu="visited policy")),
    "puct, noise": Case(config(noise_fraction=0.5)),
    "puct, game ends": Case(config(), size=3, evaluator="passing"),
    "puct, leaf batch": Case(config(leaf_batch=5, virtual_loss=0.7)),
    "puct, full tree": Case(config(max_nodes=40, leaf_batch=3)),
    "puct, kept tree": Case(config(reuse=True)),
    "puct, by position": Case(config(transpositions="position", c_puct=3), size=3),
    "puct, by position, superko": Case(
        config(300, transpositions="position", leaf_batch=3), size=2, evaluator="sharp"
    ),
    "puct, by history": Case(
        config(transpositions="history"), size=2, rules=KO_RULES, evaluator="passing"
    ),
    "puct, by position, ko": Case(
        config(200, transpositions="position", leaf_batch=4), size=2, rules=KO_RULES
    ),
    "uct": Case(config(algorithm="uct")),
    "uct, absolute": Case(config(algorithm="uct", fpu="absolute", fpu_value=0.4)),
    "uct, reduction": Case(config(algorithm="uct", fpu="reduction", c_uct=0.6)),
    "uct, leaf batch": Case(config(algorithm="uct", leaf_batch=4)),
    "uct, by position": Case(
        config(300, algorithm="uct", transpositions="position"), size=2, evaluator="sharp"
    ),
    "gumbel": Case(config(algorithm="gumbel")),
    "gumbel, game ends": Case(config(algorithm="gumbel"), size=3, evaluator="passing"),
    "gumbel, leaf batch": Case(config(algorithm="gumbel", leaf_batch=4, virtual_loss=0.5)),
    "gumbel, by position": Case(
        config(300, algorithm="gumbel", transpositions="position"), size=2, evaluator="sharp"
    ),
    "uniform": Case(config(), evaluator="uniform"),
}
# Here priors are alike but for what breaks ties at random, which a trace leaves out.
TIED = {
    "rollouts, puct": Case(config(), evaluator="rollouts"),
    "rollouts, uct": Case(config(algorithm="uct"), evaluator="rollouts"),
    "rollouts, gumbel": Case(config(algorithm="gumbel"), evaluator="rollouts"),
}


def recorded(case: Case) -> tuple[Trace, Search, SearchResult]:
    """A case's trace together with the arrays of the very search that it is of."""
    recorder = Recorder()
    search, result = case.search(recorder)
    own = case.trace().document
    head = {key: own[key] for key in ("game", "config", "evaluator", "value_kind", "result")}
    return Trace(recorder.document(head)), search, result
