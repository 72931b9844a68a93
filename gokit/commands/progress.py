"""`python -m gokit progress`: the exercises solved so far, chapter by chapter."""

from __future__ import annotations

import argparse
import json

HELP = "Your exercises so far, chapter by chapter."
EXAMPLE = "python -m gokit progress --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def run(args: argparse.Namespace) -> int | None:
    """Print the table, or JSON."""
    from gokit.lessons.report import progress

    table = progress()
    print(json.dumps(table.to_dict()) if args.json else table)
    return 0
