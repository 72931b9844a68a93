"""The games that the course ships: what their provenance says, and legal to the end."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gokit.corpus import store
from gokit.go.records import read_sgf

GAMES = Path(__file__).parents[1] / "data" / "games"
CORPORA = sorted(path.parent for path in GAMES.glob(f"*/{store.SETTINGS_FILE}"))
EVERY = 97  # the whole corpus: python -m gokit data --check data/games


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_the_shards_are_whole_and_a_sample_of_their_games_is_sound(folder: Path) -> None:
    settings = store.read_settings(folder)
    assert folder.name == settings.name
    for _, _, path in store.shards(folder):
        said = store.provenance(path)
        [(_, content)] = store.sgf_files(path)
        assert hashlib.sha256(content).hexdigest() == said["sha256"]
        lines = content.splitlines()
        assert len(lines) == len(set(lines)) == said["games"]
        for line in lines[::EVERY]:
            record = read_sgf(line)
            assert record.rules == settings.rules
            assert record.final_position().result == record.result
            assert store.random_plies(record)


def test_the_games_are_small_enough_for_the_repository() -> None:
    files = [path for path in GAMES.rglob("*") if path.is_file()]
    assert files, "the course ships games"
    assert sum(path.stat().st_size for path in files) <= 25e6
