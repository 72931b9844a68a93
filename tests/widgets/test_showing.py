"""show, the pictures of a board, and the joined module."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import gokit
from gokit import plots
from gokit.go.drawing import board_svg, describe
from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.widgets import Board, page, source


@pytest.fixture
def position():
    return Position.from_moves(["C3", "D4"], 5)


def test_show_gives_the_widget_or_a_picture(position, monkeypatch):
    monkeypatch.delenv("GOKIT_STATIC", raising=False)
    assert isinstance(gokit.show(position), Board)
    monkeypatch.setenv("GOKIT_STATIC", "1")
    picture = gokit.show(position, value=0.5, title="A corner", opponent=None)
    html = picture._repr_html_()
    assert html.startswith('<img src="data:image/png;base64,')
    assert picture.image.startswith(b"\x89PNG")
    assert picture.position is position
    for words in ("A corner.", "Black on C3", "White on D4", "Black to move", "75 percent"):
        assert words in html


def test_show_takes_arrays_and_nothing(monkeypatch):
    monkeypatch.setenv("GOKIT_STATIC", "1")
    assert "7 by 7 Go board: empty" in repr(gokit.show(size=7))
    assert "Black on A2" in repr(gokit.show(np.array([[1, 0], [0, 0]])))
    with pytest.raises(GoError):
        gokit.show(size=5, value=2.0)


def test_show_is_a_picture_where_the_widget_cannot_be_imported(position, monkeypatch):
    monkeypatch.delenv("GOKIT_STATIC", raising=False)
    monkeypatch.delitem(sys.modules, "gokit.widgets.board", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert "White on D4" in gokit.show(position, show_liberties=True)._repr_html_()


def test_marks_and_overlays_change_the_picture(position, monkeypatch):
    monkeypatch.setenv("GOKIT_STATIC", "1")
    heat = np.eye(26)[3]
    pictures = [
        gokit.show(position, **options).image
        for options in (
            {},
            {"marks": {0: "triangle"}},
            {"marks": {0: "A"}},
            {"heat": heat},
            {"visits": (100 * heat).astype(int)},
            {"ownership": np.full((5, 5), 1)},
            {"ownership": np.full((5, 5), 0.7)},
        )
    ]
    assert len(set(pictures)) == len(pictures)


def test_alt_text_is_required_and_escaped():
    figure = plots.board_figure(np.zeros((3, 3), int))
    html = plots.alt(figure, 'a "quoted" <word>')._repr_html_()
    assert 'alt="a &quot;quoted&quot; &lt;word&gt;"' in html
    with pytest.raises(GoError, match="alt text"):
        plots.alt(figure, "  ")


def test_the_svg_shows_each_stone_mark_and_word(position):
    svg = board_svg(
        position.board,
        last_move=position.last_move,
        marks={0: "triangle", 1: "square", 2: "cross", 3: "circle", 4: "A&B"},
        heat=np.eye(26)[20],
        title="<Corner> & side",
    )
    assert svg.count('r="18.8"') == 2
    assert "A&amp;B" in svg
    assert "<title>&lt;Corner&gt; &amp; side</title>" in svg
    assert ">100</text>" in svg
    assert "D4" in describe(position.board)
    import xml.etree.ElementTree

    xml.etree.ElementTree.fromstring(svg)


@pytest.mark.parametrize(
    "options",
    [{"marks": {25: "circle"}}, {"heat": np.zeros(3)}, {"ownership": np.zeros((4, 4))}],
)
def test_pictures_refuse_what_does_not_fit(position, options):
    with pytest.raises(GoError):
        board_svg(position.board, **options)
    with pytest.raises(GoError):
        plots.board_figure(position.board, **options)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (2, 4), (19, 19)])
def test_any_shape_is_drawn(shape):
    board = np.zeros(shape, np.int8)
    assert board_svg(board).startswith("<svg")
    assert plots.png(plots.board_figure(board)).startswith(b"\x89PNG")


def test_the_joined_module_imports_nothing_and_the_page_fetches_nothing():
    module = source.module_source()
    assert "import {" not in module
    assert "export default { render }" in module
    html = page({"view": {"title": "</script><script>alert(1)</script>"}})
    assert "</script><script>alert" not in html
    addresses = html.replace("http://www.w3.org", "")
    assert "http://" not in addresses
    assert "https://" not in addresses


def test_drawing_and_import_stay_light():
    code = "import sys, gokit.widgets, gokit.go.drawing, gokit.plots; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numba", "matplotlib", "anywidget", "ipywidgets"} & set(run.stdout.split())
