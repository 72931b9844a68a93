// The steps of a search and their sentences: select at each node of the way, expand, evaluate,
// back up. A place in a search is { after, step }: `after` whole simulations are done, and `step`
// steps of the next; its back-up is the place { after: after + 1, step: 0 }.

import { COLOR_NAMES, opponent, pointName } from "./rules.js";

export const PHASES = {
  select: { name: "Select", sign: "→", meaning: "walk down: at each node take the child with the highest score" },
  expand: { name: "Expand", sign: "+", meaning: "give the move that was never tried a node" },
  evaluate: { name: "Evaluate", sign: "◆", meaning: "ask how good the new position is" },
  backup: { name: "Back up", sign: "←", meaning: "carry the value back to the root, updating N and Q" },
};

/** +0.123, −0.045: a value, signed and as wide whatever it is. */
export function signed(value, digits = 3) {
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
}

/** 0.123, −0.045: a number without a sign where it needs none. */
export const plain = (value) => signed(value).replace("+", "");

export const grouped = (count) => count.toLocaleString("en-US");

/** What the score of this search is made of, in words. */
export const scoreName = (trace) => (trace.config.algorithm === "gumbel" ? "score" : "Q + U");

/** The steps of simulation `i`: { kind, node, action, child }. */
export function stepsOf(trace, i) {
  const { nodes, actions } = trace.path(i);
  const leaf = trace.leaf(i);
  const steps = actions.map((action, k) => ({
    kind: "select", node: nodes[k], action, child: k + 1 < actions.length ? nodes[k + 1] : leaf,
  }));
  if (leaf >= 0 && trace.isNew(i)) steps.push({ kind: "expand", node: leaf });
  steps.push({ kind: "evaluate", node: leaf }, { kind: "backup", node: 0 });
  return steps;
}

/** The nodes on the way of simulation `i`, the leaf last, where the tree had room for it. */
export function pathOf(trace, i) {
  const nodes = trace.path(i).nodes.slice(0, trace.path(i).actions.length);
  const leaf = trace.leaf(i);
  return leaf >= 0 ? [...nodes, leaf] : nodes;
}

/** The place one step on, or the same at the end. */
export function nextPlace(trace, { after, step }) {
  if (after >= trace.simulations) return { after, step: 0 };
  const before = stepsOf(trace, after).length - 1; // all but the back-up
  return step < before ? { after, step: step + 1 } : { after: after + 1, step: 0 };
}

/** The place one step back, or the same at the start. */
export function previousPlace(trace, { after, step }) {
  if (step > 0) return { after, step: step - 1 };
  if (after === 0) return { after, step };
  return { after: after - 1, step: stepsOf(trace, after - 1).length - 1 };
}

/** The step shown at a place with its simulation: { kind, simulation, ... }, or null at the start. */
export function stepAt(trace, { after, step }) {
  if (step > 0) return { ...stepsOf(trace, after)[step - 1], simulation: after };
  if (after === 0) return null;
  return { kind: "backup", node: 0, simulation: after - 1 };
}

/** Whose move made this node, BLACK or WHITE. */
export const moverOf = (trace, node) => opponent(trace.position(node).toMove);

export function moveName(trace, action) {
  return pointName(action, trace.size);
}

/** "Black E5, White D4" from the root to a node; "the root" for the root. */
export function lineOf(trace, node) {
  const moves = [];
  for (let k = node; k > 0; k = trace.parent(k))
    moves.unshift(`${COLOR_NAMES[moverOf(trace, k)]} ${moveName(trace, trace.action(k))}`);
  return moves.length ? moves.join(", ") : "the root";
}

/** The game that leads to a node of the tree, and on by a move. */
export function gameAt(trace, node, move = null) {
  const { game } = trace;
  const actions = [];
  for (let k = node; k > 0; k = trace.parent(k)) actions.unshift(trace.action(k));
  if (move !== null) actions.push(move);
  const moves = [...game.moves.slice(0, game.cursor), ...actions];
  return { ...game, moves, cursor: moves.length, end: null };
}

/** What a value means, for the side it is given for. */
export function valueText(trace, value, color) {
  const words = `${signed(value)} for ${COLOR_NAMES[color]}`;
  if (trace.valueKind !== "margin") return words;
  return `${words} (${(Math.abs(value) * trace.size ** 2).toFixed(1)} points ${value < 0 ? "behind" : "ahead"})`;
}

