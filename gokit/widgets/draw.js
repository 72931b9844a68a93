// The pictures of the board widget: functions from a position to SVG text, one a layer.
// Lengths are in board units: neighboring points are CELL apart, at every size.

import { BLACK, COLUMNS, EMPTY, WHITE } from "./rules.js";

export const CELL = 40;
const MARGIN = 44;
const STONE = 18.9;
const FLAT = 0.15; // a policy whose best move has less than this is drawn pale throughout

export const sideOf = (size) => 2 * MARGIN + CELL * (size - 1);

/** The center of a point. */
export function center(index, size) {
  return [MARGIN + CELL * (index % size), MARGIN + CELL * Math.floor(index / size)];
}

/** The point nearest to (x, y) in board units, or null outside the board. */
export function nearest(x, y, size) {
  const column = Math.round((x - MARGIN) / CELL);
  const row = Math.round((y - MARGIN) / CELL);
  const inside = row >= 0 && column >= 0 && row < size && column < size;
  return inside ? row * size + column : null;
}

/** The points that a printed board of this size marks. */
export function starPoints(size) {
  if (size < 5) return [];
  const middle = (size - 1) / 2;
  if (size < 7) return size % 2 ? [middle * size + middle] : [];
  const edge = size < 12 ? 2 : 3;
  const lines = [edge, size - 1 - edge];
  const stars = lines.flatMap((row) => lines.map((column) => [row, column]));
  if (size % 2 && size >= 9) {
    stars.push([middle, middle]);
    if (size >= 13) for (const line of lines) stars.push([line, middle], [middle, line]);
  }
  return stars.map(([row, column]) => row * size + column);
}

const attributes = (pairs) =>
  Object.entries(pairs)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join("");
const tag = (name, pairs) => `<${name}${attributes(pairs)}/>`;
const text = (x, y, content, style) =>
  `<text x="${x}" y="${y}" class="${style}" dy="0.36em">${content}</text>`;

/** Gradients; `id` keeps the ones of two boards on a page apart. */
export function definitions(id) {
  const gradient = (name, at, stops) =>
    `<radialGradient id="${id}-${name}"${attributes(at)}>` +
    stops.map(([offset, style]) => `<stop offset="${offset}" class="${style}"/>`).join("") +
    "</radialGradient>";
  const light = { cx: 0.36, cy: 0.3, r: 0.75 };
  return (
    "<defs>" +
    gradient("black", light, [[0, "gk-b0"], [0.45, "gk-b1"], [1, "gk-b2"]]) +
    gradient("white", light, [[0, "gk-w0"], [0.6, "gk-w1"], [1, "gk-w2"]]) +
    gradient("shadow", {}, [[0.72, "gk-shadow0"], [1, "gk-shadow1"]]) +
    `<linearGradient id="${id}-wood" x1="0" y1="0" x2="1" y2="1">` +
    `<stop offset="0" class="gk-wood0"/><stop offset="1" class="gk-wood1"/></linearGradient>` +
    "</defs>"
  );
}

/** The wood, the lines, the star points and the coordinates. */
export function boardLayer(size, id) {
  const side = sideOf(size);
  const far = side - MARGIN;
  const parts = [tag("rect", { class: "gk-surface", width: side, height: side, rx: 7, fill: `url(#${id}-wood)` })];
  // Grain: a few slow waves, always the same ones.
  for (let k = 0; k < 11; k++) {
    const x = ((k + 0.5 + 0.31 * Math.sin(5 * k)) * side) / 11;
    const bend = 0.025 * side * Math.sin(3 * k + 1);
    parts.push(tag("path", {
      class: "gk-grain",
      d: `M${x} 0C${x + bend} ${side / 3} ${x - bend} ${(2 * side) / 3} ${x + bend / 2} ${side}`,
      "stroke-width": 1.5 + (k % 3),
    }));
  }
  let lines = "";
  for (let k = 0; k < size; k++) {
    const at = MARGIN + CELL * k;
    lines += `M${MARGIN} ${at}H${far}M${at} ${MARGIN}V${far}`;
  }
  parts.push(tag("path", { class: "gk-lines", d: lines }));
  parts.push(tag("rect", { class: "gk-edge", x: MARGIN, y: MARGIN, width: far - MARGIN, height: far - MARGIN }));
  for (const point of starPoints(size)) {
    const [x, y] = center(point, size);
    parts.push(tag("circle", { class: "gk-star", cx: x, cy: y, r: size > 9 ? 3.6 : 3.2 }));
  }
  for (let k = 0; k < size; k++) {
    const at = MARGIN + CELL * k;
    for (const band of [14, side - 14]) {
      parts.push(text(at, band, COLUMNS[k], "gk-coordinate"));
      parts.push(text(band, at, size - k, "gk-coordinate"));
    }
  }
  return parts.join("");
}

