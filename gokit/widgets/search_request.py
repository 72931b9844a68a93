"""What the explorer may be asked to search: read from the browser, checked, and run."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.lines import read_game
from gokit.go.position import Position
from gokit.options import is_whole
from gokit.search.config import ALGORITHMS, SearchConfig
from gokit.search.evaluators import Evaluator, RolloutEvaluator, UniformEvaluator
from gokit.search.trace import Trace, trace_search

MAX_SIMULATIONS = 5_000  # what a page may ask for, unless told otherwise
MOST_OPTIONS = 30
RANDOM_GAMES = "random games"
NO_KNOWLEDGE = "no knowledge"
# What a search keeps when the browser changes its dials, where its algorithm stays.
WITHOUT_DIAL = ("value", "leaf_batch", "virtual_loss", "transpositions", "max_nodes")

_searching = threading.Lock()  # one search at a time, however many explorers there are


class Superseded(Exception):
    """Raised inside a search that nobody waits for any more."""


class Request(NamedTuple):
    """A search to be run; or one that has been, where `trace` is given."""

    position: Position
    config: SearchConfig
    evaluator: str
    seed: int
    trace: Trace | None = None


class Choices:
    """The evaluators that a search may use, by name; `first` is the one that was given."""

    def __init__(
        self,
        evaluator: Evaluator | str | Path | None,
        more: Mapping[str, Evaluator | str | Path | None],
        seed: int,
    ) -> None:
        if not is_whole(seed) or seed < 0:
            raise GoError(f"a seed is a whole number from 0, not {seed!r}")
        self.first = _name_of(evaluator)
        self._known = {self.first: evaluator, **more}
        for name, known in ((RANDOM_GAMES, None), (NO_KNOWLEDGE, UniformEvaluator())):
            self._known.setdefault(name, known)
        for name, known in self._known.items():
            if known is not None and not isinstance(known, (str, Path)):
                _check_evaluator(name, known)

    @property
    def names(self) -> list[str]:
        """Their names, the one that was given first."""
        return list(self._known)

    def check(self, name: Any) -> str:
        """Return the name; GoError where no evaluator has it."""
        if not isinstance(name, str) or name not in self._known:
            raise GoError(f"the evaluator is one of {', '.join(self.names)}, not {name!r:.60}")
        return name

    def evaluator(self, name: str, seed: int, position: Position) -> Evaluator:
        """Return an evaluator by its name; random games start anew with the seed."""
        known = self._known[self.check(name)]
        if known is None:
            return RolloutEvaluator(np.random.default_rng(seed))
        if isinstance(known, (str, Path)):
            from gokit.nn.checkpoint import find_checkpoint, load_evaluator

            path = find_checkpoint(known)
            known = load_evaluator(path, rules=position.rules, size=position.size)
            self._known[name] = known
        return known


def _name_of(evaluator: Evaluator | str | Path | None) -> str:
    if evaluator is None:
        return RANDOM_GAMES
    if isinstance(evaluator, (str, Path)):
        return f"network {Path(evaluator).stem}"
    return str(getattr(evaluator, "name", None) or type(evaluator).__name__)


def _check_evaluator(name: str, evaluator: Any) -> None:
    if not callable(getattr(evaluator, "evaluate", None)):
        raise GoError(f"{name} is no evaluator: it has no method evaluate(games, indices)")


def first_request(
    position: Position | Trace | None,
    evaluator: Evaluator | str | Path | None,
    *,
    config: SearchConfig | None,
    simulations: int | None,
    seed: int,
    evaluators: Mapping[str, Evaluator | str | Path | None] | None,
) -> tuple[Request, Choices]:
    """Read the arguments of `explore`; GoError where they make no sense."""
    choices = Choices(evaluator, evaluators or {}, seed)
    if isinstance(position, Trace):
        return Request(position.root, position.config, choices.first, seed, position), choices
    if config is not None and simulations is not None and simulations != config.simulations:
        raise GoError("give the number of simulations in the config or by itself, not both")
    if config is None:
        config = SearchConfig() if simulations is None else SearchConfig(simulations=simulations)
    position = Position() if position is None else position
    if position.is_over:
        raise GoError("a finished game cannot be searched")
    return Request(position, config, choices.first, seed), choices


def next_request(
    old: Request,
    choices: Choices,
    position: Position | None,
    config: SearchConfig | None,
    evaluator: str | None,
    seed: int | None,
) -> Request:
    """Return a request like `old` but for what is given; GoError where it makes no sense."""
    request = Request(
        old.position if position is None else position,
        old.config if config is None else config,
        choices.check(old.evaluator if evaluator is None else evaluator),
        old.seed if seed is None else seed,
    )
    if request.position.is_over:
        raise GoError("a finished game cannot be searched")
    return request


def changed_config(config: SearchConfig, changes: Mapping[str, Any]) -> SearchConfig:
    """Return a config with some options changed; what goes with a changed one starts afresh."""
    options = config.to_dict()
    if changes.get("algorithm", config.algorithm) != config.algorithm:
        options = {name: options[name] for name in ("simulations", "value") if name in options}
    if "fpu" in changes:
        options.pop("fpu_value", None)
    return SearchConfig.from_dict({**options, **changes})


class _Watched:
    """An evaluator that says how far a search is, which may end it by raising Superseded."""

    def __init__(self, evaluator: Evaluator, progress: Callable[[int], None]) -> None:
        self.evaluator, self.progress, self.done = evaluator, progress, 0
        self.value_kind = getattr(evaluator, "value_kind", None)

    def evaluate(self, games: Games, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Evaluate as the evaluator does."""
        self.progress(self.done)
        self.done += len(indices)
        return self.evaluator.evaluate(games, indices)


