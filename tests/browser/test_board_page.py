"""The board's module alone, in a page without kernel or network."""

from __future__ import annotations

import re

import pytest

from gokit.go.rules import NO_SUICIDE, TROMP_TAYLOR
from gokit.widgets.source import module_source

pytestmark = pytest.mark.browser

# White's last move took the ko at C3 on 5 × 5; Black may not retake at B3 at once.
KO = ["B4", "C4", "A3", "D3", "B2", "C2", "C3", "B3"]


def test_a_click_plays_and_the_turn_changes(open_board):
    board = open_board(5)
    board.click("C3", "D4")
    assert board.stones == ".....\n...O.\n..X..\n.....\n....."
    assert board.status == "White played D4. Black to play."


def test_the_keyboard_alone_plays_a_game(open_board):
    board = open_board(5)
    board.page.keyboard.press("Tab")
    board.press("ArrowUp", "ArrowLeft", "Enter", "ArrowRight", "Space", "p")
    assert board.game["moves"] == [board.move("B4"), board.move("C4"), 25]
    board.press("u", "u")
    assert board.game["cursor"] == 1
    board.press("End")
    assert board.game["cursor"] == 3
    board.press("Home", "r")
    assert board.game["cursor"] == 1


def test_arrows_say_where_the_cursor_is(open_board):
    board = open_board(5, ["B4"])
    board.board.focus()
    live = board.page.locator("[data-part=live]")
    board.press("ArrowUp")
    assert live.text_content() == "C4, empty"
    board.press("ArrowLeft")
    assert live.text_content() == "B4, Black stone"
    board.press(*["ArrowLeft"] * 6)
    assert live.text_content() == "A4, empty", "the cursor stops at the edge"


@pytest.mark.parametrize(
    ("reason", "moves", "rules", "illegal"),
    [
        ("occupied", ["C3"], TROMP_TAYLOR, "C3"),
        ("suicide", ["A4", "C3", "B5", "D3", "E1", "pass", "E2"], NO_SUICIDE, "A5"),
        ("ko", KO, TROMP_TAYLOR, "C3"),
        ("superko", ["A4", "C3", "B5"], TROMP_TAYLOR, "A5"),
        ("game is over", ["C3", "pass", "pass"], TROMP_TAYLOR, "B2"),
    ],
)
def test_an_illegal_move_says_which_rule_forbids_it(open_board, reason, moves, rules, illegal):
    board = open_board(5, moves, rules)
    before = board.stones
    board.click(illegal)
    assert reason in board.status
    if reason != "game is over":
        assert board.status.startswith(illegal)
    assert board.stones == before
    assert board.page.evaluate("changes.length") == 0, "an illegal move is not passed on"


def test_superko_names_the_move_whose_board_would_come_back(open_board):
    # Black on A2 would capture all of White and stand alone there, as after move 1.
    board = open_board(2, ["A2", "B2", "A1", "B1", "A2", "A1"])
    board.click("A2")
    assert board.status == (
        "A2 is forbidden by positional superko: it would recreate the board as it was after move 1."
    )


def test_a_capture_takes_the_stones_off_and_counts_them(open_board):
    board = open_board(5, ["B1", "A1"])
    board.click("A2")
    assert board.stones.endswith("X....\n.X...")
    assert board.page.locator(".gk-player[data-color='1']").inner_text().endswith("captured 1")


def test_undo_and_redo_and_a_new_branch(open_board):
    board = open_board(5)
    board.click("C3", "D4", "B2")
    board.button("Undo").click()
    board.button("Undo").click()
    assert board.stones.count("O") == 0
    assert "Move 1 of 3" in board.status
    board.button("Redo").click()
    assert board.stones.count("O") == 1
    board.click("A1")
    assert board.game["moves"] == [board.move(move) for move in ("C3", "D4", "A1")]


def test_undo_goes_behind_the_opponents_reply(open_board):
    players = {"human": 1, "opponent": "Robot"}
    board = open_board(5, ["C3", "D4"], players=players)
    board.button("Undo").click()
    assert board.game["cursor"] == 0
    board.button("Redo").click()
    assert board.game["cursor"] == 2


def test_a_click_in_the_opponents_turn_is_refused(open_board):
    board = open_board(5, ["C3"], players={"human": 1, "opponent": "Robot"})
    board.click("A1")
    assert board.status == "It is Robot's turn."
    board.button("Ask the opponent to play").click()
    assert board.page.evaluate("asked") == 1


def test_the_board_says_that_the_opponent_thinks(open_board):
    board = open_board(5, players={"human": 1, "opponent": "Robot"})
    board.click("C3")
    assert board.status == "Black played C3. Robot is thinking …"
    board.page.evaluate("view.update({status: {thinking: false, notice: 'Robot failed: no luck'}})")
    assert board.status == "Robot failed: no luck"


