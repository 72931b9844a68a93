"""Who can sit opposite: what each is called, how strong it can be, and the rules it plays by."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from gokit.go.errors import GoError
from gokit.go.rules import NO_SUICIDE, Rules

SHIPPED = Path(__file__).parents[2] / "data" / "checkpoints"
NO_SEARCH = 0  # the strength of a network that plays by its policy alone
# Simulations a move, or GNU Go's levels.
STRENGTHS = {
    "network": (NO_SEARCH, 16, 64, 200, 800, 3200),
    "rollout": (16, 64, 200, 800, 3200, 12800),
    "gnugo": (1, 4, 7, 10),
}
USUAL = {"network": 200, "rollout": 3200, "gnugo": 4}
PEOPLE = "people"
ROLLOUT = "Search by random games"


@dataclass(frozen=True)
class Opponent:
    """One choice of opponent.

    key: names it to the page and in the terminal. name: what people read. kind: "network",
    "rollout", "gnugo", "people" (nobody: both sides are played here) or "other". spec: a network's
    path, else the text that `parse_player` takes, without its strength. strengths: those it
    understands, none where it has just one. usual: the one it starts with, 0 without any.
    """

    key: str
    name: str
    kind: str
    spec: str = ""
    strengths: tuple[int, ...] = ()
    usual: int = 0

    def player_spec(self, strength: int) -> str:
        """Return the text that `parse_player` takes; GoError for a strength it does not have."""
        if self.strengths and strength not in self.strengths:
            known = ", ".join(map(str, self.strengths))
            raise GoError(f"{self.name} has the strengths {known}, not {strength!r}")
        if self.kind == "network":
            searching = f"mcts:{self.spec}@{strength}"
            return searching if strength != NO_SEARCH else f"policy:{self.spec}"
        return f"{self.spec}@{strength}" if self.strengths else self.spec

    def starting_at(self, strength: int) -> Opponent:
        """Return the same opponent with that as its usual strength, among the others or new.

        Raises GoError where it has no strengths, and for one that cannot be.
        """
        if not self.strengths:
            raise GoError(f"{self.name} has no strength to choose")
        least = min(self.strengths[0], 1)
        if strength < least:
            raise GoError(f"the strength of {self.name} is at least {least}, not {strength}")
        strengths = tuple(sorted({*self.strengths, strength}))
        return replace(self, strengths=strengths, usual=strength)

    def strength_name(self, strength: int) -> str:
        """Return a strength in words, "" where there is nothing to choose."""
        if not self.strengths:
            return ""
        if self.kind == "gnugo":
            return f"level {strength}"
        return "no search" if strength == NO_SEARCH else f"{strength:,} simulations"

    def full_name(self, strength: int) -> str:
        """Return the name with the strength."""
        words = self.strength_name(strength)
        return f"{self.name}, {words}" if words else self.name

    def rules(self, rules: Rules) -> Rules:
        """Return the rules it plays by, with the komi of `rules`; those themselves if any will do.

        A network plays by its card, GNU Go without suicide.
        """
        if self.kind == "network":
            from gokit.nn.checkpoint import find_checkpoint, read_card

            card = read_card(find_checkpoint(self.spec))
            return Rules.from_dict(card.get("rules")).replace(komi=rules.komi)
        if "gnugo" in self.spec:
            return NO_SUICIDE.replace(komi=rules.komi)
        return rules


RANDOM = Opponent("random", "Random moves", "other", "random")


def opponents(
    size: int, checkpoint: str | None = None, spec: str | None = None
) -> dict[str, Opponent]:
    """Return who can play on a board of this size, by key; the first is who does unless asked.

    spec: any text that `parse_player` takes, or "people". checkpoint: a network to have besides
    the shipped ones, which wants to be first; on sizes it was not trained on it is left out.
    Raises GoError for a checkpoint that cannot be read.
    """
    found: list[Opponent] = []
    if spec and spec != PEOPLE:
        found.append(_asked_for(spec))
    if checkpoint and size in checkpoint_sizes(checkpoint):
        found.append(_network(checkpoint))
    found += [_network(path) for path in shipped(size)]
    found.append(_with_strengths("rollout", ROLLOUT, "rollout"))
    if shutil.which("gnugo"):
        found.append(_with_strengths("gnugo", "GNU Go", "gnugo"))
    found.append(RANDOM)
    people = Opponent(PEOPLE, "Nobody: two people play", PEOPLE)
    found.insert(0 if spec == PEOPLE else len(found), people)
    known: dict[str, Opponent] = {}
    for one in found:
        known.setdefault(one.key, one)
    return known


def shipped(size: int) -> list[Path]:
    """Return the shipped networks for a board of this size, the one named after it first."""
    paths = sorted(SHIPPED.glob("*.safetensors"))
    fitting = [path for path in paths if size in checkpoint_sizes(path)]
    return sorted(fitting, key=lambda path: path.stem != f"{size}x{size}")


def checkpoint_sizes(checkpoint: str | Path) -> list[int]:
    """Return the board sizes that a network was trained on; GoError where it has no card."""
    from gokit.nn.checkpoint import find_checkpoint, read_card

    sizes = read_card(find_checkpoint(checkpoint)).get("sizes")
    return sizes if isinstance(sizes, list) else []


def _network(path: str | Path) -> Opponent:
    spec = str(Path(path).resolve())
    return _with_strengths("network", f"Network {Path(path).stem}", spec, key=f"network {spec}")


def _with_strengths(kind: str, name: str, spec: str, *, key: str = "") -> Opponent:
    return Opponent(key or kind, name, kind, spec, STRENGTHS[kind], USUAL[kind])


def _asked_for(spec: str) -> Opponent:
    """Return the opponent that a player's text names, with the other strengths of its kind."""
    spec = spec.strip()
    if spec == RANDOM.spec:
        return RANDOM
    kind, _, rest = spec.partition(":")
    if kind == "policy" and rest:
        return replace(_network(rest), usual=NO_SEARCH)
    head, _, count = spec.rpartition("@")
    if count.isascii() and count.isdigit() and len(count) < 9 and int(count) > 0:
        strength = int(count)
        if kind == "mcts" and head != "mcts:":
            return _network(head.removeprefix("mcts:")).starting_at(strength)
        if head in ("rollout", "gnugo"):
            name = ROLLOUT if head == "rollout" else "GNU Go"
            return _with_strengths(head, name, head).starting_at(strength)
    name = rest.strip().strip("\"'")[:60] if kind == "gtp" else spec[:60]
    return Opponent("asked for", name, "other", spec)
