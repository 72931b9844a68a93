// What stands around the trees: the phases, the buttons and their keys, and the panel of one node
// with its board and the table of its moves.

import { BLACK, COLOR_NAMES, EMPTY, WHITE } from "./rules.js";
import {
  boardLayer, definitions, heatLayer, marksLayer, sideOf, stonesLayer, visitsLayer,
} from "./draw.js";
import { winner } from "./replay.js";
import { PHASES, grouped, lineOf, moveName, percent, plain, scoreName, signed, valueText } from "./tree_steps.js";

const SPEEDS = ["0.5", "1", "2", "5", "15", "30", "120"].map((rate) => [rate, `${rate} / s`]);
/** How many nodes may be shown, each with the height that a tree of them gets. */
export const LIMITS = new Map([[12, 400], [24, 490], [48, 620], [100, 740], [200, 740]]);
const ROWS = 10;
const TREE_KEYS =
  "On the tree: arrows go along it (right to the most visited child, left to the parent, up and down " +
  "to the neighbors), Enter folds a node or opens it, + shows more of its children. Everywhere: Space " +
  "plays and pauses, comma and full stop step back and forward, [ and ] go by whole simulations, " +
  "Page Up and Page Down by tenths, Home and End go to the start and the end. B best line, P prior, " +
  "V visits, F follows the search, W the whole tree, T the tree in words.";

/** The inside of the explorer; `id` is unique on the page, `whatIf` the markup of that form. */
export function explorerMarkup(id, whatIf) {
  const button = (action, label, name, key, toggle) =>
    `<button type="button" data-do="${action}" aria-label="${name}" title="${name}${key ? ` (${key})` : ""}"` +
    `${toggle ? ' aria-pressed="false"' : ""}>${label}</button>`;
  const options = (pairs, chosen) =>
    pairs.map(([value, label]) => `<option value="${value}"${value === chosen ? " selected" : ""}>${label}</option>`).join("");
  const phases = Object.entries(PHASES)
    .map(([kind, { name, sign, meaning }]) =>
      `<li data-phase="${kind}" class="gt-p-${kind}"><b><span aria-hidden="true">${sign}</span> ${name}</b> <span>${meaning}</span></li>`)
    .join("");
  const tree = (side, name) =>
    `<section class="gt-tree" data-side="${side}"${side === "b" ? " hidden" : ""}>` +
    `<p class="gt-tree-name" data-part="name-${side}"></p>` +
    `<svg data-part="svg-${side}" role="tree" tabindex="0" aria-label="${name}" aria-describedby="${id}-keys"></svg></section>`;
  return `
    <p class="gt-title" data-part="title"></p>
    <p class="gt-about" data-part="about"></p>
    <div class="gt-body">
    <div class="gt-bar gt-transport" role="group" aria-label="Steps of the search">
      ${button("start", "|«", "Start of the search", "Home")}
      ${button("simulation-back", "«", "One simulation back", "[")}
      ${button("back", "‹", "One step back", ",")}
      ${button("play", "▶ Play", "Play", "Space")}
      ${button("forward", "›", "One step forward", ".")}
      ${button("simulation-forward", "»", "One simulation forward", "]")}
      ${button("end", "»|", "End of the search", "End")}
      <input type="range" data-part="slider" min="0" step="1" value="0" aria-label="Simulations done">
      <output data-part="count" class="gt-count-text"></output>
      <select data-part="unit" aria-label="What to play" title="What to play"><option value="step">every step</option><option value="simulation">simulations</option></select>
      <select data-part="speed" aria-label="Speed" title="Speed">${options(SPEEDS, "2")}</select>
    </div>
    <ol class="gt-phases" aria-label="The four steps of a simulation">${phases}</ol>
    <div class="gt-event" data-part="event">
      <p class="gt-says" data-part="says"></p>
      <p class="gt-formula" data-part="formula"></p>
    </div>
    <div class="gt-trees" data-part="trees">${tree("a", "Search tree")}${tree("b", "Search tree of the comparison")}</div>
    <div class="gt-bar">
      <label>Nodes shown <select data-part="limit">${options([...LIMITS.keys()].map((n) => [String(n), `${n} most visited`]), "24")}</select></label>
      ${button("whole", "Whole tree", "Show the whole tree, however small", "W", true)}${button("zoom-in", "+", "Larger")}${button("zoom-out", "−", "Smaller")}
      ${button("best", "Best line", "Mark the most visited line", "B", true)}
      ${button("follow", "Follow", "Follow the search with the table below", "F", true)}
      ${button("words", "In words", "The tree in words", "T", true)}
      ${button("keys", "Keys", "List the keys", "?", true)}
    </div>
    <p class="gt-note gt-keys" id="${id}-keys" data-part="keys" hidden>${TREE_KEYS}</p>
    <p class="gt-best-line" data-part="best-line"></p>
    <dl class="gt-legend" data-part="legend"></dl>
    <pre class="gt-words" data-part="tree-words" tabindex="0" aria-label="The tree in words" hidden></pre>
    </div>
    <p class="gt-status" data-part="status" role="status"></p>
    <div class="gt-body">
    <div data-part="compare" class="gt-compare" hidden></div>
    <section class="gt-node-panel" aria-label="The chosen node">
      <div class="gt-node-board">
        <p class="gt-heading" data-part="node-name"></p>
        <div class="gokit-board" data-theme="wood"><svg data-part="board" role="application" tabindex="0">
          ${definitions(id)}<g data-layer="base"></g><g data-layer="under"></g><g data-layer="stones"></g>
          <g data-layer="over"></g><g data-layer="marks"></g><g data-layer="cursor"></g></svg></div>
        <div class="gt-bar">${button("visits", "Visits", "Show visit counts on the board", "V", true)}
          ${button("prior", "Prior", "Show the prior on the board", "P", true)}
          ${button("search-here", "Search from here", "Search from this position")}
          ${button("search-back", "Back", "Back to the position before")}</div>
        <p class="gt-note" data-part="board-note"></p>
      </div>
      <div class="gt-node-table">
        <p class="gt-node-value" data-part="node-value"></p>
        <div data-part="table"></div>
      </div>
    </section>
    ${whatIf}
    </div>
    <div class="gt-hidden" data-part="live" aria-live="polite"></div>`;
}

