"""A corpus: the same games however it is made, none twice, none with a doubtful result."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from gokit.corpus import making, store
from gokit.corpus.checking import check
from gokit.corpus.games import (
    Game,
    Plan,
    Settings,
    game_key,
    open_player,
    plans,
    play_game,
    position_key,
)
from gokit.corpus.making import make_corpus
from gokit.go.errors import EngineError, GoError, SgfError
from gokit.go.position import Position
from gokit.go.records import read_sgf
from gokit.go.rules import NO_SUICIDE
from gokit.go.symmetry import permutation
from gokit.gtp import find_engine

ENGINE = Path(__file__).parent / "corpus_engine.py"


def engine(way: str = "good", log: str = "") -> str:
    return f"gtp:{sys.executable} {ENGINE} {way} {log}".strip()


def settings(way: str = "good", log: str = "", **options) -> Settings:
    return Settings(engine(way, log), None, **{"size": 5, "plies": (2, 4)} | options)


def sgf_of(folder: Path) -> bytes:
    return b"".join(content for _, content in store.sgf_files(folder))


# What is random.


def test_a_plan_depends_on_the_seed_and_the_game_alone() -> None:
    first = list(islice(plans(Settings(seed=5)), 30))
    assert list(islice(plans(Settings(seed=5)), 20)) == first[:20]
    assert not {p.opening for p in islice(plans(Settings(seed=6)), 30)} & {
        p.opening for p in first if len(p.opening) > 3
    }
    assert len({p.seed for p in first}) == 30


def test_no_two_openings_lead_to_one_position_or_its_images() -> None:
    boards = set()
    for plan in islice(plans(Settings(plies=(2, 3))), 400):
        assert 2 <= len(plan.opening) <= 3
        rows, columns = np.divmod(plan.opening, 9)
        assert {*rows, *columns} <= set(range(1, 8)), "on the edge line"
        images = set()
        for k in range(8):
            moves = permutation(k, 9)[list(plan.opening)]
            images.add(Position.from_moves(moves, size=9).board.tobytes())
        assert not images & boards
        boards |= images


def test_later_random_moves_come_after_the_opening() -> None:
    counts = set()
    for plan in islice(plans(Settings()), 200):
        assert all(len(plan.opening) + 3 <= ply <= 48 for ply in plan.later)
        counts.add(len(plan.later))
    assert counts == {1, 2}


def test_a_small_board_runs_out_of_openings_and_says_so() -> None:
    with pytest.raises(GoError, match="no opening left for game"):
        list(islice(plans(settings(plies=(1, 1))), 100))


def test_a_game_and_its_images_have_one_key() -> None:
    moves = (3, 17, 40, 81, 22, 81, 81)
    images = [tuple(map(int, permutation(k, 9)[list(moves)])) for k in range(8)]
    assert len({game_key(image, 9) for image in images}) == 1
    assert game_key(moves[:-1], 9) != game_key(moves, 9)
    assert game_key((17, 3, *moves[2:]), 9) != game_key(moves, 9)
    position = Position.from_moves(moves[:3])
    assert position_key(position.transformed(5)) == position_key(position)
    assert position_key(position.to_play(position.to_move % 2 + 1)) != position_key(position)


# One game.


class Scripted:
    """Plays by a rule, and agrees with every score."""

    def __init__(self, rule) -> None:
        self.rule = rule

    def reset(self) -> None:
        pass

    def choose(self, position: Position) -> int:
        return self.rule(position)

    def check_score(self, position: Position) -> None:
        pass


def test_the_random_plies_are_those_that_the_engine_did_not_choose() -> None:
    asked = []

    def first_legal(position: Position) -> int:
        asked.append(position.move_number + 1)
        return int(position.legal_moves()[0]) if position.move_number < 20 else 25

    plan = Plan(0, (12, 7, 8), (6, 9), 1)
    game = play_game(settings(), plan, Scripted(first_legal))
    assert game.random == (1, 2, 3, 6, 9)
    assert sorted((*asked, *game.random)) == list(range(1, len(game.moves) + 1))
    assert game.moves[:3] == plan.opening
    assert game.end == "two passes"
    assert game == play_game(settings(), plan, Scripted(first_legal))


def test_a_random_move_never_answers_a_pass() -> None:
    passes = Scripted(lambda position: 25)
    game = play_game(settings(), Plan(0, (12, 7), (4,), 1), passes)
    assert game.moves == (12, 7, 25, 25)
    assert game.random == (1, 2)


def test_a_game_without_end_is_dropped_at_the_move_cap() -> None:
    restless = Scripted(lambda position: int(position.legal_moves()[0]))
    game = play_game(settings(), Plan(0, (12, 7), (), 1), restless)
    assert (game.dropped, game.result, len(game.moves)) == ("move cap", None, 100)


# The whole corpus.


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Sixty games made in one go by one worker."""
    folder = tmp_path_factory.mktemp("whole")
    progress = make_corpus(settings(), folder, 60, shard_games=25)
    assert (progress.games, progress.dropped) == (60, {})
    assert [path.name for _, _, path in store.shards(folder)] == [
        "games-000000-000024.zip",
        "games-000025-000049.zip",
        "games-000050-000059.zip",
    ]
    assert {path.name for path in folder.iterdir() if path.suffix != ".zip"} <= {
        "corpus.json",
        "journal.jsonl",
    }
    return sgf_of(folder)


