"""What chapter 2 builds and says, taken out of its text and held against gokit."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import numpy as np
import pytest

from gokit.go.playouts import random_below, random_states
from gokit.lessons.sources import read_source
from gokit.search import bandits
from gokit.search.bandit_kernels import next_uniform

SOURCE = Path(__file__).resolve().parents[1] / "chapters" / "source" / "02_bandits.py"


def chapter_text() -> str:
    return SOURCE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def chapter() -> dict:
    """The chapter's functions and classes, run without the rest of it."""
    space = {
        "np": np,
        "math": math,
        "random_below": random_below,
        "random_states": random_states,
        "next_uniform": next_uniform,
    }
    for cell in read_source(SOURCE):
        if cell.kind != "code":
            continue
        for node in ast.parse(cell.text).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                exec(compile(ast.Module([node], []), str(SOURCE), "exec"), space)
    return space


PRIOR = np.array([0.31, 0.07, 0.22, 0.4])


@pytest.mark.parametrize("means", [[0.2, 0.8, 0.5, 0.6], [0.5] * 4, [0.0, 1.0, 1.0, 0.0]], ids=str)
def test_the_readers_rules_are_gokit_s(chapter: dict, means: list[float]) -> None:
    pairs = [
        (chapter["greedy"], bandits.Greedy(), None),
        (chapter["epsilon_greedy"](0.3), bandits.EpsilonGreedy(0.3), None),
        (chapter["decaying_epsilon"](3), bandits.DecayingEpsilonGreedy(3), None),
        (chapter["ucb1"], bandits.UCB1(), None),
        (chapter["puct"](PRIOR, 0.9), bandits.PUCT(0.9, fpu="absolute"), PRIOR),
    ]
    for mine, theirs, prior in pairs:
        found = bandits.play(theirs, bandits.Arms(means), 60, 20, 3, prior)
        for run in range(20):
            n = chapter["play"](mine, np.array(means), 60, chapter["Dice"](3, 20, run))
            assert n.tolist() == found.visits[run].tolist(), theirs


def test_the_reader_s_thompson_is_gokit_s_on_average(chapter: dict) -> None:
    means = np.array([0.3, 0.5, 0.7])
    regret = [
        (0.7 - means)
        @ chapter["play"](chapter["thompson"], means, 60, chapter["Dice"](4, 300, run))
        for run in range(300)
    ]
    found = bandits.play(bandits.BetaThompson(), bandits.Arms(means), 60, 10_000, 5)
    error = np.std(regret, ddof=1) / math.sqrt(300)
    assert abs(np.mean(regret) - found.mean[-1]) < 4 * error


REPAIRS = [
    (
        "own_n_bonus",
        "N = np.maximum(n, 1)  # <- the planted bug",
        "N = max(n.sum(), 1)",
        "test_waiting_raises_hope",
    ),
    (
        "first_of_equals",
        "return int(np.argmax(scores))  # <- the planted bug",
        "return max(order, key=lambda a: scores[a])",
        "test_equals_take_turns",
    ),
]


@pytest.mark.parametrize(("name", "bug", "repair", "judge"), REPAIRS, ids=lambda x: x[:16])
def test_a_lab_s_test_fails_and_the_repair_that_is_told_mends_it(
    chapter: dict, name: str, bug: str, repair: str, judge: str
) -> None:
    text = chapter_text()
    assert text.count(bug) == 1
    assert f"`{repair}`" in text, "the repair stands in the text"
    assert not chapter[judge](chapter[name])
    code = text[text.index(f"def {name}") :]
    code = code[: code.index("\n\n\n")].replace(bug, repair)
    space = dict(chapter)
    exec(code, space)
    assert space[judge](space[name])


def test_the_third_repair_pulls_the_likeliest_arm_first(chapter: dict) -> None:
    for seed in range(20):
        n = chapter["play"](chapter["by_prior"](PRIOR), PRIOR, 1, chapter["Dice"](seed))
        assert n.argmax() == 3


def test_the_answers_under_check_yourself_are_right() -> None:
    text = chapter_text()
    scores = bandits.ucb1_scores(np.array([0.9, 0.5]), np.array([10, 2]))
    assert scores.round(2).tolist() == [1.6, 2.08]
    assert "= 1.60" in text
    assert "= 2.08" in text
    puct = bandits.puct_bonus(0.3, np.array([1, 3]), 50)
    ucb1 = bandits.ucb1_bonus(np.array([1, 3]), 50)
    assert (puct[0] / puct[1], round(ucb1[0] / ucb1[1], 2)) == (2, 1.73)
    impossible = bandits.play(
        bandits.PUCT(fpu="absolute"), bandits.Arms([0.1, 0.9]), 3_000, 5, 1, np.array([1.0, 0.0])
    )
    assert not impossible.visits[:, 1].any()


def test_the_wait_for_a_second_move_among_361(chapter: dict) -> None:
    prior, k = np.full(361, 1 / 361), 361
    rule = chapter["puct_fpu"](
        prior, lambda scores, order: int(scores.argmax()), chapter["mean_less"]
    )
    wins, n = np.zeros(k), np.zeros(k, int)
    due = next(t for t in range(1, 5_000) if math.sqrt(t + 1) * t / (t + 1) > 0.2 * k / 1.5)
    assert 2_300 < due < 2_400, "'over 2,300 pulls for k = 361'"
    for t, arm in ((due - 1, 0), (due, 1)):
        wins[0], n[0] = t // 2, t
        assert rule(wins, n, None, None) == arm


def explorer(chapter: dict, kind: str, pulls: int, rule: bandits.Rule) -> bandits.Regret:
    rng = np.random.default_rng(17)
    means = chapter["likely_moves"](82, 150, rng)
    prior = chapter["make_prior"](kind, means, rng) if rule.needs_prior else None
    return bandits.play(rule, bandits.Arms(means), pulls, 150, 17, prior)


def test_the_explorer_s_questions_have_answers(chapter: dict) -> None:
    def puct(kind: str, pulls: int, c: float = 1.5) -> bandits.Regret:
        return explorer(chapter, kind, pulls, bandits.PUCT(c, fpu="absolute"))

    thompson = explorer(chapter, "none", 2_000, bandits.BetaThompson())
    assert puct("none", 2_000, 4.0).high[-1] < thompson.low[-1]
    assert puct("none", 2_000, 0.1).low[-1] > thompson.high[-1]
    assert puct("bad", 400).mean[-1] < puct("none", 400).mean[-1]
    assert puct("bad", 5_000).low[-1] > puct("none", 5_000).high[-1]
    good = puct("good", 800)
    assert puct("good", 800, 6.0).low[-1] > 1.5 * good.high[-1]
    assert explorer(chapter, "good", 800, bandits.SamplePrior()).low[-1] > 2 * good.high[-1]


def test_priors_are_what_they_are_called(chapter: dict) -> None:
    rng = np.random.default_rng(2)
    means = chapter["likely_moves"](100, 300, rng)
    lean = {}
    for kind in ("none", "good", "bad", "adversarial"):
        prior = chapter["make_prior"](kind, means, rng)
        assert np.allclose(prior.sum(1), 1)
        lean[kind] = ((prior * means).sum(1) - means.mean(1)).mean()
    assert lean["good"] > 0.1
    assert abs(lean["none"]) < 1e-9
    assert abs(lean["bad"]) < 0.02
    assert lean["adversarial"] < -0.1
