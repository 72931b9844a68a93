"""A trace replayed is the search that it is of: every number, every choice, in any order."""

from __future__ import annotations

import copy
import json
import warnings

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.go.rules import BLACK
from gokit.search.mcts import SearchConfig
from gokit.search.replay import fixed, winner
from gokit.search.trace import BackUp, Evaluate, Expand, Select, Trace, trace_search
from gokit.search.trace_format import CLOSED, EVEN, OPEN, OPEN_EVEN, pack_priors, unpack_priors
from tests.search import reference_search as reference
from tests.search.reference_search import HashEvaluator
from tests.search.traces import EXACT, TIED, Case, config, recorded

ALL = {**EXACT, **TIED}
# What a document is refused for, one change a line: where, what instead, and in the sentence.
DAMAGE = [
    (("format",), "gokit-board", "not the trace"),
    (("version",), 2, "version 2"),
    (("game",), None, "a game is an object"),
    (("config", "algorithm"), "minimax", "algorithm"),
    (("config",), None, "configuration"),
    (("evaluator",), None, "evaluator's name"),
    (("value_kind",), "points", "kind of its values"),
    (("simulations",), 0, "simulations is a whole number"),
    (("simulations",), True, "simulations is a whole number"),
    (("nodes",), 10**9, "nodes is a whole number"),
    (("values",), 7, "lacks the array values"),
    (("values",), "not base64!", "not base64"),
    (("values",), "AAAA", "array values has 3 bytes"),
    (("states",), None, "lacks the array states"),
    (("paths",), [], "lacks the array shared"),
    (("priors",), {}, "lacks the array legal"),
    (("priors", "bits"), 12, "bits are 8 or 16"),
    (("priors", "sharp"), 300, "sharp is a whole number"),
    (("result",), None, "action is a whole number"),
    (("result", "action"), 17, "action is a whole number from 0 to 16"),
]


@pytest.fixture(scope="module")
def traces() -> dict[str, Trace]:
    return {name: case.trace() for name, case in ALL.items()}


def choices_that_differ(trace: Trace, simulations=None) -> list[tuple[int, float]]:
    """Where the winner of the replayed table is not what the search took: simulation, by how much.

    Apart from what the written priors leave open, that is never.
    """
    replay, differ = trace.replay(), []
    start = trace.priors.start
    for simulation in range(trace.simulations) if simulations is None else simulations:
        for node, edges, chosen in replay.selection(simulation):
            best = winner(edges, trace.config.algorithm)
            if best == chosen:
                continue
            tables = {edge.action: (edge, start[node] + i) for i, edge in enumerate(edges)}
            (mine, mine_at), (theirs, theirs_at) = tables[best], tables[chosen]
            assert theirs.eligible, f"simulation {simulation} took what it may not"
            error = trace.priors.error[[mine_at, theirs_at]].max()
            gap = 0.0 if mine.score == theirs.score else mine.score - theirs.score
            # A prior without its low bits is written too low to win.
            if error > EVEN or gap > 1e-6 + 4 * error * max(abs(mine.u), abs(theirs.u), 1e-3):
                differ.append((simulation, gap))
    return differ


@pytest.mark.parametrize("name", EXACT)
def test_every_choice_of_the_search_comes_out_of_the_replay(traces, name):
    trace = traces[name]
    replay, differ = trace.replay(), 0
    for simulation in range(trace.simulations):
        for _, edges, chosen in replay.selection(simulation):
            differ += winner(edges, trace.config.algorithm) != chosen
    # Nothing but the last bits of float32 can decide otherwise, and that is rare.
    assert differ <= 1
    assert not choices_that_differ(trace)


@pytest.mark.parametrize("name", TIED)
def test_where_ties_are_broken_at_random_the_choice_is_among_the_best(traces, name):
    trace = traces[name]
    assert not choices_that_differ(trace)
    replay = trace.replay()
    tied = [winner(step.edges, trace.config.algorithm) != step.chosen
            for i in range(trace.simulations) for step in replay.selection(i)]  # fmt: skip
    assert any(tied), "the ties that this test is about did not come up"


