"""The tree explorer's module alone, in a page without kernel or network."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest

from gokit.go.coordinates import to_gtp
from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.search.config import SearchConfig
from gokit.search.evaluators import RolloutEvaluator
from gokit.search.trace import BackUp, Evaluate, Expand, Select, trace_search
from gokit.widgets.search_request import Choices, read_request
from gokit.widgets.source import explorer_page, explorer_source

pytestmark = pytest.mark.browser

# Stands in for a kernel, where a test wants one.
KERNEL = """
globalThis.view = view;
globalThis.requests = [];
globalThis.withKernel = () => (view.callbacks = { onSearch: (request) => requests.push(request) });
"""
PHASES = {Select: "Select", Expand: "Expand", Evaluate: "Evaluate", BackUp: "Back up"}
SIGNS = {"Select": "→", "Expand": "+", "Evaluate": "◆", "Back up": "←"}


def search(simulations=60, position=None, seed=1, **options):
    """Record a search with random games."""
    evaluator = RolloutEvaluator(np.random.default_rng(seed))
    config = SearchConfig(simulations=simulations, **options)
    if position is None:
        position = Position.from_moves(["C3", "D4"], 5)
    return trace_search(evaluator, position, config, np.random.default_rng(0), name="random games")


@pytest.fixture(scope="module")
def trace():
    return search()


@pytest.fixture(scope="module")
def large():
    """3,000 simulations on 9 × 9."""
    return search(3000, Position(9))


class TreePage:
    """The explorer as a person meets it: keys, buttons, cards and sentences."""

    def __init__(self, page, size: int) -> None:
        self.page, self.size = page, size
        self.tree = page.locator("[data-part=svg-a]")

    def press(self, *keys: str) -> None:
        self.tree.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def part(self, name: str):
        return self.page.locator(f"[data-part={name}]")

    def text(self, name: str) -> str:
        return self.part(name).text_content()

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def go_to(self, after: int, step: int = 0) -> None:
        self.page.evaluate("(place) => view.player.goTo(place)", {"after": after, "step": step})

    def cards(self, side: str = "a") -> dict[int, dict[str, str]]:
        """The words of each card that is drawn, by node."""
        read = """(side) => {
          const words = (g) => [...g.querySelectorAll("text")].map((t) => t.textContent).join(" ");
          const cards = document.querySelectorAll(`[data-side=${side}] [data-node]`);
          return [...cards].map((g) => [Number(g.dataset.node), { text: words(g),
            label: g.getAttribute("aria-label"), style: g.getAttribute("class") }]);
        }"""
        return dict(self.page.evaluate(read, side))

    def rows(self) -> list[list[str]]:
        """The cells of the node's table."""
        read = """() => {
          const words = (cell) => cell.textContent.replace("→", "").trim();
          const rows = document.querySelectorAll("[data-part=table] tbody tr");
          return [...rows].map((row) => [...row.children].slice(0, 6).map(words));
        }"""
        return self.page.evaluate(read)

    def click_point(self, name: str) -> None:
        board = self.part("board")
        board.scroll_into_view_if_needed()
        box = board.bounding_box()
        scale = box["width"] / (88 + 40 * (self.size - 1))
        column, row = "ABCDEFGHJ".index(name[0]), self.size - int(name[1:])
        x, y = (44 + 40 * at for at in (column, row))
        self.page.mouse.click(box["x"] + scale * x, box["y"] + scale * y)


@pytest.fixture
def open_tree(browser):
    """Open a page with one trace or two: `open_tree(trace, other, width=900)` -> TreePage."""
    contexts = []

    def open_(trace, other=None, *, width=900, dark=False, motion="reduce", **view):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion=motion,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console",
            lambda line: page.errors.append(line.text) if line.type == "error" else None,
        )
        document = other.document if other else None
        page.set_content(explorer_page(trace.document, document, view=view, script=KERNEL))
        page.wait_for_function("globalThis.view !== undefined")
        return TreePage(page, trace.size)

    yield open_
    errors = [error for context in contexts for page in context.pages for error in page.errors]
    for context in contexts:
        context.close()
    assert not errors, f"the page raised {errors}"


