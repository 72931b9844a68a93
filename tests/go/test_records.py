"""SGF in and out: real quirks, exact round trips, and nothing but SgfError on damage."""

import contextlib
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gokit.go.errors import GoError, IllegalMoveError, SgfError
from gokit.go.position import Position
from gokit.go.records import MAX_BYTES, GameRecord, read_sgf, write_sgf
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE, Rules

GAME = """(;GM[1]FF[4]CA[UTF-8]SZ[9]KM[6.5]RU[Chinese]PB[Honinbo]PW[Ear \\] reddening]RE[W+Resign]
C[a game];B[ee]C[centre];W[gc]
(;B[cg];W[]C[pass];B[tt])(;B[aa]))"""


def random_game(seed, size=7, moves=60, rules=TROMP_TAYLOR):
    rng = np.random.default_rng(seed)
    position = Position(size, rules)
    for _ in range(moves):
        if position.is_over:
            break
        position = position.play(int(rng.choice(position.legal_moves())))
    return position


def test_reads_the_main_line_names_komi_rules_result_and_comments():
    record = read_sgf(GAME)
    assert (record.size, record.rules.komi) == (9, 6.5)
    assert (record.rules.superko, record.rules.suicide) == ("simple", False)
    assert record.names == ("Honinbo", "Ear ] reddening")
    assert record.result == "W+R"
    assert record.moves == [(1, 40), (2, 24), (1, 56), (2, 81), (1, 81)]
    assert record.comments == {0: "a game", 1: "centre", 4: "pass"}
    assert record.end == "resignation"


def test_path_bytes_and_text_read_alike(tmp_path):
    path = tmp_path / "game.sgf"
    path.write_text(GAME, encoding="utf-8")
    records = [read_sgf(s) for s in (GAME, GAME.encode(), path, str(path))]
    assert all(record == records[0] for record in records)


@pytest.mark.parametrize("size", [1, 2, 5, 9, 13, 19])
@pytest.mark.parametrize("seed", range(3))
def test_a_written_game_is_read_back_equal(size, seed, tmp_path):
    rules = Rules(
        komi=[7.5, 0, -3.5][seed],
        superko=["positional", "situational", "simple"][seed],
        suicide=seed != 1,
    )
    position = random_game(seed, size, rules=rules)
    record = GameRecord.from_position(position, ("β", "[W]\\"), {0: "a]b\\c:d", 1: "你好\nline"})
    if not record.moves:
        record.comments = {0: "x"}
    text = write_sgf(record, tmp_path / "game.sgf")
    assert read_sgf(text) == record
    assert read_sgf(tmp_path / "game.sgf") == record
    last = record.final_position()
    assert (last.hash, last.to_move) == (position.hash, position.to_move)


def test_record_positions_are_the_games_positions():
    position = random_game(11)
    record = GameRecord.from_position(position)
    assert [p.hash for p in record.positions()] == [p.hash for p in position.line()]


@pytest.mark.parametrize(
    ("finish", "result", "end"),
    [
        (lambda p: p.resign(), "B+R", "resignation"),
        (lambda p: p.play("pass").play("pass"), "B+73.5", "two passes"),
        (lambda p: p.with_move_cap(), "Void", "move cap"),
    ],
)
def test_the_three_ends_of_a_game_survive(finish, result, end):
    start = Position(9).play("E5").play("pass").play("D4")
    record = read_sgf(write_sgf(GameRecord.from_position(finish(start))))
    assert (record.result, record.end) == (result, end)


def test_a_draw_is_zero():
    position = Position(5, Rules(komi=25)).play("C3").play("pass").play("pass")
    assert read_sgf(write_sgf(GameRecord.from_position(position))).result == "0"
    assert read_sgf("(;RE[Draw])").result == "0"


def test_handicap_stones_are_set_up_and_white_moves_first():
    record = read_sgf("(;SZ[9]HA[2]AB[cc][gg];W[ee])")
    assert record.handicap == 2
    assert record.first_player == WHITE
    start, after = record.positions()
    assert start.board[2, 2] == start.board[6, 6] == BLACK
    assert start.to_move == WHITE
    assert after.board[4, 4] == WHITE


