"""The page's half in Python: what a page is told, what it may ask for, and what becomes of it."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import traitlets

from gokit.go.errors import GoError, RulesMismatchError
from gokit.go.position import Position
from gokit.go.records import read_sgf, write_sgf
from gokit.go.rules import BLACK, NO_SUICIDE, WHITE
from gokit.play.channel import Channel
from gokit.play.game import record
from gokit.play.table import Table
from gokit.play.thinking import Progress
from gokit.widgets import Board

ENGINE = Path(__file__).parents[1] / "fake_engine.py"


@pytest.fixture
def table():
    """Make a table: table(size=5, spec="random", ...)."""
    made = []

    def make(size=5, spec="random", **options):
        made.append(Table(size, spec=spec, seed=1, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def engine(way, *command):
    return f'gtp:"{sys.executable} {ENGINE} {" ".join((way, *command))}"'


def click(table, point) -> None:
    """Play as the page's board does."""
    game = table.board.game
    moves = [*game["moves"][: game["cursor"]], table.position.play(point).last_move]
    said = {**game, "moves": moves, "cursor": len(moves), "revision": game["revision"] + 1}
    table.channel.receive("board", {"type": "game", "game": said})


def ask(table, type, **content) -> str:
    """Ask as the page's forms do; return the sentence that comes of it."""
    table.channel.receive("controls", {"type": type, **content})
    return table.controls.setup["notice"]


def wait_until(condition, seconds=90.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def test_a_click_is_answered(table):
    one = table()
    click(one, "C3")
    assert len(one.board.wait(90).moves) == 2
    assert one.board.game["moves"][0] == 12


def test_the_page_gets_everything_first_and_then_what_changes(table):
    one = table()
    one.board.wait(90)
    page = one.channel.page()
    everything = page.news(0)
    assert {"game", "overlay", "players", "status", "view"} <= set(everything["board"])
    assert set(everything["controls"]) == {"setup", "live", "forecasts"}
    assert not any(name.startswith("_") or name == "layout" for name in everything["board"])
    json.dumps(everything)
    assert page.news(0) == {}
    one.board.play("C3")
    one.board.wait(90)
    news = page.news(0)
    assert news["board"]["game"] == one.board.game
    assert page.news(0) == {}


def test_two_pages_see_one_game(table):
    one = table(spec="people")
    pages = [one.channel.page(), one.channel.page()]
    for page in pages:
        page.news(0)
    click(one, "C3")
    for page in pages:
        assert page.news(1)["board"]["game"]["moves"] == [12]
    pages[0].leave()
    click(one, "D4")
    assert pages[0].news(0) == {}
    assert pages[1].news(1)["board"]["game"]["moves"] == [12, 8]


class Thing(traitlets.HasTraits):
    number = traitlets.Dict().tag(sync=True)
    secret = traitlets.Dict()
    _private = traitlets.Dict().tag(sync=True)


def test_a_slow_page_gets_the_latest_only_and_a_replaced_widget_is_silent():
    channel, first, second = Channel(), Thing(), Thing(number={"n": 9})
    channel.put("thing", first, lambda said: None)
    page = channel.page()
    page.news(0)
    for n in range(5):
        first.number = {"n": n}
        first.secret = {"n": n}
        first._private = {"n": n}
    assert page.news(0) == {"thing": {"number": {"n": 4}}}
    channel.put("thing", second, lambda said: None)
    assert page.news(0) == {"thing": {"number": {"n": 9}}}
    first.number = {"n": 5}
    assert page.news(0) == {}


def test_a_page_waits_for_news_and_is_let_go_at_the_end():
    channel, thing = Channel(), Thing()
    channel.put("thing", thing, lambda said: None)
    page = channel.page()
    page.news(0)
    timer = threading.Timer(0.05, lambda: setattr(thing, "number", {"n": 1}))
    timer.start()
    assert page.news(10) == {"thing": {"number": {"n": 1}}}
    threading.Timer(0.05, channel.close).start()
    assert page.news(10) is None


def test_what_a_widget_is_told_arrives(table):
    channel, board = Channel(), Board(size=5)
    channel.put("board", board, lambda said: board._handle_custom_msg(said, []))
    game = {**board.game, "moves": [12], "cursor": 1, "revision": board.game["revision"] + 1}
    channel.receive("board", {"type": "game", "game": game})
    assert board.position.moves == [12]
    for name in ("bord", None, ["board"]):
        with pytest.raises(GoError, match="no widget"):
            channel.receive(name, {})


def test_a_new_game_has_what_was_asked_for(table):
    one = table(spec="rollout@16")
    assert ask(one, "new", size=7, komi=0.5, handicap=3) == ""
    position = one.position.line()[0]
    assert (position.size, position.rules.komi, position.to_move) == (7, 0.5, WHITE)
    assert (position.board == BLACK).sum() == 3
    assert one.controls.setup["handicap"] == 3
    assert one.board.wait(90).move_number == 1, "White, the opponent, begins"
    assert one.controls.setup["game"] == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"size": 6, "komi": 7.5, "handicap": 0}, "A board has 5, 7, 9 lines"),
        ({"size": True, "komi": 7.5, "handicap": 0}, "A board has"),
        ({"size": 5, "komi": 7.3, "handicap": 0}, "Komi is a multiple of 0.5"),
        ({"size": 5, "komi": "7.5", "handicap": 0}, "A komi is a number"),
        ({"size": 5, "komi": float("nan"), "handicap": 0}, "A komi is a number"),
        ({"size": 5, "komi": 7.5, "handicap": 5}, "A handicap is from 0 to 4"),
        ({"size": [5], "komi": 7.5, "handicap": 0}, "failed: unhashable"),
        ({}, "A board has"),
    ],
)
def test_a_game_that_cannot_be_is_a_sentence_and_the_old_one_stays(table, content, sentence):
    one = table()
    click(one, "C3")
    before = one.board.wait(90)
    assert sentence in ask(one, "new", **content)
    assert one.position is before
    click(one, next(p for p in ("A1", "B2", "E5") if before.is_legal(p)))
    assert len(one.board.wait(90).moves) == 4


