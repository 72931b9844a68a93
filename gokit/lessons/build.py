"""Make the notebooks from their text sources, and verify that none has drifted from its source.

python -m gokit.lessons.build                    make what changed
python -m gokit.lessons.build 01_go_rules        only this stem
python -m gokit.lessons.build --check            fail where a notebook is not what its source gives
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gokit.go.errors import GoError
from gokit.lessons.execution import CELL_SECONDS, WIDGET_VIEW, NotebookError, execute
from gokit.lessons.notebooks import KINDS, notebook
from gokit.lessons.sources import course_root
from gokit.storage import write_atomic


def targets(root: Path, stems: list[str] | None = None) -> Iterator[tuple[str, Path, Path]]:
    """`(kind, source, notebook)` of every notebook that the sources under `root` give."""
    for kind, (folder, _) in KINDS.items():
        for source in sorted((root / folder).glob("[0-9][0-9]_*.py")):
            if not stems or source.stem in stems:
                yield kind, source, root / kind / f"{source.stem}.ipynb"


def generated(kind: str, source: Path) -> dict:
    """The notebook that a source gives, without outputs."""
    return notebook(KINDS[kind][1](source))


def to_bytes(content: dict) -> bytes:
    """A notebook as bytes: always the same for the same content."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    return (text + "\n").encode()


def build(
    root: Path,
    stems: list[str] | None = None,
    *,
    again: bool = False,
    fast: bool = False,
    seconds: int = CELL_SECONDS,
) -> list[Path]:
    """Write the notebooks that changed and return their paths.

    Where a notebook's code is unchanged its outputs are kept, unless `again` runs it anyway.
    Each is written whole, and only after it ran to its end without an error.
    """
    _check_stems(root, stems)
    written = []
    for kind, source, path in targets(root, stems):
        made = generated(kind, source)
        if kind != "exercises":
            before = None if again else _committed(path)
            if before is not None and not outputs_missing(before) and _same_code(before, made):
                _keep_outputs(before, made)
            else:
                made = _run(made, path, fast=fast, seconds=seconds)
        content = to_bytes(made)
        if not path.exists() or path.read_bytes() != content:
            write_atomic(path, content)
            written.append(path)
    return written


