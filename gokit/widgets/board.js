// The board one can click. `mount` draws it in any element of any page; the default export is what
// anywidget calls in a notebook. The board plays by its own copy of the rules, so that a click
// answers at once; Python receives each change and has the last word.

import { BLACK, COLOR_NAMES, EMPTY, WHITE, opponent, pointName, replay } from "./rules.js";
import { readSgf, writeSgf } from "./sgf.js";
import {
  areaLayer, boardLayer, cursorLayer, heatLayer, marksLayer, nearest, ownershipLayer, previewLayer,
  sideOf, stonesLayer, visitsLayer,
} from "./draw.js";
import { ARROWS, buttonOfId, buttonOfKey, markup } from "./panel.js";

const NEW_GAME = {
  size: 9,
  rules: { komi: 7.5, superko: "positional", suicide: true },
  setup: [],
  first: BLACK,
  moves: [],
  cursor: 0, // how many of the moves are on the board
  end: null, // "resignation" or "move cap", after the last move
  revision: 0, // counts changes: of two versions the later one holds
};
const SIZES = [5, 7, 9, 13, 19];

const capitalized = (name) => name.charAt(0).toUpperCase() + name.slice(1);

class BoardView {
  constructor(element, options, callbacks) {
    this.callbacks = callbacks;
    // A counter would not do: a notebook loads this module anew for each board.
    this.id = `gk-${Math.random().toString(36).slice(2)}`;
    this.root = document.createElement("div");
    this.root.className = "gokit-board";
    this.root.innerHTML = markup(this.id);
    element.append(this.root);
    const collect = (attribute) =>
      Object.fromEntries(
        [...this.root.querySelectorAll(`[data-${attribute}]`)].map((e) => [e.dataset[attribute], e]),
      );
    this.parts = collect("part");
    this.layers = collect("layer");
    this.buttons = collect("id");

    this.show = { heat: true, visits: true, ownership: true };
    this.game = { ...NEW_GAME };
    this.positions = replay(this.game);
    this.players = { human: null, opponent: null };
    this.status = { thinking: false, notice: "" };
    this.overlay = {};
    this.view = {};
    this.message = "";
    this.hover = null;
    this.cursor = null;
    this.shelved = null; // the game that "New" put away; Undo brings it back
    this.listen();
    this.update(options);
  }

  listen() {
    const { board, file, size } = this.parts;
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    for (const type of ["keypress", "keyup"])
      this.root.addEventListener(type, (event) => event.stopPropagation());
    this.root.addEventListener("click", (event) => {
      const id = event.target.closest("button")?.dataset.id;
      if (id) this.press(buttonOfId.get(id));
    });
    board.addEventListener("pointermove", (event) => this.setHover(this.pointUnder(event)));
    board.addEventListener("pointerleave", () => this.setHover(null));
    board.addEventListener("click", (event) => {
      const point = this.pointUnder(event);
      board.focus({ preventScroll: true });
      if (point === null) return;
      this.cursor = point;
      this.play(point);
    });
    board.addEventListener("focus", () => this.drawCursor());
    board.addEventListener("blur", () => this.drawCursor());
    file.addEventListener("change", () => this.load(file.files[0]));
    size.addEventListener("change", () => this.newGame(Number(size.value)));
  }

  // ---- what the page or the kernel sets ----

  /** Take over any of game, players, status, overlay, view; an older game than ours is ignored. */
  update(change) {
    const game = change.game && { ...NEW_GAME, ...change.game };
    if (game && game.revision >= this.game.revision) {
      const played = game.cursor === this.game.cursor + 1;
      this.adopt(game);
      this.fresh = played;
    }
    for (const field of ["players", "status", "overlay"]) if (change[field]) this[field] = change[field];
    if (change.view) {
      this.view = change.view;
      this.show = { ...this.show, ...change.view.show };
    }
    this.draw();
  }

  adopt(game) {
    const sameSize = game.size === this.game.size;
    this.game = game;
    this.positions = replay(game);
    this.message = "";
    this.hover = null;
    if (!sameSize || this.cursor === null) this.cursor = this.position.pass >> 1;
    this.fresh = false;
  }

  get position() {
    // A resignation or a move cap belongs to the end of the moves, and `replay` puts it there.
    return this.positions[this.game.cursor];
  }

  get opponentToPlay() {
    const { opponent: name, human } = this.players;
    return Boolean(name) && !this.position.isOver && this.position.toMove !== human;
  }

  get thinking() {
    return Boolean(this.status.thinking) && this.opponentToPlay;
  }

  get atEnd() {
    return this.game.cursor === this.game.moves.length;
  }