@pytest.mark.parametrize("content", [None, {}, {"type": "steal"}, {"type": ["new"]}, "new"])
def test_a_word_that_is_no_request_is_refused(table, content):
    with pytest.raises(GoError, match="the page can ask for"):
        table().receive(content)


def test_another_opponent_plays_on_from_here(table):
    one = table(spec="people")
    click(one, "C3")
    assert ask(one, "seat", opponent="rollout", strength=64, human=BLACK) == ""
    position = one.board.wait(90)
    assert position.moves[0] == 12
    assert len(position.moves) == 2
    assert one.board.players == {"human": BLACK, "opponent": "Search by random games"}
    assert ask(one, "seat", opponent="people", strength=0, human=BLACK) == ""
    assert one.board.players == {}
    assert one.position is position


def test_changing_colours_makes_the_opponent_move(table):
    one = table()
    assert ask(one, "seat", opponent="random", strength=0, human=WHITE) == ""
    assert one.board.wait(90).move_number == 1
    assert one.human == WHITE


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"opponent": "a champion", "strength": 0, "human": 1}, "no such opponent"),
        ({"opponent": ["rollout"], "strength": 0, "human": 1}, "no such opponent"),
        ({"opponent": "rollout", "strength": 16, "human": 3}, "You are Black (1) or White (2)"),
        ({"opponent": "rollout", "strength": 16, "human": True}, "You are Black"),
    ],
)
def test_a_seat_that_cannot_be_is_a_sentence(table, content, sentence):
    one = table()
    assert sentence in ask(one, "seat", **content)
    assert one.opponent.key == "random"


def test_a_strength_that_it_does_not_have_becomes_the_usual_one(table):
    one = table()
    ask(one, "seat", opponent="rollout", strength=17, human=BLACK)
    assert one.strength == one.opponent.usual


def test_any_number_of_simulations_may_be_asked_for_and_is_then_offered(table):
    one = table(spec="rollout@16", strength=33)
    for size in (5, 7):
        ask(one, "new", size=size, komi=7.5, handicap=0)
        offers = {offer["key"]: offer for offer in one.controls.setup["opponents"]}
        assert [33, "33 simulations"] in offers["rollout"]["strengths"]
        assert (one.strength, one._thinker.player.search.config.simulations) == (33, 33)