@pytest.mark.parametrize("name", ALL)
def test_the_end_of_the_replay_is_the_searchs_tree(name):
    trace, search, result = recorded(ALL[name])
    tree, replay = search._tree, trace.replay().seek(trace.simulations)
    assert trace.nodes == tree.nodes[0]
    assert trace.values == pytest.approx(tree.value[0, : trace.nodes])
    for node in range(trace.nodes):
        assert trace.closed[node] == (tree.state[0, node] == 1)
        edges = replay.edges(node)
        if trace.closed[node]:
            assert edges == []
            continue
        listed = [edge.action for edge in edges]
        legal = np.flatnonzero(tree.logits[0, node] > -np.inf)
        if trace.priors.complete[node]:
            assert listed == legal.tolist()
        visits, sums = tree.visits[0, node], tree.value_sum[0, node]
        assert sum(edge.n for edge in edges) == visits[legal].sum()
        own_error = trace.priors.error[trace.priors.start[node] :]
        for edge, error in zip(edges, own_error, strict=False):
            assert edge.n == visits[edge.action]
            assert edge.p == pytest.approx(tree.prior[0, node, edge.action], rel=error, abs=1e-7)
            if edge.n:
                assert edge.q == pytest.approx(sums[edge.action] / edge.n, abs=2e-6)
                assert edge.child == tree.child[0, node, edge.action]
    root = {edge.action: edge for edge in replay.edges(0)}
    for action, visits in enumerate(result.visits[0]):
        assert (root[action].n if action in root else 0) == visits
        if visits:
            assert root[action].q == pytest.approx(result.q[0, action], abs=2e-6)
    assert replay.mean(0) == pytest.approx(trace.value, abs=2e-6)
    if trace.root_prior is not None:
        assert trace.root_prior == pytest.approx(result.prior[0], abs=1e-6)
    assert (trace.root_prior is not None) == (name == "puct, noise")


@pytest.mark.parametrize("name", ["puct", "puct, sharp priors", "uct", "puct, by position"])
@pytest.mark.parametrize("simulations", [1, 2, 17, 60])
def test_the_replay_half_way_is_a_search_that_stopped_there(traces, name, simulations):
    case = ALL[name]
    shorter = SearchConfig(**{**case.config.to_dict(), "simulations": simulations})
    _, result = case._replace(config=shorter).search()
    for edge in traces[name].replay().seek(simulations).edges(0):
        assert edge.n == result.visits[0, edge.action]
        if edge.n:
            assert edge.q == pytest.approx(result.q[0, edge.action], abs=2e-6)


def told_by_the_reference(case: Case):
    """What the slow search sees at each step: (simulation, step) -> {action: (n, q, p, score)}."""
    c, told, steps = case.config, {}, {}

    def choose(node, is_root, simulation):
        n = sum(node.visits.values())
        mean = (node.value + sum(node.total.values())) / (1 + n)
        if c.algorithm == "gumbel":
            action = reference.gumbel_below_root(node, c.c_visit, c.c_scale)
            policy = reference.improved_policy(node, c.c_visit, c.c_scale)
            scores = {a: policy[a] - node.visits[a] / (1 + n) for a in policy}
            first = None
        else:
            seen = sum(node.prior[a] for a in node.logits if node.visits[a])
            first = {
                "infinite": np.inf,
                "absolute": c.fpu_value,
                "reduction": mean - (c.fpu_value or 0),
                "visited policy": mean - (c.fpu_value or 0) * np.sqrt(seen),
            }[c.fpu]
            if c.algorithm == "uct":
                action = reference.uct(node, c.c_uct)
                bonus = {
                    a: c.c_uct * np.sqrt(np.log(n) / v) if v else 0 for a, v in node.visits.items()
                }
            else:
                action = reference.puct(node, c.c_puct, c.fpu_value or 0, c.fpu)
                bonus = {
                    a: c.c_puct * node.prior[a] * np.sqrt(1 + n) / (1 + v)
                    for a, v in node.visits.items()
                }
            scores = {a: node.q(a, first) + bonus[a] for a in node.logits}
        step = steps.setdefault(simulation, 0)
        steps[simulation] += 1
        told[simulation, step] = action, {
            a: (node.visits[a], node.q(a, first) if first is not None or node.visits[a] else None,
                node.prior[a], scores[a])
            for a in node.logits
        }  # fmt: skip
        return action

    reference.search(case.position(), case.make_evaluator(), c.simulations, choose)
    return told


@pytest.mark.parametrize(
    "name",
    ["puct", "puct, infinite", "puct, absolute", "puct, visited policy", "puct, game ends", "uct"],
)
def test_every_table_is_what_a_slow_search_sees(traces, name):
    told = told_by_the_reference(ALL[name])
    replay = traces[name].replay()
    for simulation in range(traces[name].simulations):
        for step, selection in enumerate(replay.selection(simulation)):
            action, table = told[simulation, step]
            assert selection.chosen == action
            assert [edge.action for edge in selection.edges] == sorted(table)
            for edge in selection.edges:
                n, q, p, score = table[edge.action]
                assert edge.n == n
                assert (edge.q, edge.p, edge.score) == pytest.approx((q, p, score), abs=5e-6)
                assert edge.unvisited == (n == 0)


