"""`python -m gokit train`: learn by self-play in a folder, resumable, judged at the end."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gokit.go.errors import GoError

if TYPE_CHECKING:
    from gokit.train import Run, TrainConfig

HELP = "Train a network by self-play from nothing; a run is a folder and can always resume."
EXAMPLE = "python -m gokit train --run runs/first --size 5 --minutes 5"
_LINE_EVERY = 10.0  # seconds between lines where there is no terminal
_BUDGET = ("minutes", "iterations")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--run", required=True, metavar="DIR", help="the run's folder")
    parser.add_argument("--size", type=int, help="lines of the board (default 5)")
    parser.add_argument("--minutes", type=float, help="wall-clock budget (default 5)")
    parser.add_argument("--iterations", type=int, help="budget in iterations instead of minutes")
    parser.add_argument("--seed", type=int, help="of everything random (default 1)")
    parser.add_argument("--start-from", metavar="CHECKPOINT", help="weights to begin with")
    parser.add_argument("--config", metavar="FILE", help="JSON with any training option")
    parser.add_argument("--resume", action="store_true", help="continue the run in DIR")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default auto)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the network")
    parser.add_argument("--no-match", action="store_true", help="skip the matches at the end")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(args: argparse.Namespace) -> int | None:
    """Train, then play the matches that say what was learnt."""
    if args.threads < 1:
        raise GoError(f"threads is a whole number from 1, not {args.threads}")
    import torch

    from gokit.train import Run

    torch.set_num_threads(args.threads)
    options = _options(args)
    if args.resume and (Path(args.run) / "config.json").exists():
        other = sorted(set(options) - set(_BUDGET))
        if other:
            raise GoError(f"a resumed run keeps its configuration: leave out {other[0]}")
        training = Run.resume(args.run, args.device, **options)
        where = f"resumed after iteration {training.progress.iteration}"
    else:
        training = Run.create(args.run, _config(options), args.device)
        where = "started"
    _say(f"{args.run}: {where} on {training.device.type}, {args.threads} thread(s)", args)
    try:
        _train(training, args)
    except KeyboardInterrupt:
        _say(f"stopped; continue with: python -m gokit train --run {args.run} --resume", args)
        return 130
    from gokit.judge import judge, save_final

    results = [] if args.no_match else judge(training, lambda line: _say(line, args))
    final = save_final(training, results)
    _say(f"{final} is the network to play with", args)
    if args.json:
        summary = {"checkpoint": str(final), "matches": [r.to_dict() for r in results]}
        print(json.dumps(summary | vars(training.progress)))
    return 0


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
    for name in ("size", "seed", "start_from", *_BUDGET):
        if getattr(args, name) is not None:
            options[name] = getattr(args, name)
    return options


def _config(options: dict[str, Any]) -> TrainConfig:
    from gokit.nn.checkpoint import load_checkpoint
    from gokit.train import TrainConfig

    if options.get("start_from") is not None:
        _, card = load_checkpoint(options["start_from"])
        for name in ("blocks", "channels", "pooling_blocks"):
            options.setdefault(name, getattr(card.network, name))
    return TrainConfig.from_dict(options)


def _train(training: Run, args: argparse.Namespace) -> None:
    if not args.json and sys.stderr.isatty():
        _train_with_bar(training)
        return
    last = -_LINE_EVERY
    for metrics in training.train():
        if metrics["seconds"] - last >= _LINE_EVERY:
            last = metrics["seconds"]
            _say(f"{_clock(last)}  {_headline(metrics)}", args)


def _train_with_bar(training: Run) -> None:
    from tqdm import tqdm

    by_time = training.config.iterations is None
    total = 60 * training.config.minutes if by_time else training.config.iterations
    layout = "{percentage:3.0f}%|{bar:20}| {elapsed}, {remaining} to go{postfix}"
    done = training.progress.seconds if by_time else training.progress.iteration
    with tqdm(total=total, initial=min(done, total), bar_format=layout) as bar:

        def show(seconds: float) -> None:
            if by_time and seconds - bar.n >= 0.5:
                bar.update(min(seconds, total) - bar.n)

        for metrics in training.train(show):
            done = metrics["seconds"] if by_time else metrics["iteration"]
            bar.update(min(done, total) - bar.n)
            bar.set_postfix_str(_headline(metrics))


def _headline(metrics: dict[str, Any]) -> str:
    return (
        f"iteration {metrics['iteration']}, {metrics['total_games']} games, "
        f"policy {metrics['loss_policy']:.2f}, value {metrics['loss_value']:.3f}, "
        f"length {metrics['game_length']:.0f}, early passes {metrics['early_passes']:.0%}, "
        f"{metrics['simulations_per_s'] / 1000:.1f}k simulations/s"
    )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _say(line: str, args: argparse.Namespace) -> None:
    print(line, file=sys.stderr if args.json else sys.stdout, flush=True)