def test_a_search_is_dropped_when_its_move_is_taken_back(table):
    one = table(spec="rollout@12800")
    click(one, "C3")
    wait_until(lambda: one.controls.live.get("done"))
    one.board.undo()
    one.board.wait(90)
    stopped = one.controls.live["done"]
    assert stopped < 12800
    assert one.position.moves == []
    assert one.board.status["notice"] == ""
    assert one.controls.live["done"] == stopped
    click(one, "D4")
    assert one.board.wait(90).moves[0] == 8


def test_a_new_game_does_not_wait_for_the_search_of_the_old_one(table):
    one = table(spec="rollout@12800")
    click(one, "C3")
    wait_until(lambda: one.controls.live.get("done"))
    began = time.monotonic()
    ask(one, "new", size=9, komi=7.5, handicap=0)
    assert time.monotonic() - began < 2
    assert one.position.size == 9
    assert one.controls.live == {}
    one.board.wait(90)
    assert (one.position.moves, one.board.status["notice"]) == ([], "")


def test_a_search_is_shown_on_the_board_while_it_runs(table):
    one = table(spec="rollout@12800")
    seen = []
    one.board.observe(lambda change: seen.append(change["new"]), "overlay")
    click(one, "C3")
    wait_until(lambda: any("visits" in overlay for overlay in seen))
    running = next(overlay for overlay in seen if "visits" in overlay)
    assert running["at"] == [12]
    assert 0 < sum(running["visits"]) <= 12800
    assert {"heat", "ownership"} <= set(running), "the hints stay beside the visits"
    one.board.undo()


def test_a_late_word_on_a_search_is_not_drawn_over_another_position(table):
    one = table(spec="people")
    one.board.wait(90)
    gone = one.position
    late = Progress(gone, 5, 10, np.ones(26, int), 0.5, [12], "win", 0.1)
    one._show_progress(late)
    assert sum(one.board.overlay["visits"]) == 26
    click(one, "C3")
    one.board.wait(90)
    one.controls.live = {}
    one._show_progress(late)
    assert "visits" not in one.board.overlay
    assert one.controls.live == {}


def test_hints_and_forecasts_come_with_each_position(table):
    one = table()
    click(one, "C3")
    one.board.wait(90)
    assert {"heat", "ownership", "at"} <= set(one.board.overlay)
    assert len(one.controls.forecasts["values"]) == 3
    assert one.controls.forecasts["names"][1] == "1. Black C3"
    assert one.controls.setup["network"] == "5x5"


def test_a_size_without_a_network_is_played_without_hints(table):
    one = table(size=7, spec="rollout@16")
    one.board.wait(90)
    assert one.controls.setup["network"] == ""
    assert one.controls.forecasts == {}
    assert "heat" not in one.board.overlay


def test_a_network_that_does_not_play_that_size_gives_way_with_a_sentence(table):
    one = table(size=5, spec=None, strength=16)
    assert one.opponent.kind == "network"
    notice = ask(one, "new", size=7, komi=7.5, handicap=0)
    assert notice == "Network 5x5 does not play on 7×7: Search by random games does."
    assert one.opponent.key == "rollout"


def test_a_network_takes_over_a_game_under_its_own_rules(table):
    one = table(spec="people", rules=None, position=Position(5, NO_SUICIDE).play("C3"))
    network = next(o for o in one.controls.setup["opponents"] if o["name"] == "Network 5x5")
    notice = ask(one, "seat", opponent=network["key"], strength=16, human=WHITE)
    assert notice == "The game goes on under Tromp-Taylor rules, which Network 5x5 plays by."
    assert one.position.rules.suicide
    assert one.position.moves == [12]


def test_rules_that_were_asked_for_and_the_network_does_not_know_are_an_error(table):
    with pytest.raises(RulesMismatchError, match="trained for Tromp-Taylor"):
        table(size=5, spec=None, rules=NO_SUICIDE)


def test_an_engine_that_dies_is_a_sentence_and_another_opponent_goes_on(table):
    one = table(spec=engine("die"))
    click(one, "C3")
    one.board.wait(90)
    assert "out of cheese" in one.board.status["notice"]
    assert not one.board.thinking
    assert one.position.moves == [12]
    assert ask(one, "seat", opponent="random", strength=0, human=BLACK) == ""
    assert len(one.board.wait(90).moves) == 2