/** The sentence for a place; `tables` are those of `replay.selection` for its simulation. */
export function sentenceAt(trace, place, tables, edgesBefore) {
  const step = stepAt(trace, place);
  if (!step) {
    const color = trace.position(0).toMove;
    return `Nothing is searched yet. The root is evaluated: ${valueText(trace, trace.value(0), color)}, who is to move.`;
  }
  return SENTENCES[step.kind](trace, step, tables, edgesBefore);
}

const SENTENCES = {
  select(trace, step, tables) {
    const { edges } = tables.find((table) => table.node === step.node);
    const color = COLOR_NAMES[trace.position(step.node).toMove];
    const ranked = edges.filter(({ eligible }) => eligible !== false).sort((a, b) => b.score - a.score);
    const chosen = edges.find((edge) => edge.action === step.action);
    const other = ranked.find((edge) => edge.action !== step.action);
    if (chosen.score === Infinity)
      return `${color} takes ${moveName(trace, step.action)}: every move is tried once before any is tried twice, the likeliest first.`;
    const what = scoreName(trace);
    const best = !other || chosen.score >= other.score - 1e-9;
    const next = other ? `; ${best ? "next is" : "not by score alone:"} ${moveName(trace, other.action)} with ${signed(other.score)}` : "";
    const fresh = chosen.n === 0 ? " It was never tried." : "";
    return `${color} takes ${moveName(trace, step.action)}, ${best ? `the highest ${what},` : `with ${what}`} ${signed(chosen.score)}${next}.${fresh}`;
  },

  expand(trace, step) {
    const color = COLOR_NAMES[moverOf(trace, step.node)];
    return `The tree gets a node for ${color} ${moveName(trace, trace.action(step.node))}: node ${grouped(step.node + 1)} of the tree.`;
  },

  evaluate(trace, step) {
    const value = trace.leafValue(step.simulation);
    if (step.node < 0) return `The tree is full: the position is evaluated without a node of its own, ${signed(value)}.`;
    const toMove = trace.position(step.node).toMove;
    const who = trace.isClosed(step.node)
      ? "The game is over here, and the rules say"
      : trace.isNew(step.simulation) ? "The evaluator says" : "The node was evaluated before:";
    return `${who} ${valueText(trace, value, toMove)}, who is to move: ${signed(-value)} for ${COLOR_NAMES[opponent(toMove)]}.`;
  },

  backup(trace, step, tables, edgesBefore) {
    const { nodes, actions } = trace.path(step.simulation);
    const changes = actions
      .map((action, k) => {
        const color = COLOR_NAMES[trace.position(nodes[k]).toMove];
        const { before, now } = edgesBefore(nodes[k], action);
        return `${color} ${moveName(trace, action)} N ${grouped(before.n)} → ${grouped(now.n)}, Q ${before.n ? signed(before.q) : "none"} → ${signed(now.q)}`;
      })
      .reverse();
    const shown = changes.length > 4 ? [...changes.slice(0, 2), `${changes.length - 3} more`, changes.at(-1)] : changes;
    return `The value goes up the path and changes sign at each move: ${shown.join("; ")}.`;
  },
};

/** The present tree in words, a line a node, indented; for a reader without the picture. */
export function treeText(trace, replay, shown) {
  const lines = [];
  const visit = (node, depth) => {
    const color = trace.position(node).toMove;
    if (node === 0) lines.push(`root, ${COLOR_NAMES[color]} to play: ${grouped(replay.visits(0))} visits, mean ${signed(replay.mean(0))} for ${COLOR_NAMES[color]}`);
    const edges = replay.edges(node).filter((edge) => edge.child >= 0);
    edges.sort((a, b) => b.n - a.n || a.child - b.child);
    for (const edge of edges) {
      if (!shown.has(edge.child)) continue;
      lines.push(`${"  ".repeat(depth + 1)}${COLOR_NAMES[color]} ${moveName(trace, edge.action)}  N ${grouped(edge.n)}  Q ${signed(edge.q)}  P ${percent(edge.p)}  U ${edge.u.toFixed(3)}`);
      visit(edge.child, depth + 1);
    }
    const hidden = edges.filter((edge) => !shown.has(edge.child)).length;
    if (hidden) lines.push(`${"  ".repeat(depth + 1)}… ${hidden} more`);
  };
  visit(0, 0);
  return lines.join("\n");
}

/** 8.1 %, 0.03 %: a share with two digits that say something. */
export function percent(share) {
  const value = 100 * share;
  return `${value >= 9.95 ? value.toFixed(0) : value >= 0.095 ? value.toFixed(1) : value.toFixed(2)} %`;
}
