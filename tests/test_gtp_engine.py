"""gokit as a GTP engine: the protocol's letter, its errors, and no line that can break it."""

import time

import numpy as np
import pytest

from gokit.go.coordinates import from_gtp, to_gtp
from gokit.go.position import Position
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE
from gokit.gtp import GtpEngine
from gokit.players import RESIGN, MctsPlayer, RandomPlayer
from gokit.search.evaluators import UniformEvaluator

# Every command that version 2 of the protocol defines.
STANDARD = [
    "protocol_version",
    "name",
    "version",
    "known_command",
    "list_commands",
    "quit",
    "boardsize",
    "clear_board",
    "komi",
    "fixed_handicap",
    "place_free_handicap",
    "set_free_handicap",
    "play",
    "genmove",
    "undo",
    "time_settings",
    "time_left",
    "final_score",
    "final_status_list",
    "loadsgf",
    "reg_genmove",
    "showboard",
]


def random_player(size, rules, seed):
    return RandomPlayer(np.random.default_rng(seed))


def searcher(size, rules, seed):
    return MctsPlayer(UniformEvaluator(), 20, np.random.default_rng(seed))


class Resigner(RandomPlayer):
    def choose(self, position):
        return RESIGN


@pytest.fixture
def engine():
    return GtpEngine(random_player, seed=0)


def ok(engine, line):
    """Send a line that succeeds and return the text of the answer."""
    response = engine.handle(line)
    assert response.startswith("="), f"{line!r} failed: {response!r}"
    assert response.endswith("\n\n")
    return response[1:-2].removeprefix(" ")


def bad(engine, line):
    """Send a line that fails and return the error message."""
    response = engine.handle(line)
    assert response.startswith("? "), f"{line!r} did not fail: {response!r}"
    assert response.endswith("\n\n")
    return response[2:-2]


def test_every_standard_command_is_known_and_listed(engine):
    listed = ok(engine, "list_commands").split("\n")
    for command in [*STANDARD, "all_legal", "kgs-rules", "kgs-game_over", "gokit-rules"]:
        assert command in listed
        assert ok(engine, f"known_command {command}") == "true"
    assert ok(engine, "known_command make_coffee") == "false"
    assert ok(engine, "known_command") == "false"
    assert ok(engine, "protocol_version") == "2"
    assert ok(engine, "name") == "gokit"
    assert bad(engine, "make_coffee") == "unknown command"


@pytest.mark.parametrize(
    ("line", "response"),
    [
        ("name", "= gokit\n\n"),
        ("7 name", "=7 gokit\n\n"),
        ("0007\tname", "=0007 gokit\n\n"),
        ("  12   name   ", "=12 gokit\n\n"),
        ("name # what is it", "= gokit\n\n"),
        ("name#what", "= gokit\n\n"),
        ("na\x07m\re\r\n", "= gokit\n\n"),
        (b"3 name \xff\xfe\r\n", "=3 gokit\n\n"),
        ("9 quack", "?9 unknown command\n\n"),
        ("9", "?9 unknown command\n\n"),
        ("NAME", "? unknown command\n\n"),
        ("", None),
        ("   \t ", None),
        ("\r\n", None),
        ("# 1 name", None),
        ("\x00\x01", None),
        ("2 clear_board", "=2\n\n"),
    ],
)
def test_lines_are_read_as_the_protocol_says(engine, line, response):
    assert engine.handle(line) == response


def test_colors_and_vertices_are_in_any_case(engine):
    ok(engine, "play BLACK d4")
    ok(engine, "play w D5")
    ok(engine, "play White PASS")
    board = engine.position.board
    assert board[5, 3] == BLACK
    assert board[4, 3] == WHITE


def test_arguments_beyond_those_needed_are_ignored(engine):
    ok(engine, "boardsize 5 and more")
    assert ok(engine, "query_boardsize") == "5"


