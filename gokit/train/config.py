"""Every option of a run that learns by self-play, checked; the board size is the one dial."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from gokit.go.errors import GoError
from gokit.go.rules import Rules
from gokit.nn.checkpoint import VALUE_KINDS, Card, load_checkpoint
from gokit.nn.config import NetworkConfig
from gokit.nn.features import feature_names
from gokit.options import require_number, require_whole
from gokit.runs import SHAPE, network_of
from gokit.search.mcts import SearchConfig
from gokit.selfplay import SelfPlayConfig

PROMOTIONS = ("always", "sprt")
_OF_RULES = ("komi", "superko", "suicide")


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides what a run learns; `size` is the dial the rest follows from.

    The run lasts `minutes` of wall clock, or `iterations` where given (then the same seed gives
    the same run on the same machine). Fields left at None follow from the board size. Where
    several processes share a run, games, positions, window and batch_size are of all together.

    rules: komi, superko, suicide. value: what the network's value means, "margin" or "win".
    start_from: a checkpoint of the same shape, features and value to begin with instead of random
    weights; of games that people or engines played, too. random_games: so many games of random
    moves, played to their end, teach value and ownership before the first search.

    Network
        features, and architecture … score as in `NetworkConfig`.
    Self-play
        games in lockstep … as in `SelfPlayConfig`. calibrate_resign: after every iteration the
        threshold is set anew by the latest games that were played out. opponent: a player by its
        text (`gnugo@1`, `gtp:"…"`) for a best response to it, in opponent_rate of the games.
        The Gumbel search's simulations, considered, c_visit and c_scale. searching: False plays
        the policy as it is, and learns from results alone: the moves of the side that won.
    Window
        window: the most positions drawn from; of them the newest
        max(window_least, window_share * all positions so far). relabel: for every new position,
        so many old ones are searched again with the present network, which replaces their policy.
        holdout: the share of the games, by whole games, to measure on and never learn from; the
        newest `measured` positions of them are measured every iteration.
    Learning
        Each iteration collects `positions` new positions and makes `passes` passes' worth of
        steps of batch_size over the window, each position in a random symmetry; the rate is flat
        for half of the run and then falls by a cosine to a twentieth. target_temperature: 1
        learns the search's policy as it is, below 1 a sharper one, 0 its first choice alone.
        average_decay: of the running average of the weights, which plays; 0 for the weights.
    Promotion
        "always": the newest average plays. "sprt": the best one so far plays, and every
        promotion_every iterations the newest one takes its place if a sequential test of up to
        promotion_games games, with match_simulations simulations, finds it stronger.

    GoError for anything out of range. Built in chapter 7.
    """

    size: int = 5
    minutes: float = 5.0
    iterations: int | None = None
    seed: int = 1
    komi: float = 7.5
    superko: str = "positional"
    suicide: bool = True
    value: str = "margin"
    start_from: str | None = None
    random_games: int = 0

    features: str = "basic"
    blocks: int | None = None
    channels: int | None = None
    pooling_blocks: int | None = None
    value_hidden: int = 32
    architecture: str = "resnet"
    attention_heads: int | None = None
    trunks: str = "shared"
    head_pooling: str = "full"
    value_head: str = "scalar"
    ownership: bool = True
    score: bool = False

    games: int = 128
    max_moves: int | None = None
    random_plies: int | None = None
    random_rate: float = 0.25
    no_pass_plies: int | None = None
    pass_when_safe: bool = False
    groups: int = 1
    full_rate: float = 1.0
    cheap_simulations: int = 8
    cheap_weight: float = 0.5
    temperature: float | None = None
    final_temperature: float = 0.0
    temperature_half_life: float = 9.0
    policy_plies: int = 0
    policy_rate: float = 1.0
    policy_temperature: float = 1.5
    fork_rate: float = 0.0
    resign_below: float | None = None
    resign_turns: int = 3
    resign_ply: int = 24
    never_resign: float = 0.1
    calibrate_resign: bool = False
    opponent: str | None = None
    opponent_rate: float = 1.0
    searching: bool = True
    simulations: int = 16
    considered: int = 8
    c_visit: float = 50.0
    c_scale: float = 0.3

    positions: int = 3000
    window: int | None = None
    window_least: int | None = None
    window_share: float = 1.0
    relabel: float = 0.0
    holdout: float = 0.05
    measured: int = 1000

    passes: float = 4.0
    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average_decay: float = 0.99
    target_temperature: float = 1.0
    value_weight: float = 2.0
    ownership_weight: float = 0.3
    score_weight: float = 0.5

    promotion: str = "always"
    promotion_every: int = 10
    promotion_games: int = 400

    match_games: int = 200
    match_simulations: int = 16

    def __post_init__(self) -> None:
        require_whole(self, "size", 2, 19)
        self._fill()
        for name in (
            "positions", "window", "window_least", "batch_size", "match_simulations", "measured",
            "promotion_every",
        ):  # fmt: skip
            require_whole(self, name, 1)
        for name in ("seed", "match_games", "random_games"):
            require_whole(self, name, 0)
        require_whole(self, "promotion_games", 2)
        if self.iterations is not None:
            require_whole(self, "iterations", 1)
        for name in ("minutes", "passes", "learning_rate", "window_share"):
            require_number(self, name, above=0)
        for name in (
            "weight_decay", "value_weight", "ownership_weight", "score_weight", "average_decay",
            "target_temperature", "holdout", "relabel",
        ):  # fmt: skip
            require_number(self, name)
        for name in ("average_decay", "holdout"):
            if getattr(self, name) >= 1:
                raise GoError(f"{name} is below 1, not {getattr(self, name)!r}")
        for name in ("match_games", "promotion_games"):
            if getattr(self, name) % 2:
                raise GoError(f"{name} is an even number, not {getattr(self, name)!r}")
        for name in ("searching", "suicide", "calibrate_resign"):
            if not isinstance(getattr(self, name), bool):
                raise GoError(f"{name} is true or false, not {getattr(self, name)!r}")
        for name, known in (("value", VALUE_KINDS), ("promotion", PROMOTIONS)):
            if getattr(self, name) not in known:
                raise GoError(f"{name} is {' or '.join(known)}, not {getattr(self, name)!r}")
        if not self.searching and self.relabel:
            raise GoError("relabel searches again, which a run without searching does not do")
        feature_names(self.features)
        # Each part checks its own options.
        _ = self.rules, self.search, self.self_play
        if self.pooling_blocks is None:
            object.__setattr__(self, "pooling_blocks", self.network.pooling_blocks)
        _ = self.card()

    def _fill(self) -> None:
        """Let what was left open follow from the board size."""
        small = self.size <= 6
        follows = {
            "blocks": 3 if small else 4,
            "channels": 32 if small else 48,
            "max_moves": 3 * self.size**2,
            "random_plies": 2 if small else 4,
            "no_pass_plies": 2 * self.size - 1,
            "window": 2400 * self.size**2,
            "window_least": 300 * self.size**2,
        }
        for name, value in follows.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)

    @property
    def rules(self) -> Rules:
        """The rules of the games."""
        return Rules(self.komi, self.superko, self.suicide)

    @property
    def network(self) -> NetworkConfig:
        """The network's shape."""
        return network_of(self)

    @property
    def search(self) -> SearchConfig:
        """The search of the self-play games."""
        return SearchConfig(
            simulations=self.simulations,
            algorithm="gumbel",
            value=self.value,
            considered=self.considered,
            c_visit=self.c_visit,
            c_scale=self.c_scale,
        )

    @property
    def self_play(self) -> SelfPlayConfig:
        """How games are played, besides the search."""
        return self.self_play_of(self.games)

    def self_play_of(self, games: int) -> SelfPlayConfig:
        """How games are played by a process that has so many of them in lockstep."""
        names = [field.name for field in fields(SelfPlayConfig)]
        mine = {name: getattr(self, name) for name in names if hasattr(self, name)}
        return SelfPlayConfig(**{**mine, "games": games})

    def window_limit(self, positions: int) -> int:
        """Return how many positions to draw from, after so many in all."""
        return min(self.window, max(self.window_least, round(self.window_share * positions)))

    def card(self, **about: Any) -> Card:
        """Return the card of a network that such a run trains."""
        return Card(
            rules=self.rules,
            sizes=(self.size,),
            features=self.features,
            network=self.network,
            value=self.value,
            **about,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON types."""
        return asdict(self)

    def command(self) -> str:
        """Return the command that starts a run like this one."""
        names = ["size", "minutes" if self.iterations is None else "iterations", "seed"]
        inherited = []
        if self.start_from is not None:
            names.append("start_from")
            inherited = [*SHAPE, *_OF_RULES, "features", "value"]
        same_flags = TrainConfig(**{n: getattr(self, n) for n in [*names, *inherited, "minutes"]})
        flags = [f"--{n.replace('_', '-')} {getattr(self, n)}" for n in names]
        if self != same_flags:
            flags.append("--config FILE (the config of this card)")
        return " ".join(["python -m gokit train --run DIR", *flags])

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> TrainConfig:
        """Read fields from JSON; GoError for a key that is no field."""
        if not isinstance(options, dict):
            raise GoError("a training configuration is a JSON object")
        unknown = sorted(set(options) - {field.name for field in fields(cls)})
        if unknown:
            raise GoError(f"a training configuration has no option {unknown[0]!r}")
        return cls(**options)

    @classmethod
    def starting_from(cls, checkpoint: str, options: dict[str, Any]) -> TrainConfig:
        """Return a configuration that begins with a checkpoint.

        What the options leave open is the checkpoint's: shape, features, value and rules.
        """
        _, card = load_checkpoint(checkpoint)
        theirs = {name: getattr(card.network, name) for name in SHAPE}
        theirs |= {name: getattr(card.rules, name) for name in _OF_RULES}
        theirs |= {"features": card.features, "value": card.value}
        return cls.from_dict({**theirs, **options, "start_from": checkpoint})