/** The slider, its words and the buttons beside it. */
export function drawTransport({ parts, player, buttons }) {
  const { place, simulations, atStart, atEnd } = player;
  const steps = player.steps(place.after);
  parts.slider.max = simulations;
  parts.slider.value = place.after;
  parts.slider.setAttribute(
    "aria-valuetext",
    `${grouped(place.after)} of ${grouped(simulations)} simulations${place.step ? `, step ${place.step} of ${steps} of the next` : ""}`,
  );
  parts.count.textContent = `${grouped(place.after)} of ${grouped(simulations)}${place.step ? ` · step ${place.step}/${steps}` : ""}`;
  buttons.play.textContent = player.playing ? "❚❚ Pause" : "▶ Play";
  buttons.play.setAttribute("aria-label", player.playing ? "Pause" : "Play");
  for (const id of ["start", "back", "simulation-back"]) buttons[id].setAttribute("aria-disabled", atStart);
  for (const id of ["end", "forward", "simulation-forward"]) buttons[id].setAttribute("aria-disabled", atEnd);
}

const SHORT_NAMES = {
  c_puct: "c", c_uct: "c", fpu: "untried:", fpu_value: "by", noise_fraction: "noise", considered: "considered",
};

function aboutTrace({ config, evaluator, simulations }) {
  const dials = Object.entries(SHORT_NAMES)
    .filter(([name]) => config[name] !== undefined && config[name] !== null && !(name === "noise_fraction" && !config[name]))
    .map(([name, short]) => `${short} ${config[name]}`);
  return [`${evaluator}, ${config.algorithm.toUpperCase()}`, ...dials, `${grouped(simulations)} simulations`].join(" · ");
}

/** A stone in a line of text; a character would change its colour in a dark scheme. */
const dot = (color) => `<span class="gt-dot gt-dot-${color}" title="${COLOR_NAMES[color]}"></span><span class="gt-hidden">${COLOR_NAMES[color]} </span>`;

function bestLineMarkup(side) {
  const moves = side.bestLine.slice(0, 12).map(({ color, action, n }) => `<span class="gt-best-move">${dot(color)}${moveName(side.trace, action)} <i>${grouped(n)}</i></span>`);
  return moves.join(" ") || "none yet";
}