def test_it_starts_with_tromp_taylor_rules_and_komi_seven_and_a_half(engine):
    assert engine.position.size == 9
    assert engine.rules == TROMP_TAYLOR
    assert ok(engine, "get_komi") == "7.5"
    assert ok(engine, "final_score") == "W+7.5"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("boardsize 0", "unacceptable size"),
        ("boardsize 20", "unacceptable size"),
        ("boardsize -5", "syntax error"),
        ("boardsize nine", "syntax error"),
        ("boardsize 99999999999999999999", "syntax error"),
        ("boardsize", "syntax error"),
        ("komi", "syntax error"),
        ("komi much", "syntax error"),
        ("komi nan", "komi is a multiple of 0.5"),
        ("komi 1e99", "komi is a multiple of 0.5"),
        ("komi 6.25", "komi is a multiple of 0.5"),
        ("play", "syntax error"),
        ("play green D4", "invalid color 'green'"),
        ("play b I5", "invalid coordinate"),
        ("play b D10", "invalid coordinate"),
        ("play b resign", "invalid coordinate"),
        ("genmove", "syntax error"),
        ("genmove red", "invalid color"),
        ("undo", "cannot undo"),
        ("gg-undo 1", "cannot undo"),
        ("fixed_handicap 1", "invalid number of stones"),
        ("fixed_handicap 10", "invalid number of stones"),
        ("place_free_handicap 1", "invalid number of stones"),
        ("place_free_handicap 81", "invalid number of stones"),
        ("set_free_handicap D4", "bad vertex list"),
        ("set_free_handicap D4 d4", "bad vertex list"),
        ("set_free_handicap D4 pass", "bad vertex list"),
        ("set_free_handicap D4 Z9", "bad vertex list"),
        ("time_settings 1 2", "syntax error"),
        ("time_left b x 0", "syntax error"),
        ("final_status_list", "syntax error"),
        ("final_status_list unclear", "syntax error"),
        ("loadsgf", "syntax error"),
        ("loadsgf /no/such/file.sgf", "cannot load file"),
        ("loadsgf . 7", "cannot load file"),
        ("kgs-rules japanese", "rules 'japanese' are not played here"),
        ("gokit-rules lenient suicide", "superko is one of"),
        ("gokit-rules positional perhaps", "syntax error"),
        ("gogui-play_sequence b D4 w", "syntax error"),
        ("gokit-visits", "the player 'random' does not search"),
        ("gokit-policy", "the player 'random' has no policy"),
    ],
)
def test_wrong_input_gets_the_protocols_error_and_changes_nothing(engine, line, message):
    before = engine.handle("showboard"), engine.rules, engine.size
    assert bad(engine, line).startswith(message)
    assert (engine.handle("showboard"), engine.rules, engine.size) == before


def test_illegal_moves_say_which_rule(engine):
    ok(engine, "play b D4")
    message = bad(engine, "play w D4")
    assert message.startswith("illegal move: ")
    assert "occupied" in message
    assert message.isascii()


def test_superko_is_remembered_beyond_two_passes(engine):
    for line in ["b B9", "w C9", "b A8", "w B8", "b pass", "w A9", "b pass", "w pass"]:
        ok(engine, f"play {line}")
    assert "B9" not in ok(engine, "all_legal b").split(), "retaking repeats an earlier board"
    assert "superko" in bad(engine, "play b B9")
    ok(engine, "gokit-rules simple suicide")
    assert "B9" in ok(engine, "all_legal b").split(), "the passes have lifted the simple ko"


def test_play_goes_on_after_two_passes_and_with_one_colour_twice(engine):
    for line in ("play b pass", "play w pass", "play b C3", "play b C4", "play b C5"):
        ok(engine, line)
    assert (engine.position.board == BLACK).sum() == 3
    ok(engine, "play w pass")
    ok(engine, "play b pass")
    assert engine.position.is_over
    ok(engine, "play w pass")
    assert not engine.position.is_over, "a third pass is the first of a new phase"
    assert from_gtp(ok(engine, "genmove w"), 9) <= 81
    ok(engine, "all_legal w")


def test_undo_goes_back_to_the_start_over_passes_and_resumed_play(engine):
    lines = ["b D4", "w pass", "b pass", "w D5", "w D6", "b D7"]
    boards = []
    for line in lines:
        boards.append(ok(engine, "showboard"))
        ok(engine, f"play {line}")
    for board in reversed(boards):
        ok(engine, "undo")
        shown = ok(engine, "showboard")
        assert shown.split("\n")[:11] == board.split("\n")[:11]
    assert bad(engine, "undo") == "cannot undo"


def test_undo_keeps_a_komi_that_changed_meanwhile(engine):
    ok(engine, "play b D4")
    ok(engine, "komi 0.5")
    ok(engine, "undo")
    assert ok(engine, "final_score") == "W+0.5"


def test_undo_restores_captures(engine):
    for line in ("w A9", "b B9", "b A8"):
        ok(engine, f"play {line}")
    assert engine.position.captured == (1, 0)
    ok(engine, "undo")
    assert engine.position.captured == (0, 0)
    assert engine.position.board[0, 0] == WHITE


def test_clear_board_and_boardsize_begin_again_and_keep_komi(engine):
    ok(engine, "komi 3")
    for line in ("clear_board", "boardsize 5"):
        ok(engine, "play b C3")
        ok(engine, line)
        assert not engine.position.board.any()
        assert bad(engine, "undo") == "cannot undo"
        assert ok(engine, "final_score") == "W+3"


