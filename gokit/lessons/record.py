"""The reader's progress: one local JSON file. No account, no network."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path

from gokit.storage import write_atomic

VERSION = 1


def progress_path() -> Path:
    """The progress file: in $GOKIT_HOME, else in ~/.gokit."""
    home = os.environ.get("GOKIT_HOME")
    return Path(home or Path.home() / ".gokit") / "progress.json"


def load() -> dict[str, dict]:
    """What is known of each exercise id; empty where there is no file yet.

    A file that cannot be read is set aside beside itself, with one sentence on standard error, so
    that nothing is lost and the reader can go on.
    """
    path = progress_path()
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        print(f"Your progress cannot be read: {error}.", file=sys.stderr)
        return {}
    try:
        saved = json.loads(content)
        exercises = saved["exercises"]
        if saved["version"] != VERSION or not all(
            isinstance(known, dict) for known in exercises.values()
        ):
            raise ValueError("unknown layout")
    except (ValueError, KeyError, TypeError, AttributeError):
        _set_aside(path)
        return {}
    return exercises


def note(exercise_id: str, **changes: object) -> None:
    """Save what became known of one exercise.

    A folder that cannot be written to costs the record, never the check: one sentence says so.
    """
    exercises = load()
    exercises.setdefault(exercise_id, {}).update(changes)
    content = {"version": VERSION, "exercises": dict(sorted(exercises.items()))}
    try:
        write_atomic(progress_path(), json.dumps(content, indent=1).encode() + b"\n")
    except OSError as error:
        print(f"Your progress could not be saved: {error}.", file=sys.stderr)


def note_attempt(exercise_id: str, outcome: str) -> None:
    """Count one check; once solved, an exercise stays solved."""
    known = load().get(exercise_id, {})
    changes: dict[str, object] = {"outcome": outcome, "attempts": known.get("attempts", 0) + 1}
    if outcome == "correct" and "solved" not in known:
        changes["solved"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    note(exercise_id, **changes)


def _set_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"progress.unreadable-{number}.json")).exists():
        number += 1
    kept = f"it is kept as {aside}, and a new one begins"
    try:
        os.replace(path, aside)
    except OSError as error:
        kept = f"nor set aside ({error})"
    print(f"Your progress file could not be read: {kept}.", file=sys.stderr)
