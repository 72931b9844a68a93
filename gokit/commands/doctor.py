"""`python -m gokit doctor`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path

HELP = "what this machine has, and what to do about what is missing"
EXAMPLE = "python -m gokit doctor"

# Python packages by what they are for; those of the first group gokit cannot do without.
NEEDED = ("numpy", "numba", "torch", "safetensors", "sgfmill", "matplotlib", "anywidget")
NEEDED += ("ipywidgets", "ipython", "tqdm")
OPTIONAL = {
    "jupyterlab": "to read the chapters on this machine: make learn, or pip install jupyterlab",
    "nbgrader": "to grade a class with nbgrader: pip install nbgrader",
}
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
COMFORTABLE_DISK_GB = 5
COMFORTABLE_MEMORY_GB = 4


@dataclass(frozen=True)
class Finding:
    """One line: what was looked for, whether it is there, what it is, what to do if it is not.

    needed: whether gokit cannot do without it.
    """

    name: str
    ok: bool
    value: str
    advice: str = ""
    needed: bool = False

    def __str__(self) -> str:
        advice = f" ({self.advice})" if self.advice and not self.ok else ""
        return f"{'[ok]' if self.ok else '[--]'} {self.name}: {self.value}{advice}"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; the exit code is 1 where something needed is missing, else 0."""
    findings = examine()
    if arguments.json:
        print(json.dumps({"findings": [asdict(f) for f in findings]}, ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            print(finding)
    return int(any(f.needed and not f.ok for f in findings))


def examine() -> list[Finding]:
    """Look at the machine and return what was found, in the order it is printed."""
    findings = [_gokit(), _python(), _system()]
    findings += [_package(name) for name in NEEDED]
    findings += [_cores(), _memory(), _disk(), _gpu(), _bf16()]
    findings += [_engine("gnugo"), _engine("pachi", "PACHI"), _chromium()]
    return findings + [_package(name, advice) for name, advice in OPTIONAL.items()]


def _gokit() -> Finding:
    from gokit import __version__

    folder = Path(__file__).resolve().parents[2]
    return Finding("gokit", True, f"{__version__} in {folder}", needed=True)


def _python() -> Finding:
    ok = sys.version_info >= (3, 10)
    value = f"{platform.python_version()} at {sys.executable}"
    return Finding("Python", ok, value, "gokit needs 3.10 or newer", needed=True)


def _system() -> Finding:
    return Finding("system", True, f"{platform.system()} {platform.machine()}")


def _package(name: str, advice: str = "") -> Finding:
    try:
        return Finding(name, True, metadata.version(name), needed=not advice)
    except metadata.PackageNotFoundError:
        if util.find_spec(name.replace("-", "_")) is not None:
            return Finding(name, True, "there, with no version", needed=not advice)
    advice = advice or "pip install -r requirements.txt"
    return Finding(name, False, "not installed", advice, needed=name in NEEDED)


def _cores() -> Finding:
    count = usable_cores()
    value = f"{count} usable of {os.cpu_count()}"
    return Finding("cores", count >= 2, value, "self-play and training like two or more")


def usable_cores() -> int:
    """Return how many cores this process may use at once: affinity and container limits count."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = _read("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit() and quota[1].isdigit() and int(quota[1]):
        cores = min(cores, max(1, int(quota[0]) // int(quota[1])))
    return cores


def _memory() -> Finding:
    gigabytes = memory_gb()
    if gigabytes is None:
        return Finding("memory", True, "unknown on this system")
    enough = gigabytes >= COMFORTABLE_MEMORY_GB
    return Finding("memory", enough, f"{gigabytes:.1f} GB", "the 9×9 chapters like 4 GB or more")


def memory_gb() -> float | None:
    """Return the memory this process may use, container limit included, None where unknown."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    limit = _read("/sys/fs/cgroup/memory.max").strip()
    return (min(total, int(limit)) if limit.isdigit() else total) / 1e9


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    advice = "checkpoints and self-play games of the later chapters take some"
    return Finding("disk", free >= COMFORTABLE_DISK_GB, f"{free:.1f} GB free here", advice)


def _gpu() -> Finding:
    advice = "every chapter runs on the CPU; for a free GPU open a chapter in Colab"
    try:
        import torch
    except (ImportError, OSError) as error:
        value = f"unknown, torch does not load ({str(error).splitlines()[0][:80]})"
        return Finding("GPU", False, value, "pip install -r requirements.txt")
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        number = "bf16" if torch.cuda.get_device_capability() >= (8, 0) else "fp16, no native bf16"
        return Finding("GPU", True, f"{', '.join(names)} ({number})")
    return Finding("GPU", False, "none that torch can use", advice)


def _bf16() -> Finding:
    flags = set(_read("/proc/cpuinfo").partition("flags")[2].partition("\n")[0].split())
    if not flags:
        return Finding("CPU bf16", False, "unknown on this system", "float32 is used")
    found = [name for name in ("avx512_bf16", "amx_bf16") if name in flags]
    advice = "networks run in float32 on this CPU"
    return Finding("CPU bf16", bool(found), " and ".join(found) or "not in this CPU", advice)


def _engine(program: str, variable: str = "") -> Finding:
    from gokit.gtp.process import find_engine

    hints = {
        "gnugo": "an opponent for the matches: apt install gnugo, or brew install gnu-go",
        "pachi": "a stronger opponent, if you have built it: put it on PATH or name it in $PACHI",
    }
    named = os.environ.get(variable, "") if variable else ""
    # Debian's `pachi` is a platform game, and lies with the games.
    path = find_engine(named or program)
    if path is not None and program == "pachi" and not named and "games" in path:
        path = None
    return Finding(program, path is not None, path or "not found", hints[program])


def _chromium() -> Finding:
    found = _first_found(shutil.which, CHROMIUMS)
    advice = "only make test needs it, for the browser tests: apt install chromium"
    return Finding("chromium", found is not None, found or "not found", advice)


def _first_found(find: Callable[[str], str | None], names: tuple[str, ...]) -> str | None:
    return next((path for path in map(find, names) if path), None)


def _read(path: str) -> str:
    """Return what a file of the system says, or nothing where there is none."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
