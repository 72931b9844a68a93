"""What must not happen unseen while a run learns, each with one plain sentence, said once."""

from __future__ import annotations

import math
import re
from typing import Any

from gokit import telemetry

FEW = 30  # below so many games or positions a share says too little
UNTRAINED = 5  # iterations in which nobody expects a network to know anything


def alarms(metrics: dict[str, Any]) -> list[str]:
    """Return a sentence for each thing in an iteration's metrics that must not be.

    Those of self-play (`telemetry.alarms`), of learning, and of the hold-out. Each was somebody's
    run that looked well until it was played against. Built in chapter 7.
    """
    return telemetry.alarms(metrics) + _in_learning(metrics) + _on_holdout(metrics)


def begun(found: list[str], active: list[str]) -> tuple[list[str], list[str]]:
    """Return the sentences of alarms that were not on before, and the names of all now on.

    active: the names of before. A name is a sentence without its numbers, which change.
    """
    names = {re.sub(r"[\d.,%]+", "#", sentence): sentence for sentence in found}
    return [names[name] for name in names if name not in active], sorted(names)


def _in_learning(metrics: dict[str, Any]) -> list[str]:
    def get(name: str, otherwise: float = 0) -> float:
        value = metrics.get(name)
        return otherwise if value is None else value

    found = []
    games = get("games")
    broken = sorted(
        name
        for name, value in metrics.items()
        if name.startswith("loss_") and not math.isfinite(value)
    )
    if broken:
        found.append(
            f"{' and '.join(broken)} is no longer a number: the run has diverged; begin again "
            "from a checkpoint with a lower learning rate."
        )
    if games >= FEW and get("distinct_openings", 1) < 0.25:
        found.append(
            f"The {games} games have only {round(games * get('distinct_openings'))} openings: the "
            "network sees little else."
        )
    if get("cut_off") > 0.1 * max(games, 1):
        found.append(
            f"{get('cut_off')} of {games} games were cut off at the move cap and teach no result."
        )
    if get("search_agrees") > 0.99:
        found.append(
            f"The search prefers the policy's own first choice in {get('search_agrees'):.1%} of "
            "the positions: it teaches nothing more."
        )
    if get("damaged_shards"):
        found.append(
            f"{get('damaged_shards')} shard(s) of games are damaged and were set aside: check the "
            "disk."
        )
    return found


def _on_holdout(metrics: dict[str, Any]) -> list[str]:
    holdout = metrics.get("holdout") or {}
    if holdout.get("n", 0) < FEW or metrics["iteration"] < UNTRAINED:
        return []
    found = []
    sign, blind = holdout["value_sign"], holdout["majority"]
    # The interval counts positions as if they were games, so the whole of it must be below.
    if None not in (sign["rate"], blind["rate"]) and sign["high"] < blind["rate"]:
        found.append(
            f"The value names the right winner in {sign['rate']:.1%} of {sign['n']} positions held "
            f"out, and always naming the favourite does in {blind['rate']:.1%}."
        )
    loss, learnt = holdout["loss_value"], metrics["loss_value"]
    if loss is not None and loss > 3 * learnt + 0.05:
        found.append(
            f"The value's loss is {loss:.3f} in games held out and {learnt:.3f} in those learnt "
            "from: the window is too small, or seen too often."
        )
    return found
