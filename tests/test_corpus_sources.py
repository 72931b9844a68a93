"""Games as the world writes them: what is sound is read, the rest counted, and nothing dies."""

from __future__ import annotations

import io
import json
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gokit.corpus import archives, store
from gokit.corpus.games import Game, Settings
from gokit.corpus.sources import (
    Filters,
    SourceGame,
    SourceReport,
    margin_of,
    rating_of,
    read_source,
    root_properties,
    split_games,
    why_illegal,
    winner_of,
)
from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.records import GameRecord
from gokit.go.rules import BLACK, EMPTY, NO_SUICIDE, TROMP_TAYLOR, WHITE, Rules
from tests.sgf_zoo import BROKEN, SOUND

GOOD = b"(;SZ[9]RE[B+R];B[ee];W[cc])"


def read(path: Path, filters: Filters | None = None) -> tuple[list[SourceGame], SourceReport]:
    report = SourceReport()
    return list(read_source(path, filters, report)), report


def read_bytes(folder: Path, content: bytes) -> tuple[list[SourceGame], SourceReport]:
    (folder / "games.sgf").write_bytes(content)
    return read(folder / "games.sgf")


@pytest.mark.parametrize("name", SOUND)
def test_sound_games_of_all_kinds_are_read(name: str, tmp_path: Path) -> None:
    content, size, moves, winner = SOUND[name]
    [game], report = read_bytes(tmp_path, content)
    assert (game.record.size, len(game.record.moves), game.winner) == (size, moves, winner)
    assert (report.files, report.kept, report.skipped) == (1, 1, {})
    game.record.final_position()


@pytest.mark.parametrize("name", BROKEN)
def test_broken_games_are_skipped_with_the_reason(name: str, tmp_path: Path) -> None:
    content, reason = BROKEN[name]
    games, report = read_bytes(tmp_path, content)
    assert games == []
    assert report.skipped == {reason: 1}
    assert "games.sgf" in report.examples[reason][0]


def test_the_zoo_in_one_folder_and_in_one_file(tmp_path: Path) -> None:
    for number, (content, *_) in enumerate([*SOUND.values(), *BROKEN.values()]):
        (tmp_path / f"{number:03}.SGF").write_bytes(content)
    games, report = read(tmp_path)
    assert [game.record.size for game in games] == [size for _, size, *_ in SOUND.values()]
    assert (report.files, report.kept) == (len(SOUND) + len(BROKEN), len(SOUND))
    assert sum(report.skipped.values()) == len(BROKEN)
    assert f"{len(SOUND)} kept of {report.files} files" in str(report)
    assert "skipped: illegal move, for instance" in str(report)


def test_a_game_that_breaks_off_does_not_take_the_next_one_with_it(tmp_path: Path) -> None:
    broken = BROKEN["truncated after a move"][0]
    content = b"\n".join([GOOD, broken, GOOD, b"junk ) (no game)", GOOD, broken, broken, GOOD])
    games, report = read_bytes(tmp_path, content)
    assert len(games) == 4
    assert report.skipped == {"broken record": 4}
    within_a_value = BROKEN["truncated in a move"][0]
    games, report = read_bytes(tmp_path, b"\n".join([within_a_value, GOOD, GOOD]))
    assert len(games) == 1
    variations = b"(;SZ[9];B[ee]\n(;W[cc]\n(;B[dd])\n(;B[ff]))\n(;W[gg]))"
    assert list(split_games(variations)) == [variations]


JUNK = (b"[", b"(", b"\\", b"[\\", b"(;SZ[", b"\n(;SZ[9];B[", b"\n(;GM[1", b"\n(;A[\\]B[1]\n")