  /** Make a change of our own: draw it and tell whoever listens. */
  commit(change) {
    const played = change.cursor === this.game.cursor + 1;
    this.adopt({ ...this.game, ...change, revision: this.game.revision + 1 });
    const asked = Boolean(this.callbacks.onChange) && this.opponentToPlay && this.atEnd;
    this.status = { thinking: asked, notice: "" };
    this.fresh = played;
    this.draw();
    this.callbacks.onChange?.(this.game);
  }

  say(message) {
    this.message = message;
    this.drawStatus();
  }

  // ---- what the person does ----

  play(move) {
    const { position, game } = this;
    if (this.opponentToPlay) return this.say(`It is ${this.players.opponent}'s turn.`);
    const illegal = position.illegality(move);
    if (illegal) return this.say(illegal.sentence);
    const moves = [...game.moves.slice(0, game.cursor), move];
    this.shelved = null;
    this.commit({ moves, cursor: game.cursor + 1, end: null });
  }

  resign() {
    if (this.opponentToPlay) return this.say(`It is ${this.players.opponent}'s turn.`);
    if (this.position.isOver) return this.say("The game is over.");
    const moves = this.game.moves.slice(0, this.game.cursor);
    this.commit({ moves, end: "resignation" });
  }

  /** Take back to our own turn: one move, or the opponent's reply with it. */
  undo() {
    const { cursor, end, moves } = this.game;
    if (end === "resignation" && cursor === moves.length) return this.commit({ end: null });
    if (cursor === 0 && this.shelved) {
      const game = this.shelved;
      this.shelved = null;
      return this.commit(game);
    }
    this.goTo(this.ownTurn(cursor - 1, -1));
  }

  redo() {
    this.goTo(this.ownTurn(this.game.cursor + 1, 1));
  }

  ownTurn(cursor, step) {
    const target = this.positions[cursor];
    const theirs = this.players.opponent && target && target.toMove !== this.players.human;
    return theirs && this.positions[cursor + step] ? cursor + step : cursor;
  }

  goTo(cursor) {
    const target = Math.max(0, Math.min(cursor, this.game.moves.length));
    if (target !== this.game.cursor) return this.commit({ cursor: target });
    this.say(target ? "This is the last move." : "This is the start of the game.");
  }

  newGame(size = this.game.size) {
    if (this.game.moves.length) this.shelved = { ...this.game };
    const setup = size === this.game.size ? {} : { setup: [], first: BLACK };
    this.commit({ ...setup, size, moves: [], cursor: 0, end: null });
    if (this.shelved) this.say("New game. Undo brings the last one back.");
  }

  askReply() {
    this.callbacks.onAskReply?.();
  }

  async load(file) {
    if (!file) return;
    try {
      const { note, ...game } = readSgf(await file.text(), this.game.rules);
      if (this.game.moves.length) this.shelved = { ...this.game };
      this.commit({ ...game, cursor: game.moves.length });
      this.say(`${file.name} is loaded: ${game.moves.length} moves. ${note}`.trim());
    } catch (error) {
      this.say(`${file.name} cannot be loaded. ${error.message}`);
    }
    this.parts.file.value = "";
  }

  save() {
    const link = document.createElement("a");
    const names = { black: this.nameOf(BLACK), white: this.nameOf(WHITE) };
    link.href = URL.createObjectURL(new Blob([writeSgf(this.game, names)], { type: "application/x-go-sgf" }));
    link.download = "game.sgf";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.say("The game record is saved as game.sgf.");
  }

  press(button) {
    if (!button.toggle) return button.run(this);
    this.show[button.id] = !this.show[button.id];
    this.draw();
  }

