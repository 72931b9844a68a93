"""Each option of a search does what it says: against slow searches, and by what must hold."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.errors import GoError
from gokit.go.games import Games
from gokit.go.geometry import MOVES
from gokit.go.position import Position
from gokit.go.rules import BLACK, Rules
from gokit.search.evaluators import MixedEvaluator, RolloutEvaluator, UniformEvaluator
from gokit.search.mcts import Search, SearchConfig, lower_bounds
from gokit.search.tree import new_tree, tree_bytes
from tests.search import reference_search as slow
from tests.search.test_mcts import by_action, positions, random_position

SIMULATIONS = 60


class Recorder:
    """Keeps every descent of game 0: its edges and the value backed up."""

    def __init__(self) -> None:
        self.descents: list[tuple[list[tuple[int, int]], float]] = []
        self.rounds: list[int] = []

    def planted(self, tree, plan, dials) -> None:
        self.batch = len(tree.leaf) // len(tree.nodes)
        self.tree = tree

    def selected(self, tree) -> None:
        pass

    def backed_up(self, tree) -> None:
        taken = [path for path in range(self.batch) if tree.path_length[path] >= 0]
        for path in taken:
            length = tree.path_length[path]
            edges = zip(tree.path_node[path, :length], tree.path_action[path, :length], strict=True)
            self.descents.append((list(edges), float(tree.leaf_value[path])))
        self.rounds.append(len(taken))


def assert_same_visits(found: np.ndarray, root: slow.Node, position: Position) -> None:
    expected = by_action(root.visits, len(found))
    assert (found == expected).all(), f"\n{position}\n{found}\n{expected}"


@pytest.mark.parametrize("fpu", ["infinite", "absolute", "reduction", "visited policy"])
def test_puct_with_each_first_play_urgency_is_the_obvious_search(fpu: str) -> None:
    value = {} if fpu == "infinite" else {"fpu_value": -0.4}
    config = SearchConfig(SIMULATIONS, c_puct=0.9, fpu=fpu, **value)
    found = Search(slow.HashEvaluator(), config).run(Games.from_positions(positions()))
    for i, position in enumerate(positions()):
        root = slow.search(
            position,
            slow.HashEvaluator(),
            SIMULATIONS,
            lambda node, *_: slow.puct(node, 0.9, -0.4, fpu),
        )
        assert_same_visits(found.visits[i], root, position)


def test_uct_is_the_obvious_search() -> None:
    config = SearchConfig(SIMULATIONS, "uct", c_uct=0.7)
    found = Search(slow.HashEvaluator(), config).run(Games.from_positions(positions()))
    for i, position in enumerate(positions()):
        root = slow.search(
            position, slow.HashEvaluator(), SIMULATIONS, lambda node, *_: slow.uct(node, 0.7)
        )
        assert_same_visits(found.visits[i], root, position)


def test_uct_with_a_finite_urgency_need_not_try_every_move() -> None:
    """Gelly and Wang's point: a low urgency lets a good move be visited again at once."""
    games = Games(1, 5)
    every = Search(slow.HashEvaluator(), SearchConfig(26, "uct")).run(games)
    assert (every.visits[0] == 1).all()
    config = SearchConfig(26, "uct", fpu="absolute", fpu_value=-0.9)
    assert (Search(slow.HashEvaluator(), config).run(games).visits[0] > 0).sum() < 26


@pytest.mark.parametrize("algorithm", ["puct", "uct", "gumbel"])
@pytest.mark.parametrize("kind", ["rollouts", "hashes"])
def test_the_number_of_threads_changes_nothing(algorithm: str, kind: str) -> None:
    def found(threads: int):
        evaluator = slow.HashEvaluator()
        if kind == "rollouts":
            evaluator = RolloutEvaluator(np.random.default_rng(0))
        search = Search(evaluator, SearchConfig(40, algorithm), threads=threads)
        return [search.run(Games(7, 5), np.random.default_rng(1)) for _ in range(2)]

    one = found(1)
    for threads in (2, 3, 16):
        for first, other in zip(one, found(threads), strict=True):
            assert (first.visits == other.visits).all()
            assert (first.q[first.visits > 0] == other.q[other.visits > 0]).all()
            assert (first.actions == other.actions).all()
            assert first.evaluations == other.evaluations


