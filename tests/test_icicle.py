"""The icicle of a traced search: areas are visits, colours are Q, words say what is seen."""

from __future__ import annotations

import sys
from collections import defaultdict

import numpy as np
import pytest

from gokit.go.coordinates import to_gtp
from gokit.go.errors import GoError
from gokit.plots import COLORS, icicle
from tests.search.traces import EXACT, Case, config

pytest.importorskip("plotly")


@pytest.fixture(scope="module")
def trace():
    return EXACT["puct"].trace()


def blocks_of(figure) -> dict[str, dict]:
    (drawn,) = figure.data
    fields = zip(
        drawn.ids, drawn.parents, drawn.labels, drawn.values, drawn.marker.colors, drawn.hovertext,
        strict=True,
    )  # fmt: skip
    names = ("parent", "label", "value", "color", "hover")
    blocks = {own: dict(zip(names, rest, strict=True)) for own, *rest in fields}
    assert len(blocks) == len(drawn.ids), "two blocks have one name"
    return blocks


@pytest.mark.parametrize("after", [1, 30, None])
def test_every_visited_move_is_a_block_of_its_visits_and_its_q(trace, after):
    blocks = blocks_of(icicle(trace, after=after, min_visits=1))
    replay = trace.replay().seek(trace.simulations if after is None else after)
    found = {}

    def walk(node, name, sign):
        for edge in replay.edges(node):
            if edge.n:
                own = f"{name}{to_gtp(edge.action, trace.size)}/"
                found[own] = edge.n, sign * edge.q
                walk(edge.child, own, -sign)

    walk(0, "/", 1)
    assert set(blocks) == {"/", *found}
    for name, (n, q) in found.items():
        assert blocks[name]["value"] == pytest.approx(n)
        assert blocks[name]["color"] == pytest.approx(q)
        assert blocks[name]["label"] == name.split("/")[-2]
        assert name == f"{blocks[name]['parent']}{blocks[name]['label']}/"
    assert blocks["/"]["color"] == pytest.approx(replay.mean(0))


@pytest.mark.parametrize("name", EXACT)
def test_no_block_is_narrower_than_what_stands_on_it(name):
    blocks = blocks_of(icicle(EXACT[name].trace(), min_visits=1))
    above = defaultdict(float)
    for block in blocks.values():
        above[block["parent"]] += block["value"]
    assert len(above) > 3
    for name, total in above.items():
        assert name == "" or total <= blocks[name]["value"] * (1 + 1e-12), name


def test_few_visits_are_left_out(trace):
    small, large = (blocks_of(icicle(trace, min_visits=n)) for n in (2, 9))
    assert set(large) < set(small)
    assert min(block["value"] for block in large.values()) >= 9
    many = Case(config(2000), size=5).trace()
    assert 100 < len(blocks_of(icicle(many))) < 500
    assert list(blocks_of(icicle(trace, after=0))) == ["/"]


def test_hovering_tells_the_numbers_and_how_it_goes_on(trace):
    blocks = blocks_of(icicle(trace))
    replay = trace.replay().seek(trace.simulations)
    first, second, *_ = replay.principal_variation()
    name = f"/{to_gtp(first.action, 4)}/{to_gtp(second.action, 4)}/"
    edge = next(e for e in replay.edges(second.node) if e.action == second.action)
    hover = blocks[name]["hover"]
    line = " ".join(to_gtp(step.action, 4) for step in replay.principal_variation()[2:])
    assert f"N {edge.n}<br>" in hover
    assert f"Q {edge.q:+.3f} for its mover, {-edge.q:+.3f} for Black" in hover
    assert f"P {edge.p:.3f}" in hover
    assert hover.endswith(f"goes on {line}")
    ended = blocks_of(icicle(EXACT["puct, game ends"].trace(), min_visits=1)).values()
    assert any("game over" in block["hover"] for block in ended)


def test_blue_is_good_for_the_player_at_the_root(trace):
    marker = icicle(trace).data[0].marker
    assert marker.cmin == -marker.cmax
    assert np.abs(marker.colors).max() <= marker.cmax
    assert [color for _, color in marker.colorscale][::2] == [COLORS[1], COLORS[0]]
    assert marker.colorbar.title.text == "Q for Black"


def test_the_words_say_what_is_seen(trace):
    words = icicle(trace, after=60).layout.meta["alt"]
    best = max(trace.replay().seek(60).edges(0), key=lambda edge: edge.n)
    assert "after 60 simulations, Black to move" in words
    assert f"Most visited: {to_gtp(best.action, 4)} {best.n} (Q {best.q:+.2f})" in words


def test_without_plotly_it_says_how_to_get_it(trace, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(GoError, match="pip install"):
        icicle(trace)
