// The tree explorer: steps through recorded searches. `mount` draws it in any element of any page;
// the default export is what anywidget calls in a notebook. Stepping needs no kernel; only a new
// search does.

import { COLOR_NAMES } from "./rules.js";
import { cursorLayer, nearest, sideOf } from "./draw.js";
import { readTrace } from "./replay.js";
import { TreePane } from "./tree_draw.js";
import { compareMarkup, compareVisits, sameNode, shareGap } from "./compare.js";
import { Side } from "./tree_side.js";
import { gameAt, grouped, lineOf, moveName, sentenceAt, treeText } from "./tree_steps.js";
import {
  LIMITS, drawNames, drawNodeBoard, drawTransport, explorerMarkup, nodeSentence, pointText, tableMarkup,
} from "./tree_panel.js";
import { Player } from "./tree_player.js";
import { WhatIf, whatIfMarkup } from "./whatif.js";

const PANEL_EVERY = 200; // ms between two looks of the panel while playing quickly
const OPENED_AT_ONCE = 8;
const ARROW_KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const NO_KERNEL = "This page has no kernel: searching again needs a running notebook.";
const KEY_ACTIONS = {
  " ": "play", ",": "back", ".": "forward", "[": "simulation-back", "]": "simulation-forward", Home: "start",
  End: "end", PageUp: "tenth-back", PageDown: "tenth-forward", b: "best", w: "whole", p: "prior", v: "visits", f: "follow",
  t: "words", "?": "keys",
};
const TOGGLES = ["best", "follow", "whole", "words", "keys", "visits", "prior"];

class TreeExplorerView {
  constructor(element, options, callbacks) {
    this.callbacks = callbacks;
    this.id = `gt-${Math.random().toString(36).slice(2)}`;
    this.root = document.createElement("div");
    this.root.className = "gokit-tree";
    this.root.innerHTML = explorerMarkup(this.id, whatIfMarkup());
    element.append(this.root);
    const collect = (attribute) =>
      Object.fromEntries([...this.root.querySelectorAll(`[data-${attribute}]`)].map((e) => [e.dataset[attribute], e]));
    this.parts = collect("part");
    this.layers = collect("layer");
    this.buttons = collect("do");
    this.phases = collect("phase");
    this.sections = collect("side");
    this.whatIf = new WhatIf(this.parts["what-if"]);
    this.panes = {};
    for (const side of ["a", "b"])
      this.panes[side] = new TreePane(this.parts[`svg-${side}`], {
        onPick: (node) => this.pick(side, node),
        onOpen: (node) => this.open(side, node),
      });
    this.sides = {};
    this.active = "a";
    this.cursor = { a: 0, b: 0 };
    this.player = new Player(() => Object.values(this.sides).map(({ trace }) => trace), () => {
      this.message = "";
      if (this.side) this.draw();
    });
    this.show = { best: false, follow: true, whole: false, words: false, keys: false, visits: true, prior: false };
    this.sort = null; // by score while select is at work there, else by visits
    this.allRows = false;
    this.limit = 24;
    this.pending = null; // a move on the board that the search never tried
    this.boardCursor = null;
    this.trail = []; // games searched before the present one
    this.dials = {};
    this.status = {};
    this.view = {};
    this.message = "";
    this.listen();
    this.update(options);
  }

  listen() {
    const { root, parts, player } = this;
    root.addEventListener("keydown", (event) => this.onKey(event));
    for (const type of ["keypress", "keyup"]) root.addEventListener(type, (event) => event.stopPropagation());
    root.addEventListener("click", (event) => this.onClick(event));
    parts.slider.addEventListener("input", () => {
      player.pause();
      player.goTo({ after: Number(parts.slider.value), step: 0 });
    });
    parts.unit.addEventListener("change", () => (player.unit = parts.unit.value));
    parts.speed.addEventListener("change", () => (player.rate = Number(parts.speed.value)));
    parts.limit.addEventListener("change", () => {
      this.limit = Number(parts.limit.value);
      this.setHeight();
      this.draw();
    });
    parts.board.addEventListener("click", (event) => {
      const box = parts.board.getBoundingClientRect();
      const { size } = this.side.trace;
      const scale = sideOf(size) / box.width;
      const point = nearest((event.clientX - box.left) * scale, (event.clientY - box.top) * scale, size);
      if (point !== null) this.pickPoint(point);
    });
    // No more than the cursor: a stone that is drawn anew between press and release takes no click.
    for (const type of ["focus", "blur"]) parts.board.addEventListener(type, () => this.drawCursor());
    this.watch = new ResizeObserver(() => {
      if (!this.side) return;
      for (const side of Object.keys(this.sides)) this.panes[side].camera = null;
      this.draw();
    });
    this.watch.observe(parts.trees);
  }