def fixed(value: float, digits: int = 3) -> str:
    """A number as JavaScript's toFixed writes it: halves go up."""
    rounded = Decimal(float(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return str(rounded)


def signed(value: float, digits: int = 3) -> str:
    """A value as the explorer writes it."""
    return ("−" if value < 0 else "+") + fixed(abs(value), digits)


def matches_python(tree: TreePage, trace, after: int) -> None:
    """Each card shows the visits and the mean that Python's replay has there."""
    replay = trace.replay().seek(after)
    cards = tree.cards()
    assert 0 in cards
    assert len(cards) > min(after, 8), "the tree is not drawn"
    for node, card in cards.items():
        if node == 0:
            assert f"{after} visits, mean {signed(replay.mean(0))}" in card["label"]
            continue
        edges = {edge.action: edge for edge in replay.edges(int(trace.parents[node]))}
        edge = edges[int(trace.actions[node])]
        numbers = f"N {edge.n}, Q {signed(edge.q)}"
        name = to_gtp(edge.action, trace.size)
        assert f"{name}, {numbers}" in card["label"], f"node {node} after {after}"
        assert str(edge.n) in card["text"].split()


def test_the_numbers_on_the_cards_are_those_of_python_forwards_and_back(open_tree, trace):
    tree = open_tree(trace)
    for after in (60, 7, 8, 3, 41, 40, 0, 1, 60):
        tree.go_to(after)
        matches_python(tree, trace, after)


def test_a_step_back_undoes_a_step_forward(open_tree, trace):
    tree = open_tree(trace, at=20)
    tree.press("t")

    def all_of_it():
        texts = (tree.text(name) for name in ("tree-words", "says", "formula", "count", "table"))
        return (*texts, {node: card["label"] for node, card in tree.cards().items()})

    seen = [all_of_it()]
    for _ in range(20):
        tree.press(".")
        seen.append(all_of_it())
    assert len({says for _, says, *_ in seen}) == 21, "each step has a sentence of its own"
    while len(seen) > 1:
        seen.pop()
        tree.press(",")
        assert all_of_it() == seen[-1]


@pytest.mark.parametrize(
    "options",
    [{}, {"algorithm": "uct"}, {"algorithm": "gumbel"}, {"fpu": "infinite"}, {"leaf_batch": 4}],
)
def test_every_event_of_python_has_its_step_its_phase_and_its_sentence(open_tree, options):
    trace = search(24, **options)
    tree = open_tree(trace, at=0)
    phase = tree.page.locator("[data-phase][aria-current=step]")
    for simulation in (0, 1, 9, 23):
        tree.go_to(simulation)
        events = [event for event in trace.events() if event.simulation == simulation]
        steps = [event for event in events if not isinstance(event, BackUp)]
        for event in [*steps, events[-1]]:
            tree.press(".")
            name = PHASES[type(event)]
            assert phase.count() == 1
            assert phase.locator("b").text_content() == f"{SIGNS[name]} {name}"
            says = tree.text("says")
            assert says.startswith(f"Simulation {simulation + 1}, {name.lower()}: ")
            assert tree.text("live") == says, "the live region is silent"
            if isinstance(event, Select):
                assert f" takes {to_gtp(event.chosen, 5)}" in says
        assert tree.text("count").startswith(f"{simulation + 1} of 24")


@pytest.mark.parametrize(
    "options",
    [
        {"max_nodes": 12},
        {"transpositions": "history"},
        {"transpositions": "position"},
        {"noise_fraction": 0.5},
        {"algorithm": "gumbel", "considered": 4},
        {"algorithm": "uct", "leaf_batch": 3},
    ],
)
def test_any_search_is_stepped_through_from_end_to_end(open_tree, options):
    trace = search(60, Position(2), **options)  # games end in it
    tree = open_tree(trace, at=0)
    steps = """(direction) => {
      const says = [];
      for (let k = 0; k < 2000; k++) {
        const { after, step } = view.player.place;
        view.player.step(direction);
        const place = view.player.place;
        if (place.after === after && place.step === step) break;
        says.push(view.parts.says.textContent);
      }
      return says;
    }"""
    forward = tree.page.evaluate(steps, 1)
    assert tree.text("count") == "60 of 60"
    assert len(forward) > 180
    assert not [says for says in forward if "undefined" in says or "NaN" in says]
    matches_python(tree, trace, 60)
    backward = tree.page.evaluate(steps, -1)
    assert tree.text("count") == "0 of 60"
    assert backward[:-1] == forward[-2::-1]


def test_select_shows_why_the_winner_won(open_tree, trace):
    tree = open_tree(trace)
    for event in trace.events(30, 34):
        if not isinstance(event, Select):
            continue
        tree.go_to(event.simulation, event.step + 1)
        edges = {edge.action: edge for edge in event.edges}
        assert edges[event.chosen].score == max(edge.score for edge in event.edges)
        won = tree.page.locator("[data-part=table] tr[aria-current]")
        assert won.count() == 1
        cells = [cell.text_content() for cell in won.locator("th, td").all()]
        edge = edges[event.chosen]
        assert cells[0] == f"→{to_gtp(edge.action, 5)}"
        assert cells[1] == str(edge.n)
        assert cells[5].startswith(signed(edge.score))
        formula = tree.text("formula")
        assert formula.endswith(f"= {fixed(edge.score)}")
        for number in (fixed(edge.q), fixed(edge.p), f"1+{edge.n}"):
            assert number in formula
        others = sorted((e.score for e in event.edges if e.action != event.chosen), reverse=True)
        assert f"with {signed(others[0])}" in tree.text("says")
        chosen = [card for card in tree.cards().values() if "gt-chosen" in card["style"]]
        assert len(chosen) == 1
        assert chosen[0]["label"].split(",")[0].endswith(to_gtp(event.chosen, 5))
        total = f"{signed(edge.q, 2)} + {fixed(edge.u, 2)} = {signed(edge.score, 2)}"
        assert f"→ {total}" in chosen[0]["text"]


def test_each_phase_is_told_on_the_tree_by_a_sign_and_words(open_tree, trace):
    simulation = next(i for i in range(20, 60) if trace.is_new[i])
    leaf = int(trace.leaves[simulation])
    depth = len(trace.path(simulation)[1])
    tree = open_tree(trace)
    tree.go_to(simulation, depth)
    assert "gt-ghost" in tree.cards()[leaf]["style"]
    tree.go_to(simulation, depth + 1)
    assert "gt-ghost" not in tree.cards()[leaf]["style"]
    assert "+ new node" in tree.cards()[leaf]["text"]
    tree.go_to(simulation, depth + 2)
    assert f"◆ {signed(-trace.leaf_values[simulation])} for " in tree.cards()[leaf]["text"]
    tree.go_to(simulation + 1)
    assert f"← N 0→1 Q {signed(-trace.leaf_values[simulation], 2)}" in tree.cards()[leaf]["text"]
    lit = {node for node, card in tree.cards().items() if "gt-lit" in card["style"]}
    assert lit == {*trace.path(simulation)[0], leaf}


def test_the_slider_is_where_the_search_is(open_tree, trace):
    tree = open_tree(trace)
    slider = tree.part("slider")
    assert slider.get_attribute("max") == "60"
    slider.focus()
    for key, after in (
        ("Home", 0),
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("End", 60),
        ("ArrowLeft", 59),
    ):
        tree.page.keyboard.press(key)
        assert slider.input_value() == str(after)
        assert tree.text("count") == f"{after} of 60"
        assert slider.get_attribute("aria-valuetext") == f"{after} of 60 simulations"
        matches_python(tree, trace, after)
    tree.press("[", "[", "]")
    assert slider.input_value() == "58"
    tree.press(".", "[")
    assert slider.input_value() == "58", "back from the middle of a simulation is to its start"
    assert tree.text("count") == "58 of 60"
    tree.press("PageUp")
    assert slider.input_value() == "52"


def test_playing_goes_to_the_end_and_stops(open_tree, trace):
    tree = open_tree(trace, at=30)
    tree.part("unit").select_option("simulation")
    tree.part("speed").select_option("120")
    tree.press("Space")
    assert tree.button("Pause").count() == 1
    tree.page.wait_for_function("view.player.playing === null && view.player.place.after === 60")
    assert tree.button("Play").count() == 1
    matches_python(tree, trace, 60)
    assert tree.text("live") == tree.text("says"), "where it stopped is said"
    tree.press("Space", "Space")
    assert tree.page.evaluate("view.player.place.after") < 60, "playing at the end starts anew"
    assert tree.page.evaluate("view.player.playing") is None


def test_playing_by_events_passes_every_step(open_tree, trace):
    tree = open_tree(trace, at=0)
    places = tree.page.evaluate(
        """() => { const seen = []; while (!view.player.atEnd && seen.length < 30) {
          view.player.advance(); seen.push([view.player.place.after, view.player.place.step]); }
          return seen; }"""
    )
    expected, simulation = [], 0
    while len(expected) < 30:
        steps = len(trace.path(simulation)[1]) + 1 + int(trace.is_new[simulation])
        expected += [[simulation, step + 1] for step in range(steps)] + [[simulation + 1, 0]]
        simulation += 1
    assert places == expected[:30]


def test_no_key_in_the_explorer_reaches_the_page(open_tree, trace):
    tree = open_tree(trace)
    tree.page.evaluate("heard = []; addEventListener('keydown', (e) => heard.push(e.key))")
    tree.press("d", "x", "a", "b", "ArrowDown", "Enter", ".", "Home", "Escape", "Space", "Space")
    for part in ("slider", "board", "limit", "tree-words"):
        tree.part(part).evaluate("(element) => { element.hidden = false; element.focus(); }")
        tree.page.keyboard.press("d")
        tree.page.keyboard.press("z")
    tree.button("Start of the search").focus()
    tree.page.keyboard.press("x")
    tree.page.locator("summary").click()
    tree.page.locator("[data-dial=simulations]").fill("30")
    tree.page.keyboard.press("5")
    assert tree.page.locator("[data-dial=simulations]").input_value() == "305"
    assert tree.page.evaluate("heard") == []
    tree.tree.focus()
    tree.page.keyboard.press("Control+b")
    assert "b" in tree.page.evaluate("heard"), "the page's own shortcuts go on working"


def test_arrows_go_along_the_tree(open_tree, trace):
    tree = open_tree(trace)
    replay = trace.replay().seek(60)
    best = max(replay.edges(0), key=lambda edge: edge.n)
    tree.press("ArrowRight")
    first = f"Black {to_gtp(best.action, 5)}"
    assert tree.text("live").startswith(first)
    assert tree.text("node-name") == first
    active = tree.tree.get_attribute("aria-activedescendant")
    assert tree.page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert tree.page.locator("[data-side=a] [aria-selected=true]").count() == 1
    tree.press("ArrowDown")
    assert tree.text("node-name") != first
    tree.press("ArrowUp")
    assert tree.text("node-name") == first
    tree.press("ArrowLeft")
    assert tree.text("node-name") == "the root"


def test_enter_folds_and_opens_and_plus_shows_more(open_tree, trace):
    tree = open_tree(trace)
    tree.press("f")  # stays where it is
    before = tree.cards()
    tree.press("ArrowRight")
    node = int(tree.page.evaluate("view.node"))
    path = set(trace.path(59)[0]) | {int(trace.leaves[59])}
    below = [n for n in before if n not in path and int(trace.parents[n]) == node]
    assert below
    tree.press("Enter")
    assert not set(below) & set(tree.cards())
    tree.press("Enter")
    assert set(below) <= set(tree.cards())
    tree.press("ArrowLeft", "+")
    assert len(tree.cards()) > len(before)
    shown = len(tree.cards())
    tree.part("limit").select_option("12")
    assert len(tree.cards()) < shown


def test_the_most_visited_nodes_are_drawn(open_tree, large):
    tree = open_tree(large, nodes=24)
    replay = large.replay().seek(3000)
    counts = np.zeros(large.nodes, int)
    np.add.at(counts, large.path_reached, 1)
    shown = set(tree.cards())
    path = {0, *large.path(2999)[0], int(large.leaves[2999])}
    assert len(shown - path) <= 24
    least = min(counts[node] for node in shown - path)
    assert least >= max(n for node, n in enumerate(counts) if node not in shown)
    best = max(replay.edges(0), key=lambda edge: edge.n)
    assert best.child in shown
    hidden = int(re.search(r"\+(\d+)", tree.cards()[0]["text"]).group(1))
    visited = sum(edge.child >= 0 for edge in replay.edges(0))
    assert hidden == visited - sum(large.parents[node] == 0 for node in shown)


def test_the_table_of_a_node_is_sorted_by_any_column(open_tree, trace):
    tree = open_tree(trace)
    replay = trace.replay().seek(60)
    edges = replay.edges(0)
    head = tree.page.locator("[data-part=table] thead th")
    tree.page.locator("[data-sort=n]").click()
    assert head.nth(1).get_attribute("aria-sort") == "descending"
    counts = [int(row[1]) for row in tree.rows()]
    assert counts == sorted((edge.n for edge in edges), reverse=True)[: len(counts)]
    tree.page.locator("[data-sort=n]").click()
    assert head.nth(1).get_attribute("aria-sort") == "ascending"
    assert [int(row[1]) for row in tree.rows()[:10]] == sorted(edge.n for edge in edges)[:10]
    assert tree.page.locator("[data-part=table] tr[aria-current]").count() == 1, "always shown"
    tree.page.locator("[data-sort=q]").press("Enter")
    named = {to_gtp(edge.action, 5): edge for edge in edges}
    for row in tree.rows():
        edge = named[row[0]]
        q = signed(edge.q) if edge.n else f"({signed(edge.q)})"
        assert row[1:3] == [str(edge.n), q]
        assert row[4] == fixed(edge.u)
        assert row[5].startswith(signed(edge.score))
    qs = [named[row[0]].q for row in tree.rows()[:10]]
    assert qs == sorted((edge.q for edge in edges), reverse=True)[:10]
    tree.page.locator("[data-do=all-rows]").click()
    assert len(tree.rows()) == len(edges)


def test_a_child_in_the_table_and_a_point_on_the_board_lead_to_their_node(open_tree, trace):
    tree = open_tree(trace)
    edges = trace.replay().seek(60).edges(0)
    best = max(edges, key=lambda edge: edge.n)
    name = to_gtp(best.action, 5)
    assert tree.rows()[0][0] == name, "at rest the most visited move stands first"
    tree.page.locator(f"[data-child='{best.child}']").first.click()
    assert tree.text("node-name") == f"Black {name}"
    assert tree.page.locator("[data-layer=stones] .gk-black").count() == 2
    tree.press("ArrowLeft")
    tree.click_point(name)
    assert tree.text("node-name") == f"Black {name}"
    tree.click_point(name)
    assert "occupied" in tree.text("status")


def test_visits_and_prior_are_shown_on_the_board(open_tree, trace):
    tree = open_tree(trace)
    edges = trace.replay().seek(60).edges(0)
    counts = sorted(str(edge.n) for edge in edges if edge.n and edge.action < 25)
    on_board = tree.page.locator("[data-layer=over] text")
    assert sorted(on_board.all_text_contents()) == counts
    tree.press("v")
    assert on_board.count() == 0
    tree.press("p")
    tiles = tree.page.locator("[data-layer=under] .gk-heat")
    assert tiles.count() == sum(edge.action < 25 and edge.p > 0.002 for edge in edges)
    assert tree.button("Show the prior on the board").get_attribute("aria-pressed") == "true"


def test_the_best_line_is_marked_and_written(open_tree, trace):
    tree = open_tree(trace)
    line = trace.replay().seek(60).principal_variation()
    words = tree.text("best-line")
    names = [to_gtp(step.action, 5) for step in line]
    assert re.findall(r"(?:Black|White) (\w+)", words) == names[:12]
    tree.press("b")
    marked = [card for card in tree.cards().values() if "gt-best" in card["style"]]
    assert 0 < len(marked) <= len(names)
    assert all("on the best line" in card["label"] for card in marked)


def test_the_tree_in_words_has_the_same_numbers(open_tree, trace):
    tree = open_tree(trace, at=33)
    assert not tree.part("tree-words").is_visible()
    tree.press("t")
    lines = tree.text("tree-words").splitlines()
    replay = trace.replay().seek(33)
    assert lines[0] == f"root, Black to play: 33 visits, mean {signed(replay.mean(0))} for Black"
    visited = sorted((edge for edge in replay.edges(0) if edge.n), key=lambda edge: -edge.n)
    assert (
        f"  Black {to_gtp(visited[0].action, 5)}  N {visited[0].n}  Q {signed(visited[0].q)}"
        in lines[1]
    )
    first_level = [line for line in lines if re.match(r"  \w", line)]
    more = [int(n) for n in re.findall(r"(?m)^  … (\d+) more", "\n".join(lines))]
    assert len(first_level) + sum(more) == len(visited)


def test_two_searches_stand_side_by_side_with_their_differences_named(open_tree, trace):
    other = search(c_puct=12.0)
    assert other.document["paths"] != trace.document["paths"]
    tree = open_tree(trace, other, width=1200)
    a, b = (tree.page.locator(f"[data-side={side}]").bounding_box() for side in "ab")
    assert a["y"] == b["y"]
    assert a["x"] + a["width"] <= b["x"]
    assert "c 1.5" in tree.text("name-a")
    assert "c 12" in tree.text("name-b")
    shares, tables = [], []
    for side, one in (("a", trace), ("b", other)):
        edges = one.replay().seek(60).edges(0)
        tables.append({edge.action: edge.n for edge in edges})
        shares.append({edge.action: edge.n / 60 for edge in edges})
        cards = tree.cards(side)
        for edge in edges:
            if edge.child in cards:
                name = to_gtp(edge.action, 5)
                assert f"Black {name}, N {edge.n}, Q {signed(edge.q)}" in cards[edge.child]["label"]
    moved = sum(abs(shares[0][action] - shares[1][action]) for action in shares[0]) / 2
    text = tree.page.locator(".gt-compare-text").text_content()
    assert f"{moved:.0%}".replace("%", " %") in text
    best = [to_gtp(max(table, key=table.get), 5) for table in tables]
    assert f"A visits {best[0]} most, B {best[1]}" in text or f"Both visit {best[0]} most" in text
    rows = tree.page.locator("[data-part=compare] tbody tr")
    for row in rows.all():
        name, n_a, n_b = (row.locator("th, td").nth(k).text_content() for k in range(3))
        action = next(action for action in tables[0] if to_gtp(action, 5) == name)
        assert (int(n_a), int(n_b)) == (tables[0][action], tables[1][action])


def test_both_trees_step_together_and_the_chosen_node_is_the_same_in_both(open_tree, trace):
    other = search(40, c_puct=12.0)
    tree = open_tree(trace, other, width=1200)
    tree.go_to(25)
    assert "25 visits" in tree.cards("a")[0]["label"]
    assert "25 visits" in tree.cards("b")[0]["label"]
    tree.go_to(50)
    assert "50 visits" in tree.cards("a")[0]["label"]
    assert "40 visits" in tree.cards("b")[0]["label"], "it has no more"
    tree.press("ArrowRight")
    chosen = [
        card["label"].split(",")[0]
        for side in "ab"
        for card in tree.cards(side).values()
        if "gt-cursor" in card["style"]
    ]
    assert len(chosen) == 2
    assert chosen[0] == chosen[1]
    tree.page.locator("summary").click()
    tree.button("Close the comparison").click()
    assert not tree.page.locator("[data-side=b]").is_visible()
    assert not tree.part("compare").is_visible()
    assert tree.part("slider").get_attribute("max") == "60"


def test_without_a_kernel_a_new_search_says_what_it_needs(open_tree, trace):
    tree = open_tree(trace)
    tree.page.locator("summary").click()
    assert "needs a running notebook" in tree.text("no-kernel")
    tree.button("Search, and show it beside this tree").click()
    assert "needs a running notebook" in tree.text("status")
    tree.press("ArrowRight")
    tree.button("Search from this position").click()
    assert "needs a running notebook" in tree.text("status")


def test_what_if_sends_a_request_that_python_takes(open_tree, trace):
    tree = open_tree(trace)
    choices = Choices(None, {}, 0)
    defaults = {name: SearchConfig(algorithm=name).to_dict() for name in ("puct", "uct", "gumbel")}
    dials = {"evaluators": choices.names, "evaluator": "random games", "defaults": defaults}
    tree.page.evaluate("(dials) => { withKernel(); view.update({ dials }); }", dials)
    tree.page.locator("summary").click()

    def dial(name):
        return tree.page.locator(f"[data-dial={name}]")

    def asked(button):
        tree.button(button).click()
        requests = tree.page.evaluate("requests")
        return read_request(requests[-1], trace.config, choices, 5000)

    slot, request = asked("Search, and show it beside this tree")
    assert (slot, request.config) == ("b", trace.config)
    assert request.position.moves == trace.root.moves
    assert "Searching" in tree.text("status")
    dial("fpu").select_option("infinite")
    assert not dial("fpu_value").is_visible()
    dial("c_puct").fill("0.25")
    dial("seed").fill("9")
    slot, request = asked("Search, and show it instead")
    assert slot == "a"
    assert request.config == SearchConfig(simulations=60, c_puct=0.25, fpu="infinite")
    assert request.seed == 9
    for algorithm in ("uct", "gumbel", "puct"):
        dial("algorithm").select_option(algorithm)
        assert asked("Search, and show it instead")[1].config == SearchConfig(
            simulations=60, algorithm=algorithm
        )
    dial("simulations").fill("100000")
    with pytest.raises(GoError, match="simulations"):
        asked("Search, and show it instead")
    dial("simulations").fill("")
    sent = tree.page.evaluate("requests.length")
    tree.button("Search, and show it instead").click()
    assert "needs a number" in tree.text("status")
    assert tree.page.evaluate("requests.length") == sent


def test_one_searches_on_from_a_node_or_a_move_and_comes_back(open_tree, trace):
    tree = open_tree(trace)
    tree.page.evaluate("withKernel()")
    tree.button("Search from this position").click()
    assert tree.page.evaluate("requests") == [], "this one has been searched"
    best = max(trace.replay().seek(60).edges(0), key=lambda edge: edge.n)
    tree.press("ArrowRight")
    tree.button("Search from this position").click()
    request = tree.page.evaluate("requests.at(-1)")
    assert request["game"]["moves"] == [*trace.root.moves, best.action]
    # A move that the search never tried there.
    node = next(
        edge.child
        for edge in trace.replay().seek(60).edges(0)
        if edge.n and not trace.replay().seek(60).visits(edge.child) > 3
    )
    tree.page.evaluate("(node) => view.pick('a', node)", node)
    position = trace.position(node)
    tried = {e.action for e in trace.replay().seek(60).edges(node) if e.child >= 0}
    untried = next(m for m in position.legal_moves() if m not in tried and m < 25)
    tree.click_point(to_gtp(int(untried), 5))
    assert "never tried" in tree.text("status")
    tree.button(f"Search after {to_gtp(int(untried), 5)}").click()
    request = tree.page.evaluate("requests.at(-1)")
    assert request["game"]["moves"] == [*position.moves, int(untried)]
    tree.button("Back to the position before").click()
    request = tree.page.evaluate("requests.at(-1)")
    assert request["game"]["moves"] == trace.root.moves


def test_a_new_trace_replaces_the_old_one_and_a_notice_is_shown(open_tree, trace):
    tree = open_tree(trace, at=10)
    tree.press("ArrowRight")
    new = search(15, Position(5))
    tree.page.evaluate("(trace) => view.update({ trace })", new.document)
    assert tree.text("count") == "15 of 15"
    assert tree.text("node-name") == "the root"
    matches_python(tree, new, 15)
    tree.page.evaluate("view.update({ status: { notice: 'The search failed: no weights' } })")
    assert tree.text("status") == "The search failed: no weights"


def test_before_the_first_search_only_its_progress_is_shown(open_tree, trace):
    tree = open_tree(trace)
    shown = tree.page.evaluate(
        """async (source) => {
          const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const { mount } = await import(address);
          const status = { searching: "a", done: 40, of: 900 };
          const second = mount(document.body, { trace: {}, other: {}, status });
          globalThis.second = second;
          return second.root.innerText.trim();
        }""",
        explorer_source(),
    )
    assert shown == "Searching: 40 of 900 simulations …"
    ids = tree.page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)), "two explorers share names"
    tree.page.evaluate("(trace) => second.update({ trace, status: {} })", trace.document)
    assert tree.page.evaluate("second.root.querySelectorAll('[role=treeitem]').length") > 10