const stoneShape = (x, y, color, id, extra = "") =>
  `<circle cx="${x}" cy="${y}" r="${STONE}" fill="url(#${id}-${color === BLACK ? "black" : "white"})"` +
  ` class="gk-stone gk-${color === BLACK ? "black" : "white"} ${extra}"/>`;

/** The stones with their shadows; the stone of the move just played appears softly. */
export function stonesLayer(position, id, fresh) {
  const shadows = [];
  const stones = [];
  position.stones.forEach((color, point) => {
    if (color === EMPTY) return;
    const [x, y] = center(point, position.size);
    shadows.push(tag("circle", { cx: x + 1.2, cy: y + 2.4, r: STONE + 2.6, fill: `url(#${id}-shadow)` }));
    stones.push(stoneShape(x, y, color, id, fresh && point === position.lastMove ? "gk-fresh" : ""));
  });
  return shadows.join("") + stones.join("");
}

/** The stone that a click would place, or a cross where the rules forbid one. */
export function previewLayer(position, point, id) {
  if (point === null || position.stones[point] !== EMPTY) return "";
  const [x, y] = center(point, position.size);
  if (position.isLegal(point)) return stoneShape(x, y, position.toMove, id, "gk-ghost");
  return crossShape(x, y, "gk-forbidden");
}

const crossShape = (x, y, style) =>
  tag("path", { class: style, d: `M${x - 8} ${y - 8}l16 16m0 -16l-16 16` });

/** Four corners around the point that the keyboard is on. */
export function cursorLayer(point, size) {
  const [x, y] = center(point, size);
  const corner = (dx, dy) => `M${x + 19 * dx} ${y + 10 * dy}v${9 * dy}h${-9 * dx}`;
  const d = corner(1, 1) + corner(-1, 1) + corner(1, -1) + corner(-1, -1);
  return tag("path", { class: "gk-cursor-halo", d }) + tag("path", { class: "gk-cursor", d });
}

const onStone = (color) => (color === BLACK ? "gk-on-black" : "gk-on-white");

/** Last move, ko, and on demand liberties, atari and the bonds of the groups. */
export function marksLayer(position, show) {
  const { size, stones } = position;
  const parts = [];
  const labelled = show.liberties;
  if (show.groups || show.liberties || show.atari)
    for (const group of position.groups()) parts.push(groupMarks(group, size, show));
  const last = position.lastMove;
  if (last !== null && last !== position.pass && stones[last] !== EMPTY) {
    const [cx, cy] = center(last, size);
    const style = `gk-last ${onStone(stones[last])}`;
    parts.push(tag("circle", { class: style, cx, cy, r: labelled ? 14.5 : 8.5 }));
  }
  if (position.koPoint !== null && stones[position.koPoint] === EMPTY) {
    const [x, y] = center(position.koPoint, size);
    parts.push(tag("rect", { class: "gk-ko", x: x - 8, y: y - 8, width: 16, height: 16 }));
  }
  return parts.join("");
}