def test_an_older_game_from_python_does_not_undo_a_newer_click(open_board):
    board = open_board(5)
    board.click("C3", "D4")
    stale = dict(board.game, moves=[12], cursor=1, revision=1)
    board.page.evaluate("(game) => view.update({game})", stale)
    assert len(board.game["moves"]) == 2
    board.page.evaluate("(game) => view.update({game})", dict(stale, revision=2))
    assert len(board.game["moves"]) == 1, "of equal revisions Python's holds"


def test_two_passes_end_the_game_with_its_area_score(open_board):
    board = open_board(5, ["B1", "D1", "B2", "D2", "B3", "D3", "B4", "D4", "B5", "D5"])
    board.button("Pass").click()
    board.button("Pass").click()
    assert board.status == (
        "Two passes end the game. Black 10, White 10 + 7.5 komi: White wins by 7.5."
    )


def test_resigning_ends_the_game_and_undo_takes_it_back(open_board):
    board = open_board(5, ["C3"])
    board.button("Resign").click()
    assert board.status == "White resigned. Black wins."
    assert board.game["end"] == "resignation"
    board.button("Undo").click()
    assert board.status == "Black played C3. White to play."


def test_new_game_can_be_undone(open_board):
    board = open_board(5, ["C3", "D4"])
    board.button("New game").click()
    assert set(board.stones) == {".", "\n"}
    board.button("Undo").click()
    assert board.stones.count("X") == board.stones.count("O") == 1


def test_another_size_starts_an_empty_board(open_board):
    board = open_board(5, ["C3"])
    board.page.get_by_label("Board size").select_option("13")
    assert board.game["size"] == 13
    assert board.board.get_attribute("aria-label") == "Go board, 13 by 13"


def test_liberties_atari_groups_and_score_are_shown_on_demand(open_board):
    board = open_board(5, ["A4", "A5", "C3"])
    marks = board.page.locator("[data-layer=marks]")
    assert marks.locator("text").count() == 0
    board.board.focus()
    board.press("l", "a", "g", "s")
    assert marks.locator("text").all_text_contents() == ["1", "2", "4"]
    assert marks.locator(".gk-atari").count() == 1
    assert marks.locator(".gk-bond").count() == 3
    assert "In atari: White A5." in board.note
    assert "Area as the board stands: Black 2, White 1 + 7.5 komi" in board.note
    assert board.button("Show liberties").get_attribute("aria-pressed") == "true"


def test_overlays_are_drawn_with_numbers_and_only_where_they_belong(open_board):
    heat, visits = [0.0] * 26, [0] * 26
    heat[12], heat[6], heat[25] = 0.6, 0.25, 0.15
    visits[12], visits[6] = 1500, 3
    overlay = {"at": [], "heat": heat, "visits": visits, "value": 0.5}
    board = open_board(5, overlay=overlay)
    assert board.page.locator(".gk-heat").count() == 2
    assert board.page.locator("svg .gk-overlay").all_text_contents() == ["3", "1.5k"]
    assert "the pass has 15 %" in board.note
    meter = board.page.get_by_role("meter")
    assert meter.get_attribute("aria-valuenow") == "75"
    board.button("Show the visit counts").click()
    assert board.page.locator("svg .gk-percent").all_text_contents() == ["25", "60"]
    board.click("A1")
    assert board.page.locator(".gk-heat").count() == 0, "the policy was another position's"
    assert not meter.is_visible()


def test_a_page_may_leave_out_buttons_keep_others_and_show_the_areas_at_the_end(open_board):
    view = {"hide": ["new", "size", "load"], "keep": ["heat"], "area_at_end": True}
    board = open_board(5, ["C3", "pass"], view=view)
    for name in ("New game", "Load a game record (SGF)"):
        assert not board.button(name).is_visible()
    assert not board.page.get_by_label("Board size").is_visible()
    assert board.button("Show the policy").is_visible()
    assert not board.button("Show the visit counts").is_visible()
    assert board.page.locator(".gk-area").count() == 0
    board.button("Pass").click()
    assert board.page.locator(".gk-area").count() == 24
    board.button("Undo").click()
    assert board.page.locator(".gk-area").count() == 0
    plain = open_board(5, ["C3", "pass", "pass"])
    assert plain.page.locator(".gk-area").count() == 0, "elsewhere one asks for them"


def test_hovering_previews_the_stone_or_forbids_it(open_board):
    board = open_board(5, KO)
    board.page.mouse.move(*board.centre("E5"))
    assert board.page.locator(".gk-ghost.gk-black").count() == 1
    board.page.mouse.move(*board.centre("C3"))
    assert board.page.locator(".gk-ghost").count() == 0
    assert board.page.locator(".gk-forbidden").count() == 1


