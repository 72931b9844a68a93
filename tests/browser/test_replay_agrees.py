"""The browser's replay of a search against gokit's: every table, position and formula."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from gokit.search.replay import winner
from gokit.widgets.source import FOLDER
from tests.search.traces import EXACT, TIED, Case, config

pytestmark = pytest.mark.browser

CASES = {
    **EXACT,
    **TIED,
    # Too large for all bits of its priors.
    "many nodes": Case(config(2500, leaf_batch=4), size=9, evaluator="hash"),
    "a large board": Case(config(40), size=19),
}
REPORT = """
globalThis.open = (document) => {
  globalThis.trace = readTrace(document);
  globalThis.film = new Replay(trace);
  const all = Array.from({ length: trace.nodes }, (_, node) => node);
  return {
    size: trace.size,
    simulations: trace.simulations,
    valueKind: trace.valueKind,
    evaluator: trace.evaluator,
    parents: all.map((node) => trace.parent(node)),
    actions: all.map((node) => trace.action(node)),
    depths: all.map((node) => trace.depth(node)),
    born: all.map((node) => trace.born(node)),
    values: all.map((node) => trace.value(node)),
    closed: all.map((node) => trace.isClosed(node)),
    complete: all.map((node) => trace.isComplete(node)),
    children: all.map((node) => trace.children(node)),
  };
};
// JSON has no infinity; as text it comes through.
const row = (e) => [e.action, e.child, e.n, String(e.q), e.p, e.u, String(e.score), e.unvisited,
  e.eligible, e.sigma];
globalThis.simulation = (i) => ({
  path: trace.path(i),
  leaf: trace.leaf(i),
  leafValue: trace.leafValue(i),
  isNew: trace.isNew(i),
  round: trace.round(i),
  steps: film.selection(i).map(({ node, edges, chosen }) => [node, edges.map(row), chosen,
    winner(edges, trace.config.algorithm)]),
});
globalThis.state = (k, nodes) => ({
  after: film.seek(k).after,
  nodes: nodes.map((node) => [film.visits(node), film.mean(node), film.edges(node).map(row),
    film.edges(node).map((edge) => film.formula(node, edge.action))]),
  line: film.principalVariation().map((step) => [step.node, step.action, step.n, step.q]),
});
globalThis.positionOf = (node) => {
  const position = trace.position(node);
  return [Array.from(position.stones), position.toMove, position.koPoint, position.isOver];
};
globalThis.refusal = (document) => {
  try {
    readTrace(document);
    return "";
  } catch (error) {
    return error.message;
  }
};
"""


def module_page() -> str:
    """A page that holds nothing but the two modules and the functions above."""
    texts = [(FOLDER / name).read_text(encoding="utf-8") for name in ("rules.js", "replay.js")]
    imports = re.compile(r'^import [^;]*? from "\./rules\.js";\n', re.MULTILINE)
    script = "\n".join(imports.sub("", text) for text in texts) + REPORT
    assert "import " not in script.replace("import them", "")
    return f'<!doctype html><script type="module">{script}</script>'


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    page.set_content(module_page())
    page.wait_for_function("globalThis.refusal !== undefined")
    yield page
    page.close()


def same(ours, theirs) -> bool:
    """Whether two nested lists are equal, numbers to twelve digits."""
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, str) and isinstance(ours, float):
        theirs = math.inf if theirs == "Infinity" else float(theirs)
    if isinstance(ours, float):
        return ours == theirs or math.isclose(ours, theirs, rel_tol=1e-11, abs_tol=1e-12)
    return ours == theirs


def steps_of(replay, simulation: int) -> list:
    algorithm = replay.trace.config.algorithm
    return [
        [node, [list(edge) for edge in edges], chosen, winner(edges, algorithm)]
        for node, edges, chosen in replay.selection(simulation)
    ]


@pytest.mark.parametrize("name", CASES)
def test_both_replays_tell_the_same(page, name):
    trace = CASES[name].trace()
    told = page.evaluate("open", json.loads(trace.to_json()))
    assert told["size"] == trace.size
    assert (told["evaluator"], told["valueKind"]) == (trace.evaluator, trace.value_kind)
    assert told["simulations"] == trace.simulations
    for field in ("parents", "actions", "depths", "born", "values", "closed"):
        assert same(getattr(trace, field).tolist(), told[field]), field
    assert told["complete"] == trace.priors.complete.tolist()
    listed = sorted((int(trace.parents[c]), c) for c in range(1, trace.nodes))
    assert [(k, c) for k, some in enumerate(told["children"]) for c in some] == listed

    rng, replay = np.random.default_rng(0), trace.replay()
    few = trace.simulations > 300
    simulations = rng.permutation(trace.simulations)[: 60 if few else None].tolist()
    told = page.evaluate("(list) => list.map(simulation)", simulations)
    for i, theirs in zip(simulations, told, strict=True):
        nodes, actions = trace.path(i)
        assert theirs["path"] == {"nodes": nodes, "actions": actions}
        assert theirs["leaf"] == trace.leaves[i]
        assert same(float(trace.leaf_values[i]), theirs["leafValue"])
        assert theirs["isNew"] == trace.is_new[i]
        assert theirs["round"] == trace.round_of[i]
        assert same(steps_of(replay, i), theirs["steps"]), f"simulation {i}"

    for k in [0, trace.simulations, *rng.integers(1, trace.simulations, 6).tolist()]:
        replay.seek(k)
        some = [0, *rng.integers(0, trace.nodes, 10).tolist()]
        theirs = page.evaluate("([k, nodes]) => state(k, nodes)", [k, some])
        ours = [
            [
                replay.visits(node),
                float(replay.mean(node)),
                [list(edge) for edge in replay.edges(node)],
                [replay.formula(node, edge.action) for edge in replay.edges(node)],
            ]
            for node in some
        ]
        assert theirs["after"] == k
        assert same(ours, theirs["nodes"]), f"after {k} simulations, nodes {some}"
        assert same([list(step) for step in replay.principal_variation()], theirs["line"])


@pytest.mark.parametrize("name", ["puct, game ends", "puct, by position, ko", "many nodes"])
def test_both_replays_show_the_same_positions(page, name):
    trace = CASES[name].trace()
    page.evaluate("(document) => void open(document)", trace.document)
    nodes = np.random.default_rng(2).permutation(trace.nodes)[:150].tolist()
    told = page.evaluate("(nodes) => nodes.map(positionOf)", nodes)
    for node, theirs in zip(nodes, told, strict=True):
        position = trace.position(node)
        stones = position.board.ravel().tolist()
        assert theirs == [stones, position.to_move, position.ko_point, position.is_over]


def test_the_browser_refuses_what_is_no_trace(page):
    document = EXACT["puct"].trace().document
    assert page.evaluate("refusal", document) == ""
    for change, sentence in (
        ({"format": "sgf"}, "not the trace of a search"),
        ({"version": 2}, "version 2"),
        ({"values": document["values"][4:]}, "array values has another length"),
        ({"states": None}, "lacks the array states"),
        ({"nodes": document["nodes"] - 1}, "another length"),
    ):
        assert sentence in page.evaluate("refusal", {**document, **change})


def test_the_sample_document_is_read(page):
    text = (Path(__file__).parents[1] / "widgets" / "data" / "trace_small.json").read_text()
    assert page.evaluate("open", json.loads(text))["simulations"] == 80
