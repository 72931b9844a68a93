// The page of `gokit play`: the notebooks' board and tree explorer, and the forms around them.

import boardWidget from "./board.js";
import treeWidget from "./tree.js";
import { chartMarkup } from "./chart.js";
import { connect } from "./model.js";

const parts = Object.fromEntries([...document.querySelectorAll("[data-part]")].map((e) => [e.dataset.part, e]));
const places = { board: document.getElementById("board"), tree: document.getElementById("tree") };
const treeSection = document.getElementById("tree-section");
const buttonOf = (name) => document.querySelector(`[data-do="${name}"]`);
const COLOURS = ["", "Black", "White"];
const LOST =
  "The program behind this page does not answer. If it was stopped, start it again; it will print a new address.";
const HANDICAP_KOMI = 0.5;
const EVEN_KOMI = 7.5;
const SHOW_CHART = "gokit-play-chart";

let controls = null;
let formsOf = null; // the game whose settings the "New game" form shows
let komiChosen = false; // by the person: a handicap no longer changes it

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

connect({
  onModel(model) {
    if (model.name === "board") boardWidget.render({ model, el: places.board });
    if (model.name === "tree") treeWidget.render({ model, el: places.tree });
    if (model.name !== "controls") return;
    controls = model;
    const draw = { setup: drawSetup, live: drawSearch, forecasts: drawForecasts };
    for (const [trait, how] of Object.entries(draw)) {
      controls.on(`change:${trait}`, how);
      how();
    }
  },
  onLost(why = LOST) {
    parts.gone.hidden = false;
    parts.gone.textContent = why;
  },
  onFound() {
    parts.gone.hidden = true;
  },
});

// ---- what the program says ----

function offered() {
  const { opponents, opponent } = controls.get("setup");
  return opponents.find(({ key }) => key === opponent);
}

function drawSetup() {
  const setup = controls.get("setup");
  const opponent = offered();
  const strength = opponent.strengths.find(([value]) => value === setup.strength)?.[1];
  const people = opponent.key === "people";
  const names = people
    ? "Two people play"
    : `You are ${COLOURS[setup.human]} against ${opponent.name}${strength ? `, ${strength}` : ""}`;
  const handicap = setup.handicap ? `, ${setup.handicap} stones of handicap` : "";
  parts.who.textContent = `${names} · ${setup.size} × ${setup.size}, komi ${setup.komi}${handicap}`;
  document.title = `${people ? "Go" : opponent.name} · gokit play`;
  parts.notice.textContent = setup.notice;
  parts.rules.textContent = `Rules: ${setup.rules}, area scoring. ${
    setup.network ? `The hints are those of the network ${setup.network}.` : "There is no network for this size, so there are no hints."
  }`;
  parts.search.hidden = people;
  parts["chart-card"].hidden = !setup.network;
  drawSeat(setup, opponent);
  if (formsOf !== setup.game) drawNewGame(setup);
  formsOf = setup.game;
}

function drawSeat(setup, opponent) {
  parts.opponent.innerHTML = setup.opponents
    .map(({ key, name }) => `<option value="${escaped(key)}"${key === setup.opponent ? " selected" : ""}>${escaped(name)}</option>`)
    .join("");
  const { strengths } = opponent;
  parts["strength-label"].hidden = strengths.length < 2;
  parts.strength.max = Math.max(0, strengths.length - 1);
  parts.strength.value = Math.max(0, strengths.findIndex(([value]) => value === setup.strength));
  sayStrength();
  parts.colours.hidden = opponent.key === "people";
  for (const radio of parts.colours.querySelectorAll("input")) radio.checked = Number(radio.value) === setup.human;
}

function drawNewGame(setup) {
  const sizes = [...new Set([...setup.sizes, setup.size])].sort((a, b) => a - b);
  parts.sizes.innerHTML = sizes
    .map((size) => `<label><input type="radio" name="size" value="${size}"${size === setup.size ? " checked" : ""}> ${size} × ${size}</label>`)
    .join("");
  parts.handicap.max = setup.most_handicap;
  parts.handicap.value = setup.handicap;
  parts.komi.value = setup.komi;
  komiChosen = setup.komi !== (setup.handicap ? HANDICAP_KOMI : EVEN_KOMI);
  sayHandicap();
}

