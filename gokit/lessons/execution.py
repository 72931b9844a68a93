"""Running a notebook, and cleaning what it printed until only what teaches is left."""

from __future__ import annotations

import copy
import os
import re
import tempfile
from pathlib import Path

from gokit.go.errors import GoError

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 900


class NotebookError(GoError):
    """A notebook that cannot be committed as it is; the text names notebook and cell."""


def execute(
    notebook: dict, folder: Path, *, fast: bool = False, seconds: int = CELL_SECONDS
) -> dict:
    """Run a notebook's cells in `folder` and return a copy with cleaned outputs.

    `NotebookError` with the cell's id and error at the first cell that raises, runs longer than
    `seconds`, or writes anything but a progress bar to standard error.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    running = nbformat.from_dict(copy.deepcopy(notebook))
    client = NotebookClient(
        running,
        timeout=seconds,
        kernel_name="python3",
        record_timing=False,
        # Else each start warns that the kernel's sockets on this machine are not encrypted.
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(folder)}},
    )
    with tempfile.TemporaryDirectory(prefix="gokit-build-") as home:
        try:
            client.execute(env=kernel_environment(home, fast=fast))
        except CellExecutionError as error:
            raise NotebookError(f"{_failed_cell(running)} raised {_last_lines(error)}") from error
        except CellTimeoutError as error:
            raise NotebookError(
                f"{_failed_cell(running)} ran longer than {seconds} seconds"
            ) from error
    executed = copy.deepcopy(notebook)
    for cell, ran in zip(executed["cells"], running.cells, strict=True):
        if cell["cell_type"] == "code":
            cell["execution_count"] = ran.execution_count
            cell["outputs"] = clean_outputs(
                [_plain_dict(output) for output in ran.outputs],
                cell["id"],
                cell["metadata"].get("alt", ""),
            )
    return executed


def kernel_environment(home: str | Path, *, fast: bool) -> dict[str, str]:
    """The environment of a kernel that builds or tests notebooks: static, and reproducible.

    `home` takes the progress file, so that a build never counts as the reader's own work.
    """
    root = str(Path(__file__).resolve().parents[2])
    environment = dict(os.environ)
    # A backend set outside would replace the inline one, and the figures would vanish.
    environment.pop("MPLBACKEND", None)
    paths = [root, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    return environment | {
        "GOKIT_STATIC": "1",
        "GOKIT_FAST": "1" if fast else "0",
        "GOKIT_HOME": str(home),
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }


def _failed_cell(running: object) -> str:
    for cell in running.cells:
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return f"cell {cell.id}"
    unfinished = [c.id for c in running.cells if c.cell_type == "code" and not c.execution_count]
    return f"cell {unfinished[0]}" if unfinished else "a cell"


def _last_lines(error: Exception) -> str:
    lines = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip().splitlines()
    return "\n".join(lines[-12:])


def _plain_dict(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain_dict(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain_dict(item) for item in value]
    return value


def clean_outputs(outputs: list[dict], cell_id: str, alt: str = "") -> list[dict]:
    """Outputs fit to be committed: no widget views, no progress bars, pieces of a stream joined.

    `alt` becomes the alternative text of the cell's pictures.
    """
    cleaned: list[dict] = []
    for output in outputs:
        if output["output_type"] == "stream":
            if output["name"] == "stderr":
                _refuse_errors(output["text"], cell_id)
                continue
            if cleaned and cleaned[-1].get("name") == "stdout":
                cleaned[-1]["text"] += output["text"]
                continue
        data = output.get("data", {})
        data.pop(WIDGET_VIEW, None)
        if "data" in output and not data:
            continue
        if alt and any(kind.startswith("image/") for kind in data):
            # nbconvert takes an image's alt text from here; text/plain is what a screen reader
            # and a plain viewer get instead of "<Figure size ...>".
            pictures = [kind for kind in data if kind.startswith("image/")]
            output["metadata"] = {kind: {"alt": alt} for kind in pictures}
            data["text/plain"] = alt
        cleaned.append(output)
    return cleaned


def _refuse_errors(text: str, cell_id: str) -> None:
    # tqdm rewrites its line with carriage returns; what is left after them is a real message.
    lines = [line for line in re.split(r"[\r\n]", text) if line.strip()]
    left = [line for line in lines if not re.search(r"\d+%\|.*\||\d+(it|s)? \[\d\d:\d\d", line)]
    if left:
        raise NotebookError(
            f"cell {cell_id} writes to standard error, which a reader would take for a fault: "
            f"{left[0].strip()[:200]}"
        )