def test_roles_and_labels(open_tree, trace):
    tree = open_tree(trace, title="A small tree")
    assert tree.text("title") == "A small tree"
    assert tree.tree.get_attribute("role") == "tree"
    assert tree.tree.get_attribute("aria-label") == "Search tree after 60 simulations, random games"
    described = tree.tree.get_attribute("aria-describedby")
    assert "Space plays and pauses" in tree.page.locator(f"#{described}").text_content()
    items = tree.page.locator("[data-side=a] [role=treeitem]").all()
    assert len(items) > 10
    for item in items:
        depth = int(trace.depths[int(item.get_attribute("data-node"))])
        assert item.get_attribute("aria-level") == str(depth + 1)
    for button in tree.page.get_by_role("button").all():
        name = button.get_attribute("aria-label") or button.text_content()
        assert len(name.strip()) > 1
    assert tree.part("live").get_attribute("aria-live") == "polite"
    assert tree.part("status").get_attribute("role") == "status"


def test_names_from_elsewhere_stay_text(open_tree):
    trace = trace_search(
        RolloutEvaluator(np.random.default_rng(0)),
        Position(3),
        SearchConfig(simulations=5),
        name="<img src=x onerror='globalThis.broken = 1'>",
    )
    tree = open_tree(trace, trace)
    tree.page.locator("summary").click()
    tree.press("t", ".", "Home", ".")
    assert tree.page.locator("img").count() == 0
    assert "<img" in tree.text("name-a")