def _run(made: dict, path: Path, *, fast: bool, seconds: int) -> dict:
    started = time.perf_counter()
    print(f"running {path.parent.name}/{path.name} ...", end=" ", file=sys.stderr, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        executed = execute(made, path.parent, fast=fast, seconds=seconds)
    except NotebookError as error:
        print("failed", file=sys.stderr)
        raise NotebookError(f"{path.parent.name}/{path.name}: {error}") from error
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    return executed


def _check_stems(root: Path, stems: list[str] | None) -> None:
    known = {source.stem for _, source, _ in targets(root)}
    for stem in stems or []:
        if stem not in known:
            raise GoError(f"no source is called {stem!r} (there are {', '.join(sorted(known))})")


def _committed(path: Path) -> dict | None:
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _text(cell: dict) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else source


def _code(content: dict) -> list[tuple[str, str, str]]:
    return [
        (cell.get("id", ""), _text(cell), cell["metadata"].get("alt", ""))
        for cell in content["cells"]
        if cell["cell_type"] == "code"
    ]


def _same_code(before: dict, made: dict) -> bool:
    return _code(before) == _code(made)


def _keep_outputs(before: dict, made: dict) -> None:
    ran = {cell["id"]: cell for cell in before["cells"] if cell["cell_type"] == "code"}
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = ran[cell["id"]]["outputs"]
            cell["execution_count"] = ran[cell["id"]]["execution_count"]


def outputs_missing(content: dict) -> list[str]:
    """What is wrong with an executed notebook's outputs, a line each; empty if nothing is."""
    faults = []
    for cell in content["cells"]:
        if cell["cell_type"] != "code":
            continue
        if cell.get("execution_count") is None:
            faults.append(f"cell {cell.get('id')} was never executed")
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                faults.append(f"cell {cell.get('id')} holds an error: {output.get('ename')}")
            if WIDGET_VIEW in output.get("data", {}):
                faults.append(f"cell {cell.get('id')} holds a widget view")
            if output.get("name") == "stderr":
                faults.append(f"cell {cell.get('id')} holds standard error")
    return faults


def outputs_present(content: dict) -> list[str]:
    """The cells of a stripped notebook that have outputs or a count, a line each."""
    return [
        f"cell {cell.get('id')} has outputs, which an exercise never has"
        for cell in content["cells"]
        if cell["cell_type"] == "code" and (cell.get("outputs") or cell.get("execution_count"))
    ]


def drift(root: Path, stems: list[str] | None = None) -> list[str]:
    """Where the committed notebooks differ from their sources, in sentences; empty if nowhere.

    Outputs are not compared: their presence is.
    """
    _check_stems(root, stems)
    faults = []
    expected = set()
    for kind, source, path in targets(root, stems):
        expected.add(path)
        name = f"{kind}/{path.name}"
        committed = _committed(path)
        if committed is None:
            faults.append(f"{name}: missing or unreadable")
            continue
        made = generated(kind, source)
        found = _differences(made, committed)
        found += outputs_present(committed) if kind == "exercises" else outputs_missing(committed)
        faults += [f"{name}: {fault}" for fault in found]
    if not stems:
        there = {path for kind in KINDS for path in (root / kind).glob("*.ipynb")}
        faults += [
            f"{path.parent.name}/{path.name}: has no source" for path in sorted(there - expected)
        ]
    return faults


def _differences(made: dict, committed: dict) -> list[str]:
    faults = []
    if committed.get("metadata") != made["metadata"]:
        faults.append(f"notebook metadata differs: {_shown(committed.get('metadata'))}")
    versions = [
        (content.get("nbformat"), content.get("nbformat_minor")) for content in (made, committed)
    ]
    if versions[0] != versions[1]:
        faults.append(f"format {versions[1]} instead of {versions[0]}")
    ids = [[cell.get("id") for cell in content["cells"]] for content in (made, committed)]
    if ids[0] != ids[1]:
        return [*faults, "cells differ:\n" + _diff(map(str, ids[1]), map(str, ids[0]))]
    for want, have in zip(made["cells"], committed["cells"], strict=True):
        if have["cell_type"] != want["cell_type"]:
            faults.append(f"cell {want['id']} is {have['cell_type']}, not {want['cell_type']}")
        if have.get("metadata") != want["metadata"]:
            faults.append(
                f"cell {want['id']}, metadata: {_shown(have.get('metadata'))} instead of "
                f"{_shown(want['metadata'])}"
            )
        if _text(have) != want["source"]:
            lines = _diff(_text(have).splitlines(), want["source"].splitlines())
            faults.append(f"cell {want['id']}, text:\n{lines}")
    return faults


def _shown(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _diff(have: object, want: object) -> str:
    lines = difflib.unified_diff(list(have), list(want), "notebook", "source", lineterm="", n=1)
    return "\n".join(f"    {line}" for line in list(lines)[:12])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0, or 1 where notebooks drifted, or 2 for what cannot be built."""
    parser = argparse.ArgumentParser(
        prog="python -m gokit.lessons.build",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("stems", nargs="*", metavar="STEM", help="such as 01_go_rules; default all")
    parser.add_argument("--check", action="store_true", help="write nothing; fail on drift")
    parser.add_argument("--execute", action="store_true", help="run even where no code changed")
    parser.add_argument("--fast", action="store_true", help="with GOKIT_FAST=1; not for commits")
    parser.add_argument("--cell-timeout", type=int, default=CELL_SECONDS, metavar="SECONDS")
    parser.add_argument("--root", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    root = options.root or course_root()
    try:
        if root is None:
            raise GoError("the folders chapters/ and exercises/ are not here: run this in a clone")
        if options.check:
            faults = drift(root, options.stems)
            for fault in faults:
                print(fault)
            print(_verdict(len(list(targets(root, options.stems))), faults))
            return 1 if faults else 0
        written = build(
            root,
            options.stems,
            again=options.execute,
            fast=options.fast,
            seconds=options.cell_timeout,
        )
    except GoError as error:
        print(f"gokit build: {error}", file=sys.stderr)
        return 2
    for path in written:
        print(f"wrote {path.parent.name}/{path.name}")
    print(f"{len(written)} of {len(list(targets(root, options.stems)))} notebooks changed")
    return 0


def _verdict(count: int, faults: list[str]) -> str:
    if faults:
        return f"{len(faults)} differences from the sources; `make course` rebuilds the notebooks"
    return f"{count} notebooks are what their sources give"


if __name__ == "__main__":
    sys.exit(main())