def state_of(replay) -> tuple[bytes, bytes, list]:
    return replay.n.tobytes(), replay.w.tobytes(), replay.principal_variation()


@pytest.mark.parametrize("name", ["puct", "gumbel, leaf batch", "puct, by position, ko"])
def test_seeking_leads_to_the_same_state_from_anywhere(traces, name):
    trace = traces[name]
    replay = trace.replay()
    forwards = [state_of(replay.seek(k)) for k in range(trace.simulations + 1)]
    backwards = [state_of(replay.seek(k)) for k in range(trace.simulations, -1, -1)]
    assert forwards == backwards[::-1]
    assert len(set(map(str, forwards))) == trace.simulations + 1
    rng = np.random.default_rng(1)
    for k in rng.integers(0, trace.simulations + 1, 60):
        replay.selection(int(rng.integers(trace.simulations)))
        assert state_of(replay.seek(int(k))) == forwards[k]


@pytest.mark.parametrize("name", ALL)
def test_the_events_alone_rebuild_the_search(traces, name):
    trace = traces[name]
    n, total, made = {}, {}, {0}
    path: dict[int, list] = {}
    for happened in trace.events():
        match happened:
            case Select(simulation, step, node, edges, chosen):
                assert len(path.setdefault(simulation, [])) == step
                path[simulation].append((node, chosen))
                assert node in made
                assert chosen in [edge.action for edge in edges]
            case Expand(simulation, node, parent, action):
                assert node == len(made)
                made.add(node)
                assert path[simulation][-1] == (parent, action)
            case Evaluate(simulation, node, value, by):
                assert node in made or node == -1
                expected = value
                if node >= 0:
                    assert value == trace.values[node]
                    assert (by == "rules") <= trace.closed[node]
            case BackUp(simulation, step, node, action, value, visits, q):
                assert path[simulation].pop() == (node, action)
                assert len(path[simulation]) == step
                expected = -expected
                assert value == expected
                n[node, action] = n.get((node, action), 0) + 1
                total[node, action] = total.get((node, action), 0.0) + value
                assert visits == n[node, action]
                assert q == pytest.approx(total[node, action] / visits)
    assert made == set(range(trace.nodes))
    assert not any(path.values())
    last = trace.replay().seek(trace.simulations)
    edges = {(k, e.action): e.n for k in made for e in last.edges(k) if e.n}
    assert edges == n


def test_of_a_round_all_descents_come_before_the_values(traces):
    trace = traces["puct, leaf batch"]
    assert trace.round_sizes.max() > 1
    first = int(np.flatnonzero(trace.round_sizes > 1)[0])
    start, end = trace.round_starts[first : first + 2]
    kinds = [type(event) for event in trace.events(int(start), int(end))]
    assert Select not in kinds[kinds.index(Evaluate) :]
    assert kinds.count(Evaluate) == end - start > 1
    # The earlier descents of the round stand in the later ones' tables as lost visits.
    before, after = (trace.replay().selection(int(k))[0].edges for k in (start, start + 1))
    chosen = trace.path(int(start))[1][0]
    one, two = ({e.action: e for e in table}[chosen] for table in (before, after))
    loss = trace.config.virtual_loss
    assert two.n == one.n + 1
    assert two.q * two.n == pytest.approx((one.q * one.n if one.n else 0) - loss)


@pytest.mark.parametrize("name", ALL)
def test_positions_are_those_of_the_paths(traces, name):
    trace = traces[name]
    assert str(trace.position(0)) == str(ALL[name].position())
    for node in reversed(range(1, trace.nodes)):
        position = trace.position(node)
        assert position.is_over >= trace.closed[node]
        assert position.last_move == trace.actions[node]
        assert len(position.moves) == len(trace.root.moves) + trace.depths[node]
        if position.end == "two passes":
            won = position.winner == position.to_move
            assert trace.values[node] == (1 if won else -1)
    for simulation in range(trace.simulations):
        position = trace.root
        for action in trace.path(simulation)[1]:
            position = position.play(action)
        leaf = trace.leaves[simulation]
        if leaf >= 0:
            assert (position.board == trace.position(int(leaf)).board).all()