def test_rollouts_in_one_compiled_loop_are_those_of_the_steps_taken_apart() -> None:
    batch = Games.from_positions(
        [random_position(np.random.default_rng(i), 5, 9) for i in range(5)]
    )
    for options in ({"algorithm": "uct"}, {"c_puct": 2.0}, {"transpositions": "position"}):
        together, apart = (
            Search(RolloutEvaluator(np.random.default_rng(3), 2), SearchConfig(150, **options)).run(
                batch, observer=observer
            )
            for observer in (None, Recorder())
        )
        assert (together.visits == apart.visits).all()
        assert (together.value == apart.value).all()
        assert together.evaluations == apart.evaluations


def test_a_game_s_playouts_do_not_depend_on_the_games_beside_it() -> None:
    config = SearchConfig(50, "uct")
    alone, beside = (
        Search(RolloutEvaluator(np.random.default_rng(3)), config).run(Games(n, 5)) for n in (1, 9)
    )
    assert (alone.visits[0] == beside.visits[0]).all()
    assert (beside.visits[0] != beside.visits[1]).any()


@pytest.mark.parametrize("algorithm", ["puct", "uct", "gumbel"])
def test_leaves_gathered_in_batches_leave_no_virtual_loss_behind(algorithm: str) -> None:
    evaluator, recorder = slow.HashEvaluator(), Recorder()
    config = SearchConfig(100, algorithm, leaf_batch=8, virtual_loss=2.0)
    result = Search(evaluator, config).run(Games(1, 5), np.random.default_rng(0), observer=recorder)
    visits = np.zeros_like(recorder.tree.visits[0])
    totals = np.zeros_like(recorder.tree.value_sum[0])
    for edges, value in recorder.descents:
        for node, action in reversed(edges):
            value = -value
            visits[node, action] += 1
            totals[node, action] += value
    for node in range(result.nodes[0]):
        assert (recorder.tree.visits[0, node] == visits[node]).all()
        np.testing.assert_allclose(recorder.tree.value_sum[0, node], totals[node], atol=1e-4)
    assert len(recorder.descents) == result.visits.sum() == 100
    assert max(recorder.rounds) == 8
    assert len(recorder.rounds) < 40, "leaves are hardly gathered at all"
    assert len(set(evaluator.seen)) >= 90, "the same leaf was evaluated again and again"


def test_a_virtual_loss_spreads_the_leaves_of_a_batch() -> None:
    """Without one, a second descent follows the first to the leaf that waits, and stops there."""

    def rounds(loss: float) -> int:
        config = SearchConfig(128, leaf_batch=16, virtual_loss=loss, c_puct=0.3)
        recorder = Recorder()
        Search(slow.HashEvaluator(spread=2), config).run(Games(1, 5), observer=recorder)
        return len(recorder.rounds)

    assert rounds(3.0) < rounds(0.0)


def grown(position: Position, first: int, move: int, then: int) -> slow.Node:
    """The slow search's tree after `first` simulations, one move, and `then` more."""

    def choose(node: slow.Node, *_) -> int:
        return slow.puct(node, 1.5, 0.2)

    evaluator = slow.HashEvaluator(pass_logit=-9.0)
    root = slow.search(position, evaluator, first, choose)
    kept = root.children[move]
    return slow.search(kept.position, evaluator, then, choose, root=kept)


@pytest.mark.parametrize("transpositions", ["none", "history"])
def test_a_kept_tree_is_gone_on_with(transpositions: str) -> None:
    rng = np.random.default_rng(6)
    batch = [random_position(rng, 4, int(rng.integers(0, 6))) for _ in range(8)]
    config = SearchConfig(80, reuse=True, transpositions=transpositions)
    search = Search(slow.HashEvaluator(pass_logit=-9.0), config)
    games = Games.from_positions(batch)
    first = search.run(games)
    games.play(first.actions)
    kept = search.advance(first.actions)
    assert (kept > 1).sum() >= 6
    second = search.run(games)
    for slot, position in enumerate(batch):
        move = int(first.actions[slot])
        before = int(first.visits[slot, move]) - 1 if kept[slot] else 0
        assert second.visits[slot].sum() == before + 80
        if kept[slot]:
            assert_same_visits(second.visits[slot], grown(position, 80, move, 80), position)
    assert second.evaluations <= 8 * 80 + (kept == 0).sum(), "a kept root was evaluated again"