def test_white_is_to_move_after_handicap_stones_even_with_no_moves():
    assert read_sgf("(;SZ[9]HA[2]AB[cc][gg])").first_player == WHITE
    assert read_sgf("(;SZ[9]HA[2]AB[cc][gg]PL[B])").first_player == BLACK


def test_setup_in_several_nodes_before_the_first_move_is_honoured():
    record = read_sgf("(;SZ[5]AB[aa:bb]AW[ee];AE[ab]AW[ed];PL[W];W[cc])")
    start = record.start()
    expected = np.zeros((5, 5), int)
    expected[:2, :2] = 1
    expected[1, 0] = 0
    expected[3:, 4] = 2
    np.testing.assert_array_equal(start.board, expected)
    assert start.to_move == WHITE


def test_setup_survives_writing():
    position = Position.from_diagram(". X .\nO . X\n. . O", to_move=WHITE).play("A3")
    record = read_sgf(write_sgf(GameRecord.from_position(position)))
    assert record.final_position().hash == position.hash
    assert record.first_player == WHITE


def test_one_colour_may_move_twice_in_a_row():
    record = read_sgf("(;SZ[9];B[aa];B[bb];W[cc];W[dd])")
    assert record.final_position().board.sum() == 6
    assert read_sgf(write_sgf(record)) == record


def test_what_the_file_does_not_say_comes_from_the_rules_given():
    assert read_sgf("(;SZ[9])").rules == TROMP_TAYLOR
    assert read_sgf("(;SZ[9]KM[0.5]RU[unheard of])", NO_SUICIDE).rules == NO_SUICIDE.replace(
        komi=0.5
    )


def test_the_size_is_19_where_the_file_does_not_say():
    assert read_sgf("(;)").size == 19


def test_chinese_komi_counted_in_stones_is_doubled():
    assert read_sgf("(;KM[3.75])").rules.komi == 7.5


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "shift_jis", "latin-1"])
def test_names_in_the_files_own_encoding(encoding):
    name = "Blüte" if encoding == "latin-1" else "本因坊"
    content = f"(;CA[{encoding}]PB[{name}])".encode(encoding)
    assert read_sgf(content).names[0] == name


def test_text_in_the_wrong_encoding_is_replaced_not_refused():
    assert "\ufffd" in read_sgf(b"(;CA[UTF-8]PB[\xff\xfe])").names[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no file"),
        ("hello", "no file"),
        (b"hello", 'begin with "'),
        ("(;", "line 1, byte 2: the record breaks off at the end of the file"),
        ("(;SZ[9]\n;B[aa]\n;W[bb", "line 3, byte 17.*value that does not end"),
        ("(;SZ[9];B[aa];;W)", "misplaced '\\)'"),
        ("(;SZ[9]\n[9])x", None),
        ("(;SZ[9];B)", "misplaced"),
        ("(;B[aa]())", "misplaced '\\)'"),
        ("(;SZ[9] 1)", "b'1'"),
        ("(;SZ[19:13])", "19×13 is not square"),
        ("(;SZ[25])", "1 to 19 lines"),
        ("(;SZ[0])", "1 to 19 lines"),
        ("(;SZ[nine])", "no board size"),
        ("(;GM[2])", "not a game of Go"),
        ("(;SZ[9]\n;B[aa]\n;W[jj])", "line 3, after move 1: 'jj' is not a point"),
        ("(;SZ[9];B[aa]W[bb])", "both Black and White"),
        ("(;SZ[9];B[aa];AW[bb])", "after move 1: AW changes the board in mid-game"),
        ("(;SZ[9]AB[aa]AW[aa])", "A9 is set up twice"),
        ("(;SZ[9]AB[zz])", "before the first move"),
        ("(;KM[seven])", r"KM\[seven\] is no komi"),
        ("(;KM[nan])", "no komi"),
        ("(;KM[1e999])", "no komi"),
        ("(;HA[many])", "handicap"),
        ("(;PL[?])", "no player"),
        (b"(;CA[klingon]PB[x])", "encoding is unknown"),
        (b"(;CA[hex]PB[x])", "encoding is unknown"),
        (b"(;CA[utf-16]PB[x])", "encoding is unknown"),
    ],
)
def test_damage_is_an_sgf_error_with_its_place(text, says):
    if says is None:
        read_sgf(text)
        return
    with pytest.raises(SgfError, match=says):
        read_sgf(text)


