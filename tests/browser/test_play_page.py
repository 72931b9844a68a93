"""`gokit play` as a person meets it: the real server, the real widgets, a real browser."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path

import pytest

from gokit.go.coordinates import from_gtp
from gokit.go.position import Position
from gokit.go.records import read_sgf, write_sgf
from gokit.go.rules import BLACK, WHITE
from gokit.play.game import record
from gokit.play.page import page_files
from gokit.play.server import PlayServer
from gokit.play.table import Table

pytestmark = pytest.mark.browser

ENGINE = Path(__file__).parents[1] / "fake_engine.py"
PATIENCE = 60_000  # ms: a search may have to be compiled first
LONG = 12_800  # simulations that take a while


class PlayPage:
    """The page by what is seen on it, and the table behind it."""

    def __init__(self, page, table) -> None:
        self.page, self.table = page, table
        self.board = page.locator("#board svg[role=application]")
        self.status = page.locator("#board [data-part=status]")
        self.notice = page.locator("[data-part=notice]")
        self.who = page.locator("[data-part=who]")

    def click(self, point: str) -> None:
        size = self.table.position.size
        row, column = divmod(from_gtp(point, size), size)
        box = self.board.bounding_box()
        scale = box["width"] / (88 + 40 * (size - 1))
        x, y = scale * (44 + 40 * column), scale * (44 + 40 * row)
        self.board.click(position={"x": x, "y": y})

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def slide(self, name: str, value: int) -> None:
        """Move a slider as its keys do."""
        slider = self.page.get_by_role("slider", name=name)
        slider.focus()
        slider.press("Home")
        for _ in range(value):
            slider.press("ArrowRight")


@pytest.fixture
def open_play(browser):
    """Serve a table and open its page: `open_play(size=5, spec="random")` -> PlayPage."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    contexts, servers = [], []

    def open_(size=5, spec="random", width=1000, table=None, **options):
        if table is None:
            table = Table(size, spec=spec, seed=1, **options)
            server = PlayServer(page_files(table), table.channel)
            table.url = server.url
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            servers.append((server, table))
        context = browser.new_context(
            viewport={"width": width, "height": 800}, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda said: said.type == "error" and page.errors.append(said.text))
        page.goto(table.url)
        page.wait_for_selector("#board svg[role=application]")
        page.locator("[data-part=opponent] option").first.wait_for(state="attached")
        return PlayPage(page, table)

    open_.servers = servers
    yield open_
    errors = [error for context in contexts for page in context.pages for error in page.errors]
    for context in contexts:
        context.close()
    for server, table in servers:
        table.close()
        server.shutdown()
        server.server_close()
    assert not errors, f"the page raised {errors}"


@pytest.fixture
def expect():
    return pytest.importorskip("playwright.sync_api").expect


def test_a_move_is_answered_and_said(open_play, expect):
    play = open_play()
    expect(play.who).to_have_text("You are Black against Random moves · 5 × 5, komi 7.5")
    play.click("C3")
    expect(play.status).to_have_text(re.compile(r"White played \w\d\. Black to play\."))
    assert play.status.get_attribute("aria-live") == "polite"
    position = play.table.position
    assert (position.moves[0], len(position.moves)) == (from_gtp("C3", 5), 2)


def test_the_keyboard_alone_plays_and_takes_back(open_play, expect):
    play = open_play()
    play.board.focus()
    for key in ("ArrowUp", "ArrowUp", "Enter"):
        play.page.keyboard.press(key)
    expect(play.status).to_have_text(re.compile("White played .* Black to play"))
    assert play.table.position.moves[0] == from_gtp("C5", 5)
    play.page.keyboard.press("u")
    expect(play.status).to_have_text("Black to play. Move 0 of 2.")
    play.table.board.wait(60)
    assert play.table.position.moves == []


def test_two_pages_follow_one_game(open_play, expect):
    first = open_play(spec="people")
    second = open_play(table=first.table)
    first.click("C3")
    expect(second.status).to_have_text("Black played C3. White to play.")
    second.click("D4")
    expect(first.status).to_have_text("White played D4. Black to play.")
    assert first.table.position.moves == [12, 8]