def luminance(color: str) -> float:
    channels = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_contrast_in_both_schemes(open_tree, trace, dark):
    tree = open_tree(trace, dark=dark)
    measure = """() => {
      const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
          const color = getComputedStyle(at).backgroundColor;
          if (!/, 0\\)$|transparent/.test(color)) return color;
        }
        return getComputedStyle(document.body).backgroundColor;
      };
      const names = ":is(p, b, span, dt, dd, td, th, button, label, output)";
      const texts = [...document.querySelectorAll(`.gokit-tree ${names}`)];
      const skipped = ".gt-dot, .gokit-board, [aria-disabled=true]";
      const seen = (e) => e.offsetParent && e.textContent.trim() && !e.closest(skipped);
      const found = texts.filter(seen)
        .map((e) => [e.className || e.tagName, getComputedStyle(e).color, ground(e)]);
      for (const e of document.querySelectorAll(".gokit-tree [data-side=a] .gt-node text")) {
        const card = e.closest("[data-node]").querySelector(".gt-card");
        const fill = getComputedStyle(card).fill;
        const ground = fill === "none" ? getComputedStyle(e.ownerSVGElement).backgroundColor : fill;
        if (e.textContent && getComputedStyle(e).display !== "none")
          found.push([e.getAttribute("class"), getComputedStyle(e).fill, ground]);
      }
      return found;
    }"""
    checked = 0
    for after, step in ((60, 0), (40, 1), (40, 99), (41, 0)):
        tree.go_to(after, min(step, len(trace.path(40)[1]) + 2))
        for name, ink, ground in tree.page.evaluate(measure):
            low, high = sorted((luminance(ink), luminance(ground)))
            assert (high + 0.05) / (low + 0.05) >= 4.5, f"{name}: {ink} on {ground}"
            checked += 1
    assert checked > 200


