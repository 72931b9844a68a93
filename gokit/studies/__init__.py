"""Long experiments: questions, the cells that answer them, and results that ship as data.

A study is a module of this package with a `QUESTION`, its `CELLS` (flat dicts of settings, the
seed among them), `run(cell)`, which returns the results as plain JSON types, a `SMALLEST` cell, for
those who want to see one made, and `TOLERANCE`: how far each number of a cell may lie off when
another machine makes it again. `python -m gokit study NAME` runs the cells that have no results
yet.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from gokit.go.errors import GoError
from gokit.storage import write_atomic

FORMAT = "gokit study 1"
SHIPPED = Path(__file__).parents[2] / "data" / "studies"
Cell = dict[str, Any]


def names() -> list[str]:
    """Return the names of all studies; modules that begin with _ are their tools."""
    return sorted(found.name for found in iter_modules(__path__) if found.name[0] != "_")


def find(name: str) -> ModuleType:
    """Return a study's module; GoError for an unknown name."""
    if name not in names():
        raise GoError(f"a study is one of {', '.join(names())}, not {name!r}")
    return import_module(f"{__name__}.{name}")


def load(name: str, folder: str | Path = SHIPPED) -> list[dict[str, Any]]:
    """Return a row for each cell that has been run: settings, results and "processor_seconds".

    GoError for an unknown study, and for a file that is missing, broken off or altered.
    Built in chapter 5.
    """
    rows = []
    for done in read(name, folder)["cells"]:
        rows.append({**done["settings"], **done["results"]})
        rows[-1]["processor_seconds"] = done["processor_seconds"]
    return rows


def rerun(name: str, cell: Cell | None = None) -> dict[str, Any]:
    """Run one cell afresh, by default the study's smallest, and return its row as `load` does.

    GoError for an unknown study, and for a cell that is not one of its cells.
    """
    study = find(name)
    cell = study.SMALLEST if cell is None else cell
    if cell not in study.CELLS:
        raise GoError(f"the study {name} has no cell {describe(cell)}")
    done = _measure(name, cell)
    return {**cell, **done["results"], "processor_seconds": done["processor_seconds"]}


def run(
    name: str,
    folder: str | Path = SHIPPED,
    *,
    only: dict[str, str] | None = None,
    workers: int = 1,
) -> Iterable[tuple[Cell, float]]:
    """Run the cells without results, and yield each with its seconds once it is on disk.

    The file is written anew, whole, after every cell, so that a run that was stopped goes on
    where it was. only: settings, as text, that a cell must have to be run. Results of cells that
    the study no longer has are dropped. GoError as in `load`, except that the file may be missing.
    """
    path = path_of(name, folder)
    done = {describe(row["settings"]): row for row in _finished(name, folder)}
    missing = [cell for cell in select(name, only) if describe(cell) not in done]
    for row in _runs(name, missing, workers):
        done[describe(row["settings"])] = row
        _write(name, path, done)
        yield row["settings"], row["processor_seconds"]


def read(name: str, folder: str | Path = SHIPPED) -> dict[str, Any]:
    """Return the whole file of a study's results; GoError as in `load`."""
    find(name)
    path = path_of(name, folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        said = content.pop("sha256")
    except FileNotFoundError:
        raise GoError(f"{path} is not there: {command(name)} makes it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise GoError(f"{path} is damaged ({error}): {command(name)} makes it anew") from None
    if content.get("format") != FORMAT or content.get("study") != name:
        raise GoError(f"{path} does not hold the study {name} in the format {FORMAT!r}")
    if said != _digest(content):
        raise GoError(f"{path} was altered: its numbers are not those that were written")
    return content


def select(name: str, only: dict[str, str] | None = None) -> list[Cell]:
    """Return the cells of a study that have these settings, given as text.

    GoError where there is no such cell.
    """
    cells = find(name).CELLS
    wanted = (only or {}).items()
    chosen = [c for c in cells if all(key in c and str(c[key]) == text for key, text in wanted)]
    if not chosen:
        raise GoError(f"the study {name} has no cell with {describe(dict(wanted))}")
    return chosen


def differences(row: dict[str, Any], again: dict[str, Any], tolerance: dict[str, float]) -> list:
    """Return a sentence for each number of `tolerance` that lies further off than it says."""
    return [
        f"{key} is {again[key]:.4f}, not {row[key]:.4f} ± {allowed:g}"
        for key, allowed in tolerance.items()
        if not abs(again[key] - row[key]) <= allowed
    ]


def describe(cell: Cell) -> str:
    """Return a cell's settings on one line, the same for the same settings."""
    return ", ".join(f"{key}={cell[key]}" for key in sorted(cell))


def command(name: str) -> str:
    """Return what makes a study's results."""
    return f"python -m gokit study {name}"


def path_of(name: str, folder: str | Path = SHIPPED) -> Path:
    """Return where the results of a study are."""
    return Path(folder) / f"{name}.json"


def _finished(name: str, folder: str | Path) -> list[dict[str, Any]]:
    find(name)
    return read(name, folder)["cells"] if path_of(name, folder).exists() else []


def _runs(name: str, cells: list[Cell], workers: int) -> Iterable[dict[str, Any]]:
    if workers == 1:
        yield from (_measure(name, cell) for cell in cells)
        return
    # A fork would inherit the threads of numerical libraries in whatever state they are.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_measure, name, cell) for cell in cells]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _measure(name: str, cell: Cell) -> dict[str, Any]:
    begun = time.process_time()
    results = find(name).run(dict(cell))
    if set(results) & set(cell):
        raise ValueError(f"results and settings of {name} have names in common")
    return {
        "settings": cell,
        "results": results,
        "processor_seconds": round(time.process_time() - begun, 2),
        "machine": _machine(),
        "versions": {
            "python": platform.python_version(),
            **{package: _version(package) for package in ("gokit", "numpy", "torch")},
        },
    }


def _write(name: str, path: Path, done: dict[str, dict[str, Any]]) -> None:
    study = find(name)
    content = {
        "format": FORMAT,
        "study": name,
        "question": study.QUESTION,
        "command": command(name),
        "cells": [done[describe(cell)] for cell in study.CELLS if describe(cell) in done],
    }
    content["sha256"] = _digest(content)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomic(path, text.encode())


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore").split("\n")
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or "unknown processor"
    return f"{platform.machine()}, {os.cpu_count()} cores, {model}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