@pytest.mark.parametrize("split", [split_games, store.split_collection])
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_no_file_takes_quadratic_time(
    split: Callable[[bytes], Iterator[bytes]], junk: bytes
) -> None:
    def seconds(content: bytes) -> float:
        start = time.process_time()
        list(split(content))
        return time.process_time() - start

    short, long = junk * (1_000 // len(junk)), junk * (10_000 // len(junk))
    assert seconds(long) < 60 * max(seconds(short), 0.003)


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_the_splitter_looks_at_no_bracket_twice(junk: bytes) -> None:
    """What is left over between the matches was looked at, to the end of the file, for nothing."""
    for content in (junk * 50, GOOD + junk, junk + GOOD, GOOD + junk + b"]" + GOOD):
        assert not set(store._BRACKETED.sub(b"", content)) & set(b"[()"), content


def test_each_reader_keeps_its_way_with_games_that_break_off() -> None:
    begun = b"(;GM[1]SZ[9];B[ee]\n"
    content = begun + GOOD
    assert list(split_games(content)) == [begun, GOOD]
    assert list(store.split_collection(content)) == [content]
    for unclosed in (b"(;SZ[9];B[ee)\n(;SZ", b"(;C[a\\"):
        assert list(split_games(GOOD + unclosed)) == [GOOD, unclosed]
        assert list(store.split_collection(GOOD + unclosed)) == [GOOD, unclosed]


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def game_with(moves: int) -> bytes:
    return b"(;SZ[19]" + b"".join(b";B[%c%c]" % (97 + i, 97 + i) for i in range(moves)) + b")"


def test_games_are_found_in_any_nesting(tmp_path: Path) -> None:
    inner = zipped({"deep/er/2.sgf": game_with(2), "notes.txt": b"(;no game)"})
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "1.sgf").write_bytes(game_with(1))
    (tmp_path / "b.zip").write_bytes(zipped({"x.zip": inner, "3.SGF": game_with(3)}))
    (tmp_path / "c.tar.gz").write_bytes(tarred({"4.sgf": game_with(4), "in.zip": inner}))
    (tmp_path / "d.tar").write_bytes(tarred({"in.tgz": tarred({"5.sgf": game_with(5)})}, "w"))
    (tmp_path / "e.sgfs").write_bytes(game_with(6) + b"\n" + game_with(7))
    (tmp_path / "readme").write_bytes(b"(;no game)")
    games, report = read(tmp_path)
    assert [len(game.record.moves) for game in games] == [1, 2, 3, 4, 2, 5, 6, 7]
    assert report.skipped == {}
    assert games[1].place.endswith("b.zip/x.zip/deep/er/2.sgf, game 1")
    assert games[7].place.endswith("e.sgfs, game 2")
    assert len(read(tmp_path / "d.tar")[0]) == 1
    assert len(read(tmp_path / "a" / "b" / "1.sgf")[0]) == 1


