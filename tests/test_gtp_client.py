"""Any engine as a player: agreement first, the shortest way to a position, nothing left behind."""

import gc
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from gokit.go.errors import EngineError, RulesMismatchError
from gokit.go.position import Position
from gokit.go.rules import BLACK, NO_SUICIDE, TROMP_TAYLOR, WHITE, Rules
from gokit.gtp import GtpPlayer
from gokit.gtp.process import EngineProcess, find_engine
from gokit.players import RESIGN, parse_player

FAKE = [sys.executable, str(Path(__file__).with_name("fake_engine.py"))]
OURS = [sys.executable, "-m", "gokit", "gtp", "--player", "random", "--seed", "5"]


def fake(*way, **options):
    return GtpPlayer([*FAKE, *way], **{"timeout_s": 10, **options})


@pytest.fixture(scope="module")
def ours():
    with GtpPlayer(OURS, size=5) as player:
        yield player


def is_alive(pid):
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except ProcessLookupError:
        return False


def random_line(seed, size=5, moves=25, rules=TROMP_TAYLOR):
    rng = np.random.default_rng(seed)
    position = Position(size, rules)
    while not position.is_over and position.move_number < moves:
        position = position.play(int(rng.choice(position.legal_moves())))
    return position.line()


def test_a_well_behaved_engine_plays():
    with fake("good") as player:
        assert player.choose(Position(9)) == 81
        assert player.name == "fake fake"


def test_our_own_engine_plays_a_whole_game_from_its_own_seeds(ours):
    position = Position(5)
    while not position.is_over and position.move_number < 300:
        position = position.play(ours.choose(position))
    assert position.end == "two passes"
    ours.check_score(position)


def test_two_of_our_engines_play_each_other_through_pipes():
    command = [sys.executable, "-m", "gokit", "gtp", "--simulations", "8"]
    with (
        GtpPlayer([*command, "--seed", "1"], size=5) as black,
        GtpPlayer([*command, "--seed", "2"], size=5) as white,
    ):
        games = []
        for _ in range(2):
            position = Position(5)
            black.reset()
            white.reset()
            while not position.is_over and position.move_number < 150:
                player = black if position.to_move == BLACK else white
                position = position.play(player.choose(position))
            black.check_score(position)
            white.check_score(position)
            games.append(position.moves)
        assert games[0] != games[1], "a second game from the same engines repeats the first"


def test_the_engine_follows_to_any_position_and_back(ours):
    """Jumps between positions of several games: its legal moves are ours each time."""
    rng = np.random.default_rng(0)
    lines = [random_line(seed) for seed in range(3)]
    for _ in range(40):
        line = lines[rng.integers(3)]
        position = line[rng.integers(len(line))]
        if position.is_over:
            continue
        legal = set(position.legal_moves().tolist()) - {25}
        assert ours.legal_points(position) == legal


def test_only_the_difference_is_sent(monkeypatch):
    sent = []
    with fake("good") as player:
        ask = player._engine.ask

        def listen(command, timeout_s):
            if not command.startswith("known_command"):
                sent.append(command)
            return ask(command, timeout_s)

        monkeypatch.setattr(player._engine, "ask", listen)
        position = Position(9).play("E5").play("C3")
        player.choose(position)
        sent.clear()
        player.choose(position.play("pass").play("D4"))
        assert sent == ["play W D4", "genmove B"]
        sent.clear()
        player.choose(position.play("pass").play("F4"))
        assert sent == ["undo", "undo", "play W F4", "genmove B"]
        sent.clear()
        player.choose(Position(9).play("A1"))
        assert sent == ["clear_board", "komi 7.5", "play B A1", "genmove W"]
        sent.clear()
        player.reset()
        player.choose(Position(9).play("A1"))
        assert sent == ["clear_board", "komi 7.5", "play B A1", "genmove W"]


def test_positions_with_set_up_stones_are_reproduced(ours):
    position = Position.from_diagram(
        ". X X O .\nX O O O .\n. X O . .\nX X O O O\n. X . O .", to_move=WHITE
    )
    assert ours.legal_points(position) == set(position.legal_moves().tolist()) - {25}
    ours.check_score(position)


def test_one_colour_twice_in_a_row(ours):
    position = Position(5).play("C3").to_play(BLACK).play("C4")
    assert ours.legal_points(position) == set(position.legal_moves().tolist()) - {25}


@pytest.mark.parametrize(
    "rules",
    [
        NO_SUICIDE,
        Rules(komi=0.5, superko="situational"),
        Rules(komi=-3, superko="simple", suicide=False),
    ],
)
def test_our_engine_takes_the_rules_and_komi_it_is_told(rules):
    with GtpPlayer(OURS, size=5, rules=rules) as player:
        for position in random_line(4, rules=rules)[::6]:
            if not position.is_over:
                assert player.legal_points(position) == set(position.legal_moves().tolist()) - {25}
            player.check_score(position)


def test_another_game_than_the_engines_is_a_mismatch(ours):
    for position in (Position(9), Position(5, NO_SUICIDE), Position(5, Rules(komi=0.5))):
        with pytest.raises(RulesMismatchError):
            ours.choose(position)


def test_an_engine_that_keeps_its_own_komi_is_a_mismatch():
    with fake("komi") as player, pytest.raises(RulesMismatchError, match=r"komi '0'.*told 7.5"):
        player.choose(Position(9))