def test_draws_score_zero(engine):
    ok(engine, "komi 0")
    assert ok(engine, "final_score") == "0"


def test_genmove_plays_for_either_colour(engine):
    vertex = ok(engine, "genmove w")
    row, column = divmod(from_gtp(vertex, 9), 9)
    assert engine.position.board[row, column] == WHITE
    assert ok(engine, "undo") == ""
    assert not engine.position.board.any()


def test_a_resignation_leaves_the_board_alone():
    engine = GtpEngine(lambda size, rules, seed: Resigner(np.random.default_rng(seed)))
    assert ok(engine, "genmove b") == "resign"
    assert engine.position.move_number == 0


def test_reg_genmove_is_reproducible_and_plays_nothing(engine):
    answers = {ok(engine, "reg_genmove b") for _ in range(5)}
    assert len(answers) == 1
    assert not engine.position.board.any()
    assert len({ok(engine, "genmove b") for _ in range(5)}) > 1, "genmove lost its randomness"


def test_games_of_one_engine_and_of_two_seeds_differ():
    def game(engine):
        ok(engine, "clear_board")
        return [ok(engine, f"genmove {color}") for color in "bwbwbw"]

    one, other = GtpEngine(random_player, seed=1), GtpEngine(random_player, seed=2)
    games = [game(one), game(one), game(other)]
    assert len({tuple(g) for g in games}) == 3
    assert game(GtpEngine(random_player, seed=1)) == games[0]


@pytest.mark.parametrize(
    ("size", "stones", "vertices"),
    [
        (9, 2, "C3 G7"),
        (9, 5, "C3 G7 C7 G3 E5"),
        (19, 9, "D4 Q16 D16 Q4 D10 Q10 K4 K16 K10"),
        (19, 7, "D4 Q16 D16 Q4 D10 Q10 K10"),
        (13, 4, "D4 K10 D10 K4"),
        (8, 4, "C3 F6 C6 F3"),
    ],
)
def test_fixed_handicap_is_where_the_protocol_puts_it(engine, size, stones, vertices):
    ok(engine, f"boardsize {size}")
    assert ok(engine, f"fixed_handicap {stones}") == vertices
    assert (engine.position.board == BLACK).sum() == stones
    assert engine.position.to_move == WHITE
    assert bad(engine, "fixed_handicap 2") == "board not empty"
    assert bad(engine, "undo") == "cannot undo"


@pytest.mark.parametrize(("size", "stones"), [(6, 2), (7, 5), (8, 5), (12, 9)])
def test_boards_without_room_for_a_fixed_handicap(engine, size, stones):
    ok(engine, f"boardsize {size}")
    assert bad(engine, f"fixed_handicap {stones}") == "invalid number of stones"


@pytest.mark.parametrize(("size", "stones"), [(2, 3), (5, 4), (9, 9), (9, 30), (9, 80), (19, 12)])
def test_free_handicap_places_as_many_as_asked(engine, size, stones):
    ok(engine, f"boardsize {size}")
    vertices = ok(engine, f"place_free_handicap {stones}").split()
    assert len(set(vertices)) == stones == (engine.position.board == BLACK).sum()
    other = GtpEngine(random_player, size=size)
    assert ok(other, f"set_free_handicap {' '.join(vertices)}") == ""
    assert other.position.hash == engine.position.hash


def test_final_status_agrees_with_the_score(engine):
    for line in ("b D4", "b D5", "w F6", "b A1"):
        ok(engine, f"play {line}")
    groups = {frozenset(line.split()) for line in ok(engine, "final_status_list alive").split("\n")}
    assert groups == {frozenset({"D4", "D5"}), frozenset({"F6"}), frozenset({"A1"})}
    assert ok(engine, "final_status_list dead") == ok(engine, "final_status_list seki") == ""


def test_loadsgf(engine, tmp_path):
    path = tmp_path / "my game.sgf"
    path.write_text("(;SZ[5]KM[2.5]RU[Chinese];B[cc];W[bb];B[dd])")
    ok(engine, f"loadsgf {path}")
    assert engine.position.size == 5
    assert engine.position.move_number == 3
    assert ok(engine, "get_komi") == "2.5"
    assert ok(engine, "gokit-rules") == "simple no-suicide"
    ok(engine, "undo")
    ok(engine, f"loadsgf {path} 2")
    assert engine.position.moves == [12]
    path.write_text("(;SZ[5];B[cc];W[cc])")
    before = engine.handle("showboard")
    assert "move 2, White C3" in bad(engine, f"loadsgf {path}")
    assert engine.handle("showboard") == before


