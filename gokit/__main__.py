"""`python -m gokit COMMAND`: one module a command in gokit/commands, loaded when it is called."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import NoReturn

from gokit import __version__
from gokit.go.errors import GoError

COMMANDS = {
    "doctor": "what this machine has, and what to do about what is missing",
    "gtp": "a GTP 2 engine on standard input and output",
    "train": "train a network by self-play; resumes after any interruption",
    "play": "a game on a local web page or in the terminal, against any player",
    "selfplay": "games of a network against itself, as shards to learn from",
    "match": "a match between two players, with the interval of its result",
    "ladder": "matches between several players, and their Elo with intervals",
    "data": "games of an engine against itself, as a corpus to learn from",
    "study": "run a long experiment whose results the course ships, or what is missing of it",
    "bench": "speed of the rules, playouts, ... beside that of other packages",
    "progress": "your exercises so far",
}
USER_ERROR = 2


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        name = self.prog.removeprefix("python -m ")
        self.exit(USER_ERROR, f"{name}: {message} (see {self.prog} --help)\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 2 for what the user got wrong."""
    parser = Parser(
        prog="python -m gokit",
        description="The rules of Go, tree search, networks and self-play.",
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gokit {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=_command_list())
    arguments = sys.argv[1:] if arguments is None else arguments
    name = parser.parse_args(arguments[:1]).command

    command = import_module(f"gokit.commands.{name}")
    options = Parser(
        prog=f"python -m gokit {name}",
        description=command.HELP,
        epilog=f"example:\n  {command.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.configure(options)
    try:
        return command.run(options.parse_args(arguments[1:])) or 0
    except GoError as error:
        print(f"gokit {name}: {error}", file=sys.stderr)
        return USER_ERROR
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong, and nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"gokit {name}: stopped", file=sys.stderr)
        return 130


def _command_list() -> str:
    width = max(map(len, COMMANDS))
    return "\n".join(f"{name:{width}}  {text}" for name, text in COMMANDS.items())


if __name__ == "__main__":
    sys.exit(main())
