"""`python -m gokit train`: learn by self-play, or from games, in a folder that can resume."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gokit.go.errors import GoError
from gokit.storage import write_atomic

if TYPE_CHECKING:
    from gokit.supervised_run import SupervisedConfig, SupervisedRun
    from gokit.train import Run, TrainConfig

HELP = "Train a network by self-play or from games; a run is a folder and can always resume."
EXAMPLE = (
    "python -m gokit train --run runs/first --size 5 --minutes 5\n"
    "  python -m gokit train --run runs/clone --games data/games/gnugo-9x9-level1 --minutes 10\n"
    "  torchrun --nproc-per-node=2 --max-restarts=3 -m -- gokit train --run runs/second --size 7"
)
_LINE_EVERY = 10.0  # seconds between lines where there is no terminal
_BUDGETS = ("minutes", "iterations", "passes")
_SHAPE = ("features", "blocks", "channels", "pooling_blocks")
# What means nothing to the other kind of run, and why.
_SELF_PLAY_ONLY = {"iterations": "--iterations counts rounds of self-play: use --passes"}
_GAMES_ONLY = {
    "passes": "--passes is a budget for learning from games: add --games, or use --iterations",
    "precision": "--precision is for learning from games: add --games",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--run", required=True, metavar="DIR", help="the run's folder")
    parser.add_argument(
        "--games", nargs="+", metavar="PATH",
        help="learn from these games instead of self-play: SGF files, or folders, zips or tars",
    )  # fmt: skip
    parser.add_argument(
        "--size", type=int, help="lines of the board (default 5 for self-play, 9 for games)"
    )
    parser.add_argument("--minutes", type=float, help="budget of training (default 5)")
    parser.add_argument("--iterations", type=int, help="self-play: rounds instead of minutes")
    parser.add_argument(
        "--passes", type=int,
        help="games: positions, each counted every time it is seen, instead of minutes",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, help="of everything random (default 1)")
    parser.add_argument("--features", help="planes that the network reads")
    parser.add_argument("--blocks", type=int, help="of the network")
    parser.add_argument("--channels", type=int, help="of the network")
    parser.add_argument("--pooling-blocks", type=int, help="blocks that see the whole board")
    parser.add_argument(
        "--holdout", type=float,
        help="share of the games to measure on, never learnt from (default 0.05; games: 0.1)",
    )  # fmt: skip
    parser.add_argument("--precision", help="games: auto (default), fp32, bf16 or fp16")
    parser.add_argument("--start-from", metavar="CHECKPOINT", help="weights to begin with")
    parser.add_argument("--config", metavar="FILE", help="JSON with any training option")
    parser.add_argument("--resume", action="store_true", help="continue the run in DIR")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default auto)")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="CPU threads of the network, no more than are idle (default 1)",
    )
    parser.add_argument("--no-match", action="store_true", help="skip what is measured at the end")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(args: argparse.Namespace) -> int | None:
    """Train, then measure what was learnt."""
    if args.threads < 1:
        raise GoError(f"threads is a whole number from 1, not {args.threads}")
    import torch

    torch.set_num_threads(args.threads)
    options = _options(args)
    if _restarted():
        # torchrun begins again with the same words; what the run is was decided the first time.
        options = {} if _holds_run(args) else options
    resumes = (args.resume or _restarted()) and _holds_run(args)
    from_games = _is_from_games(args, options, resumes)
    try:
        if from_games:
            return _learn_from_games(args, options, resumes)
        return _learn_by_self_play(args, options, resumes)
    except KeyboardInterrupt:
        _say(f"stopped; continue with: python -m gokit train --run {args.run} --resume", args)
        return 130


def _restarted() -> bool:
    """Whether torchrun started this process in place of one that was killed."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def _holds_run(args: argparse.Namespace) -> bool:
    return (Path(args.run) / "config.json").exists()


