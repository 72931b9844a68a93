"""Board's Python half: what it tells the browser, what it believes of it, and the opponent."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from gokit.go.errors import GoError, IllegalMoveError
from gokit.go.position import Position
from gokit.go.rules import BLACK, NO_SUICIDE, WHITE
from gokit.widgets import Board


class ScriptedPlayer:
    """Plays given moves; an Exception among them is raised."""

    name = "Script"

    def __init__(self, *moves):
        self.moves = list(moves)
        self.resets = 0
        self.seen: list[Position] = []

    def choose(self, position):
        self.seen.append(position)
        move = self.moves.pop(0)
        if isinstance(move, Exception):
            raise move
        return move

    def reset(self):
        self.resets += 1

    def close(self):
        pass


def from_browser(board: Board, **change) -> None:
    """Tell the board of a change as its JavaScript half does."""
    game = {**board.game, "revision": board.game["revision"] + 1, **change}
    board._handle_custom_msg({"type": "game", "game": game}, [])


def test_python_and_browser_share_one_game():
    board = Board(size=5)
    board.play("C3")
    assert board.game["moves"] == [12]
    from_browser(board, moves=[12, 6], cursor=2)
    assert board.position.moves == [12, 6]
    assert board.position.to_move == BLACK
    board.undo()
    assert (board.game["moves"], board.game["cursor"]) == ([12, 6], 1)
    with pytest.raises(IllegalMoveError) as caught:
        board.play("C3")
    assert caught.value.reason == "occupied"


def test_stepping_keeps_the_same_position_objects():
    board = Board(Position.from_moves(["C3", "D4", "B2"], 5))
    before = board.position
    from_browser(board, cursor=1)
    assert board.position is before.previous.previous
    from_browser(board, cursor=3)
    assert board.position is before


def test_a_position_that_was_set_up_is_what_the_browser_gets():
    position = Position.from_diagram("X O . \n . . . \n . . X", WHITE, NO_SUICIDE)
    game = Board(position).game
    assert game["setup"] == [1, 2, 0, 0, 0, 0, 0, 0, 1]
    assert (game["first"], game["moves"]) == (WHITE, [])
    assert game["rules"] == NO_SUICIDE.to_dict()


def test_where_a_colour_moved_twice_the_game_shown_starts_after_it():
    position = Position(5).play("C3").to_play(BLACK).play("D4").play("B2")
    board = Board(position)
    assert board.game["moves"] == [8, 16]
    assert board.game["setup"][12] == BLACK
    assert board.position is position
    from_browser(board, moves=[8, 16, 0], cursor=3)
    assert board.position.previous is position


@pytest.mark.parametrize(
    "content",
    [
        None,
        "game",
        {},
        {"type": "game"},
        {"type": "game", "game": []},
        {"type": "game", "game": {"size": 5}},
        {"type": "unknown"},
    ],
)
def test_a_malformed_message_changes_nothing_and_raises_nothing(content):
    board = Board(Position.from_moves(["C3"], 5))
    board._handle_custom_msg(content, [])
    assert board.position.moves == [12]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"moves": "12"}, "moves"),
        ({"moves": [12, 26], "cursor": 2}, "moves"),
        ({"moves": [12, True], "cursor": 2}, "moves"),
        ({"moves": [12, 6.0], "cursor": 2}, "moves"),
        ({"cursor": 2}, "cursor"),
        ({"cursor": -1}, "cursor"),
        ({"size": 20}, "size"),
        ({"size": "9"}, "size"),
        ({"first": 0}, "first"),
        ({"setup": [1]}, "setup"),
        ({"setup": [1] * 25}, "libert"),
        ({"end": "two passes"}, "end"),
        ({"rules": {"komi": 7.5}}, "rules"),
        ({"rules": None}, "rules"),
        ({"moves": [12, 12], "cursor": 2}, "occupied"),
        ({"moves": [0] * 100_000}, "moves"),
    ],
)
def test_a_game_that_makes_no_sense_is_refused_with_a_sentence(change, complaint):
    board = Board(Position.from_moves(["C3"], 5))
    from_browser(board, **change)
    assert board.position.moves == [12]
    assert complaint in board.status["notice"]
    assert board.game["revision"] == 1, "as late as the browser's, so that it takes our game back"


def test_a_message_from_before_our_own_change_is_not_followed():
    board = Board(size=5)
    board.play("C3")
    from_browser(board, moves=[0], cursor=1, revision=board.game["revision"])
    assert board.position.moves == [12]


def test_the_browser_may_load_another_game():
    board = Board(size=5)
    rules = {"komi": 0.5, "superko": "situational", "suicide": False}
    from_browser(board, size=9, rules=rules, moves=[40, 81], cursor=2, end="resignation")
    assert board.position.size == 9
    assert board.position.rules.komi == 0.5
    assert board.position.result == "W+R"
    from_browser(board, end=None)
    assert not board.position.is_over


def test_the_opponent_replies_and_the_human_moves_again():
    player = ScriptedPlayer(0, 1)
    board = Board(size=5, opponent=player)
    heard = []
    board.on_move(lambda position: heard.append(position.last_move))
    board.play("C3")
    assert board.wait(10).moves == [12, 0]
    from_browser(board, moves=[12, 0, 24], cursor=3)
    assert board.wait(10).moves == [12, 0, 24, 1]
    assert heard == [12, 0, 24, 1]
    assert player.resets == 1
    assert not board.thinking
    board.undo()
    assert board.position.moves == [12, 0]


def test_an_opponent_that_is_black_moves_first():
    board = Board(size=5, opponent=ScriptedPlayer(12), human=WHITE)
    assert board.wait(10).moves == [12]


def test_stepping_back_does_not_make_the_opponent_move():
    player = ScriptedPlayer(0)
    board = Board(size=5, opponent=player)
    board.play("C3")
    board.wait(10)
    from_browser(board, cursor=1)
    board.wait(10)
    assert board.position.moves == [12]
    assert len(player.seen) == 1


def test_an_opponent_may_resign():
    board = Board(size=5, opponent=ScriptedPlayer(-1))
    board.play("C3")
    assert board.wait(10).result == "B+R"
    assert board.game["end"] == "resignation"


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (RuntimeError("the engine died"), "Script failed: the engine died"),
        (ZeroDivisionError(), "Script failed: ZeroDivisionError"),
        (12, "Script failed: C3 is occupied"),
        ("nonsense", "Script failed: 'NONSENSE'"),
        (None, "Script failed: a move is"),
    ],
)
def test_what_goes_wrong_with_the_opponent_is_said_and_can_be_tried_again(reply, sentence):
    board = Board(size=5, opponent=ScriptedPlayer(reply, 0))
    board.play("C3")
    board.wait(10)
    assert board.status["notice"].lower().startswith(sentence.lower())
    assert not board.thinking
    assert board.position.moves == [12]
    board._handle_custom_msg({"type": "reply"}, [])
    assert board.wait(10).moves == [12, 0]
    assert board.status["notice"] == ""


def test_a_reply_to_a_move_that_was_taken_back_is_dropped():
    class SlowPlayer(ScriptedPlayer):
        def choose(self, position):
            may_answer.wait(10)
            return super().choose(position)

    may_answer = threading.Event()
    board = Board(size=5, opponent=SlowPlayer(0))
    board.play("C3")
    assert board.thinking
    board.undo()
    may_answer.set()
    board.wait(10)
    assert board.position.moves == []


def test_another_opponent_may_take_the_seat_while_the_first_one_thinks():
    class SlowPlayer(ScriptedPlayer):
        def choose(self, position):
            asked.set()
            may_answer.wait(10)
            return super().choose(position)

    asked, may_answer = threading.Event(), threading.Event()
    board = Board(size=5, opponent=SlowPlayer(0))
    board.play("C3")
    assert asked.wait(10)
    board.seat(ScriptedPlayer(1))
    assert board.wait(10).moves == [12, 1], "it does not wait for the other"
    may_answer.set()
    board.seat(None)
    assert board.players == {}
    board.play("A1")
    assert board.wait(10).moves == [12, 1, 20]
    board.seat(ScriptedPlayer(2), WHITE, Position.from_moves(["E5", "E4"], 5))
    assert board.wait(10).moves == [4, 9, 2]
    assert board.players == {"human": WHITE, "opponent": "Script"}
    with pytest.raises(GoError, match="human"):
        board.seat(None, 3)


def test_a_failure_that_nobody_waits_for_is_not_told():
    class FailingPlayer(ScriptedPlayer):
        def choose(self, position):
            asked.set()
            may_answer.wait(10)
            raise RuntimeError("too late")

    asked, may_answer = threading.Event(), threading.Event()
    board = Board(size=5, opponent=FailingPlayer())
    board.play("C3")
    assert asked.wait(10)
    board.undo()
    may_answer.set()
    board.wait(10)
    assert board.status["notice"] == ""


def test_the_thinking_opponent_does_not_block():
    class WaitingPlayer(ScriptedPlayer):
        def choose(self, position):
            assert may_answer.wait(10)
            return 0

    may_answer = threading.Event()
    board = Board(size=5, opponent=WaitingPlayer())
    board.play("C3")  # returns although the opponent has not answered
    assert board.thinking
    assert board.game["moves"] == [12]
    may_answer.set()
    assert board.wait(10).moves == [12, 0]


def test_a_player_on_two_boards_thinks_for_one_at_a_time():
    class SharedPlayer(ScriptedPlayer):
        thinking = 0

        def choose(self, position):
            self.thinking += 1
            thinking_at_once.append(self.thinking)
            time.sleep(0.05)
            self.thinking -= 1
            return 0

    thinking_at_once = []
    player = SharedPlayer()
    boards = [Board(size=5, opponent=player) for _ in range(3)]
    for board in boards:
        board.play("C3")
    assert [board.wait(10).moves for board in boards] == [[12, 0]] * 3
    assert thinking_at_once == [1, 1, 1]


def test_a_callback_that_raises_is_told_on_the_board():
    board = Board(size=5)
    board.on_move(lambda position: 1 / 0)
    board.play("C3")
    assert board.position.moves == [12]
    assert "on_move" in board.status["notice"]
    assert "division" in board.status["notice"]


def test_overlays_are_tied_to_their_position():
    heat = np.zeros(26)
    heat[3] = 1
    board = Board(Position.from_moves(["C3"], 5), heat=heat, value=-0.25)
    assert board.overlay["at"] == [12]
    assert board.overlay["heat"][3] == 1
    assert board.overlay["value"] == -0.25
    board.play("A1")
    board.show_overlay(visits=np.arange(26))
    assert set(board.overlay) == {"at", "visits"}
    assert board.overlay["at"] == [12, 20]


def test_an_overlay_of_a_position_that_has_gone_is_not_drawn():
    board = Board(size=5)
    gone = board.position
    board.show_overlay(of=gone, value=0.5)
    assert board.overlay["value"] == 0.5
    board.play("C3")
    board.show_overlay(of=gone, value=-0.5)
    assert board.overlay == {"value": 0.5, "at": []}


def test_ownership_floats_are_the_side_to_moves_and_integers_are_owners():
    owners = np.zeros((5, 5), int)
    owners[0, 0], owners[0, 1] = BLACK, WHITE
    board = Board(Position.from_moves(["C3"], 5), ownership=owners)
    assert board.overlay["ownership"][:3] == [1, -1, 0]
    board.show_overlay(ownership=np.full((5, 5), 0.5))
    assert board.overlay["ownership"][0] == -0.5, "White is to move: its point of view"


@pytest.mark.parametrize(
    "overlay",
    [
        {"heat": np.zeros(24)},
        {"heat": np.full(26, -1.0)},
        {"heat": np.full(26, 3.0)},
        {"heat": np.full(26, np.nan)},
        {"visits": np.full(26, 0.5)},
        {"visits": np.zeros(2)},
        {"value": 1.5},
        {"ownership": np.zeros(24)},
        {"ownership": np.full(25, 2.0)},
        {"ownership": np.full(25, 3)},
    ],
)
def test_an_overlay_that_makes_no_sense_is_an_error(overlay):
    with pytest.raises(GoError):
        Board(size=5, **overlay)


def test_an_analysis_follows_the_board():
    def analyze(position):
        return {"value": -0.5 if position.last_move == 12 else 0.5}

    board = Board(size=5, analyze=analyze)
    board.wait(10)
    assert board.overlay == {"value": 0.5, "at": []}
    board.play("C3")
    board.wait(10)
    assert board.overlay == {"value": -0.5, "at": [12]}


def test_an_analysis_that_fails_does_not_keep_the_opponent_from_moving():
    board = Board(size=5, analyze=lambda position: 1 / 0, opponent=ScriptedPlayer(0))
    board.play("C3")
    assert board.wait(10).moves == [12, 0]
    board.wait(10)
    assert "The analysis failed" in board.status["notice"]


def test_the_text_twin_is_whole():
    board = Board(Position.from_moves(["C3"], 5))
    assert repr(board) == str(board.position)
    bundle = board._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == str(board.position)
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.parametrize(
    "arguments", [{"human": 0}, {"size": 20}, {"show": ("x",)}, {"theme": "x"}]
)
def test_arguments_that_make_no_sense_are_errors(arguments):
    with pytest.raises(GoError):
        Board(**arguments)