def test_no_key_on_the_board_reaches_the_page(open_board):
    board = open_board(5)
    board.page.evaluate("heard = []; addEventListener('keydown', (e) => heard.push(e.key))")
    board.board.focus()
    board.press("p", "u", "d", "x", "ArrowDown", "Enter", "Escape")
    assert board.page.evaluate("heard") == []
    board.button("Pass").focus()
    board.press("d")
    assert board.page.evaluate("heard") == [], "buttons are inside the board too"
    board.press("Control+b")
    assert "b" in board.page.evaluate("heard"), "the page's own shortcuts go on working"


@pytest.mark.parametrize("size", [1, 2, 5, 9, 13, 19])
def test_every_size_is_drawn_and_played(open_board, size):
    board = open_board(size)
    assert board.page.locator(".gk-coordinate").count() == 4 * size
    board.click("A1")
    if size == 1:
        assert "superko" in board.status
    else:
        assert board.stones.splitlines()[-1][0] == "X"


def test_two_boards_on_a_page_do_not_share_names(open_board):
    board = open_board(5)
    load_again = """async (source) => {
      // As a notebook does: each board has a copy of the module of its own.
      const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const { mount } = await import(address);
      mount(document.body);
      return [...document.querySelectorAll("[id]")].map((element) => element.id);
    }"""
    ids = board.page.evaluate(load_again, module_source())
    assert len(ids) > 10
    assert len(ids) == len(set(ids))


def test_roles_and_labels(open_board):
    board = open_board(5, view={"title": "Ladders"})
    assert board.board.get_attribute("aria-label") == "Ladders. Go board, 5 by 5"
    assert board.page.locator("[role=status]").get_attribute("aria-live") == "polite"
    described = board.board.get_attribute("aria-describedby")
    assert "Enter plays" in board.page.locator(f"#{described}").text_content()
    for button in board.page.get_by_role("button").all():
        assert len(button.get_attribute("aria-label")) > 3


def test_a_record_goes_out_and_comes_back(open_board, tmp_path):
    board = open_board(5, ["C3", "D4", "pass", "B2"])
    with board.page.expect_download() as download:
        board.button("Save the game record (SGF)").click()
    path = tmp_path / "game.sgf"
    download.value.save_as(path)
    other = open_board(9)
    other.size = 5
    other.page.set_input_files("input[type=file]", path)
    other.page.wait_for_function("view.game.size === 5")
    assert other.stones == board.stones
    assert other.game["moves"] == board.game["moves"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello", "no opening bracket"),
        ("(;SZ[5];B[cc]", "closing bracket"),
        ("(;SZ[25];B[cc])", 'board size is "25"'),
        ("(;SZ[5];B[cc];W[cc])", "Move 2 of the record is illegal here. C3 is occupied"),
        ("(;SZ[2]AB[aa:bb])", "a group without liberties"),
        ("(;SZ[5];B[zz])", '"zz", which is not on this board'),
    ],
)
def test_a_bad_record_is_refused_in_words(open_board, text, sentence):
    board = open_board(5, ["C3"])
    file = {"name": "bad.sgf", "mimeType": "text/plain", "buffer": text.encode()}
    board.page.set_input_files("input[type=file]", file)
    board.page.wait_for_function(
        "document.querySelector('[data-part=status]').textContent.includes('bad.sgf')"
    )
    assert sentence in board.status
    assert board.stones.count("X") == 1, "the game on the board stays"


def colors_of(board, selector: str) -> tuple[int, ...]:
    style = board.page.locator(selector).first.evaluate("(e) => getComputedStyle(e).color")
    return tuple(map(int, re.findall(r"\d+", style)[:3]))


def test_dark_mode_has_light_text_and_a_notebooks_theme_wins(open_board):
    board = open_board(5, dark=True)
    assert min(colors_of(board, ".gk-status")) > 150
    board.page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    assert max(colors_of(board, ".gk-status")) < 100
    light = open_board(5)
    light.page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    assert min(colors_of(light, ".gk-status")) > 150


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("plain", [False, True])
def test_stones_are_seen_in_both_themes_and_schemes(open_board, dark, plain):
    from io import BytesIO

    import matplotlib.image

    board = open_board(9, ["C3", "G7"], dark=dark, view={"show": {"theme": plain}})
    board.page.mouse.move(0, 0)

    def brightness(point):
        x, y = board.centre(point)
        # Beside the middle, where the last move has its ring.
        clip = {"x": x + 14, "y": y - 2, "width": 4, "height": 4}
        image = matplotlib.image.imread(BytesIO(board.page.screenshot(clip=clip)), format="png")
        return float(image[..., :3].mean())

    black, white = brightness("C3"), brightness("G7")
    assert black < 0.25 < 0.7 < white
    assert white - black > 0.5


@pytest.mark.parametrize("width", [280, 700, 1400])
def test_nothing_sticks_out_at_any_width(open_board, width):
    board = open_board(9, width=width, overlay={"at": [], "value": 0.1})
    assert board.page.evaluate("document.documentElement.scrollWidth") <= width
    box = board.board.bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert box["width"] >= 240