def test_transpositions_and_full_trees_do_come_up(traces):
    assert "joins" in traces["puct, by position"].document
    assert "joins" in traces["puct, by history"].document
    assert (traces["puct, full tree"].leaves == -1).any()
    assert traces["puct, game ends"].closed.any()
    assert "joins" not in traces["puct"].document
    for name in ("puct, by position, superko", "uct, by position"):
        replay = traces[name].replay()
        tables = [step.edges for i in range(300) for step in replay.selection(i)]
        assert any(not edge.eligible for table in tables for edge in table), (
            f"{name}: no merged node was met by a path on which superko forbids what it would do"
        )


@pytest.mark.parametrize("name", ALL)
def test_json_and_back_is_the_same_trace(traces, name):
    trace = traces[name]
    text = trace.to_json()
    again = Trace.from_json(text)
    assert again.document == trace.document
    assert again.to_json() == text
    assert trace.size_bytes == len(text.encode())
    assert "\n" not in text


def test_a_game_that_goes_on_from_a_set_up_board_is_kept():
    board = np.zeros((5, 5), np.int8)
    board[2, 2] = BLACK
    position = Position.from_array(board, to_move=2).play("B2").play("pass")
    trace = trace_search(HashEvaluator(), position, SearchConfig(simulations=5))
    again = Trace.from_json(trace.to_json())
    assert str(again.root) == str(position)
    assert again.root.passes == 1


@pytest.mark.parametrize("room", [0, 3_000, 5_000, 100_000])
@pytest.mark.parametrize("spread", [0.0, 1.0, 6.0])
def test_priors_are_kept_as_well_as_there_is_room(room, spread):
    rng = np.random.default_rng(7)
    nodes, actions = 60, 50
    legal = rng.random((nodes, actions)) < 0.8
    legal[rng.random(nodes) < 0.1] = False
    weights = np.where(legal, np.exp(spread * rng.normal(size=legal.shape)), 0)
    prior = weights / np.maximum(weights.sum(1, keepdims=True), 1e-30)
    visited = legal & (rng.random(legal.shape) < 0.05)
    visited[40:] = False
    selected = visited.any(1)
    even, part = pack_priors(prior.astype(np.float32), legal, selected, visited, room)
    states = np.where(~legal.any(1), CLOSED, np.where(even, OPEN_EVEN, OPEN)).astype(np.uint8)
    read = unpack_priors(part, states, selected, np.flatnonzero(visited.ravel()), actions)

    assert (even == (legal.any(1) if spread == 0 else False)).all()
    kept = 0
    for node in range(nodes):
        own = slice(*read.start[node : node + 2])
        listed, values, error = read.actions[own], read.values[own], read.error[own]
        likeliest = np.argsort(-prior[node], kind="stable")[:8]
        few = [] if even[node] else sorted(set(likeliest) & set(np.flatnonzero(legal[node])))
        assert listed.tolist() == (np.flatnonzero(legal[node]).tolist() if selected[node] else few)
        true = prior[node, listed]
        assert (np.abs(values - true) <= error * true + 2e-7).all()
        coarse = error > EVEN
        assert (values[coarse] <= true[coarse] + 2e-7).all()
        assert not coarse[visited[node, listed]].any()
        kept += (~coarse).sum()
    if spread:
        assert part["bits"] == (16 if room == 100_000 else 8)
    if spread and room < 5_000:
        assert visited.sum() <= kept < read.actions.size
    else:
        assert kept == read.actions.size


@pytest.mark.parametrize("evaluator", ["hash", "sharp", "rollouts"])
def test_three_thousand_nodes_take_less_than_400_kilobytes(evaluator):
    case = Case(config(3000), size=9, evaluator=evaluator)
    trace = case.trace()
    assert trace.nodes > 2900
    assert trace.size_bytes < 400_000
    some = np.random.default_rng(0).choice(3000, 150, replace=False)
    assert not choices_that_differ(trace, some.tolist())
    if evaluator != "rollouts":
        assert trace.document["priors"]["bits"] == 8
        assert 0 < trace.document["priors"]["sharp"] < 256


def test_the_text_twin_names_the_lines_and_their_numbers(traces):
    trace = traces["puct"]
    text = str(trace)
    edges = sorted(trace.replay().seek(trace.simulations).edges(0), key=lambda e: -e.n)
    assert f"N {edges[0].n:<5} Q {edges[0].q:5.2f}  P {edges[0].p:.3f}" in text
    assert "120 simulations of puct with HashEvaluator" in text
    assert "Most visited line: " in text
    assert max(map(len, text.splitlines())) < 130