  onKey(event) {
    // Ctrl+S and its kind stay the page's; every other key would reach JupyterLab's shortcuts,
    // which delete and move notebook cells.
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.target !== this.parts.board) return;
    const button = buttonOfKey.get(event.key.toLowerCase());
    if (ARROWS[event.key]) this.moveCursor(...ARROWS[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.play(this.cursor);
    else if (button && !this.buttons[button.id].hidden) this.press(button);
    else return;
    event.preventDefault();
  }

  moveCursor(down, right) {
    const { size } = this.game;
    const clamp = (value) => Math.max(0, Math.min(size - 1, value));
    const row = clamp(Math.floor(this.cursor / size) + down);
    const column = clamp((this.cursor % size) + right);
    this.cursor = row * size + column;
    const color = this.position.stones[this.cursor];
    const what = color === EMPTY ? "empty" : `${COLOR_NAMES[color]} stone`;
    this.parts.live.textContent = `${pointName(this.cursor, size)}, ${what}`;
    this.drawCursor();
  }

  pointUnder(event) {
    const box = this.parts.board.getBoundingClientRect();
    const scale = sideOf(this.game.size) / box.width;
    return nearest((event.clientX - box.left) * scale, (event.clientY - box.top) * scale, this.game.size);
  }

  setHover(point) {
    if (point === this.hover) return;
    this.hover = point;
    this.drawPreview();
  }

  // ---- drawing ----

  draw() {
    const { parts, layers, position, game, show } = this;
    const side = sideOf(game.size);
    parts.title.textContent = this.view.title ?? "";
    parts.title.hidden = !this.view.title;
    this.root.dataset.theme = show.theme ? "plain" : "wood";
    parts.keys.hidden = !show.keys;
    parts.board.setAttribute("viewBox", `0 0 ${side} ${side}`);
    parts.board.dataset.size = game.size;
    // No giant stones on 2 × 2.
    this.root.style.setProperty("--board-width", `${Math.min(620, Math.max(260, 1.45 * side))}px`);
    const name = this.view.title ? `${this.view.title}. ` : "";
    parts.board.setAttribute("aria-label", `${name}Go board, ${game.size} by ${game.size}`);
    if (this.drawnSize !== game.size) layers.base.innerHTML = boardLayer(game.size, this.id);
    this.drawnSize = game.size;

    const shown = this.shownOverlay();
    layers.under.innerHTML = shown.heat ? heatLayer(position, shown.heat, !shown.visits) : "";
    layers.stones.innerHTML = stonesLayer(position, this.id, this.fresh);
    const scored = show.score || (this.view.area_at_end && position.end === "two passes");
    const area = scored ? areaLayer(position, position.score().ownership) : "";
    layers.over.innerHTML =
      (shown.ownership ? ownershipLayer(position, shown.ownership) : area) +
      (shown.visits ? visitsLayer(position, shown.visits) : "");
    layers.marks.innerHTML = marksLayer(position, show);
    this.fresh = false;
    this.drawPreview();
    this.drawCursor();
    this.drawButtons();
    this.drawPlayers();
    this.drawValue(shown.value);
    this.drawStatus();
    parts.note.textContent = this.noteText(shown);
  }

  /** The overlay, where it was made for the position on the board; nothing elsewhere. */
  overlayHere() {
    const here = this.game.moves.slice(0, this.game.cursor);
    const at = this.overlay.at ?? [];
    return at.length === here.length && at.every((move, k) => move === here[k]) ? this.overlay : {};
  }

  shownOverlay() {
    const here = this.overlayHere();
    const shown = { value: here.value };
    for (const name of ["heat", "visits", "ownership"]) if (this.show[name]) shown[name] = here[name];
    return shown;
  }

  drawPreview() {
    const idle = this.opponentToPlay || this.position.isOver;
    this.layers.preview.innerHTML = idle ? "" : previewLayer(this.position, this.hover, this.id);
  }

  drawCursor() {
    const focused = this.parts.board.matches(":focus-visible");
    this.layers.cursor.innerHTML = focused ? cursorLayer(this.cursor, this.game.size) : "";
  }

  drawButtons() {
    const { buttons, game, show, position, players } = this;
    const overlay = this.overlayHere();
    const atStart = game.cursor === 0;
    const canUndo = !atStart || this.shelved || game.end === "resignation";
    const disabled = {
      first: atStart, undo: !canUndo, redo: game.cursor === game.moves.length,
      last: game.cursor === game.moves.length,
      pass: position.isOver || this.opponentToPlay, resign: position.isOver || this.opponentToPlay,
    };
    for (const [id, button] of Object.entries(buttons)) {
      // Never `disabled`: a button that loses the focus would hand the keyboard to the notebook.
      button.setAttribute("aria-disabled", Boolean(disabled[id]));
      if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", Boolean(show[id]));
    }
    const { hide = [], keep = [] } = this.view;
    for (const id of ["heat", "visits", "ownership"]) buttons[id].hidden = !overlay[id] && !keep.includes(id);
    buttons.reply.hidden = !this.opponentToPlay || this.thinking;
    for (const id of hide) (buttons[id] ?? this.parts[id]).hidden = true;
    buttons.reply.textContent = `Let ${players.opponent} play`;
    const sizes = [...new Set([...SIZES, game.size])].sort((a, b) => a - b);
    this.parts.size.innerHTML = sizes
      .map((size) => `<option value="${size}"${size === game.size ? " selected" : ""}>${size} × ${size}</option>`)
      .join("");
  }

  nameOf(color) {
    const { opponent: name, human } = this.players;
    if (!name) return "";
    return color === human ? "you" : name;
  }

  drawPlayers() {
    const { position } = this;
    for (const row of this.root.querySelectorAll(".gk-player")) {
      const color = Number(row.dataset.color);
      const name = this.nameOf(color);
      const turn = !position.isOver && position.toMove === color;
      row.classList.toggle("gk-turn", turn);
      row.querySelector(".gk-name").textContent = COLOR_NAMES[color] + (name ? ` · ${name}` : "");
      const captured = `captured ${position.captured[color]}`;
      row.querySelector(".gk-captured").textContent = captured;
    }
  }

  drawValue(value) {
    const { value: bar } = this.parts;
    bar.hidden = value === undefined || value === null;
    if (bar.hidden) return;
    const black = Math.round(50 * ((this.position.toMove === BLACK ? value : -value) + 1));
    bar.setAttribute("aria-valuenow", black);
    bar.setAttribute("aria-label", `Forecast: Black wins with ${black} percent`);
    bar.querySelector(".gk-value-fill").style.width = `${black}%`;
    bar.querySelector(".gk-value-black").textContent = `Black ${black} %`;
    bar.querySelector(".gk-value-white").textContent = `${100 - black} % White`;
  }

  drawStatus() {
    const { status } = this.parts;
    const warning = this.message || this.status.notice;
    const text = warning || this.turnText();
    if (status.textContent !== text) status.textContent = text;
    status.classList.toggle("gk-warning", Boolean(warning));
    status.classList.toggle("gk-thinking", !warning && this.thinking);
  }

  turnText() {
    const { position, game, players } = this;
    if (position.isOver) return this.resultText();
    const side = COLOR_NAMES[position.toMove];
    const last = position.lastMove;
    const lastText =
      last === null ? "" : last === position.pass
        ? `${COLOR_NAMES[opponent(position.toMove)]} passed. `
        : `${COLOR_NAMES[opponent(position.toMove)]} played ${pointName(last, game.size)}. `;
    const place = game.cursor < game.moves.length ? ` Move ${game.cursor} of ${game.moves.length}.` : "";
    if (this.thinking) return `${lastText}${capitalized(players.opponent)} is thinking …`;
    return `${lastText}${side} to play.${place}`;
  }

  resultText() {
    const { position } = this;
    if (position.end === "move cap") return "The game stopped at the move cap: no result.";
    if (position.end === "resignation") {
      const loser = COLOR_NAMES[position.toMove];
      return `${loser} resigned. ${COLOR_NAMES[opponent(position.toMove)]} wins.`;
    }
    return `Two passes end the game. ${this.scoreText("wins")}`;
  }

  scoreText(verb) {
    const { black, white, margin } = this.position.score();
    const { komi } = this.position.rules;
    const counts = `Black ${black}, White ${white} + ${komi} komi`;
    if (margin === 0) return `${counts}: a draw.`;
    return `${counts}: ${margin > 0 ? "Black" : "White"} ${verb} by ${Math.abs(margin)}.`;
  }

  noteText({ heat, visits }) {
    const { position, show } = this;
    const inPass = (overlay, format) => {
      const share = overlay[position.pass];
      return share ? `; the pass has ${format(share)}` : "";
    };
    const notes = [];
    if (show.score && position.end !== "two passes")
      notes.push(`Area as the board stands: ${this.scoreText("leads")}`);
    if (show.atari) {
      const groups = position.groups().filter((group) => group.liberties.size === 1);
      const names = groups.map((g) => `${COLOR_NAMES[g.color]} ${pointName(Math.min(...g.stones), position.size)}`);
      notes.push(groups.length ? `In atari: ${names.join(", ")}.` : "No group is in atari.");
    }
    if (heat) notes.push(`Policy in percent${inPass(heat, (p) => `${Math.round(100 * p)} %`)}.`);
    if (visits) notes.push(`Visit counts${inPass(visits, String)}.`);
    return notes.join(" ");
  }

  destroy() {
    this.root.remove();
  }
}

/**
 * Put a board into `element`. options: { game, players, status, overlay, view }, each optional;
 * callbacks: onChange(game) after each change that the person makes, onAskReply().
 * Returns the view: `update(options)` changes it, `game` is its state, `destroy()` removes it.
 */
export function mount(element, options = {}, callbacks = {}) {
  return new BoardView(element, options, callbacks);
}

const FIELDS = ["game", "players", "status", "overlay", "view"];

/** Called by anywidget for each view of the Python `Board`. */
function render({ model, el }) {
  const state = (names) => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const view = mount(el, state(FIELDS), {
    onChange: (game) => model.send({ type: "game", game }),
    onAskReply: () => model.send({ type: "reply" }),
  });
  const listeners = FIELDS.map((name) => [`change:${name}`, () => view.update(state([name]))]);
  for (const [event, listener] of listeners) model.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) model.off(event, listener);
    view.destroy();
  };
}

export default { render };