def test_rules_can_be_set_and_are_obeyed(engine):
    for line in ("w A2", "w B2", "b A1", "w C1"):
        ok(engine, f"play {line}")
    assert "B1" in ok(engine, "all_legal b").split()
    ok(engine, "kgs-rules chinese")
    assert engine.rules == NO_SUICIDE
    assert engine.position.rules == NO_SUICIDE
    assert "B1" not in ok(engine, "all_legal b").split()
    assert "suicide" in bad(engine, "play b B1")
    ok(engine, "undo")
    assert ok(engine, "gokit-rules tromp-taylor") == "positional suicide"
    ok(engine, "play w C1")
    ok(engine, "play b B1")
    assert "breaks those rules" in bad(engine, "gokit-rules no-suicide")
    assert ok(engine, "gokit-rules") == "positional suicide"


def test_time_is_taken_note_of(engine):
    ok(engine, "time_settings 600 30 5")
    ok(engine, "time_left W 12 0")
    assert engine.time == {"settings": (600, 30, 5), "W": (12, 0)}


def test_gogui_play_sequence_is_all_or_nothing(engine):
    ok(engine, "gogui-play_sequence b D4 w D5 b pass")
    assert engine.position.move_number == 3
    bad(engine, "gogui-play_sequence w E5 b D4")
    assert engine.position.move_number == 3
    assert engine.position.board[4, 4] == 0


def test_heat_maps_are_draw_commands_of_what_the_search_saw():
    engine = GtpEngine(searcher, size=3, seed=0)
    for line in ok(engine, "gogui-analyze_commands").split("\n"):
        kind, label, command = line.split("/")
        assert ok(engine, f"known_command {command}") == "true"
        assert kind in ("gfx", "dboard", "string")
        assert label
    visits = ok(engine, "gokit-visits").split("\n")
    labels = {w[1]: int(w[2]) for w in map(str.split, visits) if w[0] == "LABEL"}
    assert labels == {
        to_gtp(i, 3): n for i, n in enumerate(engine.player.last.visits[0][:9].tolist()) if n
    }
    assert {w[2] for w in map(str.split, visits) if w[0] == "COLOR"} == set(labels)
    assert visits[-1].startswith("TEXT pass ")
    policy = ok(engine, "gokit-policy").split("\n")
    assert [line for line in policy if line.startswith("LABEL")] == [
        f"LABEL {to_gtp(i, 3)} 10" for i in range(9)
    ]
    assert -1 <= float(ok(engine, "gokit-value")) <= 1
    assert not engine.position.board.any()


def test_boards_of_numbers_are_read_row_by_row():
    engine = GtpEngine(random_player, size=3)
    ok(engine, "play b C3")
    ok(engine, "play w A1")
    ok(engine, "play w B2")
    area = [[float(x) for x in row.split()] for row in ok(engine, "gokit-area").strip().split("\n")]
    assert area == [[0, 0, 1], [0, -1, 0], [-1, 0, 0]]
    assert ok(engine, "gokit-pass_alive").split() == ["0.0"] * 9


def test_showboard_has_no_empty_line_and_shows_captures(engine):
    for line in ("w A9", "b B9", "b A8"):
        ok(engine, f"play {line}")
    text = engine.handle("showboard")
    assert "\n\n" not in text[:-2]
    assert "captured by Black: 1" in text


def test_our_own_bugs_are_answered_not_raised(capsys):
    def broken(size, rules, seed):
        raise ZeroDivisionError("planted")

    engine = GtpEngine(broken)
    assert "internal error" in bad(engine, "genmove b")
    assert "planted" in capsys.readouterr().err
    assert ok(engine, "name") == "gokit"


def test_overhead_of_a_line_is_far_below_a_millisecond(engine):
    line = [to_gtp(i, 9) for i in range(0, 80, 2)]
    commands = ["komi 6.5", "name", "clear_board", "boardsize 9", "time_left b 1 0"]
    commands += [f"play {'bw'[i % 2]} {vertex}" for i, vertex in enumerate(line)]
    commands += ["undo", "final_score", "known_command play", "final_status_list dead"] * 5
    for command in commands:
        ok(engine, command)
    rounds = []
    for _ in range(5):
        started = time.perf_counter()
        for command in commands:
            engine.handle(command)
        rounds.append((time.perf_counter() - started) / len(commands))
    assert min(rounds) < 1e-3, f"{1e3 * min(rounds):.2f} ms a line"


def test_positions_of_engine_and_package_are_the_same_game(engine):
    rng = np.random.default_rng(2)
    position = Position(9)
    for _ in range(60):
        move = int(rng.choice(position.legal_moves()))
        ok(engine, f"play {'.bw'[position.to_move]} {to_gtp(move, 9)}")
        position = position.play(move)
        if position.is_over:
            break
    assert engine.position.hash == position.hash
    assert engine.position.captured == position.captured