@pytest.mark.parametrize("name", ALL)
def test_an_explanation_fills_in_the_numbers(traces, name):
    trace = traces[name]
    for simulation in (0, trace.simulations // 2, trace.simulations - 1):
        text = trace.explain(simulation)
        assert text.startswith(f"Simulation {simulation + 1} of {trace.simulations}\nAt the root, ")
        assert text.count(" wins: ") == len(trace.path(simulation)[1])
        assert "Back up: " in text
        assert "nan" not in text


@pytest.mark.parametrize("after", [3, 50])
def test_a_formula_is_the_score(after):
    trace = Case(config()).trace()
    replay = trace.replay().seek(after)
    edges = replay.edges(0)
    assert {edge.unvisited for edge in edges} == {True, False}
    for edge in edges:
        text = replay.formula(0, edge.action)
        assert text.startswith("FPU + c·P" if edge.unvisited else "Q + c·P")
        numbers = text.split(" = ")[1].replace("√", "np.sqrt").replace("·", "*")
        # Q and P are written with three decimals.
        rounding = 5e-4 * (1 + trace.config.c_puct * np.sqrt(1 + after) / (1 + edge.n))
        assert eval(numbers) == pytest.approx(edge.score, abs=rounding + 1e-9)
        assert float(text.split(" = ")[2]) == pytest.approx(edge.score, abs=5.001e-4)
    occupied = next(a for a in range(17) if a not in [edge.action for edge in edges])
    with pytest.raises(GoError, match="not among the actions of node 0"):
        replay.formula(0, occupied)


def test_what_is_not_there_is_refused_in_words(traces):
    trace = traces["puct"]
    for call in (trace.replay().seek, trace.path, trace.position, trace.replay().edges):
        with pytest.raises(GoError, match="0 to"):
            call(-1)
        with pytest.raises(GoError, match="0 to"):
            call(100_000)
    with pytest.raises(GoError, match="at most 65,535"):
        trace_search(HashEvaluator(), Position(2), SearchConfig(simulations=70_000))


def changed(document: dict, place: tuple[str, ...], value) -> dict:
    document = copy.deepcopy(document)
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    return document


@pytest.mark.parametrize(("place", "value", "sentence"), DAMAGE)
def test_a_damaged_document_is_refused_in_words(traces, place, value, sentence):
    with pytest.raises(GoError, match=sentence):
        Trace(changed(traces["puct"].document, place, value))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "1" * 5000, "[" * 100_000])
def test_text_that_is_no_trace_is_refused_in_words(text):
    with pytest.raises(GoError, match=r"not JSON|not the trace"):
        Trace.from_json(text)


def places(part: dict, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in part.items():
        found.append((*above, key))
        if isinstance(value, dict):
            found += places(value, (*above, key))
    return found


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.floats(), st.text(max_size=5),
    st.lists(st.integers(), max_size=2), st.just({}),
)  # fmt: skip


@pytest.mark.parametrize("name", ["puct", "gumbel, leaf batch", "puct, by position", "uniform"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_document_with_an_error_in_it_is_a_trace_or_a_sentence(traces, name, data):
    document = traces[name].document
    place = data.draw(st.sampled_from(places(document)))
    old = document
    for key in place:
        old = old[key]
    if isinstance(old, str) and len(old) > 8 and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(old) - 1))
        width = data.draw(st.sampled_from([0, 1, 4]))
        value = old[:at] + data.draw(st.sampled_from(["", "A", "//", "/w==", "AAAA"]))
        value += old[at + width :]
    else:
        value = data.draw(JUNK)
    try:
        trace = Trace.from_json(json.dumps(changed(document, place, value)))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            replay = trace.replay().seek(trace.simulations)
            replay.principal_variation()
            replay.mean(trace.nodes - 1)
            for _ in trace.events(0, 12):
                pass
            trace.explain(trace.simulations - 1)
            str(trace)
            trace.position(trace.nodes - 1)
    except GoError as error:
        event(type(error).__name__)


def test_numbers_of_any_size_are_written_out() -> None:
    """A damaged document may hold any float; a formula with it must not be what fails."""
    assert fixed(0.0625, 3) == "0.063"
    assert fixed(-0.0004, 3) == "0.000"
    assert fixed(1e38, 3).startswith("99999999999999997")
    assert fixed(float("nan"), 3) == "NaN"