def test_an_engine_with_other_suicide_rules_is_a_mismatch_at_once():
    # Our own engine, held to rules that it was not told.
    class Untold(GtpPlayer):
        def _knows(self, command):
            return command != "gokit-rules" and super()._knows(command)

    with pytest.raises(RulesMismatchError, match="only it would allow Black B1"):
        Untold(OURS, size=5, rules=NO_SUICIDE)


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("die", "died at 'genmove B' .exit status 3.; its standard error ends: .*out of cheese"),
        ("babble", "over a megabyte"),
        ("chatter", "over a megabyte"),
        ("wrong-id", "answered '=7777 pass' to command"),
        ("illegal", "fake fake, Black, played an illegal move: A1 is occupied"),
        ("garbage", "answered genmove with 'let us go'"),
        ("refuse", "refused 'genmove B': I would prefer not to"),
    ],
)
def test_misbehaviour_is_an_engine_error_and_ends_the_engine(way, says):
    player = fake(way)
    pid = player._engine._process.pid
    position = Position(9).play("A1").play("B1")
    with pytest.raises(EngineError, match=says):
        player.choose(position)
    assert not is_alive(pid)
    player.close()


@pytest.mark.parametrize("way", ["hang", "nonsense"])
def test_a_hanging_engine_is_given_up_in_time(way):
    player = fake(way)
    player.timeout_s = 0.5
    started = time.monotonic()
    with pytest.raises(EngineError, match=r"no answer to 'genmove B' in 0\.5 s"):
        player.choose(Position(9))
    assert time.monotonic() - started < 5
    player.close()


def test_the_children_of_a_hanging_engine_die_with_it():
    player = fake("child")
    player.timeout_s = 1.5
    with pytest.raises(EngineError, match="child") as caught:
        player.choose(Position(9))
    child = int(str(caught.value).split("child ")[1].split()[0])
    for _ in range(100):
        if not is_alive(child):
            return
        time.sleep(0.05)
    pytest.fail(f"process {child} outlived its engine")


@pytest.mark.parametrize("at", ["boardsize", "clear_board", "komi", "play"])
def test_an_engine_may_die_at_any_command(at):
    with pytest.raises(EngineError, match=f"died at '{at}"):
        fake("die", at).choose(Position(9).play("A1"))


def test_a_refused_move_of_ours_is_an_engine_error():
    with pytest.raises(EngineError, match="refused 'play B A1', which is legal here"):
        fake("refuse", "play").choose(Position(9).play("A1"))


def test_an_old_protocol_or_a_missing_command_is_an_engine_error():
    with pytest.raises(EngineError, match="speaks GTP '1'"):
        fake("old")
    with pytest.raises(EngineError, match="no 'boardsize' command"):
        fake("refuse", "known_command")


def test_the_next_game_starts_a_new_engine():
    player = fake("illegal")
    with pytest.raises(EngineError):
        player.choose(Position(9).play("A1").play("B1"))
    player.reset()
    assert player.choose(Position(9)) == 72  # A1, which is legal on the empty board
    player.close()


def test_an_engine_killed_between_moves_is_an_error_not_a_silent_restart():
    player = fake("good")
    player.choose(Position(9))
    player._engine._process.kill()
    player._engine._process.wait()
    with pytest.raises(EngineError, match="died"):
        player.choose(Position(9))


def test_resignation():
    with fake("resign") as player:
        assert player.choose(Position(9)) == RESIGN


def test_close_ends_the_process_and_may_be_called_twice():
    player = fake("good")
    pid = player._engine._process.pid
    player.close()
    player.close()
    assert not is_alive(pid)


def test_engines_leave_no_threads_behind():
    gc.collect()
    before = threading.active_count()
    for _ in range(3):
        fake("good").close()
    for _ in range(100):
        if threading.active_count() <= before:
            return
        time.sleep(0.05)
    pytest.fail("reader threads outlive their engines")


def test_what_cannot_be_started_is_an_engine_error(tmp_path):
    script = tmp_path / "engine"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    for command, says in (
        ("no-such-engine", "neither on PATH"),
        ("", "empty"),
        ('"unclosed', "cannot be split"),
        ([str(script)], "does not start"),
        ([sys.executable, "-c", "raise SystemExit('no licence')"], "no licence"),
    ):
        with pytest.raises(EngineError, match=says):
            GtpPlayer(command, timeout_s=10)


def test_a_long_answer_arrives_whole():
    code = (
        "for line in iter(input, None): print('=' + line.split()[0] + ' ' + 'x' * 200000 + "
        "'\\n' + 'y\\tz\\r' + '\\n', flush=True)"
    )
    engine = EngineProcess([sys.executable, "-c", code])
    ok, text = engine.ask("showboard", 10)
    assert ok
    assert text == "x" * 200000 + "\ny z"
    engine.close()


def test_parse_player_takes_a_quoted_command():
    words = " ".join(f"'{word}'" for word in [*FAKE, "good"])
    for spec in (f"gtp:{words}", f'gtp:"{words}"'):
        player = parse_player(spec)
        assert player.choose(Position(9)) == 81
        player.close()


def test_engines_are_found_outside_path_too():
    assert find_engine(sys.executable) == sys.executable
    assert find_engine("no-such-engine") is None
