"""TreeExplorer's Python half: what it searches, what it believes of the browser, its pictures."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import gokit
from gokit.go.coordinates import from_gtp
from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.search.config import SearchConfig
from gokit.search.evaluators import RolloutEvaluator, UniformEvaluator
from gokit.search.trace import trace_search
from gokit.widgets import TreeExplorer, source
from gokit.widgets.tree_picture import COLUMN_GAP, MOST_NODES, place_cards

PUCT = {"algorithm": "puct", "simulations": 30, "c_puct": 2, "fpu": "infinite"}


@pytest.fixture(autouse=True)
def _with_widgets(monkeypatch):
    monkeypatch.setenv("GOKIT_STATIC", "0")


@pytest.fixture(scope="module")
def trace():
    """A search of 5 × 5 with random games, a few moves into a game."""
    evaluator = RolloutEvaluator(np.random.default_rng(1))
    position = Position.from_moves(["C3", "D4"], 5)
    return trace_search(evaluator, position, SearchConfig(simulations=200), name="random games")


class HeldEvaluator(UniformEvaluator):
    """Waits until it may answer."""

    name = "held"

    def __init__(self, first: int = 1):
        """Hold the answers from the `first` on."""
        self.first = first
        self.may_answer = threading.Event()
        self.asked = 0

    def evaluate(self, games, indices):
        self.asked += 1
        assert self.asked < self.first or self.may_answer.wait(20)
        return super().evaluate(games, indices)


def message(explorer: TreeExplorer, **change) -> dict:
    """What the browser sends for a search, as whatif.js and tree.js make it."""
    game = {**explorer.trace.document["game"], "moves": [12], "cursor": 1}
    asked = {"slot": "a", "evaluator": "random games", "seed": 3, "config": PUCT, "game": game}
    return {"type": "search", **asked, **change}


def send(explorer: TreeExplorer, **change) -> None:
    explorer._handle_custom_msg(message(explorer, **change), [])
    explorer.wait(20)


def test_a_search_is_shown_with_its_position():
    position = Position.from_moves(["C3"], 5)
    explorer = gokit.explore(position, simulations=25, title="A tree", at=3, nodes=48)
    assert explorer.trace.simulations == 25
    assert explorer.record == explorer.trace.document
    assert explorer.position is position
    assert explorer.other is None
    assert explorer.view == {"title": "A tree", "limit": 48, "at": 3}
    assert not explorer.status.get("searching")


def test_the_notebook_is_free_while_it_searches():
    held = HeldEvaluator()
    explorer = gokit.explore(Position(3), held, simulations=5)  # returns without an answer
    assert explorer.searching
    assert explorer.status["searching"] == "a"
    assert explorer.record == {}
    assert repr(explorer).startswith("Searching")
    held.may_answer.set()
    assert explorer.trace.simulations == 5
    assert not explorer.searching


def test_the_text_twin_is_whole(trace):
    explorer = gokit.explore(trace)
    assert repr(explorer) == str(trace)
    bundle = explorer._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == str(trace)
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_recorded_search_is_shown_as_it_is_and_may_be_compared(trace):
    explorer = gokit.explore(trace)
    assert explorer.trace is trace
    explorer.compare(simulations=20)
    assert explorer.trace is trace
    assert explorer.other.simulations == 20
    assert explorer.record_beside == explorer.other.document
    explorer._handle_custom_msg({"type": "close"}, [])
    assert explorer.record_beside == {}
    assert explorer.other is None


def test_the_same_seed_gives_the_same_tree_and_another_another():
    one, two, three = (gokit.explore(Position(5), simulations=40, seed=s).trace for s in (1, 1, 2))
    assert one.document == two.document
    assert one.document != three.document


def test_a_comparison_keeps_what_was_not_changed_and_starts_afresh_with_another_algorithm():
    config = SearchConfig(simulations=12, c_puct=3.0, fpu="absolute", fpu_value=-1.0)
    explorer = gokit.explore(Position(3), config=config)
    explorer.compare(c_puct=1.0)
    assert explorer.other.config == SearchConfig(
        simulations=12, c_puct=1.0, fpu="absolute", fpu_value=-1.0
    )
    explorer.compare(fpu="infinite")
    assert explorer.other.config == SearchConfig(simulations=12, c_puct=3.0, fpu="infinite")
    explorer.compare(algorithm="gumbel")
    assert explorer.other.config == SearchConfig(simulations=12, algorithm="gumbel")
    assert explorer.trace.config == config


def test_the_browser_asks_for_a_search_of_another_position():
    explorer = gokit.explore(Position(5), simulations=20)
    explorer.compare(c_puct=5.0)
    send(explorer)
    assert explorer.position.moves == [12]
    assert explorer.trace.config == SearchConfig(simulations=30, c_puct=2, fpu="infinite")
    assert explorer.dials["seed"] == 3
    assert explorer.record_beside == {}, "the tree beside it was of another position"
    again = gokit.explore(Position.from_moves(["C3"], 5), config=explorer.trace.config, seed=3)
    assert again.trace.document["paths"] == explorer.trace.document["paths"]


def test_the_browser_asks_for_a_tree_beside_it():
    explorer = gokit.explore(Position(5), simulations=20, evaluators={"mine": UniformEvaluator()})
    before = explorer.trace
    send(explorer, slot="b", evaluator="mine", game=explorer.trace.document["game"])
    assert explorer.trace is before
    assert explorer.other.evaluator == "mine"
    assert explorer.other.simulations == 30


def test_what_has_no_dial_in_the_browser_stays_as_it_is():
    explorer = gokit.explore(Position(3), config=SearchConfig(simulations=8, leaf_batch=4))
    send(explorer, config={**PUCT, "simulations": 8}, game=explorer.trace.document["game"])
    assert explorer.trace.config.leaf_batch == 4


GAME = {"size": 5, "rules": gokit.TROMP_TAYLOR.to_dict(), "setup": [], "first": 1, "end": None}
PASSED = {**GAME, "moves": [25, 25], "cursor": 2, "revision": 0}
OCCUPIED = {**GAME, "moves": [12, 12], "cursor": 2, "revision": 0}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"slot": "c"}, "slot"),
        ({"slot": []}, "slot"),
        ({"seed": -1}, "seed"),
        ({"seed": "1"}, "seed"),
        ({"seed": 2**40}, "seed"),
        ({"seed": True}, "seed"),
        ({"config": None}, "config"),
        ({"config": {str(k): k for k in range(100)}}, "config"),
        ({"config": {**PUCT, "simulations": 5001}}, "from 1 to 5,000"),
        ({"config": {**PUCT, "simulations": 0}}, "simulations"),
        ({"config": {**PUCT, "simulations": 2.5}}, "simulations"),
        ({"config": {**PUCT, "simulations": True}}, "simulations"),
        ({"config": {**PUCT, "c_puct": [1]}}, "option"),
        ({"config": {**PUCT, "c_puct": -1}}, "c_puct"),
        ({"config": {**PUCT, "c_puct": float("nan")}}, "c_puct"),
        ({"config": {**PUCT, "nonsense": 1}}, "nonsense"),
        ({"config": {**PUCT, "considered": 4}}, "considered"),
        ({"config": {**PUCT, "algorithm": "minimax"}}, "algorithm"),
        ({"evaluator": "/etc/passwd"}, "evaluator"),
        ({"evaluator": None}, "evaluator"),
        ({"evaluator": ["random games"]}, "evaluator"),
        ({"game": None}, "game"),
        ({"game": {**GAME, "moves": [26], "cursor": 1, "revision": 0}}, "moves"),
        ({"game": {**GAME, "size": 99, "moves": [], "cursor": 0, "revision": 0}}, "size"),
        ({"game": OCCUPIED}, "occupied"),
        ({"game": PASSED}, "over"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_a_sentence(trace, change, complaint):
    explorer = gokit.explore(trace)
    before = explorer.status["revision"]
    send(explorer, **change)
    assert complaint in explorer.status["notice"].lower()
    assert explorer.status["revision"] > before
    assert explorer.trace is trace
    assert not explorer.searching


@pytest.mark.parametrize("content", [None, "search", {}, [], {"type": "search"}, {"type": 3}])
def test_a_malformed_message_changes_nothing_and_raises_nothing(trace, content):
    explorer = gokit.explore(trace)
    explorer._handle_custom_msg(content, [])
    assert explorer.trace is trace


def test_a_search_that_nobody_waits_for_any_more_is_dropped():
    held = HeldEvaluator()
    explorer = gokit.explore(Position(3), held, simulations=50)
    explorer.search(evaluator="random games", config=SearchConfig(simulations=7))
    held.may_answer.set()
    assert explorer.trace.simulations == 7
    assert explorer.trace.evaluator == "random games"
    assert held.asked < 50, "it went on to the end"


def test_nor_is_it_shown_where_it_ends_at_that_moment():
    held = HeldEvaluator(first=2)  # the last answer
    explorer = gokit.explore(Position(3), held, simulations=1)
    shown = []
    explorer.observe(lambda change: shown.append(change["new"]["evaluator"]), "record")
    while held.asked < 2:
        time.sleep(0.01)
    explorer.search(evaluator="random games")
    held.may_answer.set()
    explorer.wait(20)
    assert shown == ["random games"]


def test_what_goes_wrong_in_an_evaluator_is_told_and_the_tree_stays(trace):
    class Broken(UniformEvaluator):
        def evaluate(self, games, indices):
            raise RuntimeError("no weights")

    explorer = gokit.explore(trace, evaluators={"broken": Broken()})
    explorer.search(evaluator="broken")
    explorer.wait(20)
    assert explorer.status["notice"] == "The search failed: no weights"
    assert explorer.trace is trace
    alone = gokit.explore(Position(3), Broken(), simulations=3)
    with pytest.raises(GoError, match="no weights"):
        _ = alone.trace


def test_evaluators_are_offered_by_name():
    class Named(UniformEvaluator):
        name = "a friend"

    explorer = gokit.explore(Position(3), Named(), simulations=3)
    assert explorer.dials["evaluators"] == ["a friend", "random games", "no knowledge"]
    assert explorer.dials["evaluator"] == explorer.trace.evaluator == "a friend"
    assert set(explorer.dials["defaults"]) == {"puct", "uct", "gumbel"}


@pytest.mark.slow
def test_a_checkpoint_is_an_evaluator():
    path = Path(gokit.__file__).parents[1] / "data" / "checkpoints" / "5x5.safetensors"
    explorer = gokit.explore(Position(5), path, simulations=3)
    assert explorer.trace.evaluator == "network 5x5"


@pytest.mark.parametrize(
    "arguments",
    [
        {"nodes": 13},
        {"at": -1},
        {"at": "1"},
        {"seed": -1},
        {"simulations": 5, "config": SearchConfig(simulations=6)},
        {"evaluator": object()},
        {"evaluators": {"x": 3}},
        {"position": Position.from_moves(["pass", "pass"], 3)},
    ],
)
def test_arguments_that_make_no_sense_are_errors(arguments):
    with pytest.raises(GoError):
        gokit.explore(**{"simulations": 5, **arguments})


def test_a_finished_game_is_not_searched_later_either(trace):
    explorer = gokit.explore(trace)
    with pytest.raises(GoError, match="finished"):
        explorer.search(Position.from_moves(["pass", "pass"], 3))
    with pytest.raises(GoError, match="evaluator"):
        explorer.search(evaluator="nobody")


def test_under_gokit_static_it_is_a_picture_with_words(monkeypatch):
    monkeypatch.setenv("GOKIT_STATIC", "1")
    picture = gokit.explore(Position(5), simulations=60, title="Sixty", nodes=48)
    assert picture.image.startswith(b"\x89PNG")
    assert repr(picture) == str(picture.trace)
    html = picture._repr_html_()
    best = max(picture.trace.replay().seek(60).edges(0), key=lambda edge: edge.n)
    move = gokit.Position(5).play(best.action).last_move
    name = next(n for n in ("A", "B", "C", "D", "E") if from_gtp(f"{n}1", 5) == 20 + move % 5)
    for words in (
        "Sixty.",
        "60 simulations",
        "Black to move",
        f"{name}{5 - move // 5} {best.n} visits",
    ):
        assert words in html
    earlier = gokit.explore(picture.trace, at=10)
    assert "after 10 simulations" in earlier.text
    assert earlier.image != picture.image
    with pytest.raises(GoError, match="at is from 0"):
        gokit.explore(picture.trace, at=61)


def test_the_picture_has_the_methods_of_the_explorer(monkeypatch):
    monkeypatch.setenv("GOKIT_STATIC", "1")
    picture = gokit.explore(Position(5), simulations=20, at=5)
    assert picture.wait() is picture
    alone = picture._repr_html_()
    assert picture.compare(c_puct=4.0) is picture
    assert picture.other.config == SearchConfig(simulations=20, c_puct=4.0)
    assert picture._repr_html_().count("<img") == 2 * alone.count("<img")
    assert str(picture.other) in repr(picture)
    picture.search(Position.from_moves(["C3"], 5))
    assert picture.other is None
    assert picture.position.moves == [12]
    assert "White to move" in picture.text
    assert picture.trace.simulations == 20
    assert "<title>Mine</title>" in picture.page("Mine")
    for name in ("trace", "other", "position", "search", "compare", "wait", "page"):
        assert hasattr(TreeExplorer, name)


def test_a_failed_search_leaves_the_position_of_the_tree_that_is_shown(trace):
    class Broken(UniformEvaluator):
        def evaluate(self, games, indices):
            raise RuntimeError("no weights")

    explorer = gokit.explore(trace, evaluators={"broken": Broken()})
    explorer.search(Position(5), evaluator="broken").wait(20)
    assert explorer.position is trace.root
    explorer.compare(simulations=9).wait(20)
    assert explorer.other.evaluator == "random games"
    assert explorer.other.root.moves == trace.root.moves


def test_a_comparison_after_a_new_search_is_of_the_new_position():
    explorer = gokit.explore(Position(5), simulations=10)
    explorer.search(Position(3)).compare(c_puct=3.0)
    assert explorer.trace.size == explorer.other.size == 3


def test_without_anywidget_it_is_a_picture_too(monkeypatch, trace):
    monkeypatch.delitem(sys.modules, "gokit.widgets.tree", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert gokit.explore(trace).image.startswith(b"\x89PNG")


def test_the_picture_holds_the_most_visited_nodes_side_by_side(trace):
    replay = trace.replay().seek(trace.simulations)
    cards, hidden, height = place_cards(replay)
    assert len(cards) == MOST_NODES
    least = min(card.edge.n for card in cards.values() if card.edge)
    left_out = [
        edge.n
        for node in cards
        if trace.depths[node] < 4
        for edge in replay.edges(node)
        if edge.child >= 0 and edge.child not in cards
    ]
    assert max(left_out) <= least
    visited = [edge for edge in replay.edges(0) if edge.n]
    shown = [card for card in cards.values() if card.node and trace.parents[card.node] == 0]
    assert hidden[0] == len(visited) - len(shown)
    for card in cards.values():
        assert 0 < card.y < height
        if card.node:
            assert card.x >= cards[trace.parents[card.node]].x + COLUMN_GAP
    spans = sorted(
        (card.x, card.y - (40 if card.has_board else 18), card.y + (40 if card.has_board else 18))
        for card in cards.values()
    )
    for (x, _, bottom), (next_x, top, _) in pairwise(spans):
        assert x != next_x or bottom <= top, "two cards overlap"


def test_an_empty_tree_is_drawn_too(trace, monkeypatch):
    monkeypatch.setenv("GOKIT_STATIC", "1")
    assert "Nothing is visited yet" in gokit.explore(trace, at=0).text


def test_the_page_needs_nothing_from_elsewhere(trace):
    explorer = gokit.explore(trace, title="</script><script>alert(1)</script>")
    html = explorer.page(title="<b>")
    assert "</script><script>alert" not in html
    assert "<title>&lt;b&gt;</title>" in html
    addresses = html.replace("http://www.w3.org", "")
    assert "http://" not in addresses
    assert "https://" not in addresses
    module = source.explorer_source()
    assert "import {" not in module
    assert module.count("export default { render }") == 1


def test_all_files_of_the_widget_are_short_and_shipped():
    for name in source.EXPLORER_MODULES:
        text = (source.FOLDER / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 500, name
    # Each module imports only from those before it.
    for index, name in enumerate(source.EXPLORER_MODULES):
        text = (source.FOLDER / name).read_text(encoding="utf-8")
        for other in source.EXPLORER_MODULES[index:]:
            assert f'from "./{other}"' not in text, f"{name} imports {other}, which comes later"


def test_importing_the_widgets_stays_light():
    code = "import sys, gokit, gokit.widgets; gokit.widgets.page; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numba", "matplotlib", "anywidget"} & set(run.stdout.split())


def test_a_search_of_one_position_uses_one_torch_thread_and_gives_the_others_back():
    torch = pytest.importorskip("torch")
    seen = []

    class Asks(UniformEvaluator):
        def evaluate(self, games, indices):
            seen.append(torch.get_num_threads())
            return super().evaluate(games, indices)

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        gokit.explore(Position(3), Asks(), simulations=3).wait()
        assert set(seen) == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
