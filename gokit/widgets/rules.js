// The rules of Go for the board widget, so that a click answers at once and a saved page plays on
// without a kernel. gokit.go is the authority; tests/widgets compares the two on random games.
//
// A point is an index, row * size + column, row 0 on top; size * size is a pass.

export const EMPTY = 0;
export const BLACK = 1;
export const WHITE = 2;
export const COLOR_NAMES = ["empty", "Black", "White"];
export const MAX_SIZE = 19;

export const COLUMNS = "ABCDEFGHJKLMNOPQRST";

export const opponent = (color) => BLACK + WHITE - color;

/** "D4" for an index, "pass" for size * size. */
export function pointName(index, size) {
  if (index === size * size) return "pass";
  return COLUMNS[index % size] + (size - Math.floor(index / size));
}

const neighborTables = new Map();

/** For each point of a size × size board, the points next to it. */
export function neighborsOf(size) {
  if (!neighborTables.has(size)) {
    const table = Array.from({ length: size * size }, (_, point) => {
      const column = point % size;
      const near = [];
      if (point >= size) near.push(point - size);
      if (column > 0) near.push(point - 1);
      if (column < size - 1) near.push(point + 1);
      if (point < size * (size - 1)) near.push(point + size);
      return near;
    });
    neighborTables.set(size, table);
  }
  return neighborTables.get(size);
}

/** The stones of one chain and the empty points next to it. */
function chainAt(stones, size, point) {
  const neighbors = neighborsOf(size);
  const color = stones[point];
  const members = new Set([point]);
  const liberties = new Set();
  const queue = [point];
  while (queue.length) {
    for (const next of neighbors[queue.pop()]) {
      if (stones[next] === EMPTY) liberties.add(next);
      else if (stones[next] === color && !members.has(next)) {
        members.add(next);
        queue.push(next);
      }
    }
  }
  return { color, stones: members, liberties };
}

/** One position with its history: never changed, `play` returns the next. */
export class Position {
  constructor(size, rules, stones, toMove, previous = null) {
    this.size = size;
    this.rules = rules;
    this.stones = stones;
    this.toMove = toMove;
    this.previous = previous;
    this.lastMove = null;
    this.koPoint = null;
    this.passes = 0;
    this.end = null;
    this.captured = [0, 0, 0]; // stones taken by each colour
    this.moveNumber = previous ? previous.moveNumber + 1 : 0;
    this.key = String.fromCharCode(...stones);
  }

  static start({ size, rules, setup = [], first = BLACK }) {
    const stones = new Uint8Array(size * size);
    setup.forEach((color, point) => (stones[point] = color));
    return new Position(size, rules, stones, first);
  }

  get pass() {
    return this.size * this.size;
  }

  get isOver() {
    return this.end !== null;
  }

  /** The stones after a move on an empty point, what it captures, and whether it is suicide. */
  resolve(move) {
    const stones = this.stones.slice();
    stones[move] = this.toMove;
    let taken = [];
    for (const next of neighborsOf(this.size)[move]) {
      if (stones[next] !== opponent(this.toMove)) continue;
      const chain = chainAt(stones, this.size, next);
      if (chain.liberties.size === 0) {
        taken.push(...chain.stones);
        for (const point of chain.stones) stones[point] = EMPTY;
      }
    }
    const own = chainAt(stones, this.size, move);
    const suicide = own.liberties.size === 0;
    if (suicide) for (const point of own.stones) stones[point] = EMPTY;
    // A stone that took one stone, stands alone and has one liberty could be retaken at once.
    const ko = taken.length === 1 && own.stones.size === 1 && own.liberties.size === 1;
    return { stones, taken, suicide, own, koPoint: ko ? taken[0] : null };
  }

