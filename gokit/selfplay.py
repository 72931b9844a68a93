"""Self-play: thousands of games in lockstep, each kept with what the search thought."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from gokit.go.errors import GoError
from gokit.go.rules import TROMP_TAYLOR, Rules
from gokit.lockstep import Lockstep
from gokit.options import is_number, is_whole, require_number, require_whole
from gokit.played import PlayedGames
from gokit.players import Player
from gokit.resigning import check_threshold
from gokit.search.config import SearchConfig
from gokit.search.evaluators import Evaluator
from gokit.telemetry import Tally, report, resign_report

LOOK_AGAIN = 0.1  # seconds between two looks at how far the groups are

_WHOLE_FROM = {
    "games": 1,
    "groups": 1,
    "threads": 1,
    "max_moves": 2,
    "cheap_simulations": 1,
    "random_plies": 0,
    "policy_plies": 0,
    "no_pass_plies": 0,
    "resign_turns": 1,
    "resign_ply": 0,
}
_RATES = (
    "full_rate", "cheap_weight", "random_rate", "policy_rate", "fork_rate", "never_resign",
    "opponent_rate",
)  # fmt: skip


@dataclass(frozen=True)
class SelfPlayConfig:
    """How self-play games are played, besides the search; GoError for what makes no sense.

    games: how many run in lockstep. groups: 1, or 2 halves in a thread each, so that one's tree
    work goes on while the other's positions are with the network. threads: of each group's tree
    work. max_moves: the move cap; a game that reaches it has no result.

    Searches
        full_rate: the share of moves that the full search chooses. The others get
        cheap_simulations without noise; they are no targets for the policy, and for value and
        ownership they count cheap_weight (playout-cap randomisation; Wu 2019).
    Choice of the move
        temperature: None for the search's own choice. Else the move is drawn with probability
        ~ policy ** (1 / T), where T falls from temperature towards final_temperature, its distance
        halved every temperature_half_life plies; below 0.02 the search's own choice is played.
        The policy is the share of visits (puct, uct) or the improved policy (gumbel). Scaling the
        Gumbel noise instead would change which moves are looked at, and only at its natural
        scale is the search's choice sure to improve on the policy; and it would do nothing in
        cheap searches, which have no noise.
    Openings
        random_plies, random_rate: each of the first plies is, at that rate, a random stone.
        policy_plies, policy_rate: at that rate a game instead draws its first 1 to policy_plies
        plies from the raw policy at policy_temperature. fork_rate: the share of games that start
        from a random place of an earlier game, with a random stone.
    Passing
        no_pass_plies: passing is barred before this ply (unless nothing else is legal), so that
        an untrained network cannot learn to end games at once. pass_when_safe: but for settled
        boards, and after an opponent's pass where the area as it stands wins.
    Resignation
        resign_below: a side resigns once the search's value at resign_turns of its turns in a
        row, from ply resign_ply, is below this; None for games that are played to their end. The
        unit is the value's own: calibrate it (`gokit.resigning`) rather than guess.
        never_resign: the share of games, marked when they begin, that are so all the same.
    Opponent
        opponent_rate: the share of games against the fixed opponent, where there is one.
    """

    games: int = 128
    groups: int = 1
    threads: int = 1
    max_moves: int = 75
    full_rate: float = 1.0
    cheap_simulations: int = 8
    cheap_weight: float = 0.5
    temperature: float | None = None
    final_temperature: float = 0.0
    temperature_half_life: float = 9.0
    random_plies: int = 2
    random_rate: float = 0.25
    policy_plies: int = 0
    policy_rate: float = 1.0
    policy_temperature: float = 1.5
    fork_rate: float = 0.0
    no_pass_plies: int = 9
    pass_when_safe: bool = False
    resign_below: float | None = None
    resign_turns: int = 3
    resign_ply: int = 24
    never_resign: float = 0.1
    opponent_rate: float = 1.0

    def __post_init__(self) -> None:
        for name, lowest in _WHOLE_FROM.items():
            require_whole(self, name, lowest)
        for name in _RATES:
            rate = getattr(self, name)
            if not (is_number(rate) and 0 <= rate <= 1):
                raise GoError(f"{name} is from 0 to 1, not {rate!r}")
        if self.full_rate == 0:
            raise GoError("full_rate is above 0: without a full search no policy is learnt")
        if self.groups > 2:
            raise GoError(f"there are 1 or 2 groups, not {self.groups}")
        if self.games < self.groups:
            raise GoError(f"{self.groups} groups need at least as many games, not {self.games}")
        if not isinstance(self.pass_when_safe, bool):
            raise GoError(f"pass_when_safe is true or false, not {self.pass_when_safe!r}")
        self._check_temperatures()
        self._check_resignation()

    def _check_temperatures(self) -> None:
        require_number(self, "final_temperature")
        if self.temperature is not None:
            require_number(self, "temperature")
        for name in ("temperature_half_life", "policy_temperature"):
            require_number(self, name, above=0)

    def _check_resignation(self) -> None:
        below = self.resign_below
        if below is not None and not (is_number(below) and -1 <= below < 0):
            raise GoError(f"resign_below is a value from -1 to below 0, not {below!r}")
        if below is not None and self.never_resign == 0:
            raise GoError("never_resign is above 0: mistaken resignations would go unseen")

    def temperature_at(self, ply: np.ndarray, default: float = 0.0) -> np.ndarray:
        """Return the temperature of each ply, float64; `default` where the config says None."""
        if self.temperature is None:
            return np.full(np.shape(ply), default)
        start, end = self.temperature, self.final_temperature
        return end + (start - end) * 0.5 ** (np.asarray(ply) / self.temperature_half_life)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> SelfPlayConfig:
        """Read what `to_dict` wrote; GoError for an unknown option."""
        unknown = sorted(set(options) - {f.name for f in fields(cls)})
        if unknown:
            raise GoError(f"self-play has no option {unknown[0]!r}")
        return cls(**options)


class SelfPlay:
    """Plays games in lockstep; a game that ends makes room for a new one.

    evaluator: anything that evaluates positions; one for all groups where it keeps no state, as
    a network without a cache, or one a group. search: None for games without search, their moves
    drawn from the raw policy.
    opponent: a player, or one a group, that plays one side of `opponent_rate` of the games, each
    colour in turn; its moves are no targets for the policy.

    Every move is recorded with the search's policy and value before it is played. Games run on
    between calls of `collect`, so none is favoured for being short. All randomness comes from
    `rng`, and with 2 groups from two generators seeded by it: the same seed gives the same games
    whatever the timing. `resign_below` may be set between calls. Built in chapter 7.
    """

    def __init__(
        self,
        evaluator: Evaluator | Sequence[Evaluator],
        search: SearchConfig | None,
        config: SelfPlayConfig,
        rng: np.random.Generator,
        *,
        size: int = 9,
        rules: Rules = TROMP_TAYLOR,
        opponent: Player | Sequence[Player] | None = None,
    ) -> None:
        if search is not None and search.temperature and config.temperature is not None:
            raise GoError("the temperature is the search's or self-play's: give it once")
        if search is not None and search.reuse:
            raise GoError("games in lockstep are searched in changing company: leave out reuse")
        self.config = config
        self.rng = rng
        self.size = size
        self.rules = rules
        n = config.groups
        evaluators = _one_each(evaluator, n, "evaluator")
        opponents = _one_each(opponent, n, "opponent")
        rngs = (
            [rng]
            if n == 1
            else [np.random.default_rng(rng.integers(2**63, size=4)) for _ in range(n)]
        )
        shares = _split(config.games, n)
        self._groups = [
            Lockstep(evaluators[i], search, config, shares[i], rngs[i], size, rules, opponents[i])
            for i in range(n)
        ]

    @property
    def resign_below(self) -> float | None:
        """The threshold in force; games already marked as played out do not mind it."""
        return self._groups[0].resign_below

    @resign_below.setter
    def resign_below(self, below: float | None) -> None:
        replace(self.config, resign_below=below)  # checks it
        for group in self._groups:
            group.resign_below = below

    def collect(
        self, positions: int, on_step: Callable[[int], None] | None = None
    ) -> tuple[PlayedGames, dict[str, Any]]:
        """Play until games with that many positions have ended; return them and their report.

        With 2 groups, each plays until games with half as many positions have. on_step: called
        often, in the caller's thread, with the positions finished so far.
        """
        goals = _split(positions, len(self._groups))
        self._run(
            [_Errand(group, goal) for group, goal in zip(self._groups, goals, strict=True)], on_step
        )
        return self._taken()

    def play(
        self, games: int, on_step: Callable[[int], None] | None = None
    ) -> tuple[PlayedGames, dict[str, Any]]:
        """Drop the games in flight, play `games` new ones to their ends, and begin others anew.

        All that begin are returned, so none is favoured. on_step: called often with the games
        finished so far.
        """
        if not (is_whole(games) and games >= 1):
            raise GoError(f"games is a whole number from 1, not {games!r}")
        for group, share in zip(self._groups, _split(games, len(self._groups)), strict=True):
            group.restart(share)
        self._run([_Errand(group, None) for group in self._groups], on_step)
        taken = self._taken()
        for group in self._groups:
            group.restart()
        return taken

    @property
    def ended(self) -> list[PlayedGames]:
        """The games that ended since `collect` or `play` began: to write them down at once."""
        return [part for group in self._groups for part in group.tally.parts]

    def step(self) -> int:
        """Make one move in every game; return the positions of the games that ended by it."""
        return sum(group.step()[1] for group in self._groups)

    def close(self) -> None:
        """Let go of the opponents."""
        for group in self._groups:
            if group.opponent is not None:
                group.opponent.close()

    def _run(self, errands: list[_Errand], on_step: Callable[[int], None] | None) -> None:
        tell = on_step or (lambda done: None)
        for errand in errands:
            errand.group.tally = Tally()
        if len(errands) == 1:
            errands[0].run(tell)
            return
        with ThreadPoolExecutor(len(errands)) as pool:
            futures = [pool.submit(errand.run) for errand in errands]
            try:
                running = set(futures)
                while running:
                    done, running = wait(running, LOOK_AGAIN)
                    for future in done:
                        future.result()
                    tell(sum(errand.done for errand in errands))
            finally:
                # After an error or Ctrl-C, the others stop at their next step.
                for errand in errands:
                    errand.stop.set()

    def _taken(self) -> tuple[PlayedGames, dict[str, Any]]:
        tallies = [group.tally for group in self._groups]
        total = Tally.total(tallies)
        games = PlayedGames.join(total.parts)
        below, config = self.resign_below, self.config
        check = None
        if below is not None:
            check = check_threshold([games], below, config.resign_turns, config.resign_ply)
        wall = max(tally.seconds for tally in tallies)
        return games, report(games) | total.report(wall) | resign_report(check)


class _Errand:
    """What one group has to do: so many positions, or (None) all the games it may begin."""

    def __init__(self, group: Lockstep, positions: int | None) -> None:
        self.group = group
        self.positions = positions
        self.done = 0
        self.stop = threading.Event()

    def run(self, tell: Callable[[int], None] = lambda done: None) -> None:
        while self._goes_on() and not self.stop.is_set():
            games, positions = self.group.step()
            self.done += games if self.positions is None else positions
            tell(self.done)

    def _goes_on(self) -> bool:
        return self.group.is_playing if self.positions is None else self.done < self.positions


def _split(total: int, parts: int) -> list[int]:
    """Return whole numbers that differ by at most one and sum to `total`, larger first."""
    return [(total + parts - 1 - i) // parts for i in range(parts)]


def _one_each(what: Any, groups: int, name: str) -> list[Any]:
    several = list(what) if isinstance(what, list | tuple) else [what] * groups
    if len(several) != groups:
        raise GoError(f"{groups} groups need one {name}, or {groups} of them, not {len(several)}")
    shared = groups > 1 and several[0] is several[1]
    if shared and getattr(several[0], "rng", None) is not None:
        raise GoError(f"this {name} draws random numbers: give each group one of its own")
    return several
