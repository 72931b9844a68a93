// One search, ready to be shown at any place: its tree, its numbers there, and what is lit.

import { COLOR_NAMES, opponent } from "./rules.js";
import { Replay } from "./replay.js";
import { placeNodes, visibleNodes } from "./tree_layout.js";
import { roomFor } from "./tree_draw.js";
import { PHASES, pathOf, scoreName, signed, stepAt, stepsOf } from "./tree_steps.js";

const NO_EDGE = { n: 0, q: 0, p: 0, u: 0, score: 0 };
const UNMARKED = { style: "", edge: "", tag: "", short: "", words: "", back: false };

export class Side {
  constructor(trace, pane) {
    this.trace = trace;
    this.pane = pane;
    this.replay = new Replay(trace);
    this.folded = new Set();
    this.opened = new Map();
    this.place = { after: 0, step: 0 };
    this.tableCache = new Map();
  }

  /** Go to a place; one beyond this search's end is its end. */
  goTo({ after, step }) {
    const { trace, replay } = this;
    const at = Math.min(after, trace.simulations);
    const steps = at < trace.simulations ? stepsOf(trace, at).length - 1 : 0;
    this.place = { after: at, step: at === after ? Math.min(step, steps) : 0 };
    replay.seek(at);
    this.tableCache.clear();
    this.step = stepAt(trace, this.place);
  }

  /** The edges of a node as they stand at this place. */
  edges(node) {
    if (!this.tableCache.has(node)) this.tableCache.set(node, this.replay.edges(node));
    return this.tableCache.get(node);
  }

  /** The edge that leads to a node; for the root, its visits and its mean. */
  edge(node) {
    const { trace, replay } = this;
    if (node === 0) return { ...NO_EDGE, n: replay.after, q: replay.mean(0) };
    const action = trace.action(node);
    return this.edges(trace.parent(node)).find((edge) => edge.action === action) ?? NO_EDGE;
  }

  /** Visits of all of a node's actions together. */
  visits(node) {
    return this.edges(node).reduce((sum, edge) => sum + edge.n, 0);
  }

  /** Whether the tree has a node at this place; one that was just added counts. */
  exists(node) {
    const { step } = this;
    const added = (step?.kind === "expand" || step?.kind === "evaluate") && step.node === node;
    return added || this.trace.born(node) < this.place.after;
  }

  /** Whether a node's value and priors are known at this place. */
  isEvaluated(node) {
    return this.exists(node) && !(this.step?.kind === "expand" && this.step.node === node);
  }

  /** The tables of the simulation under way, as it saw them. */
  get tables() {
    const { step, trace } = this;
    if (step?.kind !== "select") return [];
    if (this.selected?.simulation !== step.simulation) {
      const tables = this.replay.selection(step.simulation);
      this.selected = { simulation: step.simulation, tables };
    }
    return this.selected.tables;
  }

  /** An edge before and after the back-up that is shown. */
  change(node, action) {
    const { simulation } = this.step;
    if (this.backedUp?.simulation !== simulation) {
      const { nodes, actions } = this.trace.path(simulation);
      const read = () =>
        actions.map((one, k) => this.replay.edges(nodes[k]).find((edge) => edge.action === one));
      this.replay.seek(simulation);
      const before = read();
      this.replay.seek(this.place.after);
      this.backedUp = { simulation, before, now: read(), nodes, actions };
    }
    const { nodes, actions, before, now } = this.backedUp;
    const k = nodes.findIndex((one, index) => one === node && actions[index] === action);
    return { before: before[k], now: now[k] };
  }

  /** The node at which the present step happens. */
  get focus() {
    const { step } = this;
    if (!step) return 0;
    if (step.kind === "select") return step.node;
    if (step.kind === "backup") return 0;
    return Math.max(step.node, 0);
  }

  /** Draw the tree at this place. options: limit, cursor, best, quick, label, header, gap(node). */
  draw({ limit, cursor, best, quick, label, header, gap }) {
    const { trace, replay, pane, step } = this;
    this.path = step ? pathOf(trace, step.simulation) : [];
    const always = quick ? [] : [...this.path];
    for (let node = cursor; node > 0 && !quick; node = trace.parent(node)) always.unshift(node);
    always.sort((a, b) => trace.depth(a) - trace.depth(b));
    const shown = visibleNodes(trace, replay, { limit, folded: this.folded, opened: this.opened, always });
    const room = roomFor(pane.svg);
    const key = `${[...shown].join()}|${room.width}|${room.height}`;
    if (!quick || key !== this.layoutKey) {
      this.layout = placeNodes(trace, replay, shown, room, quick ? [] : this.path);
      this.layoutKey = key;
    }
    this.shown = shown;
    const bestNodes = best ? this.bestNodes() : [];
    const marks = this.marks(bestNodes, quick);
    pane.show({
      trace, layout: this.layout, quick, label, header, gap, total: replay.after,
      cursor: shown.has(cursor) ? cursor : 0,
      focus: quick ? 0 : this.focusShown(cursor),
      edge: (node) => this.edge(node),
      visits: (node) => this.visits(node),
      hidden: (node) => this.hidden(node),
      marks: (node) => marks.get(node) ?? UNMARKED,
    });
  }

