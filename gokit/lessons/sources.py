"""The text sources of the notebooks: percent format, read without any dependency.

A source is Python text cut into cells by lines that start with `# %%`. jupytext reads the same
files; this reader exists so that `solution()` works on a reader's machine, which has no jupytext.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from gokit.go.errors import GoError

BEGIN_SOLUTION = "### BEGIN SOLUTION"
END_SOLUTION = "### END SOLUTION"
# nbgrader writes the same two lines when it clears a solution, so both ways give one stub.
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
OPTIONS = {"id", "section", "tags", "alt", "only"}

_MARKER = re.compile(r"^# %%(?P<rest>(\s.*)?)$")
_OPTION = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\S+)')


class SourceError(GoError):
    """A text source that cannot become a notebook; the text names file and line."""


@dataclass
class Cell:
    """One cell of a text source: kind ("code" or "markdown"), text, options of its marker line."""

    kind: str
    text: str
    line: int
    options: dict = field(default_factory=dict)

    @property
    def is_exercise(self) -> bool:
        return self.kind == "code" and BEGIN_SOLUTION in self.text


def read_source(path: str | Path) -> list[Cell]:
    """Read the cells of a text source; `SourceError` where a marker line makes no sense."""
    return parse_source(Path(path).read_text(encoding="utf-8"), str(path))


def parse_source(text: str, name: str = "source") -> list[Cell]:
    """Cut percent-format text into cells; what stands before the first marker is dropped."""
    cells: list[Cell] = []
    body: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        marker = _MARKER.match(line)
        if not marker:
            body.append(line)
            continue
        _close(cells, body)
        body = []
        rest = marker["rest"].strip()
        kind = "markdown" if rest.startswith("[markdown]") else "code"
        options = _options(rest.removeprefix("[markdown]"), f"{name}, line {number}")
        cells.append(Cell(kind, "", number, options))
    _close(cells, body)
    return cells


def _options(text: str, place: str) -> dict:
    options = {}
    for key, value in _OPTION.findall(text):
        if key not in OPTIONS:
            known = ", ".join(sorted(OPTIONS))
            raise SourceError(f"{place}: no option {key!r} (there are {known})")
        try:
            options[key] = ast.literal_eval(value)
        except (SyntaxError, ValueError) as error:
            raise SourceError(f"{place}: cannot read the value of {key}: {value}") from error
    if _OPTION.sub("", text).strip():
        raise SourceError(f"{place}: cannot read {_OPTION.sub('', text).strip()!r}")
    return options


def _close(cells: list[Cell], body: list[str]) -> None:
    if not cells:
        return
    cell = cells[-1]
    if cell.kind == "markdown":
        body = [line.removeprefix("#").removeprefix(" ") for line in body]
    else:
        body = [re.sub(r"^# ([%!])", r"\1", line) for line in body]
    cell.text = "\n".join(body).strip("\n").rstrip()


def stub_of(text: str, place: str = "source") -> str:
    """The text of an exercise cell with each marked solution replaced by the stub."""
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        if line.strip() == BEGIN_SOLUTION:
            if inside:
                raise SourceError(f"{place}: a solution begins inside a solution")
            inside = True
            indent = line[: line.index("#")]
            kept += [indent + stub for stub in STUB]
        elif line.strip() == END_SOLUTION:
            if not inside:
                raise SourceError(f"{place}: a solution ends that never began")
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise SourceError(f"{place}: a solution begins and never ends")
    return "\n".join(kept)


def solution_of(text: str) -> str:
    """The text of an exercise cell as the reader sees it solved: no markers, no check."""
    call = check_call(text)
    calling = range(call.lineno, call.end_lineno + 1) if call else ()
    kept = [
        line
        for number, line in enumerate(text.split("\n"), start=1)
        if number not in calling and line.strip() not in (BEGIN_SOLUTION, END_SOLUTION)
    ]
    return "\n".join(kept).strip("\n")


def check_call(text: str) -> ast.Call | None:
    """The call `check("id", function)` at the top level of a cell, if it has one."""
    try:
        tree = ast.parse("\n".join(_without_magics(text)))
    except SyntaxError:
        return None
    for node in tree.body:
        call = node.value if isinstance(node, ast.Expr) else None
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "check"
            and len(call.args) == 2
            and isinstance(call.args[0], ast.Constant)
        ):
            return call
    return None


def exercise_of(text: str) -> tuple[str, str] | None:
    """`(exercise id, source of its second argument)` of a cell's check, or None."""
    call = check_call(text)
    if call is None:
        return None
    return call.args[0].value, ast.unparse(call.args[1])


def _without_magics(text: str) -> list[str]:
    return ["pass" if line[:1] in ("%", "!") else line for line in text.split("\n")]


def course_root() -> Path | None:
    """The folder that holds chapters/ and exercises/, or None where only gokit is installed."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "exercises").is_dir() or (root / "chapters").is_dir() else None