/** What the trees are of, their best lines, and what the letters on the cards mean. */
export function drawNames({ parts, sides, side, buttons, active }) {
  const { a, b } = sides;
  parts.about.textContent = b ? "" : aboutTrace(a.trace);
  parts.about.hidden = Boolean(b);
  parts["name-a"].textContent = b ? `A: ${aboutTrace(a.trace)}` : "";
  parts["name-b"].textContent = b ? `B: ${aboutTrace(b.trace)}` : "";
  const which = b ? ` of ${active.toUpperCase()}` : "";
  parts["best-line"].innerHTML = `<b>Best line${which}</b> (most visited): ${bestLineMarkup(side)}`;
  const win = side.trace.valueKind === "margin" ? "the area margin, in shares of the board" : "−1 lost, +1 won";
  const bonus = {
    puct: "bonus for exploring: large where P is large and N small",
    uct: "bonus for exploring: large where N is small beside the parent’s",
    gumbel: "at the root the Gumbel noise and log P, below it the improved policy",
  };
  const { algorithm } = side.trace.config;
  const legend = [
    [dot(BLACK) + dot(WHITE), "who plays the move"],
    ["N", "visits so far"],
    ["Q", `mean value of those visits, for the player of that move (${win})`],
    ["P", `prior: the evaluator’s first guess${algorithm === "uct" ? ", which UCT does not use" : ""}`],
    ["U", bonus[algorithm]],
    [scoreName(side.trace), `what select compares: the highest is taken${algorithm === "gumbel" ? ", at the root of those still in the race" : ""}`],
  ];
  parts.legend.innerHTML = legend.map(([sign, meaning]) => `<div><dt>${sign}</dt><dd>${meaning}</dd></div>`).join("");
  buttons.close.hidden = !b;
}

const COLUMNS_OF_TABLE = [
  { id: "action", name: "Move", title: "The move" },
  { id: "n", name: "N", title: "Visits" },
  { id: "q", name: "Q", title: "Mean value of the visits, for the side to move" },
  { id: "p", name: "P", title: "Prior: the evaluator's first opinion" },
  { id: "u", name: "U", title: "Exploration bonus: large where P is large and N small" },
  { id: "score", name: "Q + U", title: "What select compares" },
];

/** A node's edges, the highest first or the lowest; of equals, the one that wins stands first. */
export function sortedEdges(edges, { by, down }, winning = null) {
  const sign = down ? -1 : 1;
  const rank = (edge) => Number(edge.action !== winning);
  const order = (a, b) => sign * (a[by] - b[by]) || rank(a) - rank(b) || b.n - a.n || b.p - a.p;
  return [...edges].sort((a, b) => order(a, b) || a.action - b.action);
}

/** The moves of a node as a table; chosen: the action that select takes here, or null. */
export function tableMarkup(side, node, { edges, sort, all, chosen }) {
  const { trace } = side;
  const winning = chosen ?? winner(edges, trace.config.algorithm);
  const sorted = sortedEdges(edges, sort, winning);
  const rows = all ? sorted : sorted.slice(0, ROWS);
  if (!rows.some(({ action }) => action === winning)) rows.push(...edges.filter(({ action }) => action === winning));
  const picture = sumPictures(trace, rows);
  const heads = COLUMNS_OF_TABLE.map(({ id, name, title }) => {
    const label = id === "score" ? scoreName(trace) : name;
    const order = sort.by === id ? (sort.down ? "descending" : "ascending") : "none";
    const arrow = sort.by === id ? (sort.down ? " ▾" : " ▴") : "";
    return `<th scope="col" aria-sort="${order}"><button type="button" data-sort="${id}" title="${title}" aria-label="${label}: sort by it">${label}${arrow}</button></th>`;
  }).join("");
  const body = rows.map((edge) => {
    const name = moveName(trace, edge.action);
    const reach = edge.child >= 0 && side.exists(edge.child);
    const move = reach
      ? `<button type="button" data-child="${edge.child}" title="Go to this node">${name}</button>`
      : `<span>${name}</span>`;
    const wins = edge.action === winning;
    return (
      `<tr class="${wins ? "gt-wins" : ""}${edge.eligible === false ? " gt-out" : ""}"${wins ? ' aria-current="true"' : ""}><th scope="row">${wins ? '<span class="gt-win" aria-hidden="true">→</span>' : ""}${move}</th><td>${grouped(edge.n)}</td>` +
      `<td class="${edge.unvisited ? "gt-assumed" : ""}">${edge.unvisited ? `(${signed(edge.q)})` : signed(edge.q)}</td><td>${percent(edge.p)}</td><td>${plain(edge.u)}</td>` +
      `<td>${signed(edge.score)}${wins ? `<span class="gt-hidden">, ${chosen === null ? "the highest" : "chosen"}</span>` : ""}</td><td class="gt-picture">${picture(edge)}</td></tr>`
    );
  }).join("");
  const more = sorted.length > ROWS
    ? `<button type="button" data-do="all-rows">${all ? `Only ${ROWS} rows` : `All ${sorted.length} moves`}</button>`
    : "";
  const color = COLOR_NAMES[trace.position(node).toMove];
  return (
    `<table><caption class="gt-hidden">The moves of ${color} at ${lineOf(trace, node)}</caption><thead><tr>${heads}<th class="gt-picture" scope="col">` +
    `${trace.config.algorithm === "gumbel" ? "" : SUM_KEY}</th></tr></thead><tbody>${body}</tbody></table>${more}` +
    (rows.some((edge) => edge.unvisited) ? `<p class="gt-note">(in brackets) the value assumed for a move that was never tried.</p>` : "") +
    (trace.isComplete(node) ? "" : `<p class="gt-note">Of a node that was never selected from, only the likeliest moves are recorded.</p>`)
  );
}