def test_an_engine_whose_seat_is_taken_is_ended(table):
    one = table(spec=engine("good"))
    click(one, "C3")
    assert one.board.wait(90).moves == [12, 25]
    process = one._thinker.player._engine
    assert process.is_running
    ask(one, "seat", opponent="people", strength=0, human=BLACK)
    wait_until(lambda: not process.is_running)


def test_an_engine_that_cannot_be_started_is_an_error_at_once(table):
    with pytest.raises(GoError, match="no-such-engine"):
        table(spec='gtp:"no-such-engine"')


def test_a_record_names_who_played_and_can_be_loaded_again(table):
    one = table(size=5, spec="rollout@16")
    ask(one, "new", size=5, komi=0.5, handicap=2)
    one.board.wait(90)
    click(one, next(p for p in ("A1", "E5") if one.position.is_legal(p)))
    one.board.wait(90)
    kept = read_sgf(one.sgf().encode())
    assert kept.names == ("Human", "Search by random games, 16 simulations")
    assert (kept.rules.komi, kept.handicap) == (0.5, 2)
    before = one.position
    other = table(spec="people")
    assert ask(other, "load", text=one.sgf()) == f"The record is loaded: {len(before.plays)} moves."
    assert (other.position.board == before.board).all()
    assert other.controls.setup["handicap"] == 2


def test_a_record_of_another_size_finds_an_opponent_of_that_size(table):
    one = table(spec=None, strength=16)
    text = write_sgf(record(Position(13).play("D4"), ("", "")))
    assert "loaded" in ask(one, "load", text=text)
    assert (one.position.size, one.opponent.key) == (13, "rollout")


@pytest.mark.parametrize("text", ["hello", "(;SZ[5];B[aa];W[aa])", None, 5, "(" * 5000])
def test_a_record_that_cannot_be_read_is_a_sentence(table, text):
    one = table()
    assert ask(one, "load", text=text).endswith(".")
    assert one.position.moves == []
    assert one.controls.setup["game"] == 1


def test_the_tree_is_the_search_behind_the_last_move(table):
    one = table(spec="rollout@64")
    click(one, "C3")
    position = one.board.wait(90)
    page = one.channel.page()
    ask(one, "tree")
    told = page.news(0)["tree"]
    assert told["record"]["result"]["action"] == position.last_move
    assert told["record"]["simulations"] == 64
    assert told["view"]["title"].startswith("How Search by random games chose its last move")


def test_the_tree_of_a_move_that_was_taken_back_is_not_shown(table):
    one = table(spec="rollout@64")
    click(one, "C3")
    one.board.wait(90)
    one.board.undo()
    ask(one, "tree")
    page = one.channel.page()
    assert page.news(0)["tree"]["view"]["title"].startswith("No search stands behind")


def test_the_tree_in_the_page_can_be_searched_again(table):
    one = table(spec="rollout@64")
    click(one, "C3")
    one.board.wait(90)
    ask(one, "tree")
    page = one.channel.page()
    told = page.news(0)["tree"]["record"]
    request = {
        "type": "search", "slot": "a", "seed": 1, "game": told["game"],
        "config": {**told["config"], "simulations": 20}, "evaluator": told["evaluator"],
    }  # fmt: skip
    one.channel.receive("tree", request)
    wait_until(lambda: (page.news(1).get("tree") or {}).get("record", {}).get("simulations") == 20)


def test_without_a_search_the_tree_is_of_the_board(table):
    one = table(spec="random")
    ask(one, "tree")
    page = one.channel.page()
    wait_until(lambda: (page.news(1).get("tree") or {}).get("record", {}).get("simulations"))
    one.board.position = Position(5).play("pass").play("pass")
    assert ask(one, "tree") == "A finished game cannot be searched."


def test_the_end_is_told_with_its_result(table):
    one = table(spec="people")
    click(one, "C3")
    for _ in range(2):
        click(one, "pass")
    one.board.wait(90)
    assert one.controls.forecasts["words"] == "the result is B+17.5"
    assert one.controls.forecasts["values"][-1] == 17.5
    assert one.board.overlay == {}
    assert "RE[B+17.5]" in one.sgf()


def test_closing_ends_engines_and_searches(table):
    one = table(spec="rollout@12800")
    click(one, "C3")
    wait_until(lambda: one.controls.live.get("done"))
    one.close()
    one.board.wait(90)
    assert not one.board._worker.is_alive()
    assert one.position.moves == [12]
