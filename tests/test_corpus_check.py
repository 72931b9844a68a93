"""Checking a corpus finds what is planted in it; what users get wrong is one line."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gokit.__main__ import main
from gokit.corpus import making, store
from gokit.corpus.checking import check
from gokit.corpus.making import make_corpus
from gokit.go.errors import GoError
from tests.test_corpus import engine, settings


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    make_corpus(settings(), tmp_path / "c", 12, shard_games=5)
    return tmp_path / "c"


def rewritten(path: Path, change) -> None:
    """Replace a shard's games, with the hash that belongs to them."""
    said = store.provenance(path)
    [(_, content)] = store.sgf_files(path)
    content = change(content)
    said["sha256"] = hashlib.sha256(content).hexdigest()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(store.SGF_MEMBER, content)
        archive.writestr(store.PROVENANCE_MEMBER, json.dumps(said))


def test_a_sound_corpus_has_no_faults(corpus: Path) -> None:
    report = check(corpus)
    assert report.faults == []
    [found] = report.corpora
    assert (found.games, len(found.keys), len(found.openings)) == (12, 12, 12)
    moves = [len(record.moves) for record in store.read_games(corpus)]
    assert sorted(found.lengths) == sorted(moves)
    assert found.to_dict()["length_quantiles"][0] == min(moves)
    assert "| 12 |" in str(report)
    assert report.shared == 0


def wrong_result(content: bytes) -> bytes:
    return re.sub(rb"RE\[[^]]*\]", b"RE[B+24.5]", content, count=1)


def illegal_move(content: bytes) -> bytes:
    return re.sub(rb";B\[(..)\];W\[..\]", rb";B[\1];W[\1]", content, count=1)


def repeated_game(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    again = lines[0].replace(b"C[game 5 ", b"C[game 6 ")
    return b"".join([lines[0], again, *lines[2:]])


def missing_game(content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[1:])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (wrong_result, "and the board"),
        (illegal_move, "occupied"),
        (repeated_game, "game 6: it is an earlier game"),
        (missing_game, "each game from 5 to 9 once"),
    ],
)
def test_a_fault_in_a_shard_is_found(corpus: Path, change, said: str) -> None:
    rewritten(corpus / "games-000005-000009.zip", change)
    [fault] = check(corpus).faults
    assert re.search(said, fault)


def test_changed_games_and_missing_shards_are_found(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = corpus / "games-000005-000009.zip"
    said = store.provenance(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(store.SGF_MEMBER, b"")
        archive.writestr(store.PROVENANCE_MEMBER, json.dumps(said))
    assert main(["data", "--check", str(corpus)]) == 1
    assert "the hash of" in capsys.readouterr().out
    path.unlink()
    [fault] = check(corpus).faults
    assert "no shard that begins with game 5" in fault


def test_a_game_in_two_corpora_is_counted(corpus: Path) -> None:
    make_corpus(replace(settings(), check_score=False), corpus.parent / "d", 7)
    assert check(corpus.parent).shared == 7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "gtp:no-such-engine"], "no engine 'no-such-engine'"),
        (["--engine", "leela"], "an engine is gnugo or gtp"),
        (["--engine", engine(), "--level", "3"], "a level is for GNU Go"),
        (["--engine", engine(), "--games", "0"], "games is a whole number"),
        (["--engine", engine(), "--workers", "0"], "workers is a whole number"),
        (["--engine", engine(), "--plies", "3", "2"], "fewest first"),
        (["--engine", engine(), "--size", "0"], "board"),
        (["--size", "4"], "5×5 to 19×19"),
        (["--level", "-1"], "a level is a whole number"),
        (["--seed", "-1"], "a seed is a whole number"),
        (["--komi", "7.3"], "komi"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", *arguments, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_of_other_settings_is_left_alone(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GoError, match="other settings"):
        make_corpus(settings(seed=9), corpus, 20)
    with making._claimed(corpus, settings()), pytest.raises(GoError, match="another run"):
        make_corpus(settings(), corpus, 20)
    assert main(["data", "--check", str(tmp_path / "nothing")]) == 2
    assert "no corpus in" in capsys.readouterr().err


def test_the_summary_is_json_where_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--engine", engine(), "--size", "5", "--games", "4", "--json"]
    assert main(["data", *options, "--out", str(tmp_path)]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["games"], summary["played_now"]) == (4, 4)
    assert main(["data", "--check", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["corpora"][0]["games"] == 4