def test_a_broken_member_of_an_archive_costs_only_itself(tmp_path: Path) -> None:
    content = zipped({"1.sgf": game_with(1), "2.sgf": game_with(9), "3.sgf": game_with(3)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo("2.sgf")
    data = info.header_offset + 30 + len(info.filename)
    altered = bytearray(content)
    altered[data + 5] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(altered)
    games, report = read(tmp_path)
    assert [len(game.record.moves) for game in games] == [1, 3]
    assert report.skipped == {"unreadable file": 1}
    assert "2.sgf" in report.examples["unreadable file"][0]


def test_a_locked_member_an_archive_cut_off_and_one_that_is_none(tmp_path: Path) -> None:
    locked = bytearray(zipped({"1.sgf": game_with(1), "2.sgf": game_with(2)}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(locked)
    (tmp_path / "b.zip").write_bytes(zipped({"1.sgf": game_with(1)})[:-30])
    (tmp_path / "c.zip").write_bytes(b"no zip")
    (tmp_path / "d.tar").write_bytes(b"no tar" * 300)
    whole = tarred({"1.sgf": game_with(1), "2.sgf": GOOD * 5000}, "w")
    (tmp_path / "e.tar").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "f.tgz").write_bytes(tarred({"1.sgf": game_with(1)})[:-12])
    (tmp_path / "g.sgf").write_bytes(GOOD)
    games, report = read(tmp_path)
    places = [game.place.split(",")[0].removeprefix(f"{tmp_path}/") for game in games]
    assert places == ["a.zip/2.sgf", "e.tar/1.sgf", "f.tgz/1.sgf", "g.sgf"]
    assert report.skipped["unreadable file"] == 6


def test_a_member_without_a_name_is_no_game_and_no_harm(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        nameless = zipfile.ZipInfo("x")
        nameless.filename = ""
        archive.writestr(nameless, GOOD)
        archive.writestr("folder.sgf/", b"")
        archive.writestr("1.sgf", GOOD)
    games, report = read(tmp_path)
    assert (len(games), report.skipped) == (1, {})


def test_what_is_too_large_or_too_deep_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    monkeypatch.setattr(archives, "MAX_DEPTH", 2)
    (tmp_path / "a.sgf").write_bytes(GOOD + b" " * 1000)
    (tmp_path / "b.zip").write_bytes(zipped({"1.sgf": GOOD + b" " * 1000, "2.sgf": GOOD}))
    nested = zipped({"1.zip": zipped({"2.zip": zipped({"3.sgf": GOOD})})})
    (tmp_path / "c.zip").write_bytes(nested)
    games, report = read(tmp_path)
    assert len(games) == 1
    assert report.skipped == {"file too large": 2, "archive too deep": 1}


def test_nothing_there_is_an_error_and_reading_is_lazy(tmp_path: Path) -> None:
    with pytest.raises(GoError, match="no file and no folder"):
        next(read_source(tmp_path / "nothing"))
    for number in range(5):
        (tmp_path / f"{number}.sgf").write_bytes(GOOD * 3)
    report = SourceReport()
    games = read_source(tmp_path, None, report)
    next(games)
    assert (report.files, report.kept) == (1, 1)
    assert len(list(games)) == 14


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_damage_to_an_archive_or_a_game_is_the_end(data: st.DataObject, tmp_path: Path) -> None:
    files = {f"{i}.sgf": SOUND[name][0] for i, name in enumerate(SOUND)}
    kind = data.draw(st.sampled_from(["zip", "tar", "tgz", "sgf"]))
    whole = {
        "zip": lambda: zipped(files),
        "tar": lambda: tarred(files, "w"),
        "tgz": lambda: tarred(files),
        "sgf": lambda: b"\n".join(files.values()),
    }[kind]()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    path = tmp_path / f"games.{kind}"
    path.write_bytes(damaged[:cut] if data.draw(st.booleans()) else damaged)
    games, report = read(path)
    assert len(games) == report.kept
    for game in games:
        assert why_illegal(game.record) is None


# Which games.


@pytest.mark.parametrize(
    ("filters", "taken", "left_out", "reason"),
    [
        (Filters(sizes=(9, 13)), "", "SZ[19]", "another board size"),
        (Filters(known_result=True), "RE[0]", "RE[Void]", "result unknown"),
        (Filters(known_result=True), "RE[W+]", "RE[?]", "result unknown"),
        (Filters(known_result=True), "RE[B+T]", "", "result unknown"),
        (Filters(known_komi=True), "KM[0]", "", "komi unknown"),
        (Filters(known_rules=True), "RU[Chinese]", "", "rules unknown"),
        (Filters(handicap=False), "HA[0]", "HA[2]", "handicap or set-up stones"),
        (Filters(handicap=False), "RE[0]", "AB[aa]", "handicap or set-up stones"),
        (Filters(least_rating="2d"), "BR[2d]WR[1p]", "BR[3d]WR[1d?]", "rated too low"),
        (Filters(least_rating="2k"), "BR[1d]WR[2k]", "BR[3k]WR[9d]", "rated too low"),
        (Filters(least_rating="1800"), "BR[1800?]WR[2000]", "BR[1799]WR[2000]", "rated too low"),
        (Filters(least_rating="1800"), "BR[1800]WR[1800]", "BR[9d]WR[9d]", "rating unknown"),
        (Filters(least_rating="2d"), "BR[2d]WR[2d]", "BR[2d]", "rating unknown"),
    ],
)
def test_filters(filters: Filters, taken: str, left_out: str, reason: str, tmp_path: Path) -> None:
    def game(root: str) -> bytes:
        size = "" if "SZ" in root else "SZ[9]"
        return f"(;{size}{root};B[ee];W[cc])".encode()

    games, report = read_bytes(tmp_path, game(taken) + game(left_out))
    assert len(games) == 2
    games = list(read_source(tmp_path, filters, report := SourceReport()))
    assert [game.place[-6:] for game in games] == ["game 1"]
    assert report.skipped == {reason: 1}


def test_short_games_are_left_out_and_a_rating_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "a.sgf").write_bytes(game_with(5) + game_with(4))
    games, report = read(tmp_path, Filters(least_moves=5))
    assert [len(game.record.moves) for game in games] == [5]
    assert report.skipped == {"too few moves": 1}
    with pytest.raises(GoError, match="a rank or a number"):
        Filters(least_rating="strong")


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("3d", ("rank", 3)),
        ("12 kyu", ("rank", -11)),
        ("1k?", ("rank", 0)),
        ("9p", ("rank", 18)),
        ("1850?", ("number", 1850)),
        ("", None),
        ("NR", None),
        ("d3", None),
    ],
)
def test_ratings(text: str, rating: tuple[str, float] | None) -> None:
    assert rating_of(text) == rating


@pytest.mark.parametrize(
    ("result", "winner", "margin"),
    [
        ("B+3.5", BLACK, 3.5),
        ("W+12", WHITE, -12),
        ("W+R", WHITE, None),
        ("B+T", BLACK, None),
        ("W+F", WHITE, None),
        ("B+", BLACK, None),
        ("B+R (moves after 173 not known)", BLACK, None),
        ("W+1/4", WHITE, None),
        ("B+Cancellation", None, None),
        ("0", EMPTY, 0),
        ("W+0.0", EMPTY, 0),
        ("Void", None, None),
        (None, None, None),
        ("Both lose", None, None),
        ("White wins", None, None),
    ],
)
def test_results(result: str | None, winner: int | None, margin: float | None) -> None:
    assert winner_of(result) == winner
    assert margin_of(result) == (None if margin is None else pytest.approx(margin))


def test_the_root_says_more_than_the_record() -> None:
    root = root_properties(rb"(;GM[1]C[a \] ; b]BR[3d] KM[ 6.5 ]AB[aa][bb]RE[];B[ee]WR[x])")
    assert root == {"GM": "1", "C": "a \\", "BR": "3d", "KM": "6.5", "AB": "aa"}
    assert root_properties(b"nothing") == {}


# Legal.


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_fast_replay_says_what_the_slow_one_says(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 4))
    point = st.integers(0, size * size)
    rules = data.draw(
        st.sampled_from([TROMP_TAYLOR, NO_SUICIDE, Rules(superko="simple", suicide=False)])
    )
    record = GameRecord(
        size=size,
        rules=rules,
        setup=data.draw(
            st.dictionaries(st.integers(0, size * size - 1), st.sampled_from([1, 2]), max_size=4)
        ),
        first_player=data.draw(st.sampled_from([BLACK, WHITE])),
        moves=data.draw(st.lists(st.tuples(st.sampled_from([BLACK, WHITE]), point), max_size=25)),
    )
    try:
        record.final_position()
        expected = None
    except IllegalMoveError as error:
        expected = str(error).split(":")[0], error.reason
    except GoError:
        with pytest.raises(GoError):
            why_illegal(record)
        return
    found = why_illegal(record)
    assert (found and tuple(found.split(": "))) == expected