def test_a_kept_tree_follows_both_sides_moves() -> None:
    position = Position(4)
    search = Search(slow.HashEvaluator(), SearchConfig(200, reuse=True))
    own = int(search.run(Games.from_positions([position])).actions[0])
    search.advance(np.array([own]))
    reply = int(search._tree.visits[0, 0].argmax())
    assert search.advance(np.array([reply]))[0] > 1
    after = position.play(own).play(reply)
    before = int(search._tree.visits[0, 0].sum())
    assert before > 0
    result = search.run(Games.from_positions([after]))
    assert result.visits.sum() == before + 200
    assert result.prior[0] == pytest.approx(
        Search(slow.HashEvaluator(), SearchConfig(1)).run(Games.from_positions([after])).prior[0],
        abs=1e-6,
    )


def test_a_tree_of_another_position_or_another_past_is_not_gone_on_with() -> None:
    """Two positions with the same stones and side to move may differ in what superko forbids."""
    search = Search(slow.HashEvaluator(), SearchConfig(60, reuse=True))
    position = Position(4)
    move = int(search.run(Games.from_positions([position])).actions[0])
    search.advance(np.array([move]))
    other = position.play((move + 1) % 16)
    assert search.run(Games.from_positions([other])).visits.sum() == 60

    first, second = 0, 5
    line = position.play(first).play(second)
    third = int(search.run(Games.from_positions([line])).actions[0])
    search.advance(np.array([third]))
    other_order = position.play(third).play(second).play(first)
    assert other_order.hash == line.play(third).hash
    assert search.run(Games.from_positions([other_order])).visits.sum() == 60

    simple = Rules(komi=1, superko="simple")
    move = int(search.run(Games.from_positions([Position(4, simple)])).actions[0])
    search.advance(np.array([move]))
    other = Position(4, simple).play((move + 1) % 16)
    assert search.run(Games.from_positions([other])).visits.sum() == 60


def test_reuse_keeps_within_its_memory_and_noise_is_drawn_anew() -> None:
    config = SearchConfig(30, reuse=True, noise_fraction=0.5, max_nodes=40)
    search = Search(slow.HashEvaluator(spread=3, pass_logit=-9.0), config)
    games, rng = Games(4, 5), np.random.default_rng(0)
    for _ in range(6):
        result = search.run(games, rng)
        assert (result.nodes <= 40).all()
        noised = search._tree.prior[:, 0]
        assert (abs(noised - result.prior).max(1) > 0.005).all()
        np.testing.assert_allclose(result.prior.sum(1), 1, atol=1e-5)
        assert (noised >= 0.5 * result.prior - 1e-6).all(), "noise was added to noise"
        games.play(result.actions)
        search.advance(result.actions)


def test_a_move_forbidden_at_a_kept_root_loses_the_visits_it_had() -> None:
    position = Position(4)
    search = Search(slow.HashEvaluator(pass_logit=-9.0), SearchConfig(100, reuse=True))
    move = int(search.run(Games.from_positions([position])).actions[0])
    search.advance(np.array([move]))
    likely = int(search._tree.visits[0, 0].argmax())
    assert search._tree.visits[0, 0, likely] > 0
    forbidden = np.zeros((1, 17), np.bool_)
    forbidden[0, likely] = True
    after = Games.from_positions([position.play(move)])
    result = search.run(after, forbidden=forbidden)
    assert result.visits[0, likely] == 0
    assert result.policy[0, likely] == 0


def with_past(place: Position):
    past = frozenset(p.board.tobytes() for p in place.line())
    return without_past(place), past


def without_past(place: Position):
    return place.board.tobytes(), place.to_move, place.passes, place.ko_point


class ByStones(slow.HashEvaluator):
    """Answers that do not depend on the path by which a position was first reached."""

    def evaluate(self, games, indices):
        kept = games.words[:, MOVES].copy()
        games.words[:, MOVES] = 0
        answer = super().evaluate(games, indices)
        games.words[:, MOVES] = kept
        return answer


