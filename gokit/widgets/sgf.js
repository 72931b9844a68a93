// Game records (SGF FF[4]) for the board widget: the main line of a file in, one game out.

import { BLACK, EMPTY, MAX_SIZE, Position, WHITE, opponent, replay } from "./rules.js";

const LETTERS = "abcdefghijklmnopqrs";

const escapeText = (text) => text.replace(/[\\\]]/g, "\\$&");

function writePoint(index, size) {
  if (index === size * size) return "";
  return LETTERS[index % size] + LETTERS[Math.floor(index / size)];
}

function readPoint(text, size) {
  if (text === "" || text === "tt") return size * size;
  const column = LETTERS.indexOf(text[0]);
  const row = LETTERS.indexOf(text[1]);
  if (text.length !== 2 || column < 0 || row < 0 || column >= size || row >= size)
    throw new Error(`The record names the point "${text}", which is not on this board.`);
  return row * size + column;
}

/** "aa:cc" names a rectangle of points, "dd" one. */
function readPoints(values, size) {
  return values.flatMap((value) => {
    const [from, to = from] = value.split(":").map((corner) => readPoint(corner, size));
    const points = [];
    for (let row = Math.floor(from / size); row <= Math.floor(to / size); row++)
      for (let column = from % size; column <= to % size; column++) points.push(row * size + column);
    return points;
  });
}

/** The nodes of the first variation throughout, each a Map from property to its values. */
function mainLine(text) {
  const nodes = [];
  let depth = 0;
  let ended = false; // the first leaf was reached: what follows are other variations
  let values = null;
  let at = text.indexOf("(");
  if (at < 0) throw new Error("This is not an SGF file: it has no opening bracket.");
  const token = /\s+|\(|\)|;|([A-Za-z]+)|\[((?:\\[\s\S]|[^\]\\])*)\]/y;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) throw new Error(`The record cannot be read at character ${at + 1}.`);
    at = token.lastIndex;
    const [symbol, property, value] = match;
    if (symbol === "(") depth++;
    else if (symbol === ")") {
      ended = true;
      if (--depth === 0) return nodes;
    } else if (ended) continue;
    else if (symbol === ";") nodes.push(new Map());
    else if (property) {
      if (!nodes.length) throw new Error(`The record has a property before its first node.`);
      values = [];
      nodes.at(-1).set(property.replace(/[a-z]/g, ""), values);
    } else if (value !== undefined) {
      if (!values) throw new Error(`The record has a value without a property at ${at}.`);
      values.push(value.replace(/\\\r?\n/g, "").replace(/\\([\s\S])/g, "$1"));
    }
  }
  throw new Error("The record ends in the middle: a closing bracket is missing.");
}

/**
 * Read the main line of a record as { size, rules, setup, first, moves, end, note }.
 * Suicide and superko are not in the file; they stay those of `rules`. Where one colour moves
 * twice in a row, a pass of the other is put between, and `note` says so.
 */
export function readSgf(text, rules) {
  const nodes = mainLine(text);
  if (!nodes.length) throw new Error("The record has no node.");
  const root = nodes[0];
  const size = Number(root.get("SZ")?.[0] ?? 19);
  if (!(Number.isInteger(size) && size >= 1 && size <= MAX_SIZE))
    throw new Error(`The record's board size is "${root.get("SZ")[0]}"; sizes 1 to 19 can be shown.`);
  const komi = Number(root.get("KM")?.[0] ?? rules.komi);
  if (!Number.isInteger(komi * 2) || Math.abs(komi) > 1000)
    throw new Error(`The record's komi is "${root.get("KM")[0]}", not a multiple of ½.`);

  const setup = new Array(size * size).fill(EMPTY);
  const moves = [];
  let first = null;
  let added = 0;
  for (const node of nodes) {
    for (const [property, color] of [["AB", BLACK], ["AW", WHITE], ["AE", EMPTY]]) {
      if (!node.has(property)) continue;
      if (moves.length) throw new Error("The record adds stones in mid-game, which is not supported.");
      for (const point of readPoints(node.get(property), size)) setup[point] = color;
    }
    if (node.has("PL") && !moves.length) first = node.get("PL")[0]?.[0] === "W" ? WHITE : BLACK;
    for (const [property, color] of [["B", BLACK], ["W", WHITE]]) {
      if (!node.has(property)) continue;
      first ??= color;
      const turn = moves.length % 2 ? opponent(first) : first;
      if (turn !== color) {
        moves.push(size * size);
        added++;
      }
      moves.push(readPoint(node.get(property)[0] ?? "", size));
    }
  }
  const handicap = Number(root.get("HA")?.[0] ?? 0) >= 2;
  const resigned = /^[BW]\+R/i.test(root.get("RE")?.[0] ?? "");
  first ??= handicap ? WHITE : BLACK;
  const game = { size, rules: { ...rules, komi }, setup, first, moves, end: null };
  if (!playOut(game).isOver && resigned) game.end = "resignation";
  if (!setup.some((color) => color !== EMPTY)) game.setup = [];
  const note = added ? `One colour moves twice in a row ${added} times: passes stand between.` : "";
  return { ...game, note };
}

/** The position at the end of the moves; an Error that numbers the first illegal one. */
function playOut(game) {
  const start = Position.start(game);
  if (start.groups().some((group) => group.liberties.size === 0))
    throw new Error("The record sets up a group without liberties.");
  return game.moves.reduce((position, move, index) => {
    const illegal = position.illegality(move);
    if (illegal)
      throw new Error(`Move ${index + 1} of the record is illegal here. ${illegal.sentence}`);
    return position.play(move);
  }, start);
}

/** Write { size, rules, setup, first, moves, end } as an SGF record. */
export function writeSgf(game, names = {}) {
  const { size, rules, setup = [], first = BLACK, moves } = game;
  const property = (name, text) => `${name}[${escapeText(String(text))}]`;
  const ruleName = rules.superko === "positional" && rules.suicide ? "Tromp-Taylor" : "";
  const result = replay(game).at(-1).result;
  const stones = (name, color) => {
    const points = setup.flatMap((found, index) => (found === color ? [index] : []));
    return points.length ? name + points.map((index) => `[${writePoint(index, size)}]`).join("") : "";
  };
  const header = [
    "FF[4]GM[1]CA[UTF-8]AP[gokit]",
    property("SZ", size),
    property("KM", rules.komi),
    ruleName && property("RU", ruleName),
    names.black && property("PB", names.black),
    names.white && property("PW", names.white),
    result && property("RE", result),
    stones("AB", BLACK),
    stones("AW", WHITE),
    first === WHITE || setup.length ? property("PL", first === WHITE ? "W" : "B") : "",
  ];
  let color = first;
  const body = moves.map((move) => {
    const node = `;${color === BLACK ? "B" : "W"}[${writePoint(move, size)}]`;
    color = opponent(color);
    return node;
  });
  return `(;${header.filter(Boolean).join("")}\n${body.join("")})\n`;
}
