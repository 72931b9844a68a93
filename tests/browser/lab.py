"""A real JupyterLab with a notebook of given cells."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def running_lab(folder: Path, sources: list[str]) -> Iterator[str]:
    """Run JupyterLab on a free port with a notebook of these cells; yield its address."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "source": source.strip(),
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "notebook.ipynb").write_text(json.dumps(notebook))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA")}
    own |= {"JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "IPYTHONDIR": str(folder / "ipython")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}"]
    command += ["--IdentityProvider.token=", "--ServerApp.open_browser=False"]
    command += ["--LabApp.news_url=", "--LabApp.check_for_updates_class="]
    environment = {**os.environ, **own, "GOKIT_STATIC": "0"}
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api", server, folder / "log.txt")
        yield f"http://127.0.0.1:{port}/lab/tree/notebook.ipynb?reset"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def wait_for(address: str, server: subprocess.Popen, log) -> None:
    """Wait until a server answers; fail with its log where it does not come up."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not come up:\n{log.read_text()[-2000:]}")


def run_all(page, address: str) -> None:
    """Open the notebook and run all of its cells."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    # Cells run before the kernel is there would make JupyterLab ask for one.
    page.get_by_text("| Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