def test_any_number_of_workers_and_goes_makes_the_same_games(whole: bytes, tmp_path: Path) -> None:
    for games in (7, 30, 60):
        make_corpus(settings("slow"), tmp_path / "a", games, workers=3, shard_games=10)
    assert whole.count(b"\n") == 60
    assert sgf_of(tmp_path / "a") == whole


def test_complete_shards_are_not_touched_again(tmp_path: Path) -> None:
    make_corpus(settings(), tmp_path, 20, shard_games=10)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.zip")}
    again = make_corpus(settings(), tmp_path, 20, shard_games=10)
    assert (again.games, again.played_now) == (20, 0)
    assert make_corpus(settings(), tmp_path, 25, shard_games=10).played_now == 5
    assert before.items() <= {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.zip")}.items()


def start(folder: Path, games: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "gokit", "data", "--engine", engine("slow")]
    command += ["--size", "5", "--plies", "2", "4", "--workers", "2", "--shard-games", "25"]
    command += ["--games", str(games), "--out", str(folder)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # A run started in the background inherits that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    journal = folder / settings().name / store.JOURNAL_FILE
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        shards = list(journal.parent.glob("*.zip"))
        if shards and journal.exists() and journal.read_bytes().count(b"\n") > 4:
            return process
        time.sleep(0.01)
    raise AssertionError(f"it came to no game: {process.communicate()}")


def test_a_run_killed_in_the_middle_goes_on_where_it_was(whole: bytes, tmp_path: Path) -> None:
    process = start(tmp_path, 2000)
    process.kill()
    process.wait()
    folder = tmp_path / settings().name
    sealed = store.shards(folder)[-1][1] + 1
    journal = store.Journal(folder / store.JOURNAL_FILE).read()
    # The kill can come before the lines of a written shard are gone.
    done = sum(game.index >= sealed for game in journal)
    progress = make_corpus(settings("slow"), folder, sealed + done + 5)
    assert progress.played_now <= 5 + 2
    sgf = sgf_of(folder)
    assert sgf.count(b"\n") == sealed + done + 5
    common = min(len(sgf), len(whole))
    assert sgf[:common] == whole[:common]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_told_to_end_ends_at_once_and_says_how_to_go_on(
    number: signal.Signals, tmp_path: Path
) -> None:
    process = start(tmp_path, 2000)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "the same command goes on" in said
    assert "Traceback" not in said
    journal = store.Journal(tmp_path / settings().name / store.JOURNAL_FILE)
    assert len(journal.read()) > 4
    assert journal.damaged == 0


@pytest.fixture
def journal(tmp_path: Path) -> store.Journal:
    """The journal of a run that was killed after its first six games."""
    make_corpus(settings(), tmp_path, 1)
    for path in tmp_path.glob("*.zip"):
        path.unlink()
    journal = store.Journal(tmp_path / store.JOURNAL_FILE)
    with open_player(settings(), 1) as player:
        for plan in islice(plans(settings()), 6):
            journal.append(play_game(settings(), plan, player))
    journal.close()
    return journal


def test_a_run_plays_the_games_that_the_journal_lacks(whole: bytes, journal: store.Journal) -> None:
    journal.rewrite([game for game in journal.read() if game.index not in (1, 4)])
    progress = make_corpus(settings(), journal.path.parent, 7)
    assert progress.played_now == 3
    assert sgf_of(journal.path.parent) == b"".join(whole.splitlines(keepends=True)[:7])


def test_a_corpus_has_as_many_games_as_were_asked_for(whole: bytes, journal: store.Journal) -> None:
    assert make_corpus(settings(), journal.path.parent, 4).played_now == 0
    assert sgf_of(journal.path.parent) == b"".join(whole.splitlines(keepends=True)[:4])
    assert [game.index for game in journal.read()] == [4, 5], "games made were thrown away"
    assert make_corpus(settings(), journal.path.parent, 2).played_now == 0
    assert make_corpus(settings(), journal.path.parent, 6).played_now == 0
    assert not journal.path.exists()


def test_a_run_killed_after_it_wrote_a_shard_does_not_add_it_twice(
    whole: bytes, journal: store.Journal
) -> None:
    before = journal.path.read_bytes()
    make_corpus(settings(), journal.path.parent, 6)
    journal.path.write_bytes(before)
    make_corpus(settings(), journal.path.parent, 8)
    assert sgf_of(journal.path.parent) == b"".join(whole.splitlines(keepends=True)[:8])
    assert not journal.path.exists()


def test_damaged_lines_of_the_journal_cost_their_games_only(
    whole: bytes, journal: store.Journal
) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    changed = re.sub(rb'"moves":\[\d+', b'"moves":[0', lines[1])
    assert changed != lines[1]
    journal.path.write_bytes(b"".join([lines[0], changed, *lines[2:-1], lines[-1][:40]]))
    progress = make_corpus(settings(), journal.path.parent, 6)
    assert (progress.damaged_lines, progress.played_now) == (2, 2)
    assert sgf_of(journal.path.parent) == b"".join(whole.splitlines(keepends=True)[:6])


def test_a_torn_line_does_not_swallow_the_next(journal: store.Journal) -> None:
    games = journal.read()
    journal.path.write_bytes(journal.path.read_bytes()[:-40])
    journal.append(games[-1])
    journal.close()
    assert journal.read() == games
    assert journal.damaged == 1


def test_komi_is_told_after_every_clear_board_and_boardsize(tmp_path: Path) -> None:
    log = tmp_path / "log"
    make_corpus(settings("good", str(log), komi=6.5), tmp_path / "c", 5)
    komi = None
    moves = 0
    for command, *arguments in map(str.split, log.read_text().splitlines()):
        if command in ("boardsize", "clear_board"):
            komi = None
        elif command == "komi":
            komi = arguments[0]
        elif command in ("play", "genmove", "final_score"):
            assert komi == "6.5", f"{command} without a komi"
            moves += 1
    assert moves > 5 * 8
    assert {record.rules for record in store.read_games(tmp_path / "c")} == {
        NO_SUICIDE.replace(komi=6.5)
    }


def test_a_game_that_the_engine_scores_otherwise_is_set_aside(tmp_path: Path) -> None:
    progress = make_corpus(settings("score"), tmp_path, 15, shard_games=8)
    dropped = progress.dropped["score"]
    assert dropped > 0
    aside = [
        game
        for _, _, path in store.shards(tmp_path)
        for game in store.provenance(path)["set_aside"]
    ]
    assert len(aside) == dropped
    for game in aside:
        board = Position.from_moves(game["moves"], size=5, rules=NO_SUICIDE).board
        assert board[0, 0] == 1
        assert "scores the position" in game["detail"]
    records = list(store.read_games(tmp_path))
    assert len(records) == 15
    assert not any(record.final_position().board[0, 0] == 1 for record in records)
    unchecked = replace(settings("score"), check_score=False)
    assert make_corpus(unchecked, tmp_path / "b", 15).dropped == {}


def test_a_repeated_game_and_its_mirror_image_are_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(settings: Settings):
        mirror = permutation(4, 5)
        for index in range(11):
            opening = (7, 12, index) if index != 7 else (1, 2)
            if index == 4:
                opening = (7, 12, 0)
            if index == 9:
                opening = tuple(map(int, mirror[[7, 12, 1]]))
            yield Plan(index, opening, (), 1)

    monkeypatch.setattr(making, "plans", planted)
    # Games 1 and 3, and 6 and 8, are images of each other in the middle column anyway.
    progress = make_corpus(settings("pass"), tmp_path, 5, shard_games=3)
    assert progress.dropped == {"duplicate": 2}
    again = make_corpus(settings("pass"), tmp_path, 7, shard_games=3)
    assert again.dropped == {"duplicate": 4}, "earlier shards were forgotten"
    indices = [store.game_index(record) for record in store.read_games(tmp_path)]
    assert indices == [0, 1, 2, 5, 6, 7, 10]
    aside = [store.provenance(path)["set_aside"] for _, _, path in store.shards(tmp_path)]
    assert [game["index"] for games in aside for game in games] == [3, 4, 8, 9]


def test_an_engine_that_keeps_dying_is_an_error_and_no_fault_of_the_games(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="died"):
        make_corpus(settings("die"), tmp_path, 3)
    assert store.Journal(tmp_path / store.JOURNAL_FILE).read() == []


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="only Linux groups sessions")
def test_an_engine_gives_way_where_its_run_does() -> None:
    code = f"""
import os, sys
from gokit.gtp.process import EngineProcess
os.nice(7)
engine = EngineProcess([sys.executable, {str(ENGINE)!r}])
print(open(f"/proc/{{engine._process.pid}}/autogroup").read())
engine.close()
"""
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.split()[-2:] == ["nice", "7"]


# What a shard says, and how it is read.


def test_a_shard_says_how_it_was_made(tmp_path: Path) -> None:
    make_corpus(settings(seed=3), tmp_path, 5)
    [(first, last, path)] = store.shards(tmp_path)
    said = store.provenance(path)
    assert (first, last, said["first"], said["last"]) == (0, 4, 0, 4)
    assert said["engine"] == "Toy 1"
    assert said["command"][1:] == [str(ENGINE), "good"]
    assert said["settings"]["seed"] == 3
    assert said["rules"] == {"komi": 7.5, "superko": "positional", "suicide": False}
    assert {"sha256", "date", "gokit", "numpy", "dropped"} <= set(said)
    record = next(store.read_games(path))
    assert record.names == ("Toy 1", "Toy 1")
    assert store.random_plies(record)[:2] == (1, 2)
    assert record.final_position().result == record.result


def test_games_are_read_from_files_collections_zips_and_folders(tmp_path: Path) -> None:
    one = "(;GM[1]SZ[5]C[a \\] bracket (and more]RE[B+R];B[aa](;W[bb])(;W[cc]))"
    (tmp_path / "b.sgf").write_text(f"a stray ) and\n{one}\n\n(;SZ[9];B[ee])\n")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inner/x.sgf", "(;SZ[7];B[aa])")
        archive.writestr("readme.txt", "(not a game)")
    assert [record.size for record in store.read_games(tmp_path)] == [7, 5, 9]
    assert [len(record.moves) for record in store.read_games(tmp_path / "b.sgf")] == [2, 1]
    (tmp_path / "b.sgf").write_text(one[:-12])
    with pytest.raises(SgfError):
        list(store.read_games(tmp_path))
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(GoError, match=r"a\.zip"):
        list(store.read_games(tmp_path))


@pytest.mark.skipif(find_engine("gnugo") is None, reason="GNU Go is not installed")
def test_gnu_go_plays_the_same_games_again_and_none_twice(tmp_path: Path) -> None:
    options = Settings("gnugo", 1, size=7)
    for name, workers in (("a", 1), ("b", 2)):
        make_corpus(options, tmp_path / name, 6, workers=workers)
    assert sgf_of(tmp_path / "a") == sgf_of(tmp_path / "b")
    assert check(tmp_path / "a").faults == []
    said = store.provenance(store.shards(tmp_path / "a")[0][2])
    assert said["engine"] == "GNU Go 3.8"
    flags = "--positional-superko --forbid-suicide --capture-all-dead --never-resign --seed {seed}"
    assert " ".join(said["command"]).endswith(flags)
    assert all(record.end == "two passes" for record in store.read_games(tmp_path / "a"))


def test_the_record_of_a_dropped_game_survives_the_journal(tmp_path: Path) -> None:
    journal = store.Journal(tmp_path / "j")
    game = Game(7, (1, 2, 25), (1, 2), None, None, "score", "a ü and a \n newline")
    journal.append(game)
    journal.close()
    assert store.Journal(tmp_path / "j").read() == [game]
    assert read_sgf(store.sgf_line(settings(), replace(game, result="B+1.5"), "x")).result
