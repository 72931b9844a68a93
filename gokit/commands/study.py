"""`python -m gokit study NAME`: run a long experiment, or what is missing of it."""

from __future__ import annotations

import argparse
import sys

from gokit.go.errors import GoError

HELP = "Run the cells of a study that have no results yet; stopped, it goes on where it was."
EXAMPLE = "python -m gokit study architectures --list"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("name", nargs="?", help="which study; without it, all are listed")
    parser.add_argument("--out", metavar="DIR", help="results go there (default data/studies)")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="KEY=VALUE", help="cells with these settings"
    )
    parser.add_argument("--workers", type=int, default=1, help="cells at once (default 1)")
    parser.add_argument("--list", action="store_true", help="name the cells, run nothing")


def run(args: argparse.Namespace) -> int | None:
    """List studies or cells, or run them."""
    from gokit import studies

    if args.name is None:
        for name in studies.names():
            print(f"{name:16}{studies.find(name).QUESTION}")
        return 0
    if args.workers < 1:
        raise GoError(f"workers is at least 1, not {args.workers}")
    if any("=" not in text for text in args.only):
        raise GoError("--only wants settings as KEY=VALUE, for instance seed=1")
    only = dict(text.split("=", 1) for text in args.only)
    folder = studies.SHIPPED if args.out is None else args.out
    if args.list:
        return _list(args.name, folder, only)
    for cell, seconds in studies.run(args.name, folder, only=only, workers=args.workers):
        print(f"{studies.describe(cell)}: {seconds:.1f} s", flush=True)
    print(f"in {studies.path_of(args.name, folder)}", file=sys.stderr)
    return 0


def _list(name: str, folder: str, only: dict[str, str]) -> int:
    from gokit import studies

    done = set()
    if studies.path_of(name, folder).exists():
        done = {studies.describe(row["settings"]) for row in studies.read(name, folder)["cells"]}
    print(studies.find(name).QUESTION)
    for cell in studies.select(name, only):
        text = studies.describe(cell)
        print(f"{'done' if text in done else 'to do':6} {text}")
    return 0
