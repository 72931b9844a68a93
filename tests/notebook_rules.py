"""What every notebook of the course must be: each rule gives its faults as sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

MOST_LINES = 20
MOST_SETUP_LINES = 12
MOST_COLUMNS = 76
# What follows a chapter's sections, in this order; a chapter may leave none of them out.
CLOSING = ("Play", "Summary", "Check yourself", "Exercises", "Sources", "Next")
NO_CLAIMS = (*CLOSING, "Not shown here")


def text_of(cell: dict) -> str:
    """A cell's text, in whichever of its two forms the file has it."""
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else source


def code_cells(notebook: dict) -> Iterator[dict]:
    """The code cells of a notebook."""
    return (cell for cell in notebook["cells"] if cell["cell_type"] == "code")


def code_lines(cell: dict) -> list[str]:
    """The lines of a cell that are not blank."""
    return [line for line in text_of(cell).split("\n") if line.strip()]


def long_cells(notebook: dict) -> list[str]:
    """Cells that are too long to read in one look; the first, the setup cell, is shorter still."""
    faults = []
    for number, cell in enumerate(code_cells(notebook)):
        most = MOST_LINES if number else MOST_SETUP_LINES
        if (count := len(code_lines(cell))) > most:
            faults.append(f"{cell['id']}: {count} lines, at most {most}")
    return faults


def wide_lines(notebook: dict) -> list[str]:
    """Lines of code that a notebook's page does not show whole."""
    return [
        f"{cell['id']}: {len(line)} columns, at most {MOST_COLUMNS}: {line.strip()}"
        for cell in code_cells(notebook)
        for line in code_lines(cell)
        if len(line) > MOST_COLUMNS
    ]


def _python(cell: dict) -> ast.Module:
    lines = ["pass" if line[:1] in ("%", "!") else line for line in text_of(cell).split("\n")]
    return ast.parse("\n".join(lines))


def sections(notebook: dict) -> list[tuple[str, list[dict]]]:
    """`(heading, cells)` of every `##` section."""
    found: list[tuple[str, list[dict]]] = []
    for cell in notebook["cells"]:
        heading = re.search(r"^## +(.+)$", text_of(cell), re.MULTILINE)
        if cell["cell_type"] == "markdown" and heading:
            found.append((heading[1].strip(), []))
        if found:
            found[-1][1].append(cell)
    return found


def sections_without_assert(notebook: dict) -> list[str]:
    """Sections that claim something and assert nothing."""
    return [
        f"section {heading!r} has no assert"
        for heading, cells in sections(notebook)
        if not heading.startswith(NO_CLAIMS)
        and not any(
            isinstance(node, ast.Assert)
            for cell in cells
            if cell["cell_type"] == "code"
            for node in ast.walk(_python(cell))
        )
    ]


def out_of_order(notebook: dict, number: str) -> list[str]:
    """What is not where a reader of another chapter looks for it."""
    faults = []
    texts = [text_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    title = re.search(r"^# (\d+)\. ", "\n".join(texts[:2]), re.MULTILINE)
    if not title or int(title[1]) != int(number):
        faults.append(f"does not begin with a title '# {int(number)}. ...'")
    first = next((i for i, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"), 0)
    before = "\n".join(text_of(cell) for cell in notebook["cells"][:first])
    for wanted in ("be able to", "need", "Time", "Hardware"):
        if wanted.lower() not in before.lower():
            faults.append(f"the box before the setup cell does not say {wanted!r}")
    headings = [heading for heading, _ in sections(notebook)]
    closing = [name for heading in headings for name in CLOSING if heading.startswith(name)]
    if tuple(closing) != CLOSING:
        faults.append(f"ends with {closing}, not with {list(CLOSING)}")
    return faults


def pictures_without_alt(notebook: dict) -> list[str]:
    """Pictures, in the text or printed by code, that say nothing to who cannot see them."""
    faults = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            faults += [f"{cell['id']}: {fault}" for fault in _silent_markup(text_of(cell))]
            faults += [f"{cell['id']}: {m}" for m in re.findall(r"!\[\s*\]\([^)]*", text_of(cell))]
        for output in cell.get("outputs", []):
            faults += [f"{cell['id']}: {fault}" for fault in _silent_output(output)]
    return faults


def _silent_output(output: dict) -> list[str]:
    data = {kind: _joined(value) for kind, value in output.get("data", {}).items()}
    markup = data.get("text/html", "")
    faults = _silent_markup(markup) + _silent_markup(data.get("image/svg+xml", ""))
    described = "<img" in markup or "<svg" in markup
    for kind in ("image/png", "image/jpeg"):
        if kind in data and not described:
            alt = output.get("metadata", {}).get(kind, {}).get("alt", "")
            if not alt.strip():
                faults.append(f"{kind} without alt text (write `# %% alt=...` above the cell)")
    return faults


def _joined(value: object) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _silent_markup(markup: str) -> list[str]:
    faults = []
    for tag in re.findall(r"<img\b[^>]*>", markup):
        if not re.search(r"""\balt=("\s*[^"\s]|'\s*[^'\s])""", tag):
            faults.append(f"{tag[:80]} without alt text")
    for tag, inside in re.findall(r"(<svg\b[^>]*>)(.*?)</svg>", markup, re.DOTALL):
        hidden = 'aria-hidden="true"' in tag
        if not hidden and "aria-label" not in tag and not re.search(r"<title\b[^>]*>\s*\S", inside):
            faults.append(f"{tag[:80]} without a title")
    return faults


def machine_traces(notebook: dict) -> list[str]:
    """Outputs that would differ on every run or tell of the machine that ran them."""
    faults = []
    for cell in code_cells(notebook):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = _joined(output.get("text", "")) + _joined(data.get("text/plain", ""))
            if address := re.search(r"\bat 0x[0-9a-f]{6,}", text):
                faults.append(f"{cell['id']}: prints an object's address: {address[0]}")
            if path := re.search(r"/(?:home|root|Users|tmp)/[\w./-]+", text):
                faults.append(f"{cell['id']}: prints a path of this machine: {path[0]}")
    return faults