def test_setup_without_liberties_is_a_go_error_when_replayed():
    with pytest.raises(GoError, match="libert"):
        read_sgf("(;SZ[2]AB[aa:bb])").start()


def test_an_illegal_move_is_named_with_its_number_and_rule():
    record = read_sgf("(;SZ[9];B[aa];W[aa])")
    with pytest.raises(IllegalMoveError, match=r"move 2, White A9: .*occupied") as caught:
        record.final_position()
    assert caught.value.reason == "occupied"


@pytest.mark.parametrize(
    "record",
    [
        GameRecord(size=20),
        GameRecord(moves=[(1, 82)]),
        GameRecord(setup={-1: 1}),
        GameRecord(comments={0: "\ud800"}),
    ],
)
def test_records_that_sgf_cannot_hold_are_go_errors(record, tmp_path):
    with pytest.raises(GoError):
        write_sgf(record, tmp_path / "game.sgf")
    assert not list(tmp_path.iterdir()), "nothing half-written"


def test_unreadable_sources_are_sgf_errors(tmp_path):
    for source in (tmp_path, tmp_path / "none.sgf", "none\0.sgf", None, 7):
        with pytest.raises(SgfError):
            read_sgf(source)


@pytest.mark.parametrize(
    "content",
    [
        b"(;" + b"B[aa];" * (MAX_BYTES // 6),
        b"(;C[" + b"\\" * (MAX_BYTES - 5),
        b"(" * MAX_BYTES,
        b"(;" * (MAX_BYTES // 2),
        b"(" + b" " * (MAX_BYTES - 10) + b"x(;)",
        b"(;" * 200_000 + b")" * 200_000,
        b"(;SZ[9]" + b";B[aa];W[]" * 100_000 + b")",
        b"x" * (MAX_BYTES + 1),
        b"(;SZ[" + b"9" * 100_000 + b"])",
        b"(;KM[" + b"9" * 100_000 + b"])",
    ],
    ids=lambda content: repr(content[:14]),
)
def test_giant_input_is_bounded(content):
    started, message = time.perf_counter(), ""
    try:
        read_sgf(content)
    except SgfError as error:
        message = str(error)
    assert len(message) < 300
    assert time.perf_counter() - started < 30


def test_what_is_too_large_is_not_even_parsed(tmp_path):
    game = b"(;C[" + b"x" * MAX_BYTES + b"])"
    path = tmp_path / "large.sgf"
    path.write_bytes(game)
    for source in (game, path):
        with pytest.raises(SgfError, match="at most 1 MiB"):
            read_sgf(source)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_files_give_a_record_or_an_sgf_error(data):
    content = bytearray(GAME.encode() + b"\n(;SZ[5]AB[aa:bb][cc]AW[ee]HA[2]PL[W];W[dd];AE[aa])")
    if data.draw(st.booleans()):
        del content[: len(GAME)]
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, max(0, len(content) - 1)))
        kind = data.draw(st.sampled_from(["byte", "cut", "insert", "double"]))
        if kind == "byte" and content:
            content[place] = data.draw(st.sampled_from(b"()[];:\\\n\x00\xff\x80aBZ9.-"))
        elif kind == "cut":
            del content[place : place + data.draw(st.integers(1, 9))]
        elif kind == "insert":
            extra = data.draw(st.binary(max_size=5) | st.sampled_from([b"SZ[", b";B[zz]", b"(;"]))
            content[place:place] = extra
        else:
            content += content[place : place + 40]
    try:
        record = read_sgf(bytes(content))
    except SgfError:
        return
    assert read_sgf(write_sgf(record)).moves == record.moves
    with contextlib.suppress(GoError):
        record.final_position()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_random_bytes_give_a_record_or_an_sgf_error(tail):
    with contextlib.suppress(SgfError):
        read_sgf(b"(;" + tail)
