"""The talk between the benchmark and a peer's process: seconds in, units done out.

A peer's script may run under another interpreter, so this file needs the standard library only.
The process says hello with one JSON line, then answers each line of standard input, a number of
seconds, with `{"units", "seconds", "cpu_seconds"}`. Between its turns it sleeps.
"""

import argparse
import importlib.util
import json
import sys
import time
from importlib.metadata import version


def options(task, **more):
    """Parse `--board` and the script's own integer options."""
    parser = argparse.ArgumentParser(description=task)
    parser.add_argument("--board", type=int, default=9)
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def require(module, *distributions):
    """Return the versions of what the peer stands on; without it say so and leave."""
    if importlib.util.find_spec(module) is None:
        leave(distributions[0])
    return {name: version(name) for name in distributions}


def leave(missing):
    """Say what is not installed, and end."""
    print(json.dumps({"missing": missing}), flush=True)
    sys.exit(0)


def serve(chunk, versions, cpu_seconds=time.process_time):
    """Warm up, say hello, then work by the clock: `chunk()` does a little and says how much.

    cpu_seconds: returns the processor time so far of whatever does the work.
    """
    start = time.perf_counter()
    chunk()
    hello = {"versions": versions, "warm_up_s": round(time.perf_counter() - start, 2)}
    print(json.dumps(hello), flush=True)
    for line in sys.stdin:
        start, cpu = time.perf_counter(), cpu_seconds()
        deadline = start + float(line)
        units = chunk()
        while time.perf_counter() < deadline:
            units += chunk()
        answer = {
            "units": units,
            "seconds": time.perf_counter() - start,
            "cpu_seconds": cpu_seconds() - cpu,
        }
        print(json.dumps(answer), flush=True)
