"""Every option of a search, checked, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from gokit.go.errors import GoError
from gokit.options import is_number, is_whole

VALUE_KINDS = ("win", "margin")
FPU_MODES = ("infinite", "absolute", "reduction", "visited policy")
CHOICES = ("visits", "value", "lcb")
TRANSPOSITIONS = ("none", "position", "history")
NODES_KEPT = 3  # room for the tree that reuse brings along, in searches' worth of nodes

_FIRST_PLAY = {"absolute": 0.0, "reduction": 0.2, "visited policy": 0.2}
_BATCHING = {"leaf_batch": 1, "virtual_loss": 1.0, "transpositions": "none"}
_CHOOSING = {"temperature": 0.0, "choice": "visits", "lcb_deviations": None, "reuse": False}
_DEFAULTS = {
    "puct": {
        "c_puct": 1.5,
        "fpu": "reduction",
        "fpu_value": None,
        "noise_fraction": 0.0,
        "noise_alpha": 10.0,
        **_CHOOSING,
        **_BATCHING,
    },
    "uct": {"c_uct": 1.0, "fpu": "infinite", "fpu_value": None, **_CHOOSING, **_BATCHING},
    "gumbel": {
        "considered": 16,
        "gumbel_scale": 1.0,
        "c_visit": 50.0,
        "c_scale": 0.3,
        **_BATCHING,
    },
}
ALGORITHMS = tuple(_DEFAULTS)
_OPTIONS = sorted({name for options in _DEFAULTS.values() for name in options})

_WHOLE_FROM_1 = ("simulations", "considered", "leaf_batch", "max_nodes")
_FROM_0 = (
    "c_puct", "c_uct", "temperature", "gumbel_scale", "c_visit", "c_scale", "virtual_loss",
    "lcb_deviations",
)  # fmt: skip
_ONE_OF = {
    "algorithm": ALGORITHMS,
    "value": VALUE_KINDS,
    "fpu": FPU_MODES,
    "choice": CHOICES,
    "transpositions": TRANSPOSITIONS,
    "reuse": (False, True),
}


@dataclass(frozen=True)
class SearchConfig:
    """Every option of a search. One that would have no effect is an error.

    algorithm: "puct" (AlphaZero's), "uct" (UCB1 in a tree; Kocsis and Szepesvári 2006) or
    "gumbel" (Danihelka et al. 2022). simulations: descents a move, each of which adds at most
    one node. value: "win" scores a finished game as 1, 0 or -1 with komi, "margin" as area
    margin / N*N; by default the evaluator's own kind.

    Selection
        c_puct, c_uct: weight of the exploration term.
        fpu, fpu_value: first-play urgency, what an action without visits is worth. "infinite":
            each is tried once, likeliest first, before any is tried twice. "absolute": fpu_value.
            "reduction": the node's mean so far less fpu_value. "visited policy": the node's mean
            less fpu_value * sqrt(the priors of its visited actions, summed), as in Leela and
            KataGo.
        noise_fraction of Dirichlet noise in the root's priors, whose concentration is
            noise_alpha / number of legal moves (puct).
        considered, how many root actions sequential halving starts with; gumbel_scale, 0 for play
            without randomness; c_visit, c_scale: sigma(q) = (c_visit + max n) * c_scale * q.
    Choice of the move (puct, uct; gumbel takes what its halving leaves)
        choice: the most "visits", the best mean "value", or the best lower confidence bound,
            "lcb": mean less lcb_deviations standard errors (5 by default), among the actions with
            at least a tenth of the most visits.
        temperature: above 0, actions are drawn with probability ~ visits ** (1 / temperature).
    Batching and memory
        leaf_batch: leaves a game gathers before they are evaluated together. virtual_loss: what
            a descent under way counts against its path, in lost games.
        transpositions: "none"; "history" merges nodes that have the same stones, side to move
            and past positions, which is sound; "position" ignores the past, which superko makes
            approximate.
        reuse: `Search.advance` keeps what is known below the move played.
        max_nodes: nodes a game; by default simulations + 1, three times that with reuse. A full
            tree is searched on, its new leaves evaluated and counted but not stored.

    Options left at None take the algorithm's default. Built in chapters 3, 4 and 6.
    """

    simulations: int = 64
    algorithm: str = "puct"
    value: str | None = None
    c_puct: float | None = None
    c_uct: float | None = None
    fpu: str | None = None
    fpu_value: float | None = None
    noise_fraction: float | None = None
    noise_alpha: float | None = None
    temperature: float | None = None
    choice: str | None = None
    lcb_deviations: float | None = None
    considered: int | None = None
    gumbel_scale: float | None = None
    c_visit: float | None = None
    c_scale: float | None = None
    leaf_batch: int | None = None
    virtual_loss: float | None = None
    transpositions: str | None = None
    reuse: bool | None = None
    max_nodes: int | None = None

    def __post_init__(self) -> None:
        self._check("algorithm")
        defaults = _DEFAULTS[self.algorithm]
        for name in _OPTIONS:
            if getattr(self, name) is None:
                self._set(name, defaults.get(name))
            elif name not in defaults:
                owners = " and ".join(a for a in ALGORITHMS if name in _DEFAULTS[a])
                raise GoError(f"{name} is an option of {owners}, not of {self.algorithm}")
        for field in fields(self):
            if getattr(self, field.name) is not None:
                self._check(field.name)
        self._check_first_play()
        self._check_choice()
        if self.max_nodes is not None and self.max_nodes < 2:
            raise GoError("max_nodes is at least 2: the root and one child")

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check(self, name: str) -> None:
        value = getattr(self, name)
        if name in _ONE_OF and not (isinstance(value, str | bool) and value in _ONE_OF[name]):
            known = ", ".join(str(known) for known in _ONE_OF[name])
            raise GoError(f"a search's {name} is one of {known}, not {value!r}")
        if name in _WHOLE_FROM_1 and not (is_whole(value) and value >= 1):
            raise GoError(f"{name} is a whole number from 1, not {value!r}")
        if name in _FROM_0 and not (is_number(value) and value >= 0):
            raise GoError(f"{name} is a number from 0, not {value!r}")
        if name == "fpu_value" and not is_number(value):
            raise GoError(f"{name} is a number, not {value!r}")
        if name == "noise_fraction" and not (is_number(value) and 0 <= value <= 1):
            raise GoError(f"{name} is from 0 to 1, not {value!r}")
        if name == "noise_alpha" and not (is_number(value) and value > 0):
            raise GoError(f"{name} is above 0, not {value!r}")

    def _check_first_play(self) -> None:
        if self.fpu == "infinite" and self.fpu_value is not None:
            raise GoError('fpu_value has no effect where fpu is "infinite"')
        if self.fpu is not None and self.fpu_value is None:
            self._set("fpu_value", _FIRST_PLAY.get(self.fpu))

    def _check_choice(self) -> None:
        if self.choice != "lcb" and self.lcb_deviations is not None:
            raise GoError('lcb_deviations has no effect unless choice is "lcb"')
        if self.choice == "lcb" and self.lcb_deviations is None:
            self._set("lcb_deviations", 5.0)
        if self.temperature and self.choice != "visits":
            raise GoError("a temperature draws by visits, so choice must be visits")

    @property
    def nodes(self) -> int:
        """How many nodes a game's tree has room for."""
        if self.max_nodes is not None:
            return self.max_nodes
        return (self.simulations + 1) * (NODES_KEPT if self.reuse else 1)

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