def _options(args: argparse.Namespace) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if args.config:
        try:
            options = json.loads(Path(args.config).read_text(encoding="utf-8"))
        except OSError as error:
            raise GoError(f"{args.config} cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise GoError(f"{args.config} is not JSON ({error})") from None
        if not isinstance(options, dict):
            raise GoError(f"{args.config} is not a JSON object")
    if args.minutes is not None and args.passes is not None:
        raise GoError("give --minutes or --passes, not both")
    for name in ("size", "seed", "start_from", "holdout", "precision", *_SHAPE, *_BUDGETS):
        if getattr(args, name) is not None:
            options[name] = getattr(args, name)
    if args.games:
        options["sources"] = args.games
    if "sources" in options and args.minutes is not None:
        options["passes"] = None  # what a file says of it would win
    return options


def _is_from_games(args: argparse.Namespace, options: dict[str, Any], resumes: bool) -> bool:
    """Whether the run learns from games; GoError for a flag that is for the other kind of run."""
    from_games = "sources" in options
    if resumes:
        from gokit.runs import read_config

        from_games = "sources" in read_config(args.run)
    for name, why in (_SELF_PLAY_ONLY if from_games else _GAMES_ONLY).items():
        if getattr(args, name) is not None:
            raise GoError(why)
    return from_games


def _require_budget_only(options: dict[str, Any]) -> None:
    other = sorted(set(options) - set(_BUDGETS))
    if other:
        name = "games" if other[0] == "sources" else other[0]
        raise GoError(f"a resumed run keeps its configuration: leave out {name}")


def _learn_by_self_play(args: argparse.Namespace, options: dict[str, Any], resumes: bool) -> int:
    from gokit.judge import judge, save_final
    from gokit.train import Run
    from gokit.train.distributed import Team

    if resumes:
        _require_budget_only(options)
    team = Team.join()
    args.silent = not team.is_lead
    if resumes:
        training = Run.resume(args.run, args.device, team, **options)
        where = f"resumed after iteration {training.progress.iteration}"
    else:
        training = Run.create(args.run, _self_play_config(options), args.device, team)
        where = "started"
    processes = f" in {team.size} processes" if team.size > 1 else ""
    _say(
        f"{args.run}: {where} on {training.device.type}{processes}, {args.threads} thread(s)", args
    )
    _train(training, args, _self_play_headline, _show_block)
    team.leave()
    if not team.is_lead:
        return 0
    results = [] if args.no_match else judge(training, lambda line: _say(line, args))
    final = save_final(training, results)
    _say(f"{final} is the network to play with", args)
    if args.json:
        summary = {"checkpoint": str(final), "matches": [r.to_dict() for r in results]}
        print(json.dumps(summary | vars(training.progress)))
    return 0


def _learn_from_games(args: argparse.Namespace, options: dict[str, Any], resumes: bool) -> int:
    from tqdm import tqdm

    from gokit.judge import judge_policy, save_final
    from gokit.supervised_run import SupervisedRun, table

    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise GoError("learning from games is for one process: start it without torchrun")
    if resumes:
        _require_budget_only(options)
    with tqdm(unit="game", disable=not sys.stderr.isatty() or args.json, leave=False) as bar:
        if resumes:
            training = SupervisedRun.resume(args.run, args.device, bar.update, **options)
            where = f"resumed after {training.progress.passes:,} passes"
        else:
            config = _supervised_config(options)
            training = SupervisedRun.create(args.run, config, args.device, bar.update)
            where = "started"
    _say(
        f"{args.run}: {where} on {training.device.type}, {args.threads} thread(s), "
        f"{training.trainer.precision}; {training.positions.games:,} games to learn from, "
        f"{training.holdout.games:,} held out",
        args,
    )
    _train(training, args, _supervised_headline, _show_bar)
    report, results = None, []
    if not args.no_match:
        report = training.report()
        text = json.dumps(report, indent=1) + "\n"
        write_atomic(Path(args.run) / "report.json", text.encode())
        for line in table(report) + [f"alarm: {alarm}" for alarm in report["alarms"]]:
            _say(line, args)
        results = judge_policy(training, lambda line: _say(line, args))
    final = save_final(training, results, report=report)
    _say(f"{final} is the network to play with", args)
    if args.json:
        summary = {"checkpoint": str(final), "matches": [r.to_dict() for r in results]}
        print(json.dumps(summary | {"report": report} | vars(training.progress)))
    return 0


def _self_play_config(options: dict[str, Any]) -> TrainConfig:
    from gokit.train import TrainConfig

    if options.get("start_from") is not None:
        return TrainConfig.starting_from(options["start_from"], options)
    return TrainConfig.from_dict(options)


def _supervised_config(options: dict[str, Any]) -> SupervisedConfig:
    from gokit.nn.checkpoint import load_checkpoint
    from gokit.runs import SHAPE
    from gokit.supervised_run import SupervisedConfig

    if options.get("start_from") is not None:
        _, card = load_checkpoint(options["start_from"])
        options.setdefault("features", card.features)
        for name in SHAPE:
            options.setdefault(name, getattr(card.network, name))
    return SupervisedConfig.from_dict(options)


def _train(
    training: Run | SupervisedRun,
    args: argparse.Namespace,
    headline: Callable[[dict[str, Any]], str],
    show: Callable[[Any], None],
) -> None:
    """Train, and say how it goes: by `show` on a terminal, elsewhere in a line now and then."""
    if not args.json and sys.stderr.isatty() and not _is_silent(args):
        show(training)
        return
    last = -_LINE_EVERY
    for metrics in training.train():
        for alarm in metrics.get("alarms", ()):
            _say(f"{_clock(metrics['seconds'])}  alarm: {alarm}", args)
        if metrics["seconds"] - last >= _LINE_EVERY:
            last = metrics["seconds"]
            _say(f"{_clock(last)}  {headline(metrics)}", args)


def _show_block(training: Run) -> None:
    """Keep one block of lines up to date, and let alarms scroll past above it."""
    from gokit.train.figures import text

    drawn = 0
    for metrics in training.train():
        lines = text(metrics, training.budget)
        alarms = [f"{_clock(metrics['seconds'])}  alarm: {alarm}" for alarm in metrics["alarms"]]
        width = shutil.get_terminal_size().columns - 1
        up = f"\x1b[{drawn}F\x1b[J" if drawn else ""
        cut = [line[:width] for line in lines]
        sys.stderr.write(up + "\n".join([*alarms, *cut]) + "\n")
        sys.stderr.flush()
        drawn = len(cut)


def _show_bar(training: SupervisedRun) -> None:
    from tqdm import tqdm

    counter, total = training.budget
    steps = total / 1000 if counter != "iteration" else 1
    layout = "{percentage:3.0f}%|{bar:20}| {elapsed}, {remaining} to go{postfix}"
    done = getattr(training.progress, counter)
    with tqdm(total=total, initial=min(done, total), bar_format=layout) as bar:

        def show(now: float) -> None:
            if counter != "iteration" and now - bar.n >= steps:
                bar.update(min(now, total) - bar.n)

        for metrics in training.train(show):
            bar.update(min(metrics[counter], total) - bar.n)
            bar.set_postfix_str(_supervised_headline(metrics))
            for alarm in metrics.get("alarms", ()):
                bar.write(f"{_clock(metrics['seconds'])}  alarm: {alarm}")


def _self_play_headline(metrics: dict[str, Any]) -> str:
    line = (
        f"iteration {metrics['iteration']}, {metrics['total_games']} games, "
        f"policy {metrics['loss_policy']:.2f}, value {metrics['loss_value']:.3f}, "
        f"length {metrics['game_length']:.0f}, early passes {metrics['early_passes']:.0%}"
    )
    if "simulations_per_s" in metrics:
        line += f", {metrics['simulations_per_s'] / 1000:.1f}k simulations/s"
    return line


def _supervised_headline(metrics: dict[str, Any]) -> str:
    line = (
        f"epoch {metrics['epochs']:.2f}, policy {metrics['loss_policy']:.2f}, "
        f"value {metrics['loss_value']:.3f}, "
    )
    held_out = metrics["holdout"]
    if held_out is not None and None not in (
        held_out["top1"]["rate"],
        held_out["value_sign"]["rate"],
    ):
        line += (
            f"held out: right move {held_out['top1']['rate']:.1%}, "
            f"right winner {held_out['value_sign']['rate']:.1%}, "
        )
    return line + f"{metrics['positions_per_s']:,.0f} positions/s"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _is_silent(args: argparse.Namespace) -> bool:
    """Whether another of the run's processes does the talking."""
    return getattr(args, "silent", False)


def _say(line: str, args: argparse.Namespace) -> None:
    if _is_silent(args):
        return
    print(line, file=sys.stderr if args.json else sys.stdout, flush=True)
