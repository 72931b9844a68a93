"""GNU Go's Monte Carlo mode, boards of 5 × 5 to 9 × 9: UCT whose playouts follow patterns.

One chunk is one `genmove`, taken back afterwards, in a position of five stones: on an empty board
its opening book answers. The process starts once and is not counted.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

from serve import leave, options, serve

arguments = options(__doc__, simulations=10000)
# Debian keeps it in a folder that is often not on the path.
found = shutil.which("gnugo", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/games"]))
if found is None:
    leave("gnugo")
said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
version = said.split("\n")[0].split()[-1]

size = arguments.board
options_of_its_own = ["--mode", "gtp", "--chinese-rules", "--seed", "1", "--monte-carlo"]
options_of_its_own += ["--level", "1", "--mc-games-per-level", str(arguments.simulations)]
engine = subprocess.Popen(
    [found, *options_of_its_own], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)


def ask(command):
    engine.stdin.write(command + "\n")
    engine.stdin.flush()
    answer = engine.stdout.readline()
    engine.stdout.readline()
    if not answer.startswith("="):
        raise SystemExit(f"{command}: {answer.strip()}")


def point(column, row):
    return f"{'ABCDEFGHJ'[column]}{row + 1}"


ask(f"boardsize {size}")
ask("clear_board")
ask("komi 7.5")
near, far = (2, size - 3) if size >= 7 else (1, size - 2)
stones = [(size // 2, size // 2), (near, near), (far, near), (far, far), (near, far - 1)]
for color, (column, row) in zip("bwbwb", stones, strict=True):
    ask(f"play {color} {point(column, row)}")


def chunk():
    ask("genmove w")
    ask("undo")
    return arguments.simulations


def cpu_seconds():
    """The engine's processor time, or where the system does not tell, the time on the clock."""
    try:
        fields = Path(f"/proc/{engine.pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return time.perf_counter()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


serve(chunk, {"GNU Go": version}, cpu_seconds)
