"""GNU Go as an independent oracle for legality and area scores, over GTP."""

import numpy as np
import pytest

from gokit.go.coordinates import from_gtp
from gokit.go.position import Position
from gokit.go.rules import NO_SUICIDE, TROMP_TAYLOR, Rules
from gokit.gtp import GtpPlayer, find_engine, gnugo_command
from gokit.gtp.handicap import fixed_points, most_fixed_stones
from gokit.players import RandomPlayer

pytestmark = pytest.mark.skipif(
    find_engine("gnugo") is None, reason="gnugo is neither on PATH nor in /usr/games"
)


def gnugo(size, rules, level=1):
    return GtpPlayer(gnugo_command(level, 1, rules), size=size, rules=rules, timeout_s=60)


def repeating_suicides(position):
    """Suicides that superko forbids: where GNU Go allows suicide, it never checks one for that."""
    plain = Rules(superko="simple", suicide=False)
    bare = Position.from_array(position.board, position.to_move, plain)
    points = range(position.size**2)
    return {p for p in points if position.illegality(p) == "superko" and not bare.is_legal(p)}


@pytest.mark.parametrize(
    "rules",
    [
        NO_SUICIDE,
        TROMP_TAYLOR,
        Rules(superko="situational", suicide=False),
        Rules(superko="simple", suicide=False),
    ],
    ids=lambda rules: rules.name,
)
@pytest.mark.parametrize(("size", "moves"), [(3, 40), (5, 90), (9, 160)])
def test_legal_moves_are_gnugos_in_random_games(size, moves, rules):
    """Uniformly random play on small boards: captures, suicides and kos at every turn."""
    rng = np.random.default_rng(size)
    compared = 0
    with gnugo(size, rules) as oracle:
        for _ in range(3 if size < 9 else 1):
            oracle.reset()
            position = Position(size, rules)
            while position.move_number < moves and not position.is_over:
                legal = position.legal_moves()
                theirs = oracle.legal_points(position)
                if rules.suicide:
                    theirs -= repeating_suicides(position)
                assert theirs == set(legal.tolist()) - {size * size}, (
                    f"{position}\nmoves {position.moves}"
                )
                compared += 1
                # Passes only where nothing else is left, for long games.
                position = position.play(int(rng.choice(legal[:-1] if len(legal) > 1 else legal)))
    assert compared > moves // 2


@pytest.mark.parametrize(("size", "games"), [(5, 6), (9, 4)])
def test_scores_are_gnugos_when_random_games_are_played_out(size, games):
    rng = np.random.default_rng(100 + size)
    player = RandomPlayer(rng)
    with gnugo(size, NO_SUICIDE) as oracle:
        for _ in range(games):
            position = Position(size, NO_SUICIDE)
            while not position.is_over:
                position = position.play(player.choose(position))
            oracle.check_score(position)


def test_scores_are_gnugos_after_its_own_games():
    rules = NO_SUICIDE
    with gnugo(9, rules) as oracle:
        for opening in ("C3", "E5"):
            oracle.reset()
            position = Position(9, rules).play(opening)
            while not position.is_over and position.move_number < 200:
                position = position.play(oracle.choose(position))
            assert position.end == "two passes"
            oracle.check_score(position)


def test_drawn_games_score_zero_on_both_sides():
    rules = NO_SUICIDE.replace(komi=25)
    with gnugo(5, rules) as oracle:
        position = Position(5, rules).play("C3")
        assert oracle.final_score(position) == position.score().margin == 0


# GNU Go puts the stones of 12×12 on the fourth line; the protocol, and its author's own small
# engine Brown, begin that with 13×13.
@pytest.mark.parametrize("size", [s for s in range(2, 20) if s != 12])
def test_fixed_handicap_points_are_gnugos(size):
    most = most_fixed_stones(size)
    with gnugo(size, NO_SUICIDE) as oracle:
        for stones in range(2, 10):
            oracle._engine.ask("clear_board", 20)
            accepted, text = oracle._engine.ask(f"fixed_handicap {stones}", 20)
            assert accepted == (stones <= most), f"{stones} stones: {text}"
            if accepted:
                theirs = {from_gtp(word, size) for word in text.split()}
                assert theirs == set(fixed_points(stones, size))


def test_the_flags_capture_all_dead_stones_before_passing():
    """White's lone stone in Black's corner is dead, and only the flag has GNU Go take it off."""
    position = Position.from_diagram(
        """
        . . . . X O . . .
        . . . . X O . . .
        . . O . X O . . .
        . . . . X O . . .
        X X X X X O O O O
        O O O O O O . . .
        . . . . . . . . .
        . . . . . O . O .
        . . . . . . O . .
        """,
        rules=NO_SUICIDE,
    )
    with gnugo(9, NO_SUICIDE, level=5) as player:
        while not position.is_over and position.move_number < 120:
            position = position.play(player.choose(position))
    assert position.end == "two passes"
    assert position.score().black == 25
