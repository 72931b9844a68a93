// Two searches of one position side by side: where the visits went.

import { grouped, moveName, signed } from "./tree_steps.js";

const ROWS_COMPARED = 8;

/** The node of `other` that the moves to `node` of `trace` lead to, or -1. */
export function sameNode(trace, node, other) {
  const actions = [];
  for (let k = node; k > 0; k = trace.parent(k)) actions.unshift(trace.action(k));
  let at = 0;
  for (const action of actions) {
    const next = other.children(at).find((child) => other.action(child) === action);
    if (next === undefined) return -1;
    at = next;
  }
  return at;
}

/**
 * How the visits of two searches differ at the same node: { rows: [{ action, a, b, shareA, shareB,
 * qA, qB }], the largest difference of share first; moved, the share of visits that differ;
 * bestA, bestB, the most visited actions (null without visits) }.
 */
export function compareVisits(edgesA, edgesB) {
  const total = (edges) => edges.reduce((sum, edge) => sum + edge.n, 0);
  const [allA, allB] = [Math.max(1, total(edgesA)), Math.max(1, total(edgesB))];
  const byAction = new Map(edgesB.map((edge) => [edge.action, edge]));
  const rows = edgesA
    .map((edge) => {
      const twin = byAction.get(edge.action);
      const b = twin?.n ?? 0;
      return {
        action: edge.action, a: edge.n, b, shareA: edge.n / allA, shareB: b / allB,
        qA: edge.n ? edge.q : null, qB: b ? twin.q : null,
      };
    })
    .filter((row) => row.a || row.b);
  const gap = (row) => Math.abs(row.shareB - row.shareA);
  rows.sort((x, y) => gap(y) - gap(x) || y.a + y.b - x.a - x.b);
  const best = (field) => rows.reduce((top, row) => (row[field] > (top?.[field] ?? 0) ? row : top), null)?.action ?? null;
  return { rows, moved: rows.reduce((sum, row) => sum + gap(row), 0) / 2, bestA: best("a"), bestB: best("b") };
}

/** How a node's share of its parent's visits differs from the same node's in another search. */
export function shareGap(side, node, other) {
  if (node === 0) return "";
  const parent = side.trace.parent(node);
  const twin = sameNode(side.trace, parent, other.trace);
  const share = (one, at) => one.edge(at).n / Math.max(1, one.visits(one.trace.parent(at)));
  const twinEdge = twin < 0 ? null : other.edges(twin).find(({ action }) => action === side.trace.action(node));
  if (!twinEdge) return "";
  const gap = Math.round(100 * (share(side, node) - twinEdge.n / Math.max(1, other.visits(twin))));
  return gap === 0 ? "" : `${gap > 0 ? "▲" : "▼"}${Math.abs(gap)}`;
}

const whole = (share) => `${Math.round(100 * share)} %`;

/** The differences in sentences. */
export function compareText(trace, { rows, moved, bestA, bestB }) {
  if (!rows.length) return "Neither search has visited anything here yet.";
  const name = (action) => (action === null ? "nothing" : moveName(trace, action));
  const choice = bestA === bestB ? `Both visit ${name(bestA)} most.` : `A visits ${name(bestA)} most, B ${name(bestB)}.`;
  if (moved < 0.005) return `${choice} The visits went to the same moves.`;
  const gain = rows.find((row) => row.shareB > row.shareA);
  const loss = rows.find((row) => row.shareB < row.shareA);
  const change = (row, verb) => `${name(row.action)} ${verb} most, from ${whole(row.shareA)} to ${whole(row.shareB)}`;
  const parts = [gain && change(gain, "gained"), loss && change(loss, "lost")].filter(Boolean).join("; ");
  return `${choice} From A to B ${whole(moved)} of the visits went elsewhere: ${parts}.`;
}

/** The comparison as a heading, a sentence and a table with paired bars. */
export function compareMarkup(trace, comparison, where) {
  const { rows } = comparison;
  const most = Math.max(...rows.map((row) => Math.max(row.shareA, row.shareB)), 0.01);
  const bar = (share, side) =>
    `<span class="gt-pair gt-pair-${side}"><span aria-hidden="true">${side.toUpperCase()}</span><i style="width:${((100 * share) / most).toFixed(1)}%"></i></span>`;
  const points = (row) => {
    const gap = Math.round(100 * (row.shareB - row.shareA));
    return gap === 0 ? "0" : `${gap > 0 ? "▲ +" : "▼ −"}${Math.abs(gap)}`;
  };
  const q = (value) => (value === null ? "–" : signed(value));
  const body = rows.slice(0, ROWS_COMPARED).map((row) =>
    `<tr><th scope="row">${moveName(trace, row.action)}</th><td>${grouped(row.a)}</td><td>${grouped(row.b)}</td><td>${points(row)}</td>` +
    `<td>${q(row.qA)}</td><td>${q(row.qB)}</td><td class="gt-pairs">${bar(row.shareA, "a")}${bar(row.shareB, "b")}</td></tr>`).join("");
  return (
    `<p class="gt-heading">Where the visits went, at ${where}</p><p class="gt-compare-text">${compareText(trace, comparison)}</p>` +
    `<table><thead><tr><th scope="col">Move</th><th scope="col">N in A</th><th scope="col">N in B</th><th scope="col">Points of share</th><th scope="col">Q in A</th><th scope="col">Q in B</th>` +
    `<th scope="col" class="gt-pairs">Share of the visits</th></tr></thead><tbody>${body}</tbody></table>`
  );
}
