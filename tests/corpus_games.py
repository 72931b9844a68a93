"""Games made at random, and the positions that are written of them, for the tests of corpora."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gokit.corpus.labelling import write_positions
from gokit.corpus.positions import PositionBatch, Positions
from gokit.corpus.sources import SourceGame
from gokit.go.position import Position
from gokit.go.records import GameRecord
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE, Rules

SIZE = 5
A_PASS = SIZE * SIZE


def random_record(
    seed: int, rules: Rules = TROMP_TAYLOR, moves: int = 40, size: int = SIZE, **fields
) -> GameRecord:
    """A game of random moves to two passes or so many moves, with the board's own result."""
    rng = np.random.default_rng(seed)
    record = GameRecord(size=size, rules=rules, **fields)
    position = record.start()
    while not position.is_over and position.move_number < moves - 2:
        choices = position.legal_moves()[:-1]
        passes = not choices.size or rng.random() < 0.03
        position = position.play("pass" if passes else int(rng.choice(choices)))
    while not position.is_over:
        position = position.play("pass")
    record.moves, record.result, record.end = position.plays, position.result, position.end
    return record


def mixed_records() -> list[GameRecord]:
    """Handicap, set-up, one side twice, several rules and komi, draws, games without result."""
    records = [random_record(seed) for seed in range(6)]
    records += [random_record(10 + seed, NO_SUICIDE.replace(komi=6.5)) for seed in range(4)]
    records += [random_record(20 + seed, Rules(1.0, "simple", False)) for seed in range(4)]
    records.append(random_record(30, setup={6: BLACK, 18: BLACK, 12: WHITE}, first_player=WHITE))
    twice = GameRecord(size=SIZE, moves=[(1, 0), (1, 2), (2, 12), (2, 13), (1, 25), (1, 24)])
    resigned = random_record(31)
    resigned.moves = resigned.moves[:9]
    resigned.result, resigned.end = "B+R", "resignation"
    no_result = random_record(32)
    no_result.result = no_result.end = None
    dead_stones = random_record(33)
    dead_stones.result = "W+2.5" if dead_stones.result != "W+2.5" else "W+3.5"
    return [*records, twice, resigned, no_result, dead_stones]


def sources(records: list[GameRecord], **fields) -> list[SourceGame]:
    return [SourceGame(record, f"game {i}", **fields) for i, record in enumerate(records)]


def written(folder: Path, records: list[GameRecord], **options) -> Positions:
    options = {"size": SIZE, "holdout": 0.0} | options
    write_positions(sources(records), folder, **options)
    return Positions(folder)


def whole(positions: Positions, **options) -> PositionBatch:
    return positions.take(np.arange(len(positions)), **options)


def drawn_record() -> GameRecord:
    """A game to two passes whose komi is just Black's margin."""
    black = [2, 7, 12, 17, 22, 13]
    white = [3, 8, 14, 18, 23, 19]
    moves = [m for pair in zip(black, white, strict=True) for m in pair] + [A_PASS, A_PASS]
    record = GameRecord(size=SIZE, rules=Rules(komi=0.0), moves=[])
    position = Position.from_moves(moves, size=SIZE, rules=record.rules)
    margin = position.score().margin
    record = GameRecord(size=SIZE, rules=Rules(komi=float(margin)), moves=position.plays)
    final = record.final_position()
    record.result, record.end = final.result, final.end
    assert record.result == "0"
    return record


def shard_of(folder: Path) -> Path:
    return folder / "train-00000.positions"
