"""The game on a terminal, driven by pipes and by streams that pretend to be one."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gokit.go.errors import GoError
from gokit.go.position import Position
from gokit.go.records import read_sgf
from gokit.go.rules import BLACK, TROMP_TAYLOR, WHITE
from gokit.play.game import start
from gokit.play.opponents import PEOPLE, SHIPPED, opponents
from gokit.play.terminal import TerminalGame, colored, score_words

ENGINE = Path(__file__).parents[1] / "fake_engine.py"


def run_play(*arguments, lines=(), **options):
    """Run `gokit play --terminal` in a process of its own, fed by a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "gokit", "play", "--terminal", "--size", "5", *arguments],
        input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, **options,
    )  # fmt: skip


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def game():
    """Make a game: game("D4", "pass", spec="random", ...) -> (game, what was written)."""
    made = []

    def make(*lines, spec=PEOPLE, size=5, human=BLACK, position=None, out=None, **options):
        opponent = next(iter(opponents(size, None, spec).values()))
        position = Position(size) if position is None else position
        out = io.StringIO() if out is None else out
        one = TerminalGame(position, opponent, opponent.usual, human, out=out, **options)
        made.append(one)
        waiting = iter(lines)

        def read(prompt):
            try:
                return next(waiting)
            except StopIteration:
                raise EOFError from None

        one.run(read)
        return one, out.getvalue()

    yield make
    for one in made:
        one.close()