# Our own corpora.


def test_our_own_corpora_are_read_with_their_random_plies(tmp_path: Path) -> None:
    options = Settings("gtp:x", None, size=5)
    games = [Game(i, (12, 14 + i, 8, 25, 25), (1, 3), "B+17.5", "two passes") for i in range(3)]
    store.write_shard(tmp_path, options, games[:2], {"engine": "x"})
    (tmp_path / store.SETTINGS_FILE).write_text(json.dumps(options.to_dict()))
    journal = store.Journal(tmp_path / store.JOURNAL_FILE)
    journal.append(games[2])
    journal.append(Game(3, (12,), (1,), None, None, "move cap"))
    journal.close()
    found, report = read(tmp_path)
    assert report.skipped == {}
    assert [tuple(move for _, move in game.record.moves) for game in found] == [
        game.moves for game in games
    ]
    assert {game.random for game in found} == {(1, 3)}
    assert all(game.record.rules == options.rules for game in found)
    (tmp_path / store.SETTINGS_FILE).write_text("{}")
    found, report = read(tmp_path)
    assert (len(found), report.skipped) == (2, {"unreadable file": 1})


def test_a_foreign_game_has_no_random_plies(tmp_path: Path) -> None:
    [game], _ = read_bytes(tmp_path, GOOD)
    assert game.random == ()
