// Which nodes of a search tree are drawn, and where: the most visited ones, from left to right.
// Nothing here knows of the page; lengths are pixels at full size.

export const SIZES = {
  board: { width: 214, height: 62 }, // a small board, N, Q, P, U and their sum
  full: { width: 160, height: 36 }, // N, Q, P, U
  line: { width: 126, height: 20 }, // N and Q
};
const ROW_GAP = 6;
const COLUMN_GAP = 44;
// As deep as this, width does not count.
const ALWAYS_DEEP = { wide: { board: 1, full: 3 }, narrow: { board: 0, full: 1 } };
const NARROW = 640;

/**
 * The nodes to draw at `replay.after`: the `limit` most visited, always with their parents.
 * options: folded, nodes whose children stay hidden; opened, a Map of nodes and how many of their
 * children are shown in any case; always, nodes shown whatever their count, parents first.
 */
export function visibleNodes(trace, replay, { limit, folded = new Set(), opened = new Map(), always = [] }) {
  const shown = new Set([0]);
  const frontier = [];
  const born = (node) => trace.children(node).filter((child) => trace.born(child) < replay.after);
  const open = (node) => {
    if (!folded.has(node)) for (const child of born(node)) frontier.push(child);
  };
  open(0);
  while (shown.size < limit && frontier.length) {
    let best = 0;
    for (let k = 1; k < frontier.length; k++) {
      const more = replay.visits(frontier[k]) - replay.visits(frontier[best]);
      if (more > 0 || (more === 0 && frontier[k] < frontier[best])) best = k;
    }
    const [node] = frontier.splice(best, 1);
    shown.add(node);
    open(node);
  }
  for (const [node, count] of opened) {
    if (!shown.has(node)) continue;
    const children = born(node).sort((a, b) => replay.visits(b) - replay.visits(a) || a - b);
    for (const child of children.slice(0, count)) shown.add(child);
  }
  for (const node of always) if (shown.has(trace.parent(node))) shown.add(node);
  return shown;
}

/**
 * Places for the nodes of `shown`: { at: Map(node -> { x, y, width, height, tier }), columns:
 * [{ x, width }], width, height }. A leaf has a row of its own and a parent stands in the middle
 * of its children, which are in the order of their birth, so that a growing tree stays put.
 * room: { width, height } within which nodes are drawn with more than a line, the most visited first.
 * emphasized: nodes that are drawn with their numbers whatever the room.
 */
export function placeNodes(trace, replay, shown, room, emphasized = []) {
  const children = new Map([...shown].map((node) => [node, []]));
  for (const node of [...shown].sort((a, b) => a - b)) children.get(trace.parent(node))?.push(node);
  const tier = chooseTiers(trace, replay, children, room, emphasized);
  const columns = columnsOf(trace, tier);
  const at = new Map();
  const place = (node, top) => {
    const { height, width } = SIZES[tier.get(node)];
    const own = heightOf(node, children, tier);
    const inner = children.get(node).map((child) => heightOf(child, children, tier));
    let y = top + (own - inner.reduce((sum, one) => sum + one, 0)) / 2;
    children.get(node).forEach((child, k) => {
      place(child, y);
      y += inner[k];
    });
    const first = at.get(children.get(node)[0]);
    const last = at.get(children.get(node).at(-1));
    const middle = first ? (first.y + last.y) / 2 : top + own / 2;
    const clamped = Math.max(top + (height + ROW_GAP) / 2, Math.min(top + own - (height + ROW_GAP) / 2, middle));
    at.set(node, { x: columns[trace.depth(node)].x, y: clamped, width, height, tier: tier.get(node) });
  };
  place(0, 0);
  const last = columns.at(-1);
  return { at, columns, width: last.x + last.width, height: heightOf(0, children, tier), children };
}

function heightOf(node, children, tier) {
  const inner = children.get(node).reduce((sum, child) => sum + heightOf(child, children, tier), 0);
  return Math.max(SIZES[tier.get(node)].height + ROW_GAP, inner);
}

function columnsOf(trace, tier) {
  const widths = [];
  for (const [node, name] of tier) {
    const depth = trace.depth(node);
    widths[depth] = Math.max(widths[depth] ?? 0, SIZES[name].width);
  }
  let x = 0;
  return widths.map((width) => {
    const column = { x, width };
    x += width + COLUMN_GAP;
    return column;
  });
}

/** The most visited nodes get their numbers, then their boards, while the room lasts. */
function chooseTiers(trace, replay, children, room, emphasized) {
  const tier = new Map([...children.keys()].map((node) => [node, "line"]));
  const order = [...children.keys()].sort((a, b) => replay.visits(b) - replay.visits(a) || a - b);
  const always = ALWAYS_DEEP[room.width < NARROW ? "narrow" : "wide"];
  const fits = (name, node) => {
    if (heightOf(0, children, tier) > room.height) return false;
    const last = columnsOf(trace, tier).at(-1);
    return trace.depth(node) <= always[name] || last.x + last.width <= room.width;
  };
  for (const node of emphasized) if (tier.has(node)) tier.set(node, "full");
  tier.set(0, "board");
  for (const name of ["full", "board"])
    for (const node of order) {
      const before = tier.get(node);
      if (before === "board") continue;
      tier.set(node, name);
      if (!fits(name, node)) tier.set(node, before);
    }
  return tier;
}