  // ---- what the page or the kernel sets ----

  /** Take over any of trace, other, dials, status, view. */
  update(change) {
    if (change.view) this.view = change.view;
    if (change.dials) this.dials = change.dials;
    if (change.status) this.status = change.status;
    if (change.trace && change.trace.format) this.adopt("a", change.trace);
    if (change.other) this.adopt("b", change.other.format ? change.other : null);
    this.root.classList.toggle("gt-empty", !this.side);
    this.drawStatus();
    if (!this.side) return;
    if (change.trace || change.dials) this.whatIf.show(this.sides.a.trace, this.dials);
    this.parts.title.textContent = this.view.title ?? "";
    this.draw();
  }

  adopt(name, document) {
    const first = !this.sides[name];
    this.player.pause();
    this.panes[name].clear();
    if (!document) {
      delete this.sides[name];
      this.active = "a";
    } else {
      this.sides[name] = new Side(readTrace(document), this.panes[name]);
      this.cursor[name] = 0;
    }
    this.sections.b.hidden = !this.sides.b;
    this.root.classList.toggle("gt-two", Boolean(this.sides.b));
    if (name === "a") {
      this.cursor = { a: 0, b: 0 };
      this.pending = null;
      const { simulations } = this.sides.a.trace;
      const wanted = first ? (this.view.at ?? simulations) : simulations;
      this.player.place = { after: Math.max(0, Math.min(wanted, simulations)), step: 0 };
      if (first && LIMITS.has(this.view.limit)) this.limit = this.view.limit;
      this.parts.limit.value = this.limit;
      this.setHeight();
    }
    if (name === "b" && document) this.player.place = { after: this.player.simulations, step: 0 };
  }

  setHeight() {
    this.root.style.setProperty("--tree-height", `${LIMITS.get(this.limit)}px`);
  }

  get side() {
    return this.sides[this.active];
  }

  // ---- what the person does ----

  onClick(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { do: action, sort, child } = button.dataset;
    if (action) this.run(action);
    else if (child) this.pick(this.active, Number(child));
    else if (sort) {
      const down = this.sort?.by === sort ? !this.sort.down : sort !== "action";
      this.sort = { by: sort, down };
      this.drawPanel();
      this.parts.table.querySelector(`[data-sort="${sort}"]`).focus();
    }
  }

  run(action) {
    if (TOGGLES.includes(action)) {
      this.show[action] = !this.show[action];
      if (action === "whole") for (const side of Object.keys(this.sides)) this.panes[side].fit(this.show.whole);
      return this.draw();
    }
    const pane = this.panes[this.active];
    const { player } = this;
    const tenth = Math.max(1, Math.round(player.simulations / 10));
    const actions = {
      start: () => player.goTo({ after: 0, step: 0 }),
      end: () => player.goTo({ after: player.simulations, step: 0 }),
      back: () => player.step(-1),
      forward: () => player.step(1),
      "simulation-back": () => player.stepSimulations(-1),
      "simulation-forward": () => player.stepSimulations(1),
      "tenth-back": () => player.stepSimulations(-tenth),
      "tenth-forward": () => player.stepSimulations(tenth),
      play: () => (player.playing ? player.pause() : player.play()),
      "zoom-in": () => pane.zoom(1.25),
      "zoom-out": () => pane.zoom(0.8),
      "all-rows": () => {
        this.allRows = !this.allRows;
        this.drawPanel();
        this.parts.table.querySelector('[data-do="all-rows"]')?.focus();
      },
      "search-here": () => this.searchHere(),
      "search-back": () => this.searchBack(),
      beside: () => this.searchAgain("b"),
      instead: () => this.searchAgain("a"),
      close: () => {
        this.update({ other: {} });
        this.callbacks.onClose?.();
      },
    };
    if (action !== "play" && /start|end|back|forward/.test(action)) player.pause();
    actions[action]?.();
  }