def test_the_search_is_seen_while_it_runs_and_can_be_taken_back(open_play, expect):
    play = open_play(9, f"rollout@{LONG}")
    circles = play.page.locator("#board svg .gk-visits")
    play.click("E5")
    circles.first.wait_for(state="attached")
    expect(play.page.locator("[data-part=line] li").first).to_be_attached()
    expect(play.page.get_by_role("progressbar")).to_be_visible()
    play.button("Show the visit counts").click()
    expect(circles).to_have_count(0)
    play.button("Undo").click()
    play.table.board.wait(60)
    assert play.table.position.moves == []
    assert play.table.controls.live["done"] < LONG
    expect(play.status).to_have_text("Black to play. Move 0 of 1.")


def test_hints_are_there_on_demand(open_play, expect):
    play = open_play(5, None, strength=0)
    play.click("C3")
    expect(play.status).to_have_text(re.compile("White played"))
    heat = play.page.locator("#board .gk-heat")
    expect(heat).to_have_count(0)
    play.button("Show the policy").click()
    expect(heat.first).to_be_attached()
    expect(play.page.locator("#board [data-layer=over] rect")).to_have_count(0)
    play.button("Show the ownership forecast").click()
    expect(play.page.locator("#board [data-layer=over] rect").first).to_be_attached()
    expect(play.page.locator("[data-part=chart] rect")).to_have_count(3)
    chart = play.page.get_by_role("img", name=re.compile("Forecast after each of 2 moves"))
    expect(chart).to_be_visible()
    play.page.get_by_label("show", exact=True).uncheck()
    expect(chart).not_to_be_visible()


def test_the_strength_and_the_opponent_change_at_once(open_play, expect):
    play = open_play(5, "rollout@16")
    play.slide("Strength", 2)
    expect(play.who).to_contain_text("Search by random games, 200 simulations")
    assert play.table.strength == 200
    play.page.get_by_label("Plays against you").select_option("random")
    expect(play.page.get_by_role("slider", name="Strength")).not_to_be_visible()
    play.page.get_by_label("White", exact=True).check()
    expect(play.status).to_have_text(re.compile("Black played .* White to play"))
    assert (play.table.opponent.key, play.table.human) == ("random", WHITE)


def test_a_new_game_with_a_handicap_has_half_a_point_of_komi(open_play, expect):
    play = open_play()
    play.page.get_by_label("7 × 7").check()
    play.slide("Handicap", 3)
    expect(play.page.get_by_label("Komi")).to_have_value("0.5")
    play.button("Start a new game").click()
    expect(play.who).to_contain_text("7 × 7, komi 0.5, 3 stones of handicap")
    expect(play.status).to_have_text(re.compile("White played .* Black to play"))
    start = play.table.position.line()[0]
    assert ((start.board == BLACK).sum(), start.rules.komi) == (3, 0.5)
    play.slide("Handicap", 0)
    expect(play.page.get_by_label("Komi")).to_have_value("7.5")


def test_a_size_that_the_network_does_not_play_is_a_sentence(open_play, expect):
    play = open_play(5, None, strength=0)
    play.page.get_by_label("7 × 7").check()
    play.button("Start a new game").click()
    expect(play.notice).to_contain_text("does not play on 7×7")
    play.page.get_by_label("Komi").fill("7")
    play.button("Start a new game").click()
    expect(play.who).to_contain_text("komi 7")
    expect(play.notice).to_have_text("")


def test_the_end_is_scored_on_the_board(open_play, expect):
    play = open_play(spec="people")
    play.click("C3")
    play.button("Pass").click()
    play.button("Pass").click()
    expect(play.status).to_have_text(
        "Two passes end the game. Black 25, White 0 + 7.5 komi: Black wins by 17.5."
    )
    expect(play.page.locator("#board [data-layer=over] rect")).to_have_count(24)
    expect(play.page.locator("[data-part=chart-words]")).to_have_text(
        "The game is over: the result is B+17.5."
    )