def run_request(
    request: Request, choices: Choices, progress: Callable[[int], None] | None = None
) -> Trace:
    """Run a search and return its trace; progress(evaluations) is called before each of them."""
    with _searching:
        evaluator = choices.evaluator(request.evaluator, request.seed, request.position)
        if progress is not None:
            evaluator = _Watched(evaluator, progress)
        rng = np.random.default_rng(request.seed)
        with _one_thread():
            return trace_search(
                evaluator, request.position, request.config, rng, name=request.evaluator
            )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute on one thread: for one small position, several only wait for each other."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def default_configs() -> dict[str, dict[str, Any]]:
    """Return each algorithm's options as they are unless told otherwise."""
    return {name: SearchConfig(algorithm=name).to_dict() for name in ALGORITHMS}


def read_request(
    message: Mapping[str, Any], config: SearchConfig, choices: Choices, max_simulations: int
) -> tuple[str, Request]:
    """Check what the browser asks for; GoError where it makes no sense.

    config: of the tree that is shown; what has no dial in the browser is taken from it.
    """
    slot, seed, wanted = (message.get(name) for name in ("slot", "seed", "config"))
    if slot not in ("a", "b"):
        raise GoError(f"a search is shown in slot a or b, not {slot!r:.60}")
    if not is_whole(seed) or not 0 <= seed < 2**32:
        raise GoError(f"a seed is a whole number from 0 to 2³² - 1, not {seed!r:.60}")
    if not isinstance(wanted, Mapping) or len(wanted) > MOST_OPTIONS:
        raise GoError(f"a config is an object of at most {MOST_OPTIONS} options")
    for name, value in wanted.items():
        if not (isinstance(name, str) and isinstance(value, (str, int, float, bool))):
            raise GoError(f"an option is a name with a number or a word, not {value!r:.60}")
    simulations = wanted.get("simulations")
    if not is_whole(simulations) or not 1 <= simulations <= max_simulations:
        raise GoError(f"simulations is from 1 to {max_simulations:,} here, not {simulations!r:.60}")
    kept = {}
    if wanted.get("algorithm") == config.algorithm:
        known = config.to_dict()
        kept = {name: known[name] for name in WITHOUT_DIAL if name in known}
    game = read_game(message.get("game"))
    position = game.start()
    for move in game.moves[: game.cursor]:
        position = position.play(move)
    if position.is_over:
        raise GoError("the game is over there: nothing is left to search")
    new = SearchConfig.from_dict({**kept, **wanted})
    return slot, Request(position, new, choices.check(message.get("evaluator")), int(seed))
