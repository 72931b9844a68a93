"""The exercises of chapter 2: bandits, from a running mean to the prior that one may trust."""

from __future__ import annotations

from gokit.lessons.checks import bandit_cases as bandits
from gokit.lessons.checks import prior_cases as priors
from gokit.lessons.exercise import Exercise

EXERCISES = [
    Exercise(
        id="02-running-mean",
        title="A running mean",
        purpose="a search keeps millions of means, and no list of rewards behind any of them",
        points=1,
        difficulty=1,
        minutes=8,
        hints=(
            "The mean so far, times n, is the sum so far.",
            "Add the new reward to that sum, and divide by the new number of rewards. Or move the "
            "mean a fraction of the way towards the new reward: which fraction?",
            "return q + (reward - q) / ...",
        ),
        reference=bandits.running_mean,
        cases=bandits.mean_cases,
        explain=bandits.wrong_mean,
        rule="The mean of n + 1 rewards is their sum divided by n + 1.",
    ),
    Exercise(
        id="02-regret",
        title="Regret",
        purpose="the one number by which bandit rules are compared",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "Each pull has a price: what the best arm wins on average, less what this arm does.",
            "Compute the gap of each arm first. Then go through the pulls and keep a running sum.",
            "top = max(means)\nregret, total = [], 0\nfor a in pulled:\n    total += ...\n"
            "    regret.append(total)",
        ),
        reference=bandits.regret,
        cases=bandits.regret_cases,
        explain=bandits.wrong_regret,
        rule="Regret is the sum of the gaps, in mean reward, of all arms pulled so far.",
    ),
    Exercise(
        id="02-epsilon-greedy",
        title="An ε-greedy choice",
        purpose="the simplest rule that explores at all",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "Two cases: explore, or take the best mean. u decides which, v only matters in one.",
            "Exploring: int(v * k) turns a number from 0 to 1 into one of k arms. Otherwise an arm "
            "without pulls comes before all others, as if its mean were infinite.",
            "if u < epsilon:\n    return ...\n"
            "scores = [q[a] if visits[a] else math.inf for a in ...]\n"
            "return scores.index(max(scores))",
        ),
        reference=bandits.epsilon_greedy,
        cases=bandits.epsilon_cases,
        explain=bandits.wrong_epsilon,
        rule="With probability epsilon any arm; else each arm once, then the highest mean.",
    ),
    Exercise(
        id="02-ucb1",
        title="The scores of UCB1",
        purpose="the bonus that every tree search since 2006 descends from",
        points=2,
        difficulty=2,
        minutes=12,
        hints=(
            "N is the sum of all pulls; each arm has an n of its own.",
            "Arms without pulls get infinity. For the others: their mean, plus c times the square "
            "root of ln N over n.",
            "total = sum(visits)\nreturn [q[a] + c * math.sqrt(... / ...) if visits[a] else "
            "math.inf\n        for a in range(len(q))]",
        ),
        reference=bandits.ucb1_scores,
        cases=bandits.ucb1_cases,
        explain=bandits.wrong_scores(bandits.ucb1_hint),
        rule="Q + c √(ln N / n); infinite where n = 0.",
    ),
    Exercise(
        id="02-thompson",
        title="A Thompson step",
        purpose="beliefs instead of bonuses, and the lowest regret of the five",
        points=2,
        difficulty=3,
        minutes=15,
        hints=(
            "After w wins and l losses the belief about an arm is Beta(1 + w, 1 + l).",
            "Draw one number from each arm's belief with rng.beta(a, b), arm 0 first, and return "
            "the arm of the highest.",
            "drawn = [rng.beta(..., ...) for each arm]\nreturn drawn.index(max(drawn))",
        ),
        reference=bandits.thompson_arm,
        cases=bandits.thompson_cases,
        explain=bandits.wrong_thompson,
        call=bandits.with_generator,
        rule="One draw from each arm's belief; the highest draw is pulled.",
    ),
    Exercise(
        id="02-doubt",
        title="How long doubt lasts",
        purpose="before a search: is the budget enough to tell these two moves apart?",
        points=2,
        difficulty=3,
        minutes=15,
        hints=(
            "Write down c √(ln N / n) ≤ gap and solve it for n.",
            "n ≥ c² ln N / gap². Pulls are whole, so round up; and one pull is the least.",
            "return max(1, math.ceil(...))",
        ),
        reference=bandits.pulls_needed,
        cases=bandits.doubt_cases,
        explain=bandits.wrong_doubt,
        rule="The bonus c √(ln N / n) is at most the gap from n = c² ln N / gap² on.",
    ),
    Exercise(
        id="02-puct",
        title="The scores of PUCT",
        purpose="the line of code that AlphaGo runs more often than any other",
        points=2,
        difficulty=3,
        minutes=15,
        hints=(
            "Two things change against UCB1: the prior weighs the bonus, and an arm without pulls "
            "has a value instead of infinity.",
            "Q is q[a], or fpu where visits[a] is 0. The bonus is c P √(N + 1) / (1 + n). Try it "
            "by hand for no pulls at all.",
            "root = math.sqrt(sum(visits) + 1)\nfor each arm:\n"
            "    known = q[a] if ... else fpu\n    score = known + c * prior[a] * ...",
        ),
        reference=priors.puct_scores,
        cases=priors.puct_cases,
        explain=bandits.wrong_scores(priors.puct_hint),
        rule="Q + c P √(N + 1) / (1 + n), with fpu for the Q of an arm never pulled.",
    ),
    Exercise(
        id="02-trust",
        title="Which prior to trust",
        purpose="the loss by which chapter 5 trains a policy network, met early",
        points=3,
        difficulty=4,
        minutes=20,
        hints=(
            "An adviser is surprised when the best arm had a small probability. How should the "
            "surprise grow as that probability goes to 0?",
            "Surprise is -ln P(best arm). Take the mean over the positions; the lowest mean wins. "
            "A probability of 0 is an infinite surprise, and math.log(0) raises an error.",
            "def surprise(adviser):\n"
            "    shares = [adviser[i][arm] for i, arm in enumerate(best)]\n"
            "    if min(shares) == 0:\n        return math.inf\n"
            "    return ...\nthe index of the adviser with the least surprise",
        ),
        reference=priors.trust,
        cases=priors.trust_cases,
        explain=priors.wrong_trust,
        rule="The best adviser has the lowest mean of -ln P(best arm).",
    ),
    Exercise(
        id="02-run",
        title="A whole PUCT search",
        purpose="stretch: a search of depth one, step by step, as chapter 3 does at every node",
        points=4,
        difficulty=4,
        minutes=25,
        hints=(
            "Keep, for each arm, the number of pulls and the sum of rewards. Everything else "
            "follows from them.",
            "At each step: means (0 without pulls), scores by your puct_scores with fpu = 0, the "
            "first arm of the highest score. Its next reward is rewards[a][visits[a]].",
            "visits, sums, pulled = [0] * k, [0.0] * k, []\nfor _ in range(pulls):\n"
            "    q = ...\n    scores = puct_scores(q, prior, visits, c, 0.0)\n"
            "    a = scores.index(max(scores))\n    sums[a] += rewards[a][visits[a]]\n    ...",
        ),
        reference=priors.puct_run,
        cases=priors.run_cases,
        explain=priors.wrong_run,
        rule="Each pull goes to the highest Q + c P √(N + 1) / (1 + n); of equals, the lowest arm.",
    ),
]
