"""The board's own rules against gokit's, on random games: legality with its reason, and scores."""

from __future__ import annotations

import numpy as np
import pytest

from gokit.go.position import Position
from gokit.go.records import GameRecord, read_sgf, write_sgf
from gokit.go.rules import BLACK, WHITE, Rules
from gokit.widgets.source import page as board_page
from gokit.widgets.state import describe_line

pytestmark = pytest.mark.browser

REPORT = """
const reason = (position, move) => position.illegality(move)?.reason ?? null;
globalThis.report = (game) => replay(game).map((position) => ({
  stones: Array.from(position.stones),
  reasons: Array.from({ length: position.pass + 1 }, (_, move) => reason(position, move)),
  captured: position.captured.slice(1),
  ko: position.koPoint,
  margin: position.score().margin,
  ownership: Array.from(position.score().ownership),
  result: position.result,
}));
globalThis.writeSgf = writeSgf;
globalThis.readSgf = readSgf;
// What each text is read as: "game" where it replays, else the kind of error.
globalThis.outcomes = (texts, rules) => texts.map((text) => {
  try {
    replay(readSgf(text, rules));
    return "game";
  } catch (error) {
    return error.constructor.name;
  }
});
"""
RECORD = (
    "(;FF[4]GM[1]SZ[9]KM[6.5]HA[2]AB[cc][gg]AW[aa:bb]PL[W]RE[B+R]C[a \\] b];W[ee];B[ce]"
    "(;W[];B[tt])(;W[dd]))"
)


@pytest.fixture(scope="module")
def rules_page(browser):
    """A page in which `report(game)` says what the JavaScript rules make of a game."""
    page = browser.new_page()
    page.set_content(board_page(script=REPORT))
    page.wait_for_function("globalThis.readSgf !== undefined")
    yield page
    page.close()


def random_game(rng: np.random.Generator, size: int, rules: Rules, moves: int) -> Position:
    """Uniformly random legal moves; passes are rare, so that games do not end at once."""
    position = Position(size, rules)
    if rng.random() < 0.3 and size > 1:
        board = np.zeros((size, size), np.int8)
        board.flat[rng.integers(size * size)] = WHITE
        position = Position.from_array(board, int(rng.integers(BLACK, WHITE + 1)), rules)
    while position.move_number < moves and not position.is_over:
        legal = position.legal_moves()
        stones = legal[:-1]
        passes = len(stones) == 0 or rng.random() < 0.03
        position = position.play(int(legal[-1] if passes else rng.choice(stones)))
    return position


def python_report(position: Position) -> dict:
    """The same of one position as `report`, from gokit's rules."""
    score = position.score()
    return {
        "stones": position.board.ravel().tolist(),
        "reasons": [position.illegality(move) for move in range(position.pass_move + 1)],
        "captured": list(position.captured),
        "ko": position.ko_point,
        "margin": score.margin,
        "ownership": score.ownership.ravel().tolist(),
        "result": position.result,
    }


@pytest.mark.parametrize("superko", ["positional", "situational", "simple"])
@pytest.mark.parametrize("suicide", [True, False])
def test_both_halves_agree_on_random_games(rules_page, superko, suicide):
    rng = np.random.default_rng([len(superko), suicide])
    rules = Rules(komi=float(rng.integers(0, 15)) / 2, superko=superko, suicide=suicide)
    reasons = set()
    for size, games in ((1, 2), (2, 8), (3, 12), (5, 7), (9, 1)):
        for _ in range(games):
            position = random_game(rng, size, rules, moves=15 * size)
            line = position.line()
            told = rules_page.evaluate("report", describe_line(line, len(line) - 1, 0))
            for here, theirs in zip(line, told, strict=True):
                ours = python_report(here)
                assert theirs == ours, f"after {here.moves}\n{here}"
                reasons |= set(ours["reasons"])
    expected = {None, "occupied", "ko", "game over"}
    expected |= {"superko"} if superko == "positional" else set()
    expected |= set() if suicide else {"suicide"}
    assert expected <= reasons, "the games never came across some rule"


def test_each_half_reads_the_others_records(rules_page):
    rng = np.random.default_rng(7)
    for size in (2, 5, 9, 13):
        rules = Rules(komi=6.5)
        position = random_game(rng, size, rules, moves=40)
        game = describe_line(position.line(), len(position.moves), 0)

        ours = read_sgf(rules_page.evaluate("(game) => writeSgf(game)", game), rules=rules)
        assert [index for _, index in ours.moves] == position.moves
        assert (ours.final_position().board == position.board).all()
        assert ours.rules.komi == 6.5

        record = [write_sgf(GameRecord.from_position(position)), rules.to_dict()]
        theirs = rules_page.evaluate("([text, rules]) => readSgf(text, rules)", record)
        for field in ("size", "setup", "first", "moves"):
            assert theirs[field] == game[field], field


def test_a_damaged_record_is_a_game_or_a_sentence(rules_page):
    rng = np.random.default_rng(11)
    letters = "()[];:ABWZSKM\\abct19 \n"
    texts = [RECORD]
    for _ in range(3000):
        text = RECORD
        for _ in range(rng.integers(1, 5)):
            at, length = int(rng.integers(len(text))), int(rng.integers(0, 6))
            inserted = rng.choice(list(letters)) if rng.random() < 0.7 else ""
            text = text[:at] + inserted + text[at + length :]
        texts.append(text)
    told = rules_page.evaluate("([t, r]) => outcomes(t, r)", [texts, Rules().to_dict()])
    assert told[0] == "game"
    assert set(told) == {"game", "Error"}, "an error that is not one of the reader's own sentences"
