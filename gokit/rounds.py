"""Self-play games in a folder, so many and no more, made in rounds that can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gokit.go.errors import GoError
from gokit.played import PlayedGames
from gokit.replay import ShardStore
from gokit.selfplay import SelfPlay
from gokit.storage import write_atomic

ROUND = 4  # games of a round, in batches of those that run in lockstep

_Players = Callable[[np.random.Generator], SelfPlay]


class Recording:
    """A folder of self-play: config.json, rounds.json and one shard for each round.

    config: everything that decides what is played, plain JSON types; the seed among it. A round
    is played from its beginning to the end of its last game, with random numbers of its own, from
    the seed and its number: a recording that was interrupted goes on as if it had not been.

    Raises GoError where the folder holds a recording of another configuration.
    """

    def __init__(self, folder: str | Path, config: dict[str, Any]) -> None:
        self.folder = Path(folder)
        self.seed = config["seed"]
        self._claim(config)
        self.store = ShardStore(self.folder)
        self.rounds = self._found()

    @property
    def games(self) -> int:
        """How many games are recorded."""
        return sum(entry["games"] for entry in self.rounds.values())

    def play(
        self,
        games: int,
        players: _Players,
        round_games: int,
        on_step: Callable[[int], None] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Play rounds until `games` are recorded, and yield each one's report.

        players: makes the `SelfPlay` of a round from the round's generator. on_step: called often
        with the games recorded and finished so far.
        """
        while self.games < games:
            number = _first_missing(self.rounds)
            rng = np.random.default_rng([self.seed, number])
            before = self.games

            def tell(done: int, before: int = before) -> None:
                if on_step is not None:
                    on_step(before + done)

            made, report = players(rng).play(min(round_games, games - before), tell)
            shard = self.store.append(made)
            self.rounds[number] = {"shard": shard.name, "games": len(made), "report": report}
            self._save()
            yield report

    def shards(self) -> Iterator[PlayedGames]:
        """Yield the games of each round, in the order of the rounds."""
        for number in sorted(self.rounds):
            made = self.store.read(self.folder / self.rounds[number]["shard"])
            if made is not None:
                yield made

    def _claim(self, config: dict[str, Any]) -> None:
        path = self.folder / "config.json"
        text = json.dumps(config, indent=1, sort_keys=True) + "\n"
        if not path.exists():
            write_atomic(path, text.encode())
            return
        known = _read_json(path)
        for name in sorted(set(config) | set(known)):
            if known.get(name) != json.loads(text).get(name):
                raise GoError(f"{self.folder} holds games with another {name}: name another folder")

    def _found(self) -> dict[int, dict[str, Any]]:
        """Return the rounds whose shards are whole; one that no round lists was to be the next."""
        path = self.folder / "rounds.json"
        listed = {int(k): v for k, v in _read_json(path).items()} if path.exists() else {}
        by_name = {entry["shard"]: number for number, entry in listed.items()}
        whole = {}
        for shard in self.store.paths():
            made = self.store.read(shard)
            if made is not None:
                whole[shard.name] = len(made)
        rounds = {by_name[name]: listed[by_name[name]] for name in whole if name in by_name}
        for name in whole:
            if name not in by_name:  # stopped between writing a round's shard and listing it
                rounds[_first_missing(rounds)] = {
                    "shard": name,
                    "games": whole[name],
                    "report": None,
                }
        return rounds

    def _save(self) -> None:
        text = json.dumps({str(k): self.rounds[k] for k in sorted(self.rounds)}, indent=1) + "\n"
        write_atomic(self.folder / "rounds.json", text.encode())


def _first_missing(rounds: dict[int, dict[str, Any]]) -> int:
    return next(number for number in range(len(rounds) + 1) if number not in rounds)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise GoError(f"{path} is not JSON ({error})") from None
    if not isinstance(content, dict):
        raise GoError(f"{path} is not a JSON object")
    return content