@pytest.mark.parametrize(
    ("transpositions", "key"), [("history", with_past), ("position", without_past)]
)
def test_merging_is_that_of_a_slow_search_over_a_graph(transpositions: str, key) -> None:
    simulations = 150
    config = SearchConfig(simulations, transpositions=transpositions)

    found = Search(ByStones(), config).run(Games.from_positions(positions()))
    for i, position in enumerate(positions()):
        root = slow.merged_search(
            position, ByStones(), simulations, lambda node, *_: slow.puct(node, 1.5, 0.2), key
        )
        assert_same_visits(found.visits[i], root, position)
    apart = Search(ByStones(), SearchConfig(simulations)).run(Games.from_positions(positions()))
    saved = int(apart.nodes.sum() - found.nodes.sum())
    assert (saved > 5) == (transpositions == "position"), saved


@pytest.mark.parametrize(
    ("transpositions", "key"), [("history", with_past), ("position", without_past)]
)
def test_where_superko_bars_a_move_on_one_path_only_a_merged_node_still_goes_on(
    transpositions: str, key
) -> None:
    """On 2×2 nearly every position has several pasts, and each bars other moves."""
    position, simulations = Position(2, Rules(komi=1)), 500
    found = Search(ByStones(), SearchConfig(simulations, transpositions=transpositions)).run(
        Games.from_positions([position])
    )
    root = slow.merged_search(
        position, ByStones(), simulations, lambda node, *_: slow.puct(node, 1.5, 0.2), key
    )
    assert_same_visits(found.visits[0], root, position)


def test_merging_ends_where_simple_ko_lets_positions_come_again() -> None:
    """Without superko the graph has cycles: a descent must not run round one for ever."""
    rules = Rules(komi=0, superko="simple", suicide=True)
    config = SearchConfig(3000, transpositions="position")
    games = Games(3, 2, rules, max_moves=10_000)
    result = Search(slow.HashEvaluator(), config).run(games)
    assert (result.visits.sum(1) == 3000).all()
    assert (result.nodes < 1000).all(), "the graph of 2×2 is small"


def test_merged_nodes_near_the_move_cap_end_their_descents() -> None:
    games = Games(2, 3, Rules(komi=0.5), max_moves=4)
    config = SearchConfig(500, transpositions="position")
    assert (Search(UniformEvaluator(), config).run(games).visits.sum(1) == 500).all()


def test_a_full_tree_is_searched_on_and_never_outgrows_its_room() -> None:
    """Leaves without room are evaluated and counted each time, as a slow search with a cap does."""
    position, room = positions()[0], 9
    evaluator = slow.HashEvaluator()
    root, used = slow.Node(position, evaluator), 1
    for _ in range(SIMULATIONS):
        node, path = root, []
        while not node.position.is_over:
            action = slow.puct(node, 1.5, 0.2)
            path.append((node, action))
            if action not in node.children:
                leaf = slow.Node(node.position.play(action), evaluator)
                if used < room:
                    node.children[action] = leaf
                    used += 1
                node = leaf
                break
            node = node.children[action]
        slow.back_up(path, node.value if node.position.to_move == BLACK else -node.value)
    for batch in (1, 4):
        config = SearchConfig(SIMULATIONS, max_nodes=room, leaf_batch=batch)
        found = Search(slow.HashEvaluator(), config).run(Games.from_positions([position]))
        assert found.nodes[0] == room
        assert found.visits.sum() == SIMULATIONS
        if batch == 1:
            assert_same_visits(found.visits[0], root, position)


@pytest.mark.parametrize("options", [{}, {"merging": True}, {"squares": True}])
@pytest.mark.parametrize("batch", [1, 4])
def test_the_memory_stated_is_the_memory_taken(options: dict, batch: int) -> None:
    tree = new_tree(3, 50, 26, batch, **options)
    taken = sum(array.nbytes for array in tree if array.shape != (1, 1, 1))
    assert taken == 3 * tree_bytes(50, 26, batch, **options)


