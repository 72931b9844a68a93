"""A trace in words: the tree of its most visited lines, and one simulation step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gokit.go.coordinates import to_gtp
from gokit.go.rules import COLOR_NAMES
from gokit.search.replay import Edge, Replay, Selection, fixed, formula

if TYPE_CHECKING:
    from gokit.search.trace import Trace

LINES_A_NODE = 4
LEAST_SHARE = 0.04  # of the simulations, for a line of the tree to be printed
DEEPEST = 6


def tree_text(trace: Trace) -> str:
    """Return the tree of the most visited lines, each with N, Q and P, and the main line."""
    replay = trace.replay().seek(trace.simulations)
    mover = COLOR_NAMES[trace.root.to_move]
    lines = [
        f"{trace.simulations} simulations of {trace.config.algorithm} with {trace.evaluator}: "
        f"{trace.nodes} nodes, {mover} to move, value {fixed(trace.value, 2)}, "
        f"chosen {to_gtp(trace.action, trace.size)}",
        "Q is in the view of the side that makes the move.",
    ]
    lines += _branches(replay, 0, "", max(2, LEAST_SHARE * trace.simulations))
    moves = (to_gtp(step.action, trace.size) for step in replay.principal_variation())
    lines.append(f"Most visited line: {' '.join(moves)}")
    return "\n".join(lines)


def _branches(replay: Replay, node: int, indent: str, least: float) -> list[str]:
    trace = replay.trace
    if trace.depths[node] >= DEEPEST:
        return []
    visited = [edge for edge in replay.edges(node) if edge.n]
    visited.sort(key=lambda edge: (-edge.n, -edge.q, edge.action))
    shown = [edge for edge in visited[:LINES_A_NODE] if edge.n >= least]
    hidden = len(visited) - len(shown)
    lines = []
    for edge in shown:
        last = edge is shown[-1] and not hidden
        over = ", game over" if edge.child >= 0 and trace.closed[edge.child] else ""
        lines.append(f"{indent}{'└' if last else '├'} {_numbers(trace, edge)}{over}")
        if edge.child >= 0:
            lines += _branches(replay, edge.child, indent + ("  " if last else "│ "), least)
    if shown and hidden:
        rest = sum(edge.n for edge in visited) - sum(edge.n for edge in shown)
        lines.append(f"{indent}└ {hidden} more with {rest} visits")
    return lines


def _numbers(trace: Trace, edge: Edge) -> str:
    return (
        f"{to_gtp(edge.action, trace.size):<4} N {edge.n:<5} "
        f"Q {fixed(edge.q, 2):>5}  P {fixed(edge.p, 3)}"
    )


def explain(trace: Trace, simulation: int) -> str:
    """Return what one simulation did, step by step, and why each action won.

    simulation: from 0. "FPU" is first-play urgency, the stand-in for the Q of an unvisited action.
    """
    lines = [f"Simulation {simulation + 1} of {trace.simulations}"]
    replay = trace.replay()
    _, actions = trace.path(simulation)
    for step, selection in enumerate(replay.selection(simulation)):
        lines += _step(trace, selection, actions[:step])
    leaf, value = int(trace.leaves[simulation]), fixed(trace.leaf_values[simulation], 3)
    mover = "its side to move's view"
    if leaf < 0:
        lines.append(f"The tree is full: the leaf is not kept. Evaluate: {value} in {mover}.")
    elif trace.is_new[simulation]:
        judge = "The game is over there" if trace.closed[leaf] else "Evaluate"
        place = _place(trace, actions)
        lines += [f"Expand: {place[0].lower()}{place[1:]} there is a new node, {leaf}."]
        lines += [f"{judge}: {value} in {mover}."]
    else:
        lines.append(f"Node {leaf} was there before: {value} in {mover}.")
    lines.append(_back_up(replay.seek(simulation + 1), simulation))
    return "\n".join(lines)


def _place(trace: Trace, line: list[int]) -> str:
    moves = " ".join(to_gtp(action, trace.size) for action in line)
    return f"After {moves}" if line else "At the root"


def _step(trace: Trace, selection: Selection, line: list[int]) -> list[str]:
    node, edges, chosen = selection
    total = sum(edge.n for edge in edges)
    allowed = sorted((e for e in edges if e.eligible), key=lambda e: (-e.score, e.action != chosen))
    won = next(edge for edge in edges if edge.action == chosen)
    second = next((edge for edge in allowed if edge.action != chosen), None)
    name = to_gtp(chosen, trace.size)
    lines = [f"{_place(trace, line)}, {name} wins: {formula(trace, node, won, total)}."]
    if second is None:
        lines.append("  It is the only one that may be taken.")
    elif fixed(second.score, 3) == fixed(won.score, 3):
        lines.append(f"  {to_gtp(second.action, trace.size)} scores as much, to three decimals.")
    else:
        other = formula(trace, node, second, total)
        lines.append(f"  The next best is {to_gtp(second.action, trace.size)}: {other}.")
    return lines


def _back_up(replay: Replay, simulation: int) -> str:
    trace, parts = replay.trace, []
    for at in range(trace.starts[simulation + 1] - 1, trace.starts[simulation] - 1, -1):
        edge = trace.path_edge[at]
        n, value = replay.n[edge], trace.path_value[at]
        name = to_gtp(int(trace.path_action[at]), trace.size)
        q = fixed(replay.w[edge] / n, 3)
        parts.append(f"{name} takes {fixed(value, 3)} (N {n}, Q {q})")
    return f"Back up: {'; '.join(parts)}."