  /** Null for a legal move, else { reason, sentence }: the rule that forbids it, in words. */
  illegality(move) {
    const name = pointName(move, this.size);
    if (this.isOver) return { reason: "game over", sentence: "The game is over." };
    if (move === this.pass) return null;
    if (!(Number.isInteger(move) && move >= 0 && move < this.pass))
      return { reason: "off board", sentence: "That point is not on the board." };
    if (this.stones[move] !== EMPTY)
      return { reason: "occupied", sentence: `${name} is occupied: a stone stands there.` };
    const { stones, suicide } = this.resolve(move);
    if (suicide && !this.rules.suicide)
      return {
        reason: "suicide",
        sentence: `${name} is suicide: the stone would have no liberty and capture nothing.`,
      };
    if (move === this.koPoint)
      return {
        reason: "ko",
        sentence: `${name} is forbidden by ko: it would retake the stone that has just captured.`,
      };
    const repeated = this.rules.superko === "simple" ? null : this.repeats(stones);
    if (repeated) {
      const when = repeated.moveNumber ? `after move ${repeated.moveNumber}` : "at the start";
      const suicideHint = suicide ? " (the stone would take itself off the board)" : "";
      return {
        reason: "superko",
        sentence:
          `${name} is forbidden by ${this.rules.superko} superko: ` +
          `it would recreate the board as it was ${when}${suicideHint}.`,
      };
    }
    return null;
  }

  /** The earlier position that these stones, with the other side to move, would recreate. */
  repeats(stones) {
    const key = String.fromCharCode(...stones);
    const situational = this.rules.superko === "situational";
    for (let earlier = this; earlier; earlier = earlier.previous) {
      const sameSide = earlier.toMove === opponent(this.toMove);
      if (earlier.key === key && (sameSide || !situational)) return earlier;
    }
    return null;
  }

  isLegal(move) {
    return this.illegality(move) === null;
  }

  /** The position after a legal move; an Error with the sentence for an illegal one. */
  play(move) {
    const illegal = this.illegality(move);
    if (illegal) throw new Error(illegal.sentence);
    const other = opponent(this.toMove);
    let next;
    if (move === this.pass) {
      next = new Position(this.size, this.rules, this.stones, other, this);
      next.captured = this.captured;
      next.passes = this.passes + 1;
      if (next.passes === 2) next.end = "two passes";
    } else {
      const { stones, taken, suicide, own, koPoint } = this.resolve(move);
      next = new Position(this.size, this.rules, stones, other, this);
      next.captured = this.captured.slice();
      next.captured[this.toMove] += taken.length;
      if (suicide) next.captured[other] += own.stones.size;
      next.koPoint = koPoint;
    }
    next.lastMove = move;
    return next;
  }

  /** The same position, ended: "resignation" (of the side to move) or "move cap". */
  ended(how) {
    const end = new Position(this.size, this.rules, this.stones, this.toMove, this.previous);
    return Object.assign(end, { ...this, end: how });
  }

  groups() {
    const seen = new Set();
    const found = [];
    for (let point = 0; point < this.pass; point++) {
      if (this.stones[point] === EMPTY || seen.has(point)) continue;
      const chain = chainAt(this.stones, this.size, point);
      chain.stones.forEach((stone) => seen.add(stone));
      found.push(chain);
    }
    return found;
  }

  /** Area score of the board as it stands: stones, and empty regions that touch one colour. */
  score() {
    const ownership = Uint8Array.from(this.stones);
    const neighbors = neighborsOf(this.size);
    const seen = new Set();
    for (let point = 0; point < this.pass; point++) {
      if (this.stones[point] !== EMPTY || seen.has(point)) continue;
      const region = [point];
      const borders = new Set();
      seen.add(point);
      for (const member of region)
        for (const next of neighbors[member]) {
          if (this.stones[next] !== EMPTY) borders.add(this.stones[next]);
          else if (!seen.has(next)) {
            seen.add(next);
            region.push(next);
          }
        }
      if (borders.size === 1) for (const member of region) ownership[member] = [...borders][0];
    }
    const area = [0, 0, 0];
    ownership.forEach((owner) => area[owner]++);
    const margin = area[BLACK] - area[WHITE] - this.rules.komi;
    return { black: area[BLACK], white: area[WHITE], margin, ownership };
  }

  /** "B+3.5", "W+R", "0", "Void", or null while the game goes on. */
  get result() {
    if (!this.isOver) return null;
    if (this.end === "move cap") return "Void";
    if (this.end === "resignation") return `${this.toMove === BLACK ? "W" : "B"}+R`;
    const { margin } = this.score();
    return margin === 0 ? "0" : `${margin > 0 ? "B" : "W"}+${Math.abs(margin)}`;
  }
}

/** Every position of a game, the start first: game is { size, rules, setup, first, moves, end }. */
export function replay(game) {
  const positions = [Position.start(game)];
  for (const move of game.moves) positions.push(positions.at(-1).play(move));
  if (game.end) positions.push(positions.pop().ended(game.end));
  return positions;
}