def test_a_notebooks_theme_wins(open_tree, trace):
    tree = open_tree(trace, dark=True)
    color = "getComputedStyle(document.querySelector('[data-part=says]')).color"
    assert luminance(tree.page.evaluate(color)) > 0.5
    tree.page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    assert luminance(tree.page.evaluate(color)) < 0.1


@pytest.mark.parametrize("width", [320, 700, 900, 1400])
def test_nothing_sticks_out_at_any_width(open_tree, trace, width):
    tree = open_tree(trace, search(30, c_puct=9.0), width=width)
    tree.page.locator("summary").click()
    tree.press("t", "?")
    assert tree.page.evaluate("document.documentElement.scrollWidth") <= width
    assert tree.tree.bounding_box()["width"] >= 250


def test_cards_do_not_overlap(open_tree, trace, large):
    for one in (trace, large):
        tree = open_tree(one)
        for place in ((one.simulations, 0), (one.simulations // 2, 2)):
            tree.go_to(*place)
            boxes = tree.page.evaluate(
                "[...view.sides.a.layout.at.values()]"
                ".map((b) => [b.x, b.y - b.height / 2, b.width, b.height])"
            )
            assert len(boxes) > 10
            for k, (x, y, w, h) in enumerate(boxes):
                for x2, y2, w2, h2 in boxes[:k]:
                    assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_with_reduced_motion_nothing_moves_by_itself(open_tree, trace):
    where = (
        "[...document.querySelectorAll('[data-side=a] [data-node]')]"
        ".map((card) => card.getAttribute('transform')).join()"
    )
    for motion, still in (("reduce", True), ("no-preference", False)):
        tree = open_tree(trace, motion=motion, at=5)
        tree.page.evaluate("new Promise((done) => setTimeout(done, 400))")
        at_once = tree.page.evaluate(f"view.player.goTo({{ after: 50, step: 0 }}); {where}")
        tree.page.evaluate("new Promise((done) => setTimeout(done, 800))")
        assert (tree.page.evaluate(where) == at_once) is still


def test_a_large_tree_steps_about_as_fast_as_a_small_one(open_tree, trace, large):
    """What a step costs depends on what is drawn, not on how large the tree is."""
    measure = """async ([from, steps]) => {
      const times = [];
      view.player.goTo({ after: from, step: 0 });
      for (let k = 0; k < steps; k++) {
        const start = performance.now();
        view.player.step(1);
        times.push(performance.now() - start);
        await new Promise((done) => requestAnimationFrame(done));
      }
      return times.sort((a, b) => a - b)[steps >> 1];
    }"""
    small = open_tree(trace).page.evaluate(measure, [20, 60])
    tree = open_tree(large)
    assert tree.page.evaluate(measure, [2000, 60]) < 12 * max(small, 1)
    path = len(large.path(tree.page.evaluate("view.player.place.after"))[1])
    assert len(tree.cards()) <= 24 + 1 + path
