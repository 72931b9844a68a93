// What stands around the board: its buttons, their keys, and the markup that holds both.

import { BLACK, WHITE } from "./rules.js";
import { definitions } from "./draw.js";

const KEYS =
  "Arrows move the cursor, Enter plays, P passes, U takes back, R replays, Home and End go to the " +
  "start and the end. L liberties, A atari, G groups, S score, H policy, V visits.";

/** Rows of buttons; `run` gets the view, a `toggle` flips `view.show[id]`. */
const BUTTONS = [
  ["Moves", [
    { id: "first", label: "«", name: "Go to the start", key: "Home", run: (v) => v.goTo(0) },
    { id: "undo", label: "Undo", name: "Undo", key: "U", run: (v) => v.undo() },
    { id: "redo", label: "Redo", name: "Redo", key: "R", run: (v) => v.redo() },
    { id: "last", label: "»", name: "Go to the end", key: "End", run: (v) => v.goTo(Infinity) },
  ]],
  ["Game", [
    { id: "pass", label: "Pass", name: "Pass", key: "P", run: (v) => v.play(v.position.pass) },
    { id: "resign", label: "Resign", name: "Resign", run: (v) => v.resign() },
    { id: "new", label: "New", name: "New game", run: (v) => v.newGame() },
    { id: "reply", label: "Let it play", name: "Ask the opponent to play", run: (v) => v.askReply() },
  ]],
  ["Show", [
    { id: "liberties", label: "Liberties", name: "Show liberties", key: "L", toggle: true },
    { id: "atari", label: "Atari", name: "Mark groups in atari", key: "A", toggle: true },
    { id: "groups", label: "Groups", name: "Join the stones of a group", key: "G", toggle: true },
    { id: "score", label: "Score", name: "Show the area score", key: "S", toggle: true },
    { id: "heat", label: "Policy", name: "Show the policy", key: "H", toggle: true },
    { id: "visits", label: "Visits", name: "Show the visit counts", key: "V", toggle: true },
    { id: "ownership", label: "Ownership", name: "Show the ownership forecast", toggle: true },
  ]],
  ["Board", [
    { id: "load", label: "Load SGF", name: "Load a game record (SGF)", run: (v) => v.parts.file.click() },
    { id: "save", label: "Save SGF", name: "Save the game record (SGF)", run: (v) => v.save() },
    { id: "theme", label: "Plain", name: "Plain board", toggle: true },
    { id: "keys", label: "Keys", name: "List the keys", key: "?", toggle: true },
  ]],
];
const ALL = BUTTONS.flatMap(([, row]) => row);
export const buttonOfId = new Map(ALL.map((button) => [button.id, button]));
export const buttonOfKey = new Map(
  ALL.filter((button) => button.key).map((button) => [button.key.toLowerCase(), button]),
);
export const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** The widget's inside; `id` is unique on the page. */
export function markup(id) {
  const button = (b) =>
    `<button type="button" data-id="${b.id}" aria-label="${b.name}" title="${b.name}${b.key ? ` (${b.key})` : ""}"` +
    `${b.toggle ? ' aria-pressed="false"' : ""}${b.key ? ` aria-keyshortcuts="${b.key}"` : ""}>${b.label}</button>`;
  const bars = BUTTONS.map(
    ([name, row]) =>
      `<div class="gk-bar" role="group" aria-label="${name}"><span class="gk-bar-name" aria-hidden="true">${name}</span>` +
      `<div class="gk-buttons">${row.map(button).join("")}` +
      `${name === "Game" ? '<select data-part="size" aria-label="Board size" title="Board size"></select>' : ""}</div></div>`,
  ).join("");
  const player = (color) =>
    `<div class="gk-player" data-color="${color}"><span class="gk-dot gk-dot-${color}" aria-hidden="true"></span>` +
    `<span class="gk-name"></span><span class="gk-captured"></span></div>`;
  return `<div class="gk-layout">
    <div class="gk-main">
      <div class="gk-title" data-part="title"></div>
      <svg data-part="board" role="application" tabindex="0" aria-describedby="${id}-keys">
        ${definitions(id)}
        <g data-layer="base"></g><g data-layer="under"></g><g data-layer="stones"></g>
        <g data-layer="over"></g><g data-layer="marks"></g><g data-layer="preview"></g>
        <g data-layer="cursor"></g>
      </svg>
    </div>
    <div class="gk-side">
      <div class="gk-players">${player(BLACK)}${player(WHITE)}</div>
      <div class="gk-value" data-part="value" role="meter" aria-valuemin="0" aria-valuemax="100" hidden>
        <div class="gk-value-fill"></div><span class="gk-value-black"></span><span class="gk-value-white"></span>
      </div>
      <p class="gk-status" data-part="status" role="status" aria-live="polite"></p>
      <p class="gk-note" data-part="note"></p>
      ${bars}
      <p class="gk-keys" id="${id}-keys" data-part="keys" hidden>${KEYS}</p>
      <input data-part="file" type="file" accept=".sgf,application/x-go-sgf" hidden>
    </div>
    </div>
    <div class="gk-hidden" data-part="live" aria-live="polite"></div>`;
}
