"""gokit as a GTP engine on a stream and as a command: any bytes in, the protocol out."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gokit.gtp import GtpEngine
from gokit.gtp.protocol import format_response, parse_line
from gokit.players import RandomPlayer


def random_player(size, rules, seed):
    return RandomPlayer(np.random.default_rng(seed))


WORDS = GtpEngine(None).handle("list_commands")[2:].split()
TOKENS = ["b", "w", "D4", "A1", "pass", "9", "5", "2", "-1", "7.5", "nan", "1e400", "Z99", "alive"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.tuples(st.sampled_from(WORDS), st.lists(st.sampled_from(TOKENS), max_size=4)).map(
            lambda words: " ".join([words[0], *words[1]]).encode()
        ),
        max_size=12,
    )
)
def test_no_line_breaks_the_engine_or_the_protocol(lines):
    engine = GtpEngine(random_player, size=5, seed=0)
    for line in lines:
        response = engine.handle(line)
        if parse_line(line) is None:
            assert response is None
            continue
        assert response[0] in "=?"
        assert response.endswith("\n\n")
        assert "\n\n" not in response[:-2]
        assert response.isascii()
        assert "internal error" not in response
    assert engine.handle("name") == "= gokit\n\n"


def test_a_stream_of_bytes_gets_one_response_a_command():
    rng = np.random.default_rng(0)
    junk = rng.integers(0, 256, 20_000, dtype=np.uint8).tobytes().replace(b"quit", b"")
    sink = io.BytesIO()
    GtpEngine(random_player).serve(io.BytesIO(junk + b"\n1 name\n2 quit\n3 name\n"), sink)
    commands = [parse_line(line) for line in junk.split(b"\n")]
    assert sink.getvalue().count(b"\n\n") == sum(c is not None for c in commands) + 2
    assert sink.getvalue().endswith(b"=1 gokit\n\n=2\n\n")


def test_each_response_is_flushed_before_the_next_line_is_read():
    events = []

    class Sink(io.BytesIO):
        def flush(self):
            events.append("flush")

    class Source(io.BytesIO):
        def readline(self, limit=-1):
            events.append("read")
            return super().readline(limit)

    GtpEngine(random_player).serve(Source(b"name\n\nshowboard\n"), Sink())
    assert events == ["read", "flush", "read", "read", "flush", "read"]


def test_endless_lines_are_refused_in_bounded_memory():
    sink = io.BytesIO()
    GtpEngine(random_player).serve(io.BytesIO(b"name " * 1_000_000 + b"\nname\n"), sink)
    assert sink.getvalue() == b"? syntax error: line too long\n\n= gokit\n\n"


def test_responses_never_hold_an_empty_line():
    assert format_response("3", True, "a\n\n\nb\n") == "=3 a\nb\n\n"
    assert format_response("", False, "é × \x1b[1m") == "? ? x [1m\n\n"


# As a shell starts it: buffered output, whatever the tests themselves run under.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}


def run(*options, given_input=b"", **more):
    return subprocess.run(
        [sys.executable, "-m", "gokit", "gtp", *options],
        input=given_input,
        capture_output=True,
        timeout=120,
        check=False,
        env=ENVIRONMENT,
        **more,
    )


def test_the_command_serves_standard_input():
    done = run(
        "--size",
        "5",
        "--simulations",
        "4",
        given_input=b"1 query_boardsize\r\n\r\n2 genmove b\n# bye\n3 quit\n4 name\n",
    )
    responses = done.stdout.split(b"\n\n")
    assert responses[0] == b"=1 5"
    assert responses[1].startswith(b"=2 ")
    assert responses[2:] == [b"=3", b""]
    assert done.returncode == 0


def test_the_end_of_input_ends_it_quietly():
    done = run("--seed", "1", given_input=b"name")
    assert done.stdout == b"= gokit\n\n"
    assert done.stderr == b"gokit gtp: rollout@400, seed 1\n"
    assert done.returncode == 0


def test_a_controller_that_goes_away_ends_it_quietly():
    process = subprocess.Popen(
        [sys.executable, "-m", "gokit", "gtp", "--player", "random"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    process.stdout.close()
    process.stdin.write(b"showboard\n" * 100)
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--size", "25"], b"1 to 19"),
        (["--simulations", "0"], b"at least 1"),
        (["--player", "random", "--checkpoint", "x"], b"give one of them"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(options, says):
    done = run(*options)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_missing_checkpoint_is_said_at_the_first_genmove():
    done = run("--checkpoint", "/no/such/net", given_input=b"name\ngenmove b\nname\n")
    assert done.stdout.startswith(b"= gokit\n\n? /no/such/net")
    assert done.stdout.endswith(b"\n\n= gokit\n\n")


def test_answers_without_a_player_load_neither_torch_nor_numba():
    code = (
        "import io, sys\n"
        "from gokit.gtp import GtpEngine\n"
        "lines = b'list_commands\\nname\\nboardsize 9\\nkomi 6.5\\nclear_board\\n"
        "known_command play\\ntime_settings 1 2 3\\n'\n"
        "sink = io.BytesIO()\n"
        "GtpEngine(None).serve(io.BytesIO(lines), sink)\n"
        "assert sink.getvalue().count(b'=') == 7, sink.getvalue()\n"
        "print([m for m in ('torch', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