def test_a_whole_game_through_a_pipe(tmp_path):
    saved = tmp_path / "game.sgf"
    done = run_play(
        "--opponent", "random", "--seed", "1",
        lines=["C3", "Z9", "undo", "c3", "score", f"save {saved}", "resign", "quit"],
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "You play Black against Random moves; Tromp-Taylor rules, komi 7.5." in done.stdout
    assert done.stdout.count("White plays") == 2
    assert "'Z9' is not a vertex" in done.stdout
    assert "The game is over: W+R." in done.stdout
    assert read_sgf(saved).moves[0] == (BLACK, 12)


def test_the_end_of_the_input_ends_it():
    done = run_play("--opponent", "people", lines=["C3", "pass", "pass"])
    assert done.returncode == 0
    assert (
        "Two passes end the game. Black 25, White 0 + 7.5 komi: Black wins by 17.5." in done.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--opponent", "a champion"], "names no player"),
        (["--handicap", "9"], "a handicap is from 0 to 4"),
        (["--komi", "7.3"], "a multiple of 0.5"),
        (["--sgf", "nowhere.sgf"], "nowhere.sgf: cannot be read"),
        (["--checkpoint", "nowhere.safetensors"], "cannot be read"),
        (["--checkpoint", str(SHIPPED / "9x9.safetensors")], "trained on 9×9, not on 5×5"),
        (["--rules", "no-suicide"], "trained for Tromp-Taylor"),
        (["--simulations", "-1"], "at least 0, not -1"),
        (["--opponent", "rollout@16", "--simulations", "0"], "at least 1, not 0"),
        (["--opponent", "random", "--simulations", "5"], "no strength to choose"),
        (["--seed", "-1"], "a seed is"),
        (["--threads", "0"], "threads is"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_2(arguments, sentence, capsys):
    from gokit.__main__ import main

    assert main(["play", "--terminal", "--size", "5", *arguments]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert len(said.strip().splitlines()) == 1


def test_a_record_goes_on(tmp_path):
    record = tmp_path / "game.sgf"
    record.write_text("(;SZ[7]KM[0.5];B[dd];W[cc])")
    done = subprocess.run(
        [sys.executable, "-m", "gokit", "play", "--terminal", "--sgf", str(record),
         "--opponent", "people"],
        input="undo\nquit\n", capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0
    assert "komi 0.5" in done.stdout
    assert "White to move (move 2)" in done.stdout


def test_moves_passes_and_what_is_refused(game):
    one, text = game("C3", "C3", "pass", "D4", "wibble", "", "  b2  ")
    assert one.position.moves == [12, 25, 8, 16]
    assert "C3 is occupied" in text
    assert "'wibble' is not a vertex" in text


def test_help_names_every_command(game):
    one, text = game("help")
    for command in one._commands:
        assert command in text or command == "help"


def test_undo_goes_behind_the_reply(game):
    one, text = game("C3", "pass", "undo", spec="random")
    assert one.position.to_move == BLACK
    assert (one.position.moves[0], len(one.position.moves)) == (12, 2)
    _, text = game("undo")
    assert "Nothing to undo" in text


def test_undo_before_ones_first_move_keeps_the_opponents(game):
    one, text = game("undo", spec="random", human=WHITE)
    assert len(one.position.moves) == 1
    assert "you have not played yet" in text


def test_the_opponent_begins_where_it_is_black_or_there_is_a_handicap(game):
    one, _ = game(spec="random", human=WHITE)
    assert len(one.position.moves) == 1
    one, _ = game(spec="random", position=start(5, TROMP_TAYLOR, 3))
    assert len(one.position.moves) == 1


def test_the_end_is_scored_and_nothing_more_is_played(game):
    one, text = game("C3", "pass", "pass", "D4", "undo", "D4")
    assert "Black 25, White 0 + 7.5 komi: Black wins by 17.5." in text
    assert "the game is over" in text.lower()
    assert one.position.moves == [12, 25, 8]


def test_new_begins_again_with_the_same_start(game):
    one, _ = game("A1", "new", "B2", position=start(5, TROMP_TAYLOR.replace(komi=0.5), 2))
    assert (one.position.board == BLACK).sum() == 2
    assert one.position.moves == [16]


def test_hints_are_the_networks(game):
    five = str(SHIPPED / "5x5.safetensors")
    _, text = game("hint", network=five)
    assert "At first sight: C3 " in text
    assert "ahead by" in text
    _, text = game("hint")
    assert "There is no network for 5×5." in text
    _, text = game("pass", "pass", "hint", network=five)
    assert "The game is over." in text


def test_the_strength_can_be_changed(game):
    one, text = game("strength", "strength 64", "strength 17", "strength x", spec="rollout@16")
    assert "Search by random games, 16 simulations. Strengths: 16, 64" in text
    assert "Now Search by random games, 64 simulations." in text
    assert text.count("The strengths here are 16, 64") == 2
    assert one.strength == 64
    assert one._thinker.player.search.config.simulations == 64


def test_an_engine_that_dies_is_a_sentence_and_the_game_is_kept(game, tmp_path):
    spec = f'gtp:"{sys.executable} {ENGINE} die"'
    saved = tmp_path / "kept.sgf"
    one, text = game("C3", f"save {saved}", "D4", "undo", spec=spec)
    assert text.count("out of cheese") == 2, "any move asks again"
    assert "The game is kept" in text
    assert read_sgf(saved).moves == [(BLACK, 12)]
    assert one.position.moves == []


def test_saving_where_one_cannot_is_a_sentence(game, tmp_path):
    (tmp_path / "file").write_text("")
    _, text = game("save", f"save {tmp_path}/file/game.sgf")
    assert "Save where?" in text
    assert "file/game.sgf: cannot be written" in text


def test_a_terminal_gets_colours_and_follows_the_search(game):
    _, text = game("C3", spec="rollout@200", out=Screen())
    assert "\x1b[48;5;180m" in text
    assert "thinking 200 of 200: " in text
    _, text = game("C3", spec="rollout@200")
    assert "\x1b" not in text
    assert "thinking" not in text


@pytest.mark.parametrize(("name", "value"), [("TERM", "dumb"), ("NO_COLOR", "1")])
def test_colours_can_be_refused(game, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    _, text = game("C3", out=Screen())
    assert "48;5" not in text


def test_the_coloured_board_is_the_board():
    position = Position.from_moves(["C3", "D4", "E5"], 5)
    plain = "".join(
        part if k == 0 else part.partition("m")[2]
        for k, part in enumerate(colored(position).split("\x1b["))
    )
    rows = plain.splitlines()
    assert rows[0].split() == list("ABCDE") == rows[6].split()
    assert [row.count("●") for row in rows[1:6]] == [1, 1, 1, 0, 0]
    assert "(●)" in rows[1]
    assert colored(position).count("38;5;16m") == 2, "Black's stones"
    assert colored(position).count("38;5;231m") == 1, "White's stone"


def test_the_score_is_said_in_words():
    position = Position(5, TROMP_TAYLOR.replace(komi=25)).play("C3")
    assert score_words(position) == "Black 25, White 0 + 25 komi: even."


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_the_page_is_served_until_ctrl_c():
    """Ctrl-C is an end like any other: one line, no traceback, exit 0."""
    with subprocess.Popen(
        [sys.executable, "-m", "gokit", "play", "--no-browser", "--opponent", "people"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell may have started the tests deaf to Ctrl-C, as it does in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:  # fmt: skip
        said = process.stdout.readline()
        assert "the board is at http://127.0.0.1:" in said
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()  # leaving the block would wait for it without end
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "gokit play: stopped" in errors


def test_a_handicap_that_has_no_room_is_an_error():
    with pytest.raises(GoError):
        start(2, TROMP_TAYLOR, 4)


def test_a_checkpoint_brings_its_size(monkeypatch):
    from gokit.__main__ import main

    played = []
    monkeypatch.setattr("gokit.play.terminal.play", lambda **options: played.append(options))
    five = str(SHIPPED / "5x5.safetensors")
    assert main(["play", "--terminal", "--checkpoint", five, "--seed", "3"]) == 0
    assert main(["play", "--terminal"]) == 0
    assert [(options["size"], options["checkpoint"]) for options in played] == [
        (5, five),
        (9, None),
    ]
    assert played[0]["seed"] == 3
