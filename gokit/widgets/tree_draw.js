// One search tree as SVG: a card for each node, a line for each edge, kept and moved rather than
// drawn anew, so that thousands of steps run smoothly.

import { COLOR_NAMES, EMPTY, opponent } from "./rules.js";
import { starPoints } from "./draw.js";
import { grouped, moverOf, moveName, percent, plain, signed } from "./tree_steps.js";

const SVG = "http://www.w3.org/2000/svg";
const MINI = 54; // side of a small board
const SMALLEST = 0.84; // the scale to which a tree shrinks by itself
const LEGIBLE = 0.7; // at a smaller scale the small print goes
const HEADER = 24;
const MARGIN_AROUND = 12;
const EASE = 0.38; // of the way, a frame

const make = (name, style) => {
  const element = document.createElementNS(SVG, name);
  if (style) element.setAttribute("class", style);
  return element;
};

/** A board small enough for a card. */
export function miniBoard(position, side = MINI) {
  const { size, stones, lastMove } = position;
  const cell = side / (size + 0.2);
  const center = (k) => cell * (0.6 + k);
  const [near, far] = [center(0).toFixed(1), center(size - 1).toFixed(1)];
  let lines = "";
  for (let k = 0; k < size; k++) {
    const at = center(k).toFixed(1);
    lines += `M${near} ${at}H${far}M${at} ${near}V${far}`;
  }
  const disc = (point, r) => {
    const [x, y] = [center(point % size), center(Math.floor(point / size))];
    return `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
  };
  const r = Number((0.46 * cell).toFixed(2));
  const discs = ["", "", ""];
  stones.forEach((color, point) => (discs[color] += color === EMPTY ? "" : disc(point, r)));
  const stars = size > 5 ? starPoints(size).map((point) => disc(point, 0.6)).join("") : "";
  const placed = lastMove !== null && lastMove < size * size && stones[lastMove] !== EMPTY;
  const last = placed
    ? `<path class="gt-last-${stones[lastMove]}" d="${disc(lastMove, Number((0.2 * cell).toFixed(2)))}"/>`
    : "";
  return (
    `<rect class="gt-wood" width="${side}" height="${side}" rx="2"/><path class="gt-lines" d="${lines}"/>` +
    `<path class="gt-ink" d="${stars}"/><path class="gt-stones-1" d="${discs[1]}"/>` +
    `<path class="gt-stones-2" d="${discs[2]}"/>${last}`
  );
}

/** The inside of a node's card; elements with data-f are filled in by `fill`. */
function cardMarkup(trace, node, { width, height, tier }) {
  const position = trace.position(node);
  const board = tier === "board";
  const left = board ? MINI + 10 : 8;
  const baseline = board ? 17 : 14;
  const stone = node
    ? `<circle class="gt-stone gt-color-${moverOf(trace, node)}" cx="${left + 5}" cy="${baseline - 4.5}" r="5"/>`
    : "";
  const name = node ? moveName(trace, trace.action(node)) : "Root";
  const text = (field, x, y, style, anchor = "start") =>
    `<text data-f="${field}" class="${style}" x="${x}" y="${y}" text-anchor="${anchor}"></text>`;
  const lines =
    tier === "line"
      ? text("q", 74, baseline, "gt-small", "middle")
      : board
        ? text("q", left, 34, "gt-small") + text("p", width - 8, 34, "gt-small", "end") + text("u", left, 51, "gt-small")
        : text("all", left, 29, "gt-small");
  return (
    `<rect class="gt-ring" x="-4" y="-4" width="${width + 8}" height="${height + 8}" rx="9"/>` +
    `<rect class="gt-card" width="${width}" height="${height}" rx="6"/>` +
    `<rect data-f="bar" class="gt-bar" x="3" y="${height - 4}" height="2.6" rx="1.3"/>` +
    (board ? `<g class="gt-mini" transform="translate(4 4)">${miniBoard(position)}</g>` : "") +
    `${stone}<text class="gt-move" x="${left + (node ? 14 : 0)}" y="${baseline}">${name}</text>` +
    text("n", width - 8, baseline, "gt-count", "end") + lines +
    (tier === "line" ? "" : text("gap", left + 50, baseline, "gt-small")) +
    `<g data-f="more" class="gt-more" transform="translate(${width - 1} ${height / 2})"><rect y="-8" height="16" rx="8"/><text y="3.6" text-anchor="middle"></text></g>`
  );
}

export class TreePane {
  /** svg: an empty element; callbacks: onPick(node), onOpen(node). */
  constructor(svg, callbacks) {
    this.svg = svg;
    this.callbacks = callbacks;
    this.id = `gt-${Math.random().toString(36).slice(2)}`;
    for (const layer of ["edges", "nodes", "header", "beyond"]) {
      this[layer] = make("g", `gt-${layer}`);
      this[layer].setAttribute(layer === "nodes" ? "role" : "aria-hidden", layer === "nodes" ? "none" : "true");
      svg.append(this[layer]);
    }
    this.cards = new Map();
    this.camera = null;
    this.free = false; // whether a person moved the camera
    this.frame = 0;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.listen();
  }

  listen() {
    const { svg } = this;
    let grip = null;
    svg.addEventListener("pointerdown", (event) => (grip = { x: event.clientX, y: event.clientY, moved: false }));
    svg.addEventListener("pointermove", (event) => {
      if (!grip || !event.buttons || !this.camera) return;
      const [dx, dy] = [event.clientX - grip.x, event.clientY - grip.y];
      if (!grip.moved && Math.hypot(dx, dy) < 4) return;
      if (!grip.moved) svg.setPointerCapture(event.pointerId);
      const { scale } = this.camera;
      this.setCamera({ ...this.camera, x: this.camera.x - dx / scale, y: this.camera.y - dy / scale });
      grip = { x: event.clientX, y: event.clientY, moved: true };
      this.free = true;
    });
    svg.addEventListener("click", (event) => {
      const dragged = grip?.moved;
      grip = null;
      if (dragged) return;
      const card = event.target.closest("[data-node]");
      if (!card) return;
      const node = Number(card.dataset.node);
      if (event.target.closest(".gt-more")) this.callbacks.onOpen(node);
      else this.callbacks.onPick(node);
    });
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 300));
    }, { passive: false });
  }

  /** Forget the cards: another tree is to be shown. */
  clear() {
    for (const card of this.cards.values()) this.remove(card);
    this.cards.clear();
    this.camera = null;
    this.free = false;
  }

  remove({ group, edge, arrow }) {
    group.remove();
    edge?.remove();
    arrow?.remove();
  }

  /**
   * Draw a picture of the tree: { trace, layout, edge(node), hidden(node), marks(node) -> { style,
   * edge, tag, ... }, gap(node), focus, cursor, total, visits(node), quick, label, header }.
   * gap: how a node's share of visits differs from another tree's, in words. quick: many pictures
   * a second, so no labels.
   */
  show(picture) {
    const { layout, trace } = picture;
    this.picture = picture;
    for (const [node, card] of this.cards)
      if (!layout.at.has(node)) {
        this.remove(card);
        this.cards.delete(node);
      }
    const order = [...layout.at.keys()].sort((a, b) => a - b);
    for (const node of order) {
      const box = layout.at.get(node);
      let card = this.cards.get(node);
      if (!card || card.box.tier !== box.tier) card = this.build(trace, node, box, card);
      card.box = box;
      this.fill(card, picture);
    }
    this.svg.setAttribute("aria-label", picture.label);
    this.svg.setAttribute("aria-activedescendant", `${this.id}-${picture.cursor}`);
    this.drawHeader(picture);
    this.aim();
    this.move();
  }

  build(trace, node, box, old) {
    const card = old ?? { node, group: make("g", "gt-node"), x: null };
    if (!old) {
      card.group.dataset.node = node;
      card.group.id = `${this.id}-${node}`;
      card.group.setAttribute("role", "treeitem");
      card.group.setAttribute("aria-level", trace.depth(node) + 1);
      this.nodes.append(card.group);
      if (node) {
        card.edge = make("path", "gt-edge");
        card.arrow = make("path", "gt-arrow");
        this.edges.append(card.edge, card.arrow);
      }
      this.cards.set(node, card);
    }
    card.group.innerHTML = cardMarkup(trace, node, box);
    card.fields = Object.fromEntries([...card.group.querySelectorAll("[data-f]")].map((e) => [e.dataset.f, e]));
    card.texts = {};
    return card;
  }

  fill(card, picture) {
    const { node, box, fields } = card;
    const { trace } = picture;
    const edge = picture.edge(node);
    const mark = picture.marks(node);
    const put = (field, text, style) => {
      const key = `${text}|${style ?? ""}`;
      if (!fields[field] || card.texts[field] === key) return;
      card.texts[field] = key;
      fields[field].textContent = text;
      if (style !== undefined) fields[field].setAttribute("class", style);
    };
    const style = `gt-node ${mark.style}${node === picture.cursor ? " gt-cursor" : ""}`;
    if (card.style !== style) card.group.setAttribute("class", (card.style = style));
    const tagStyle = mark.tag ? "gt-small gt-tag" : "gt-small";
    if (node === 0) {
      put("n", `N ${grouped(edge.n)}`);
      put("q", `mean ${signed(edge.q)}`);
      put("u", mark.tag || `for ${COLOR_NAMES[trace.position(0).toMove]}`, tagStyle);
      put("all", mark.tag || `mean ${signed(edge.q)} for ${COLOR_NAMES[trace.position(0).toMove]}`, tagStyle);
    } else {
      const q = (digits) => (edge.n ? signed(edge.q, digits) : `(${signed(edge.q, digits)})`); // assumed
      put("n", `${box.tier === "board" ? "N " : ""}${grouped(edge.n)}`);
      put("q", box.tier === "line" ? mark.short || q(2) : `Q ${q(3)}`,
        box.tier === "line" && mark.short ? "gt-small gt-tag" : "gt-small");
      put("p", `P ${percent(edge.p)}`);
      put("u", mark.tag || `U ${plain(edge.u)}  = ${signed(edge.score)}`, tagStyle);
      put("all", mark.tag || `Q ${q(2)}  P ${edge.p.toFixed(2)}  U ${edge.u.toFixed(2)}`, tagStyle);
    }
    const gap = picture.gap(node);
    put("gap", gap);
    const share = node ? edge.n / Math.max(1, picture.visits(trace.parent(node))) : 1;
    const bar = ((box.width - 6) * Math.min(1, share)).toFixed(0);
    if (card.bar !== bar) fields.bar.setAttribute("width", (card.bar = bar));
    this.fillMore(card, picture);
    if (card.edge) {
      const wide = (1 + 8 * Math.sqrt(edge.n / Math.max(1, picture.total))).toFixed(1);
      if (card.wide !== wide) card.edge.style.strokeWidth = card.wide = wide;
      const edgeStyle = `gt-edge ${mark.edge}`;
      if (card.edgeStyle !== edgeStyle) {
        card.edge.setAttribute("class", (card.edgeStyle = edgeStyle));
        card.arrow.setAttribute("class", `gt-arrow ${mark.edge}`);
        if (mark.edge) this.edges.append(card.edge, card.arrow); // over the others
        card.moved = true;
      }
      card.back = mark.back;
    }
    if (!picture.quick) this.describe(card, picture, edge, mark);
  }

  fillMore(card, { hidden }) {
    const count = hidden(card.node);
    if (card.count === count && card.texts.more) return;
    card.count = count;
    card.texts.more = true;
    const { more } = card.fields;
    more.style.display = count ? "" : "none";
    const label = `+${count}`;
    const width = 8 + 6 * label.length;
    more.firstChild.setAttribute("width", width);
    more.lastChild.setAttribute("x", width / 2);
    more.lastChild.textContent = label;
  }

  describe(card, { trace, layout, hidden, cursor, gap }, edge, mark) {
    const { node, group } = card;
    const count = hidden(node);
    const words = node
      ? `${COLOR_NAMES[moverOf(trace, node)]} ${moveName(trace, trace.action(node))}, N ${edge.n}, Q ${signed(edge.q)}, P ${percent(edge.p)}, U ${edge.u.toFixed(3)}`
      : `Root, ${edge.n} visits, mean ${signed(edge.q)} for ${COLOR_NAMES[trace.position(0).toMove]}`;
    const label = [words, mark.words, gap(node) && `${gap(node)} points of share against the other tree`, count ? `${count} more moves not shown` : ""].filter(Boolean).join(", ");
    if (card.label === label && card.selected === (node === cursor)) return;
    card.label = label;
    card.selected = node === cursor;
    group.setAttribute("aria-label", label);
    group.setAttribute("aria-selected", card.selected);
    const children = layout.children.get(node).length;
    if (children || count) group.setAttribute("aria-expanded", children > 0);
    else group.removeAttribute("aria-expanded");
  }

  /** Over each column: how many moves ahead, and whose choice it is. */
  drawHeader({ layout, trace, header }) {
    const first = trace.position(0).toMove;
    const colors = layout.columns.map((_, depth) => (depth % 2 ? first : opponent(first)));
    const key = layout.columns.map(({ x }) => x).join() + header;
    if (key === this.headerKey) return;
    this.headerKey = key;
    this.header.innerHTML =
      `<rect class="gt-header-back" x="-2000" y="0" width="9000" height="${HEADER}"/>` +
      layout.columns
        .map(({ x }, k) => {
          const title = k
            ? `<circle class="gt-stone gt-color-${colors[k]}" cx="6" cy="12" r="5"/><text x="16" y="16">${COLOR_NAMES[colors[k]]}’s move</text>`
            : `<text y="16">${header}</text>`;
          return `<g data-x="${x + 2}">${title}</g>`;
        })
        .join("");
    if (this.camera) this.scaleHeader();
  }

  // ---- the camera ----

  get size() {
    return { width: this.svg.clientWidth || 600, height: this.svg.clientHeight || 400 };
  }

  /** Show the whole tree where it is legible, else the part with the focus. */
  aim() {
    if (this.free && this.camera) return;
    const { layout, focus } = this.picture;
    const { width, height } = this.size;
    const room = { width: width - 2 * MARGIN_AROUND - 24, height: height - HEADER - 2 * MARGIN_AROUND };
    const fit = Math.min(room.width / layout.width, room.height / layout.height);
    const scale = Math.max(this.whole ? 0.05 : SMALLEST, Math.min(1, fit));
    const box = layout.at.get(focus) ?? layout.at.get(0);
    const axis = (length, space, from, to, before) => {
      const view = space / scale;
      if (length <= view) return -(view - length) / 2;
      let at = before ?? 0;
      if (from - 60 < at) at = from - 60;
      if (to + 60 > at + view) at = to + 60 - view;
      return Math.max(0, Math.min(length - view, at));
    };
    const target = {
      scale,
      x: axis(layout.width, room.width, box.x, box.x + box.width, this.target?.left) - MARGIN_AROUND / scale,
      y: axis(layout.height, room.height, box.y - box.height / 2, box.y + box.height / 2, this.target?.top) - (HEADER + MARGIN_AROUND) / scale,
    };
    if (layout.width <= room.width / scale) target.x = -MARGIN_AROUND / scale;
    target.left = target.x + MARGIN_AROUND / scale;
    target.top = target.y + (HEADER + MARGIN_AROUND) / scale;
    this.target = target;
    if (!this.camera) this.setCamera(target);
  }

  setCamera({ x, y, scale }) {
    this.camera = { x, y, scale };
    const { width, height } = this.size;
    this.svg.setAttribute("viewBox", `${x} ${y} ${width / scale} ${height / scale}`);
    this.header.setAttribute("transform", `translate(0 ${y})`);
    this.scaleHeader();
    this.drawBeyond(x + width / scale, y + height / scale, scale);
    this.svg.classList.toggle("gt-far", scale < LEGIBLE);
  }

  /** The words over the columns keep their size. */
  scaleHeader() {
    const { scale } = this.camera;
    for (const title of this.header.querySelectorAll("g"))
      title.setAttribute("transform", `translate(${title.dataset.x} 0) scale(${1 / scale})`);
    this.header.querySelector("rect")?.setAttribute("height", HEADER / scale);
  }

  /** Where the tree goes on beyond the right edge, say so. */
  drawBeyond(right, bottom, scale) {
    const { layout } = this.picture;
    const columns = layout.columns.filter(({ x, width }) => x + width > right + 2).length;
    if (columns !== this.columnsBeyond) {
      this.columnsBeyond = columns;
      const words = `${columns} more ${columns === 1 ? "column" : "columns"} →`;
      const width = 6.6 * words.length + 16;
      this.beyond.innerHTML = columns
        ? `<rect x="${-width}" y="-30" width="${width}" height="24" rx="12"/><text x="${-width / 2}" y="-14" text-anchor="middle">${words}</text>`
        : "";
    }
    this.beyond.setAttribute("transform", `translate(${right - 6 / scale} ${bottom}) scale(${1 / scale})`);
  }

  zoom(factor) {
    if (!this.camera) return;
    const { x, y, scale } = this.camera;
    const { width, height } = this.size;
    const next = Math.max(0.05, Math.min(2.5, scale * factor));
    const shift = (length) => (length / scale - length / next) / 2;
    this.free = true;
    this.setCamera({ x: x + shift(width), y: y + shift(height), scale: next });
  }

  /** Take the camera back; whole: show all of the tree, however small. */
  fit(whole) {
    this.free = false;
    this.whole = whole;
    this.camera = null;
    this.aim();
  }

  // ---- movement ----

  move() {
    if (this.calm.matches || this.picture.quick || document.hidden) return this.place(1);
    if (!this.frame) this.frame = requestAnimationFrame(() => this.glide());
    this.place(EASE);
  }

  glide() {
    this.frame = 0;
    if (this.place(EASE)) this.frame = requestAnimationFrame(() => this.glide());
  }

  /** Move all cards and the camera a part of their way; return whether some is left. */
  place(part) {
    let moving = false;
    const toward = (from, to) => {
      if (part === 1 || Math.abs(to - from) < 0.4) return to;
      moving = true;
      return from + part * (to - from);
    };
    const { trace } = this.picture;
    for (const node of [...this.cards.keys()].sort((a, b) => a - b)) {
      const card = this.cards.get(node);
      const { box } = card;
      const top = box.y - box.height / 2;
      const parent = this.cards.get(trace.parent(node));
      const [x, y] = [card.x, card.y];
      if (card.x === null) [card.x, card.y] = [box.x, top];
      card.x = toward(card.x, box.x);
      card.y = toward(card.y, top);
      const changed = card.x !== x || card.y !== y;
      if (changed) card.group.setAttribute("transform", `translate(${card.x.toFixed(1)} ${card.y.toFixed(1)})`);
      card.shifted = changed;
      if (parent && (changed || parent.shifted || card.moved)) this.drawEdge(card, parent);
    }
    if (!this.free && this.target && this.camera) {
      const { x, y, scale } = this.camera;
      const next = { x: toward(x, this.target.x), y: toward(y, this.target.y), scale: Math.abs(this.target.scale - scale) < 0.004 ? this.target.scale : toward(scale * 100, this.target.scale * 100) / 100 };
      if (next.x !== x || next.y !== y || next.scale !== scale) this.setCamera(next);
    }
    return moving;
  }

  drawEdge(card, parent) {
    card.moved = false;
    const x0 = parent.x + parent.box.width;
    const y0 = parent.y + parent.box.height / 2;
    const [x1, y1] = [card.x, card.y + card.box.height / 2];
    const bend = (x1 - x0) / 2;
    card.edge.setAttribute("d", `M${x0.toFixed(1)} ${y0.toFixed(1)}C${(x0 + bend).toFixed(1)} ${y0.toFixed(1)} ${(x1 - bend).toFixed(1)} ${y1.toFixed(1)} ${x1.toFixed(1)} ${y1.toFixed(1)}`);
    const [x, y, side] = card.back ? [x0 + 1, y0, 1] : [x1 - 1, y1, -1];
    card.arrow.setAttribute("d", `M${x.toFixed(1)} ${y.toFixed(1)}l${10 * side} -6v12z`);
  }
}

/** How large a layout may get before its cards lose their small print. */
export function roomFor(svg) {
  const { clientWidth: width, clientHeight: height } = svg;
  const scale = 0.9;
  return { width: ((width || 600) - 60) / scale, height: ((height || 400) - HEADER - 2 * MARGIN_AROUND) / scale };
}
