"""What a run's metrics.jsonl says: as a figure for notebooks, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gokit.go.errors import GoError
from gokit.runs import read_metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STROKES = ("-", "--", ":", "-.")  # so that no line is told by its colour alone
_MOST = 400  # points of a line; of longer runs every so many-th
_Metrics = dict[str, Any]
_Lines = dict[str, Callable[[_Metrics], float | None]]


def dashboard(folder: str | Path, figure: Figure | None = None) -> Figure:
    """Draw a run as it stands: losses, search against policy, games, the hold-out by phase.

    figure: an earlier one, to draw it anew: in a notebook, `display(figure, display_id=True)`
    once and `.update(dashboard(folder, figure))` from then on. Dashed upright lines are
    promotions. Returns a matplotlib figure; GoError where nothing was measured yet.
    Built in chapter 7.
    """
    from matplotlib.figure import Figure as NewFigure

    rows = [row for row in read_metrics(folder) if "loss_value" in row]
    if not rows:
        raise GoError(f"{folder} holds no metrics yet")
    rows = [*rows[:: -(-len(rows) // _MOST)], rows[-1]]
    if figure is None:
        figure = NewFigure(figsize=(13, 6), layout="constrained")
    figure.clear()
    axes = figure.subplots(2, 4)
    heads = [name for name in rows[-1] if name.startswith("loss_") and name != "loss_total"]
    panels: list[tuple[str, _Lines, tuple[float, float] | None]] = [
        ("Loss of each head", {name[5:]: _of(name) for name in heads}, None),
        (
            "Search against policy, nats",
            {"KL": _of("policy_kl"), "entropy": _of("policy_entropy")},
            None,
        ),
        ("Search agrees with the policy", {"": _of("search_agrees")}, (0, 1)),
        ("Moves a game", {"": _of("game_length")}, None),
        ("Passes among moves 1 to 9", {"": _of("early_passes")}, None),
        (
            "Distinct",
            {"games": _of("distinct_games"), "openings": _of("distinct_openings")},
            (0, 1.02),
        ),
        ("Held out: right winner", _by_phase("value_sign"), (0, 1)),
        ("Held out: search's move found", _by_phase("top1"), (0, 1)),
    ]
    for ax, (title, lines, limits) in zip(axes.flat, panels, strict=True):
        _panel(ax, rows, title, lines, limits)
    figure.supxlabel("positions played, in thousands")
    return figure


def text(metrics: _Metrics, budget: tuple[str, float]) -> list[str]:
    """Return an iteration's metrics as a few lines for a terminal.

    budget: as `Run.budget` gives it.
    """
    get = metrics.get
    counter, total = budget
    spent = _clock(metrics["seconds"])
    if counter == "seconds":
        spent += f" of {_clock(total)}"
    else:
        spent += f", {metrics['iteration']} of {total} iterations"
    team = f" · {metrics['processes']} processes" if get("processes", 1) > 1 else ""
    lines = [
        f"iteration {metrics['iteration']} · {spent} · {get('total_games'):,} games · "
        f"{get('total_positions'):,} positions{team}",
        f"loss      policy {_number(get('loss_policy'), '.2f')}   value "
        f"{_number(get('loss_value'), '.3f')}   ownership {_number(get('loss_ownership'), '.3f')}"
        f"   learning rate {get('learning_rate'):.1e}",
        f"search    KL to the policy {_number(get('policy_kl'), '.2f')}   agrees with it "
        f"{_share(get('search_agrees'))}   entropy {_number(get('policy_entropy'), '.2f')}",
        f"games     length {_number(get('game_length'), '.0f')}   early passes "
        f"{_share(get('early_passes'))}   distinct {_share(get('distinct_games'))}   Black wins "
        f"{_share(get('black_wins'))}",
        f"window    {get('window'):,} positions   age {_number(get('buffer_age'), ',.0f')}   "
        f"damaged shards {get('damaged_shards', 0)}",
    ]
    holdout = get("holdout")
    if holdout:
        quarters = "  ".join(_share(row["value_sign"]["rate"]) for row in holdout["phases"])
        lines.append(
            f"held out  right move {_share(holdout['top1']['rate'])}   right winner "
            f"{_share(holdout['value_sign']['rate'])} (the favourite "
            f"{_share(holdout['majority']['rate'])})   by quarter {quarters}   n = {holdout['n']}"
        )
    if get("simulations_per_s"):
        lines.append(
            f"speed     {get('simulations_per_s'):,.0f} simulations/s   network "
            f"{_share(get('network_share'))} of self-play"
        )
    if get("promotion"):
        promotion = metrics["promotion"]
        lines.append(
            f"match     {promotion['outcome']}: {_share(promotion['score'])} of the points in "
            f"{promotion['pairs']} pairs"
        )
    return lines


def _of(name: str) -> Callable[[_Metrics], float | None]:
    return lambda row: row.get(name)


def _by_phase(name: str) -> _Lines:
    def of(quarter: int) -> Callable[[_Metrics], float | None]:
        def read(row: _Metrics) -> float | None:
            for phase in (row.get("holdout") or {}).get("phases", ()):
                if round(4 * phase["phase"][0]) == quarter:
                    return phase[name]["rate"]
            return None

        return read

    return {f"quarter {quarter + 1}": of(quarter) for quarter in range(4)}


def _panel(
    ax: Axes,
    rows: list[_Metrics],
    title: str,
    lines: _Lines,
    limits: tuple[float, float] | None,
) -> None:
    shown = 0
    for (label, read), stroke in zip(lines.items(), _STROKES * 2, strict=False):
        points = [(row["total_positions"] / 1000, read(row)) for row in rows]
        points = [(x, y) for x, y in points if y is not None]
        if points:
            ax.plot(*zip(*points, strict=True), stroke, label=label, marker="", linewidth=1.6)
            shown += bool(label)
    for row in rows:
        if (row.get("promotion") or {}).get("outcome") == "accept":
            ax.axvline(row["total_positions"] / 1000, color="0.6", linestyle="--", linewidth=0.8)
    ax.set_title(title, fontsize=10)
    if limits is not None:
        ax.set_ylim(*limits)
    if shown > 1:
        ax.legend(fontsize=8, frameon=False)


def _number(value: float | None, layout: str) -> str:
    return "-" if value is None else format(value, layout)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}" if value >= 0.1 else f"{value:.1%}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