  focusShown(cursor) {
    const { step } = this;
    if (step?.kind === "select") return Math.max(step.child, 0) || step.node;
    return step && step.kind !== "backup" ? this.focus : cursor;
  }

  /** The nodes of the most visited line, the root left out. */
  bestNodes() {
    const nodes = [];
    for (const { action } of this.replay.principalVariation()) {
      const child = this.childOf(nodes.at(-1) ?? 0, action);
      if (child < 0) break;
      nodes.push(child);
    }
    return nodes;
  }

  /** The child behind an action, or -1. */
  childOf(node, action) {
    return this.edges(node).find((edge) => edge.action === action)?.child ?? -1;
  }

  hidden(node) {
    const { trace } = this;
    let count = 0;
    for (const child of trace.children(node)) if (this.exists(child) && !this.shown.has(child)) count++;
    return count;
  }

  /** What is lit: Map(node -> { style, edge, tag, short, words, back }). */
  marks(bestNodes, quick) {
    const { step, trace, path } = this;
    const marks = new Map();
    const mark = (node, change) => {
      const old = marks.get(node) ?? UNMARKED;
      marks.set(node, { ...old, ...change, style: `${old.style} ${change.style ?? ""}` });
    };
    for (const node of bestNodes) mark(node, { style: "gt-best", words: "on the best line" });
    if (!step) return marks;
    const kind = step.kind;
    const lit = { style: `gt-lit gt-p-${kind}`, edge: `gt-lit gt-p-${kind}`, back: kind === "backup" };
    const last = kind === "select" ? path.indexOf(step.node) + 1 : path.length - 1;
    path.slice(0, last + 1).forEach((node) => mark(node, node ? lit : { ...lit, edge: "" }));
    const leaf = path.at(-1);
    const unborn = trace.isNew(step.simulation) && leaf === trace.leaf(step.simulation) && !this.exists(leaf);
    if (unborn && kind === "select")
      mark(leaf, { style: "gt-ghost", tag: marks.get(leaf)?.tag || "not yet in the tree" });
    if (!quick) this.markStep(mark, step);
    return marks;
  }

  markStep(mark, step) {
    const { trace, path } = this;
    const { kind } = step;
    const { sign } = PHASES[kind];
    if (kind === "select") {
      mark(step.node, { style: "gt-now", words: "select happens here" });
      const table = this.tables.find((one) => one.node === step.node);
      for (const edge of table.edges) {
        const child = edge.action === step.action ? step.child : edge.child;
        if (child < 0) continue;
        const chosen = edge.action === step.action;
        const score = signed(edge.score);
        mark(child, {
          style: chosen ? "gt-chosen" : "gt-candidate",
          tag: `${chosen ? sign : ""} ${this.sumText(edge)}`.trim(),
          short: score,
          words: chosen ? `chosen: ${scoreName(trace)} ${score}` : `${scoreName(trace)} ${score}`,
        });
      }
    } else if (kind === "expand") {
      mark(step.node, { style: "gt-now", tag: `${sign} new node`, words: "new node" });
    } else if (kind === "evaluate" && step.node >= 0) {
      const toMove = trace.position(step.node).toMove;
      const value = signed(-trace.leafValue(step.simulation));
      const words = `${value} for ${COLOR_NAMES[opponent(toMove)]}`;
      mark(step.node, { style: "gt-now", tag: `${sign} ${words}`, words: `evaluated: ${words}` });
    } else if (kind === "backup") {
      for (const node of path.slice(1)) {
        const { before, now } = this.change(trace.parent(node), trace.action(node)) ?? {};
        if (!before) continue;
        mark(node, {
          tag: `${sign} N ${before.n}→${now.n} Q ${signed(now.q, 2)}`,
          words: `backed up: N ${before.n} to ${now.n}, Q now ${signed(now.q)}`,
        });
      }
    }
  }

  /** How an edge's score comes about, as short as a card. */
  sumText(edge) {
    if (!Number.isFinite(edge.score)) return "never tried: ∞";
    const score = signed(edge.score, 2);
    if (this.trace.config.algorithm === "gumbel") return `score ${score}`;
    return `${signed(edge.q, 2)} + ${edge.u.toFixed(2)} = ${score}`;
  }

  /** The most visited line: { color, action, n } of each move. */
  get bestLine() {
    let color = opponent(this.trace.position(0).toMove);
    return this.replay.principalVariation().map(({ action, n }) => ({ color: (color = opponent(color)), action, n }));
  }
}