  onKey(event) {
    // Ctrl+S and its kind stay the page's; every other key would reach JupyterLab's shortcuts,
    // which delete and move notebook cells.
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const { target, key } = event;
    const { parts } = this;
    if (!this.side || target.matches("select, input[type=number], summary")) return;
    const tree = target === parts["svg-b"] ? "b" : target === parts["svg-a"] ? "a" : null;
    if (target === parts.slider && /^(Arrow|Page|Home|End)/.test(key)) return;
    if (target.matches("button") && (key === " " || key === "Enter")) return;
    const action = KEY_ACTIONS[key.length === 1 ? key.toLowerCase() : key];
    if (target === parts.board && ARROW_KEYS[key]) this.moveOnBoard(...ARROW_KEYS[key]);
    else if (target === parts.board && key === "Enter") this.pickPoint(this.boardCursor);
    else if (tree && ARROW_KEYS[key]) this.moveInTree(tree, key);
    else if (tree && key === "Enter") this.fold(tree, this.cursor[tree]);
    else if (tree && key === "+") this.open(tree, this.cursor[tree]);
    else if (action) this.run(action);
    else return;
    event.preventDefault();
  }

  /** Choose a node; the other tree follows where it has it. */
  pick(name, node) {
    const other = name === "a" ? "b" : "a";
    this.active = name;
    this.cursor[name] = node;
    if (this.sides[other]) {
      const twin = sameNode(this.sides[name].trace, node, this.sides[other].trace);
      this.cursor[other] = twin >= 0 && this.sides[other].exists(twin) ? twin : 0;
    }
    this.pending = null;
    this.show.follow = false;
    this.draw();
  }

  moveInTree(name, key) {
    const side = this.sides[name];
    const { at, children } = side.layout;
    const here = at.has(this.cursor[name]) ? this.cursor[name] : 0;
    if (key === "ArrowRight" && !children.get(here).length && side.hidden(here)) return this.open(name, here);
    const visits = (node) => side.replay.visits(node);
    const column = [...at.keys()].filter((node) => side.trace.depth(node) === side.trace.depth(here));
    column.sort((x, y) => at.get(x).y - at.get(y).y);
    const targets = {
      ArrowLeft: () => side.trace.parent(here),
      ArrowRight: () => children.get(here).reduce((a, b) => (a < 0 || visits(b) > visits(a) ? b : a), -1),
      ArrowUp: () => column[column.indexOf(here) - 1],
      ArrowDown: () => column[column.indexOf(here) + 1],
    };
    const node = targets[key]();
    this.pick(name, node >= 0 ? node : here);
    this.parts.live.textContent = `${lineOf(side.trace, this.cursor[name])}. ${nodeSentence(side, this.cursor[name])}`;
  }

  /** Show more of a node's children. */
  open(name, node) {
    const side = this.sides[name];
    const shown = side.layout.children.get(node)?.length ?? 0;
    if (!side.folded.delete(node)) side.opened.set(node, shown + OPENED_AT_ONCE);
    this.pick(name, node);
  }

  fold(name, node) {
    const side = this.sides[name];
    if (side.folded.has(node) || !side.layout.children.get(node)?.length) return this.open(name, node);
    side.folded.add(node);
    side.opened.delete(node);
    this.pick(name, node);
  }

  moveOnBoard(down, right) {
    const { size } = this.side.trace;
    const clamp = (value) => Math.max(0, Math.min(size - 1, value));
    const row = clamp(Math.floor(this.boardCursor / size) + down);
    this.boardCursor = row * size + clamp((this.boardCursor % size) + right);
    this.drawPanel();
    this.parts.live.textContent = pointText(this.side, this.node, this.side.edges(this.node), this.boardCursor);
  }