function groupMarks({ color, stones, liberties }, size, show) {
  const parts = [];
  if (show.groups) {
    let bonds = "";
    for (const point of stones) {
      const [x, y] = center(point, size);
      if (stones.has(point + 1) && (point + 1) % size) bonds += `M${x} ${y}h${CELL}`;
      if (stones.has(point + size)) bonds += `M${x} ${y}v${CELL}`;
      if (stones.size === 1) bonds += `M${x} ${y}h0.01`;
    }
    parts.push(tag("path", { class: `gk-bond ${onStone(color)}`, d: bonds }));
  }
  for (const point of stones) {
    const [x, y] = center(point, size);
    if (show.atari && liberties.size === 1) {
      const d = `M${x} ${y - 15.5}L${x + 13.8} ${y + 8.6}H${x - 13.8}Z`;
      parts.push(tag("path", { class: `gk-atari ${onStone(color)}`, d }));
    }
    if (show.liberties)
      parts.push(text(x, y + (show.atari && liberties.size === 1 ? 1.5 : 0), liberties.size, `gk-number ${onStone(color)}`));
  }
  return parts.join("");
}

/** Whose area each point is: squares of that colour, rings where it is nobody's. */
export function areaLayer(position, ownership) {
  return Array.from(ownership, (owner, point) => {
    if (position.stones[point] !== EMPTY) return "";
    const [x, y] = center(point, position.size);
    if (owner === EMPTY) return tag("circle", { class: "gk-nobody", cx: x, cy: y, r: 5 });
    return areaSquare(x, y, owner, 7);
  }).join("");
}

/** A network's forecast, from -1 (White's) to 1 (Black's): the surer, the larger the square. */
export function ownershipLayer(position, ownership) {
  return ownership
    .map((forecast, point) => {
      const half = 10 * Math.sqrt(Math.abs(forecast));
      if (half < 1.5) return "";
      const [x, y] = center(point, position.size);
      return areaSquare(x, y, forecast > 0 ? BLACK : WHITE, half);
    })
    .join("");
}

const areaSquare = (x, y, owner, half) =>
  tag("rect", {
    class: `gk-area gk-area-${owner === BLACK ? "black" : "white"}`,
    x: x - half,
    y: y - half,
    width: 2 * half,
    height: 2 * half,
    rx: 1,
  });

/** Policy: a tile for each move, darker where likelier, with its percentage from 1 % up. */
export function heatLayer(position, heat, withText) {
  const shares = heat.slice(0, position.pass);
  const best = Math.max(...shares);
  const clear = shares.filter((share) => share === best).length === 1;
  return shares
    .map((share, point) => {
      if (!(share > 0.002)) return "";
      const [x, y] = center(point, position.size);
      const strength = Math.sqrt(share / Math.max(best, FLAT));
      const tile = tag("rect", {
        class: `gk-heat${clear && share === best ? " gk-best" : ""}`,
        style: `--share: ${Math.round(strength * 100)}%`,
        x: x - 18,
        y: y - 18,
        width: 36,
        height: 36,
        rx: 5,
      });
      const style = `gk-percent${strength > 0.55 ? "" : " gk-weak"}`;
      return tile + (withText && share >= 0.01 ? text(x, y, Math.round(100 * share), style) : "");
    })
    .join("");
}

/** Visits: a disc for each visited move, larger where it was visited more, with the count. */
export function visitsLayer(position, visits) {
  const most = Math.max(...visits.slice(0, position.pass));
  return visits
    .slice(0, position.pass)
    .map((count, point) => {
      if (!count) return "";
      const [cx, cy] = center(point, position.size);
      const r = (6 + 11.5 * Math.sqrt(count / most)).toFixed(1);
      const style = `gk-visits${count === most ? " gk-best" : ""}`;
      return tag("circle", { class: style, cx, cy, r }) + text(cx, cy, shortCount(count), "gk-overlay");
    })
    .join("");
}

/** 950, 1.2k, 34k: what fits on a point. */
export function shortCount(count) {
  if (count < 1000) return String(count);
  return count < 9950 ? `${(count / 1000).toFixed(1)}k` : `${Math.round(count / 1000)}k`;
}
