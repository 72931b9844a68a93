"""GoGui's analyze commands: pictures of what the player thinks, for GUIs that show them."""

from __future__ import annotations

import numpy as np

from gokit.go.coordinates import to_gtp
from gokit.go.position import Position
from gokit.go.rules import BLACK, WHITE
from gokit.gtp.protocol import GtpError
from gokit.players import MctsPlayer, Player, PolicyPlayer

# type/label/command, as GoGui reads them.
ANALYZE_COMMANDS = (
    "gfx/Policy/gokit-policy",
    "gfx/Visits/gokit-visits",
    "string/Value/gokit-value",
    "dboard/Area as it stands/gokit-area",
    "dboard/Unconditional life/gokit-pass_alive",
)
_PALE, _DARK = np.array([255, 247, 222]), np.array([217, 72, 1])


def policy(player: Player, position: Position) -> str:
    """Return the policy before any search, in percent, as GoGui draw commands."""
    if isinstance(player, MctsPlayer):
        player = PolicyPlayer(player.search.evaluator)
    if not isinstance(player, PolicyPlayer):
        raise GtpError(f"the player {player.name!r} has no policy")
    probabilities = player.probabilities(position)
    return _heat(probabilities, [f"{100 * p:.0f}" for p in probabilities], position.size)


def visits(player: Player, position: Position) -> str:
    """Search the position and return the visit counts as GoGui draw commands."""
    result = _searched(player, position)
    counts = result.visits[0]
    status = f"value {result.value[0]:+.2f} for the side to move"
    return _heat(counts / counts.sum(), [str(n) for n in counts], position.size, status)


def value(player: Player, position: Position) -> str:
    """Search the position and return its value in [-1, 1] for the side to move."""
    return f"{_searched(player, position).value[0]:+.3f}"


def signed_board(owner: np.ndarray) -> str:
    """Return an ownership map as GoGui's board of numbers: 1 Black's, -1 White's, else 0."""
    signs = {BLACK: "1.0", WHITE: "-1.0"}
    return "\n" + "\n".join(" ".join(signs.get(int(o), "0.0") for o in row) for row in owner)


def _searched(player: Player, position: Position):
    if not isinstance(player, MctsPlayer):
        raise GtpError(f"the player {player.name!r} does not search")
    player.choose(position)
    return player.last


def _heat(shares: np.ndarray, labels: list[str], size: int, status: str = "") -> str:
    """Colour the points by their share of the largest one, and label those above 1 %."""
    lines = []
    for index in np.flatnonzero(shares[:-1] >= 0.01):
        mix = shares[index] / shares.max()
        red, green, blue = np.rint(_PALE + mix * (_DARK - _PALE)).astype(int)
        vertex = to_gtp(int(index), size)
        lines.append(f"COLOR #{red:02x}{green:02x}{blue:02x} {vertex}")
        lines.append(f"LABEL {vertex} {labels[index]}")
    text = f"pass {labels[-1]}" + (f", {status}" if status else "")
    return "\n".join([*lines, f"TEXT {text}"])