const SUM_KEY =
  '<span title="The bar that ends furthest right wins"><span class="gt-key-q" aria-hidden="true"></span> Q ' +
  '<span class="gt-key-u" aria-hidden="true"></span> U</span>';

/** A picture of Q + U for each row: a mark at Q and a bar up to the sum; the furthest right wins. */
function sumPictures(trace, rows) {
  if (trace.config.algorithm === "gumbel") return () => "";
  const finite = rows.filter(({ score }) => Number.isFinite(score));
  const low = Math.min(...finite.map(({ q }) => q));
  const span = Math.max(...finite.map(({ score }) => score)) - low || 1;
  const at = (value) => 4 + (92 * (value - low)) / span;
  return ({ q, score }) => {
    if (!Number.isFinite(score)) return "first each once";
    const width = Math.max(0.5, at(score) - at(q));
    return (
      `<svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true"><rect class="gt-u" x="${at(q).toFixed(1)}" y="3" width="${width.toFixed(1)}" height="6"/>` +
      `<rect class="gt-q" x="${(at(q) - 1.2).toFixed(1)}" y="1" width="2.4" height="10"/></svg>`
    );
  };
}

/** What is known of a node, in a sentence. */
export function nodeSentence(side, node) {
  const { trace, replay } = side;
  const position = trace.position(node);
  const color = position.toMove;
  if (!side.exists(node)) return "This node is not in the tree yet.";
  if (!side.isEvaluated(node)) return `${COLOR_NAMES[color]} to play. This node was just added: nothing is known of it yet.`;
  if (trace.isClosed(node))
    return `The game is over here: ${position.result ?? "no result"}, ${valueText(trace, trace.value(node), color)}.`;
  const visits = side.visits(node);
  if (!visits) return `${COLOR_NAMES[color]} to play. Evaluated ${valueText(trace, trace.value(node), color)}; its moves have no visits yet.`;
  const mean = `mean of the search ${valueText(trace, replay.mean(node), color)}`;
  const wins = trace.valueKind === "win" ? ` (wins ${Math.round(50 * (replay.mean(node) + 1))} %)` : "";
  return `${COLOR_NAMES[color]} to play. Evaluated ${signed(trace.value(node))}; after ${grouped(visits)} ${visits === 1 ? "visit" : "visits"} to its moves, ${mean}${wins}.`;
}

/** Draw a node's board with its overlays into the layers of the panel. */
export function drawNodeBoard({ parts, layers, id }, side, node, { edges, show }) {
  const { trace } = side;
  const position = trace.position(node);
  const { size } = position;
  parts.board.setAttribute("viewBox", `0 0 ${sideOf(size)} ${sideOf(size)}`);
  parts.board.dataset.size = size;
  if (layers.base.dataset.size !== String(size)) {
    layers.base.innerHTML = boardLayer(size, id);
    layers.base.dataset.size = size;
  }
  const fill = (field) => {
    const values = new Array(position.pass + 1).fill(0);
    for (const edge of edges) values[edge.action] = edge[field];
    return values;
  };
  const visits = fill("n");
  const prior = fill("p");
  const counted = show.visits && visits.some((count) => count > 0);
  layers.under.innerHTML = show.prior ? heatLayer(position, prior, !counted) : "";
  layers.stones.innerHTML = stonesLayer(position, id, false);
  layers.over.innerHTML = counted ? visitsLayer(position, visits) : "";
  layers.marks.innerHTML = marksLayer(position, {});
  parts.board.setAttribute("aria-label", `Go board, ${size} by ${size}, at ${lineOf(trace, node)}`);
  const notes = [];
  if (counted) notes.push(`Discs: visits${visits[position.pass] ? `; the pass has ${grouped(visits[position.pass])}` : ""}.`);
  if (show.prior) notes.push(`Tiles: prior in percent${prior[position.pass] >= 0.01 ? `; the pass has ${percent(prior[position.pass])}` : ""}.`);
  parts["board-note"].textContent = notes.join(" ");
}

/** "E5, empty, 12 visits": what the board's keyboard cursor stands on. */
export function pointText(side, node, edges, point) {
  const { trace } = side;
  const color = trace.position(node).stones[point];
  const edge = edges.find((one) => one.action === point);
  const what = color === EMPTY ? (edge ? `${grouped(edge.n)} visits, prior ${percent(edge.p)}` : "not legal") : `${COLOR_NAMES[color]} stone`;
  return `${moveName(trace, point)}, ${what}`;
}