function drawSearch() {
  const live = controls.get("live");
  const none = !live.of;
  parts.progress.max = live.of ?? 1;
  parts.progress.value = live.done ?? 0;
  parts.progress.hidden = none;
  parts.line.hidden = none;
  parts["search-words"].textContent = none
    ? "Nothing has been searched yet."
    : `Move ${live.move}: ${live.done.toLocaleString("en")} of ${live.of.toLocaleString("en")} simulations in ${live.seconds.toFixed(1)} s: ${live.words}. Best line:`;
  parts.line.innerHTML = (live.line ?? [])
    .map((move, k) => {
      const color = k % 2 ? 3 - live.first : live.first;
      return `<li class="play-move play-${COLOURS[color].toLowerCase()}" aria-label="${COLOURS[color]} ${move}">${move}</li>`;
    })
    .join("");
}

function drawForecasts() {
  const forecasts = controls.get("forecasts");
  const { values = [], kind, words, over, names } = forecasts;
  const on = parts["chart-on"].checked;
  parts["chart-body"].hidden = !on;
  if (!on || !values.length) return;
  const now = over ? `The game is over: ${words}.` : `Now: ${words}.`;
  parts["chart-words"].textContent = now;
  parts["chart-note"].textContent =
    kind === "margin"
      ? "Points after each move, komi counted: up for Black, down for White."
      : "Chances after each move: up for Black, down for White.";
  parts.chart.setAttribute("viewBox", "0 0 300 90");
  parts.chart.setAttribute("aria-label", `Forecast after each of ${values.length - 1} moves. ${now}`);
  parts.chart.innerHTML = chartMarkup(values, kind, names);
}

// ---- what the person does ----

const send = (content) => {
  parts.notice.textContent = "";
  controls.send(content);
};

function sayStrength() {
  const key = parts.opponent.value;
  const { strengths } = controls.get("setup").opponents.find((one) => one.key === key);
  const words = strengths[Number(parts.strength.value)]?.[1] ?? "";
  parts["strength-words"].textContent = words;
  parts.strength.setAttribute("aria-valuetext", words);
}

function takeSeat({ usual = false } = {}) {
  const { opponents } = controls.get("setup");
  const chosen = opponents.find(({ key }) => key === parts.opponent.value);
  const strength = usual ? chosen.usual : (chosen.strengths[Number(parts.strength.value)]?.[0] ?? 0);
  const human = Number(parts.seat.elements.human.value);
  send({ type: "seat", opponent: chosen.key, strength, human });
}

function sayHandicap() {
  const stones = Number(parts.handicap.value);
  const words = stones === 0 ? "none" : stones === 1 ? "Black first" : `${stones} stones`;
  parts["handicap-words"].textContent = words;
  parts.handicap.setAttribute("aria-valuetext", words);
}

parts.opponent.addEventListener("change", () => takeSeat({ usual: true }));
parts.strength.addEventListener("input", sayStrength);
parts.strength.addEventListener("change", () => takeSeat());
parts.colours.addEventListener("change", () => takeSeat());
parts.seat.addEventListener("submit", (event) => event.preventDefault());
parts.komi.addEventListener("input", () => (komiChosen = true));
parts.handicap.addEventListener("input", () => {
  sayHandicap();
  if (!komiChosen) parts.komi.value = Number(parts.handicap.value) ? HANDICAP_KOMI : EVEN_KOMI;
});
parts.new.addEventListener("submit", (event) => {
  event.preventDefault();
  const size = Number(parts.new.elements.size.value);
  send({ type: "new", size, komi: Number(parts.komi.value), handicap: Number(parts.handicap.value) });
});

parts["chart-on"].checked = localStorage.getItem(SHOW_CHART) !== "no";
parts["chart-on"].addEventListener("change", () => {
  localStorage.setItem(SHOW_CHART, parts["chart-on"].checked ? "yes" : "no");
  drawForecasts();
});

function openTree(open) {
  treeSection.hidden = !open;
  buttonOf("tree").setAttribute("aria-expanded", open);
  if (!open) return buttonOf("tree").focus();
  send({ type: "tree" });
  treeSection.focus({ preventScroll: true });
  treeSection.scrollIntoView({ block: "start" });
}

buttonOf("tree").addEventListener("click", () => openTree(true));
buttonOf("close-tree").addEventListener("click", () => openTree(false));
buttonOf("load").addEventListener("click", () => parts.record.click());
parts.record.addEventListener("change", async () => {
  const [file] = parts.record.files;
  if (file) send({ type: "load", text: await file.text() });
  parts.record.value = "";
});