  /** A point of the node's board: its node, or a move to search after, or why it cannot be. */
  pickPoint(point) {
    const { side, node } = this;
    this.boardCursor = point;
    const child = side.childOf(node, point);
    if (child >= 0 && side.exists(child)) return this.pick(this.active, child);
    const illegal = side.trace.position(node).illegality(point);
    this.pending = illegal ? null : point;
    this.show.follow = false;
    const name = moveName(side.trace, point);
    this.say(illegal ? illegal.sentence : `${name} was never tried here. “Search after ${name}” starts a search there.`);
    this.drawPanel();
  }

  // ---- new searches ----

  searchHere() {
    const { side, node, pending } = this;
    const game = gameAt(side.trace, node, pending);
    const position = pending === null ? side.trace.position(node) : side.trace.position(node).play(pending);
    if (position.isOver) return this.say("The game is over there: nothing is left to search.");
    if (node === 0 && pending === null) return this.say("This is the position that was searched. Choose another node, or a point of the board.");
    if (this.search("a", game)) this.trail.push(this.sides.a.trace.game);
  }

  searchBack() {
    const game = this.trail.at(-1);
    if (!game) return this.say("This is the first position.");
    if (this.search("a", game)) this.trail.pop();
  }

  searchAgain(slot) {
    this.search(slot, this.sides.a.trace.game);
  }

  search(slot, game) {
    if (!this.callbacks.onSearch) {
      this.say(NO_KERNEL);
      return false;
    }
    try {
      this.callbacks.onSearch({ slot, game, ...this.whatIf.read() });
    } catch (error) {
      this.say(error.message);
      return false;
    }
    this.status = { searching: slot };
    this.message = "";
    this.drawStatus();
    return true;
  }

  say(message) {
    this.message = message;
    this.drawStatus();
  }

  // ---- drawing ----

  get node() {
    return this.cursor[this.active];
  }

  draw() {
    const { show } = this;
    const { quick, place } = this.player;
    for (const side of Object.values(this.sides)) side.goTo(place);
    if (show.follow) for (const [name, side] of Object.entries(this.sides)) this.cursor[name] = side.focus;
    const now = performance.now();
    const panel = !quick || now - (this.panelAt ?? 0) > PANEL_EVERY;
    for (const [name, side] of Object.entries(this.sides)) {
      const other = this.sides[name === "a" ? "b" : "a"];
      side.draw({
        limit: this.limit, cursor: this.cursor[name], best: show.best, quick,
        gap: (node) => (quick || !other ? "" : shareGap(side, node, other)),
        header: `${COLOR_NAMES[side.trace.position(0).toMove]} to move now`,
        label: `${name === "b" ? "Tree B" : this.sides.b ? "Tree A" : "Search tree"} after ${side.place.after} simulations, ${side.trace.evaluator}`,
      });
    }
    drawTransport(this);
    this.drawEvent();
    if (!panel) return;
    this.panelAt = now;
    drawNames(this);
    this.drawPanel();
    this.drawCompare();
    this.drawStatus();
    this.parts["tree-words"].hidden = !show.words;
    if (show.words) this.parts["tree-words"].textContent = treeText(this.side.trace, this.side.replay, this.side.shown);
    this.parts.keys.hidden = !show.keys;
    for (const id of TOGGLES) this.buttons[id].setAttribute("aria-pressed", Boolean(show[id]));
  }

  drawEvent() {
    const { side, parts } = this;
    const { quick, playing, rate } = this.player;
    const { trace, step } = side;
    for (const [kind, element] of Object.entries(this.phases)) {
      element.classList.toggle("gt-on", step?.kind === kind);
      if (step?.kind === kind) element.setAttribute("aria-current", "step");
      else element.removeAttribute("aria-current");
    }
    parts.event.className = `gt-event${step ? ` gt-p-${step.kind}` : ""}`;
    if (quick) {
      parts.says.textContent = `Simulation ${grouped(side.place.after)}`;
      parts.formula.textContent = "";
      return;
    }
    const sentence = sentenceAt(trace, side.place, side.tables, (node, action) => side.change(node, action));
    const which = this.sides.b ? `${this.active === "a" ? "Tree A" : "Tree B"}. ` : "";
    const number = step ? `Simulation ${grouped(step.simulation + 1)}, ${NAMES_OF_PHASES[step.kind]}: ` : "";
    parts.says.textContent = `${which}${number}${sentence}`;
    parts.formula.textContent = step?.kind === "select" ? side.replay.formula(step.node, step.action) : "";
    if (!playing || rate <= 1) parts.live.textContent = parts.says.textContent;
  }

