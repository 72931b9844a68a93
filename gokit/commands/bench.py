"""`python -m gokit bench`: how fast, beside other packages that take turns with gokit."""

from __future__ import annotations

import argparse
import json
from typing import Any

from gokit.go.errors import GoError

TASKS = ("rules", "playouts", "search", "network")
HELP = "Speed of rules, playouts, search and network, beside other packages in the same run."
EXAMPLE = """python -m gokit bench rules --size 9 --threads 2 --seconds 5
  python -m gokit bench search --games 256 --simulations 32 --blocks 6 --channels 64
  python -m gokit bench network --batch 1 128 --blocks 6 --channels 64

units
  rules     random_env_steps, steps/s: one step is one uniformly random legal action, superko
            checked and pass included, in one of --games games at once; a finished game starts again
  playouts  light_playouts, moves/s: one move of a random game from the empty board in which nobody
            fills an own one-point eye, played to its end and scored by area; simple ko
            uct_rollouts, simulations/s: UCT with one such game a simulation, --simulations of them
            a search, one search of the empty board at a time. The playouts of the others differ:
            OpenSpiel's fill eyes and stop at 2 N² moves; GNU Go's follow patterns and so are
            heavier, and start from five stones, since its book answers on an empty board; it
            takes part from 5×5 to 9×9
  search    az_search, simulations/s: --games games of self-play at once, --simulations a move,
            with a residual network of --blocks blocks and --channels channels, random weights, in
            gokit's default mode (mode). AlphaZero's PUCT with noise and temperature against mctx's
            muzero_policy, Gumbel against its gumbel_muzero_policy. tree_us: microseconds a
            simulation that are not the network's (tree_cpu_us: of processor time); network_share:
            the network's share of the time. The same search with a free evaluator, its answers
            made beforehand, shows the tree alone. A move takes seconds and is never cut short:
            expect some minutes
  network   evaluations, evaluations/s: positions of which a residual network says policy and value,
            planes written and answers back on the CPU, --batch of them at a time. mode: plain, as
            torch runs it in fp32; default, what every command of gokit uses; fp32, the same in that
            precision; compiled, by torch; openvino and onnx, where they are installed. Ratios are
            over plain.
            error: the largest total variation of a policy, and difference of a value, from plain's
  rules --compile  seconds until a fresh process has imported gokit, played a move, listed the
            legal moves and scored: with an empty compile cache (cold), then with that cache

how ratios are formed
  Every entrant works --seconds / 5 at a time, in turn, five times over. A rate is units over
  seconds on the clock; an entrant's value is the median of its five. `ratio` is gokit's median
  (rules, playouts: on one thread) over the peer's median; the range beside it is of the five
  rounds' own ratios; `ratio_per_cpu_s` divides by processor time instead, and so discounts peers
  that use more cores and other processes' noise. Peers that are not installed are named and left
  out."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("task", choices=(*TASKS, "all"), help="what to measure")
    parser.add_argument("--size", type=int, default=9, help="lines of the board (9)")
    parser.add_argument(
        "--threads",
        type=int,
        help="rules, playouts: also measure gokit on N threads (1); search, network: the network's "
        "threads (all cores, which the peer always uses)",
    )
    parser.add_argument("--seconds", type=float, default=5, help="seconds an entrant works (5)")
    parser.add_argument("--games", type=int, help="games at once (64 a thread; search: 256)")
    parser.add_argument(
        "--simulations", type=int, help="simulations a search (32; with random playouts 2000)"
    )
    parser.add_argument("--blocks", type=int, default=6, help="residual blocks (6)")
    parser.add_argument("--channels", type=int, default=64, help="channels of the network (64)")
    parser.add_argument(
        "--batch", type=int, nargs="+", metavar="B", help="positions at a time (1 128 256)"
    )
    parser.add_argument(
        "--modes",
        nargs="+",
        choices=("default", "fp32", "compiled", "openvino", "onnx"),
        help="network: what to hold against the plain mode (all that are here)",
    )
    parser.add_argument("--device", default="cpu", help="search, network: cpu, cuda or auto (cpu)")
    parser.add_argument("--compile", action="store_true", help="measure the first call instead")
    parser.add_argument("--no-peers", action="store_true", help="gokit alone")
    parser.add_argument(
        "--peer-python", metavar="PATH", help="interpreter that has the peers (default: this one)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, no table")


def run(args: argparse.Namespace) -> int | None:
    """Measure and print a table, JSON lines, or for `all` both."""
    from gokit.bench.network import run_network
    from gokit.bench.rules import run_compile, run_playouts, run_rules
    from gokit.bench.search import run_rollouts, run_search
    from gokit.go.coordinates import check_size

    check_size(args.size)
    for name in ("threads", "seconds", "games", "simulations", "blocks", "channels"):
        number = getattr(args, name)
        if number is not None and number <= 0:
            raise GoError(f"--{name} is more than 0, not {number}")
    if min(args.batch or [1]) <= 0:
        raise GoError(f"--batch is more than 0, not {min(args.batch)}")
    if args.compile:
        if args.task not in ("rules", "all"):
            raise GoError("--compile goes with `bench rules`")
        rows = run_compile(args)
    else:
        measures = {
            "rules": (run_rules,),
            "playouts": (run_playouts, run_rollouts),
            "search": (run_search,),
            "network": (run_network,),
        }
        chosen = TASKS if args.task == "all" else (args.task,)
        rows = [row for task in chosen for measure in measures[task] for row in measure(args)]
    if not args.json:
        print("\n".join(line for row in rows for line in table_lines(row)))
    if args.json or args.task == "all":
        print("\n".join(json.dumps(row) for row in rows))
    return 0


def table_lines(row: dict[str, Any]) -> list[str]:
    """Return the lines of the table for one measurement."""
    board = f"{row['board']}×{row['board']}"
    if row["task"] == "first_call":
        parts = f"import {row['import_s']} s, position {row['position_s']} s"
        return [
            f"first call, {row['cache']} cache  {row['value']:6.2f} s   ({parts}; "
            f"random games {row['random_games_s']} s more)"
        ]
    threads = f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"
    if row["task"] == "evaluations":
        return _mode_lines(row, f"{board}, batch {row['batch']}, {row['device']}, {threads}")
    lines = [
        f"{row['task']}, {board}, {row['unit']}{_settings(row)}",
        _line(f"gokit, {threads}", row["value"], _shares(row)),
    ]
    lines += [_line(other["name"], other["value"], _shares(other)) for other in row["variants"]]
    if "threaded" in row:
        threaded = row["threaded"]
        same = threaded["per_cpu_s"] / row["per_cpu_s"]
        text = f"{threaded['speedup']:.2f}× one thread; {same:.2f}× a processor second"
        lines.append(_line(f"gokit, {threaded['threads']} threads", threaded["value"], text))
    for peer in row["peers"]:
        low, high = peer["ratio_range"]
        versions = " ".join(f"{name} {number}" for name, number in peer["versions"].items())
        text = (
            f"gokit is {peer['ratio']:,.2f}× [{low:,.2f}, {high:,.2f}]; "
            f"{peer['ratio_per_cpu_s']:,.2f}× a processor second   ({versions})"
        )
        lines.append(_line(peer["name"], peer["value"], text))
    lines += [_line(name, None, "not installed") for name in row["not_installed"]]
    return [*lines, ""]


def _mode_lines(row: dict[str, Any], where: str) -> list[str]:
    low, high = row["ratio_range"]
    error = f"policy {row['error']['policy_tv']:.1e}, value {row['error']['value']:.1e}"
    text = f"{row['ratio']:.2f}× plain [{low:.2f}, {high:.2f}]; "
    text += f"{row['ratio_per_cpu_s']:.2f}× a processor second; error {error}"
    line = _line(f"{row['mode']}, {row['precision']}", row["value"], text)
    if row["mode"] != "plain":
        return [line]
    network = f"network {row['blocks']}×{row['channels']}"
    others = "".join(f"; {mode} is not installed" for mode in row["not_installed"])
    return ["", f"{row['task']}, {where}, {row['unit']}, {network}{others}", line]


def _settings(row: dict[str, Any]) -> str:
    if row["task"] == "uct_rollouts":
        return f"; {row['simulations']} a search"
    if row["task"] == "az_search":
        games = f"{row['games']} games, {row['simulations']} simulations a move"
        return f"; {games}, network {row['network']} {row['mode']}"
    return ""


def _shares(row: dict[str, Any]) -> str:
    if "tree_us" not in row:
        return ""
    tree = f"tree {row['tree_us']:.1f} µs a simulation ({row['tree_cpu_us']:.1f} of processor time)"
    return f"{tree}, network {100 * row['network_share']:.1f} %"


def _line(name: str, value: float | None, text: str = "") -> str:
    number = "" if value is None else f"{value:,.0f}"
    return f"  {name:24} {number:>12}   {text}".rstrip()
