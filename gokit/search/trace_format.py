"""How a trace is written down: typed arrays as base64, and priors in one byte to three.

The document, K nodes and S simulations:

    format, version, game (as `gokit.go.lines` writes one), config, evaluator, value_kind, result
    nodes, simulations  K and S
    values, states      float32 and uint8 [K]: the value of each node, its mover's view; OPEN,
                        CLOSED (the game is over there) or OPEN_EVEN (all its priors are alike)
    paths, joins        the actions of each descent, and where they led (see `trace_paths`)
    leaf_values         float32 [S], only where one is not the value of the leaf's node
    rounds              uint16: simulations in each round, only where one has several
    priors              legal: a bit for each action of each node that was selected from; counts
                        and likeliest: the listed actions of the others, but for OPEN_EVEN ones;
                        high, low, bits, sharp: the priors of all these, see below
    root_prior          float32 [A], without noise, only where there is some
    gumbel              noise float32 [A], considered, schedule uint16 [S], only for gumbel

A prior p is the number round(-2**20 ln p) of 24 bits, which keeps p to one part in two million. A
larger trace drops the lowest byte, which leaves one part in 8,000, and a still larger one the
middle byte too of unlikely actions that were never visited (high >= sharp): they read as the lower
end of what the highest byte allows, at most 6 % less than they were, so that none of them can seem
to deserve a visit that it was not given.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gokit.go.errors import GoError

FORMAT, VERSION = "gokit-trace", 1
MAX_SIMULATIONS = 65_535  # numbers that count simulations have 16 bits
BUDGET = 380_000  # bytes of base64 text at which low bytes of priors begin to be left out
LIKELIEST = 8  # actions that are listed of a node from which none was selected
STEPS_A_NAT = 16  # of the highest byte
LOW = {8: "u1", 16: "<u2"}  # kinds of the lower bits
# Rollouts jitter even logits by up to 1e-3 to break ties at random.
EVEN = 2e-3
FLOAT32 = 1e-6  # what the search's own rounding may add
OPEN, CLOSED, OPEN_EVEN = range(3)


class Priors(NamedTuple):
    """The actions listed of each node, and their priors, as flat arrays.

    start: int64 [K + 1]; node k's actions are actions[start[k] : start[k + 1]], int64, rising.
    values: float64, the priors. error: float64, the part of itself by which each may be wrong.
    complete: bool [K], whether all legal actions are listed.
    """

    start: np.ndarray
    actions: np.ndarray
    values: np.ndarray
    error: np.ndarray
    complete: np.ndarray


def pack(array: Any, kind: str) -> str:
    """Write an array as the base64 text of little-endian numbers of `kind`, such as "<i4"."""
    return base64.b64encode(np.ascontiguousarray(array, kind).tobytes()).decode("ascii")


def unpack(part: Any, name: str, kind: str, length: int | None = None) -> np.ndarray:
    """Read what `pack` wrote under `name` in a mapping; GoError for anything else."""
    text = part.get(name) if isinstance(part, Mapping) else None
    if not isinstance(text, str):
        raise GoError(f"the trace lacks the array {name}")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise GoError(f"the trace's array {name} is not base64") from None
    item = np.dtype(kind).itemsize
    if len(data) % item or (length is not None and len(data) != length * item):
        wanted = "whole numbers" if length is None else f"{length} numbers"
        raise GoError(f"the trace's array {name} has {len(data)} bytes, which is not {wanted}")
    return np.frombuffer(data, kind)


def whole(part: Any, name: str, low: int, high: int) -> int:
    """Read a whole number from `low` to `high` under `name`; GoError for anything else."""
    value = part.get(name) if isinstance(part, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise GoError(f"the trace's {name} is a whole number from {low} to {high}, not {value!r}")
    return value


def action_kind(n_actions: int) -> str:
    """The kind of number that an action is written as."""
    return "u1" if n_actions <= 256 else "<u2"


def pack_priors(
    prior: np.ndarray, legal: np.ndarray, selected: np.ndarray, visited: np.ndarray, room: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """Write the priors of K nodes: whether each node's are even, and the packed arrays.

    prior, legal, visited: [K, A], the last whether the search went that way. selected: bool [K],
    nodes all of whose actions are written; of the others the likeliest are. A closed node has no
    legal action. room: bytes of text that all this may take, where leaving out helps.
    """
    n_actions = prior.shape[1]
    highest = np.where(legal, prior, 0).max(1)
    lowest = np.where(legal, prior, np.inf).min(1)
    is_open = legal.any(1)
    even = is_open & (highest - lowest <= EVEN * highest)

    listed = legal & (selected & ~even)[:, None]
    few = is_open & ~selected & ~even
    order = np.argsort(np.where(legal, -prior, np.inf)[few], 1, kind="stable")[:, :LIKELIEST]
    likeliest = np.zeros((order.shape[0], n_actions), bool)
    np.put_along_axis(likeliest, order, True, 1)
    listed[few] = likeliest & legal[few]

    with np.errstate(divide="ignore"):
        nats = -np.log(prior[listed].astype(np.float64))
    parts = {
        "legal": pack(np.packbits(legal[selected], axis=1, bitorder="little"), "u1"),
        "counts": pack(listed[few].sum(1), "u1"),
        "likeliest": pack(np.nonzero(listed[few])[1], action_kind(n_actions)),
    }
    room = (room - sum(map(len, parts.values()))) * 3 // 4 - nats.size  # bytes for the low bits
    bits = 16 if 2 * nats.size <= room else 8
    codes = np.rint(np.minimum(nats, 16) * (STEPS_A_NAT << bits)).astype(np.int64)
    codes = np.minimum(codes, (256 << bits) - 1)
    high, passed = codes >> bits, visited[listed]
    fits = np.cumsum(np.bincount(high[~passed], minlength=256)) + passed.sum() <= room
    sharp = 256 if bits == 16 else int(fits.sum())
    low = (codes % (1 << bits))[passed | (high < sharp)]
    written = {"high": pack(high, "u1"), "low": pack(low, LOW[bits])}
    return even, {**parts, "bits": bits, "sharp": sharp, **written}


def unpack_priors(
    part: Any, states: np.ndarray, selected: np.ndarray, passed: np.ndarray, n_actions: int
) -> Priors:
    """Read what `pack_priors` wrote; GoError where it does not fit the nodes.

    states: uint8 [K], OPEN, CLOSED or OPEN_EVEN. passed: int64, the actions that the search took,
    as node * n_actions + action, rising.
    """
    width = -(-n_actions // 8)
    masks = unpack(part, "legal", "u1", int(selected.sum()) * width).reshape(-1, width)
    masks = np.unpackbits(masks, axis=1, bitorder="little").astype(bool)
    if masks[:, n_actions:].any() or not masks.any(1).all():
        raise GoError("the trace's array legal names no action of the board")
    even = states == OPEN_EVEN
    few = (states == OPEN) & ~selected
    counts = unpack(part, "counts", "u1", int(few.sum())).astype(np.int64)
    actions = unpack(part, "likeliest", action_kind(n_actions), int(counts.sum()))

    nodes = np.flatnonzero(selected)
    rows, columns = np.nonzero(masks)
    keys = np.concatenate(
        [
            nodes[rows] * n_actions + columns,
            np.repeat(np.flatnonzero(few), counts) * n_actions + actions.astype(np.int64),
        ]
    )
    if actions.size and actions.max() >= n_actions:
        raise GoError("the trace's array likeliest names an action that is not on the board")
    keys.sort()
    if (np.diff(keys) == 0).any():
        raise GoError("the trace's array likeliest names an action twice")
    owner = keys // n_actions
    start = np.searchsorted(owner, np.arange(len(states) + 1))

    values = 1.0 / np.diff(start)[owner]
    error = np.full(keys.size, EVEN)
    coded = ~even[owner]
    high = unpack(part, "high", "u1", int(coded.sum())).astype(np.int64)
    sharp = np.isin(keys[coded], passed) | (high < whole(part, "sharp", 0, 256))
    bits = whole(part, "bits", 8, 16)
    if bits not in LOW:
        raise GoError(f"the trace's bits are 8 or 16, not {bits}")
    low = np.full(high.size, 1 << bits)
    low[sharp] = unpack(part, "low", LOW[bits], int(sharp.sum()))
    steps = STEPS_A_NAT << bits
    values[coded] = np.exp(((high << bits) + low) / -steps)
    error[coded] = np.where(sharp, 0.5 / steps + FLOAT32, 1 / STEPS_A_NAT)
    return Priors(start, keys - owner * n_actions, values, error, selected)