  drawPanel() {
    if (!this.side) return;
    const { side, parts, node, show } = this;
    const edges = side.edges(node);
    const step = side.step;
    const selecting = step?.kind === "select" && step.node === node;
    const table = selecting ? side.tables.find((one) => one.node === node).edges : edges;
    const which = this.sides.b ? `Tree ${this.active.toUpperCase()}: ` : "";
    parts["node-name"].textContent = which + (node ? lineOf(side.trace, node) : "the root");
    parts["node-value"].textContent = nodeSentence(side, node);
    const focused = document.activeElement?.dataset?.child;
    const sort = this.sort ?? { by: selecting ? "score" : "n", down: true };
    const chosen = selecting ? step.action : null;
    const shown = table.length && side.isEvaluated(node);
    parts.table.innerHTML = shown ? tableMarkup(side, node, { edges: table, sort, all: this.allRows, chosen }) : "";
    if (focused) parts.table.querySelector(`[data-child="${focused}"]`)?.focus();
    const position = side.trace.position(node);
    this.boardCursor ??= position.pass >> 1;
    drawNodeBoard(this, side, node, { edges, show });
    this.drawCursor();
    const target = this.pending === null ? "" : moveName(side.trace, this.pending);
    this.buttons["search-here"].textContent = target ? `Search after ${target}` : "Search from here";
    this.buttons["search-here"].setAttribute("aria-label", target ? `Search after ${target}` : "Search from this position");
    this.buttons["search-back"].hidden = !this.trail.length;
    parts["no-kernel"].hidden = Boolean(this.callbacks.onSearch);
  }

  drawCursor() {
    const seen = this.side && (this.parts.board.matches(":focus-visible") || this.pending !== null);
    this.layers.cursor.innerHTML = seen ? cursorLayer(this.boardCursor, this.side.trace.size) : "";
  }

  drawCompare() {
    const { a, b } = this.sides;
    this.parts.compare.hidden = !b;
    if (!b) return;
    const comparison = compareVisits(a.edges(this.cursor.a), b.edges(this.cursor.b));
    this.parts.compare.innerHTML = compareMarkup(a.trace, comparison, lineOf(a.trace, this.cursor.a));
  }

  drawStatus() {
    const { status, message, parts } = this;
    const progress = status.done ? `: ${grouped(status.done)} of ${grouped(status.of)} simulations` : "";
    const searching = status.searching ? `Searching${progress} …` : "";
    const text = message || status.notice || searching;
    if (parts.status.textContent !== text) parts.status.textContent = text;
    parts.status.classList.toggle("gt-warning", Boolean(message || status.notice));
  }

  destroy() {
    this.player.pause();
    this.watch.disconnect();
    this.root.remove();
  }
}

const NAMES_OF_PHASES = { select: "select", expand: "expand", evaluate: "evaluate", backup: "back up" };

/**
 * Put an explorer into `element`. options: { trace, other, dials, status, view }, each optional;
 * callbacks: onSearch({ slot, game, config, evaluator, seed }) for a new search, onClose().
 * Returns the view: `update(options)` changes it, `destroy()` removes it.
 */
export function mount(element, options = {}, callbacks = {}) {
  return new TreeExplorerView(element, options, callbacks);
}

const TRAITS = { trace: "record", other: "record_beside", dials: "dials", status: "status", view: "view" };

/** Called by anywidget for each view of the Python `TreeExplorer`. */
function render({ model, el }) {
  const fields = Object.keys(TRAITS);
  const state = (names) => Object.fromEntries(names.map((name) => [name, model.get(TRAITS[name])]));
  const view = mount(el, state(fields), {
    onSearch: (request) => model.send({ type: "search", ...request }),
    onClose: () => model.send({ type: "close" }),
  });
  const listeners = fields.map((name) => [`change:${TRAITS[name]}`, () => view.update(state([name]))]);
  for (const [event, listener] of listeners) model.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) model.off(event, listener);
    view.destroy();
  };
}

export default { render };