def test_a_record_goes_out_and_comes_in(open_play, expect, tmp_path):
    play = open_play(spec="people")
    for point in ("C3", "D4"):
        play.click(point)
    expect(play.status).to_have_text("White played D4. Black to play.")
    play.table.board.wait(60)
    with play.page.expect_download() as download:
        play.page.get_by_role("link", name="Download SGF").click()
    assert download.value.suggested_filename == "game.sgf"
    kept = read_sgf(Path(download.value.path()))
    assert kept.moves == [(BLACK, 12), (WHITE, 8)]
    assert kept.rules == play.table.position.rules
    other = tmp_path / "other.sgf"
    write_sgf(record(Position(7).play("A1").play("G7"), ("", "")), other)
    play.page.set_input_files("[data-part=record]", other)
    expect(play.notice).to_have_text("The record is loaded: 2 moves.")
    expect(play.board).to_have_attribute("aria-label", "Go board, 7 by 7")
    assert play.table.position.moves == [42, 6]
    other.write_text("not a record")
    play.page.set_input_files("[data-part=record]", other)
    expect(play.notice).not_to_have_text("The record is loaded: 2 moves.")
    assert play.table.position.moves == [42, 6]


def test_the_tree_opens_on_the_last_search_and_closes(open_play, expect):
    play = open_play(5, "rollout@64")
    play.click("C3")
    expect(play.status).to_have_text(re.compile("White played"))
    play.button("Show the tree").click()
    tree = play.page.locator("#tree svg[role=tree]").first
    expect(tree).to_be_visible()
    expect(play.page.locator("#tree [data-part=count]")).to_have_text("64 of 64")
    expect(play.page.locator("#tree [data-part=title]")).to_contain_text("chose its last move")
    play.button("Close the tree").click()
    expect(tree).not_to_be_visible()
    expect(play.button("Show the tree")).to_be_focused()
    play.board.focus()
    play.page.keyboard.press("p")
    expect(play.status).to_have_text(re.compile("White (played|passed).* Black to play|Two passes"))
    table = play.table
    table.board.wait(60)
    play.button("Show the tree").click()
    expect(tree).to_be_visible()
    expect(play.page.locator("#tree [data-part=about]")).to_contain_text("64 simulations")
    assert table._thinker.trace.root.moves == table.position.moves[:-1]


def test_an_engine_that_dies_is_told_and_another_plays_on(open_play, expect):
    play = open_play(spec=f'gtp:"{sys.executable} {ENGINE} die"')
    play.click("C3")
    expect(play.status).to_contain_text("out of cheese")
    play.page.get_by_label("Plays against you").select_option("random")
    expect(play.status).to_have_text(re.compile("White played .* Black to play"))
    assert play.table.position.moves[0] == 12


def test_an_opponents_name_is_text_and_nothing_else(open_play, expect):
    name = "<img src=x onerror=document.title=1>"
    play = open_play(spec="people")
    play.table.controls.setup = {
        **play.table.controls.setup,
        "opponents": [{"key": "people", "name": name, "strengths": [], "usual": 0}],
        "notice": name,
    }
    expect(play.notice).to_have_text(name)
    assert play.page.locator("[data-part=opponent] option").text_content() == name
    assert play.page.locator("img").count() == 0


def test_a_server_that_ended_is_said(open_play, expect):
    play = open_play(spec="people")
    server, table = open_play.servers[0]
    table.channel.close()
    server.shutdown()
    server.socket.close()
    expect(play.page.get_by_role("alert")).to_contain_text("does not answer")
    play.page.errors.clear()  # the browser's own words on the connection


@pytest.mark.parametrize("width", [1400, 800, 390])
def test_nothing_sticks_out_of_the_page(open_play, expect, width):
    play = open_play(9, "random", width=width)
    play.click("E5")
    expect(play.status).to_have_text(re.compile("White played"))
    wide = play.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    box = play.board.bounding_box()
    assert box["width"] >= min(400, 0.85 * width)
    unlabelled = play.page.evaluate(
        """[...document.querySelectorAll("button, input:not([type=file]), select, svg[role]")]
        .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).length"""
    )
    assert unlabelled == 0