def test_the_best_value_and_the_best_bound_choose_what_they_say() -> None:
    games = Games.from_positions(positions())
    by_visits = Search(slow.HashEvaluator(), SearchConfig(90)).run(games)
    by_value = Search(slow.HashEvaluator(), SearchConfig(90, choice="value")).run(games)
    assert (by_value.visits == by_visits.visits).all()
    assert (by_value.actions == np.nanargmax(by_value.q, 1)).all()
    assert (by_visits.actions != by_value.actions).any()

    config = SearchConfig(90, choice="lcb", lcb_deviations=1.0)
    for i, position in enumerate(positions()):
        recorder = Recorder()
        found = Search(slow.HashEvaluator(), config).run(
            Games.from_positions([position]), observer=recorder
        )
        bounds = {}
        for action in np.flatnonzero(10 * found.visits[0] >= found.visits[0].max()):
            values = [
                value if len(edges) % 2 == 0 else -value
                for edges, value in recorder.descents
                if edges and edges[0][1] == action
            ]
            seen = recorder.tree.squares[0, 0, action]
            assert seen == pytest.approx(np.sum(np.square(values)), abs=1e-4)
            n, spread = len(values), np.var(values) + 1 / len(values)
            bounds[action] = np.mean(values) - np.sqrt(spread / n)
        assert found.actions[0] == max(bounds, key=bounds.get), f"position {i}"


def test_a_bound_trusts_many_visits_more_than_few() -> None:
    visits, q = np.array([[400, 3, 0]]), np.array([[0.1, 0.3, np.nan]])
    bounds = lower_bounds(visits, q, visits * 0.25, 5.0)
    assert bounds[0, 0] > bounds[0, 1]
    assert bounds[0, 2] == -np.inf


def test_values_are_mixed_in_proportion_and_the_policy_is_the_first_s() -> None:
    games = Games(3, 4)
    first, second = slow.HashEvaluator(), RolloutEvaluator(np.random.default_rng(0), 5)
    indices = np.array([2, 0])
    expected_logits, a = slow.HashEvaluator().evaluate(games, indices)
    _, b = RolloutEvaluator(np.random.default_rng(0), 5).evaluate(games, indices)
    logits, values = MixedEvaluator(first, second, 0.25).evaluate(games, indices)
    assert (logits == expected_logits).all()
    np.testing.assert_allclose(values, 0.75 * a + 0.25 * b, atol=1e-6)
    assert values.dtype == np.float32
    by_margin = RolloutEvaluator(np.random.default_rng(0), value_kind="margin")
    with pytest.raises(GoError, match="cannot be mixed"):
        MixedEvaluator(first, by_margin)
    with pytest.raises(GoError, match="from 0 to 1"):
        MixedEvaluator(first, second, 1.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fpu": "loss"}, "fpu is one of"),
        ({"fpu": "infinite", "fpu_value": 0.1}, "no effect"),
        ({"fpu_value": "low"}, "fpu_value is a number"),
        ({"algorithm": "uct", "c_puct": 1.0}, "c_puct is an option of puct, not of uct"),
        ({"algorithm": "gumbel", "reuse": True}, "reuse is an option of puct and uct"),
        ({"reuse": 1}, "reuse is one of"),
        ({"choice": "best"}, "choice is one of"),
        ({"choice": "lcb", "temperature": 1.0}, "choice must be visits"),
        ({"lcb_deviations": 2.0}, "no effect"),
        ({"leaf_batch": 0}, "leaf_batch"),
        ({"virtual_loss": -1}, "virtual_loss"),
        ({"transpositions": "yes"}, "transpositions is one of"),
        ({"max_nodes": 1}, "at least 2"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict, message: str) -> None:
    with pytest.raises(GoError, match=message):
        SearchConfig(**options)


def test_keeping_trees_is_refused_where_there_are_none() -> None:
    with pytest.raises(GoError, match="reuse=True"):
        Search(UniformEvaluator(), SearchConfig(4)).advance(np.array([0]))
    search = Search(UniformEvaluator(), SearchConfig(4, reuse=True))
    with pytest.raises(GoError, match="0 positions were searched"):
        search.advance(np.array([0]))
    search.run(Games(1, 3))
    for actions in ([10], [-2], [0.5]):
        with pytest.raises(GoError, match="from -1 to 9"):
            search.advance(np.array(actions))
    with pytest.raises(GoError, match="threads"):
        Search(UniformEvaluator(), SearchConfig(4), threads=0)
