// A recorded search, read from the document that gokit.search.trace writes, and replayed: the
// statistics after any simulation and what each choice saw, worked out again from the paths and
// values. gokit.search.replay is the authority; tests/browser compares the two.

import { pointName, replay } from "./rules.js";

const FORMAT = "gokit-trace";
const VERSION = 1;
const STEPS_A_NAT = 16; // of a prior's highest byte
const CLOSED_NODE = 1;
const EVEN_NODE = 2;
const NOT_TAKEN = -2;

/** The numbers of a base64 text: kind is a typed array's class, such as Float32Array. */
function unpackArray(text, kind, name, length = null) {
  if (typeof text !== "string") throw new Error(`The trace lacks the array ${name}.`);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  const array = new kind(bytes.buffer, 0, Math.floor(bytes.length / kind.BYTES_PER_ELEMENT));
  if (array.byteLength !== bytes.length || (length !== null && array.length !== length))
    throw new Error(`The trace's array ${name} has another length than it should.`);
  return array;
}

/** The paths' actions one after the other, and where each path begins: each is written as how many
 * actions it shares with the one before, and the others. */
function joinPaths(paths, simulations, kind) {
  const shared = unpackArray(paths.shared, Uint16Array, "shared", simulations);
  const lengths = unpackArray(paths.lengths, Uint16Array, "lengths", simulations);
  const others = unpackArray(paths.actions, kind, "actions");
  const starts = new Int32Array(simulations + 1);
  for (let i = 0; i < simulations; i++) starts[i + 1] = starts[i] + shared[i] + lengths[i];
  const pathAction = new kind(starts[simulations]);
  let next = 0;
  for (let i = 0; i < simulations; i++) {
    const same = starts[i] + shared[i];
    for (let at = starts[i]; at < same; at++)
      pathAction[at] = pathAction[at - starts[i] + starts[i - 1]];
    for (let at = same; at < starts[i + 1]; at++) pathAction[at] = others[next++];
  }
  if (next !== others.length) throw new Error("The trace's paths do not fit its actions.");
  return { starts, pathAction };
}

/** Follow all paths: the node each step starts from and reaches, and how each node was made. */
function followPaths(trace, joins) {
  const { nodes, simulations, nActions: width, starts, pathAction } = trace;
  const joined = new Map();
  for (let at = 0; at < joins.length; at += 3)
    joined.set(`${joins[at]} ${joins[at + 1]}`, joins[at + 2]);
  const table = (length, filling) => new Int32Array(length).fill(filling);
  const childOf = table(nodes * width, NOT_TAKEN);
  const [pathNode, pathReached] = [table(pathAction.length, 0), table(pathAction.length, 0)];
  const [parents, madeBy, bornIn] = [table(nodes, -1), table(nodes, -1), table(nodes, -1)];
  const depths = table(nodes, 0);
  let made = 1;
  for (let i = 0; i < simulations; i++) {
    let node = 0;
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const key = node * width + pathAction[at];
      let reached = childOf[key];
      if (reached === NOT_TAKEN) {
        reached = joined.get(`${i} ${at - starts[i]}`) ?? made;
        if (reached === made) {
          if (made === nodes) throw new Error("The trace's paths lead to more nodes than it has.");
          made++;
          parents[reached] = node;
          madeBy[reached] = pathAction[at];
          bornIn[reached] = i;
          depths[reached] = depths[node] + 1;
        }
        childOf[key] = reached;
      }
      pathNode[at] = node;
      pathReached[at] = node = reached;
    }
  }
  if (made !== nodes) throw new Error("The trace's paths do not lead to all of its nodes.");
  return { pathNode, pathReached, parents, madeBy, bornIn, depths, childOf };
}

/** The actions listed of each node and their priors, flat; edgeAt finds (node, action) there. */
function readPriors(part, trace) {
  const { nodes, nActions: width, states, childOf } = trace;
  const selected = new Uint8Array(nodes);
  for (const node of trace.pathNode) selected[node] = 1;
  const bytesANode = Math.ceil(width / 8);
  const legal = unpackArray(part.legal, Uint8Array, "legal");
  const counts = unpackArray(part.counts, Uint8Array, "counts");
  const likeliest = unpackArray(part.likeliest, trace.actionKind, "likeliest");
  const high = unpackArray(part.high, Uint8Array, "high");
  const low = unpackArray(part.low, part.bits === 16 ? Uint16Array : Uint8Array, "low");
  const lowest = 2 ** part.bits;

  const start = new Int32Array(nodes + 1);
  const [edgeAction, priors] = [[], []];
  const edgeAt = new Int32Array(nodes * width).fill(-1);
  let [mask, few, listed, coded, sharp] = [0, 0, 0, 0, 0];
  for (let node = 0; node < nodes; node++) {
    const first = edgeAction.length;
    if (selected[node]) {
      for (let action = 0; action < width; action++)
        if ((legal[mask + (action >> 3)] >> (action & 7)) & 1) edgeAction.push(action);
      mask += bytesANode;
    } else if (states[node] === 0) {
      for (let left = counts[few++]; left > 0; left--) edgeAction.push(likeliest[listed++]);
    }
    const even = 1 / (edgeAction.length - first);
    for (let edge = first; edge < edgeAction.length; edge++) {
      const key = node * width + edgeAction[edge];
      edgeAt[key] = edge;
      if (states[node] === EVEN_NODE) {
        priors.push(even);
        continue;
      }
      const code = high[coded++];
      // The low bits are left out where a small prior was never put to the test.
      const isSharp = code < part.sharp || childOf[key] !== NOT_TAKEN;
      const bits = isSharp ? low[sharp++] : lowest;
      priors.push(Math.exp((code * lowest + bits) / -(STEPS_A_NAT * lowest)));
    }
    start[node + 1] = edgeAction.length;
  }
  const ends = [mask, few, listed, coded, sharp];
  if ([legal, counts, likeliest, high, low].some((array, i) => array.length !== ends[i]))
    throw new Error("The trace's priors do not fit its nodes.");
  const prior = Float64Array.from(priors);
  return { start, edgeAction: Uint16Array.from(edgeAction), prior, edgeAt, selected };
}

/** Read a trace document (parsed JSON); an Error in words where it is none. */
export function readTrace(data) {
  if (data?.format !== FORMAT) throw new Error("This is not the trace of a search.");
  if (data.version !== VERSION)
    throw new Error(`The trace is of version ${data.version}; this page reads ${VERSION}.`);
  return new Trace(data);
}

class Trace {
  constructor(data) {
    const { game, config, evaluator, value_kind: valueKind, result, nodes, simulations } = data;
    Object.assign(this, { game, config, evaluator, valueKind, result, nodes, simulations });
    this.size = game.size;
    this.nActions = this.size * this.size + 1;
    this.actionKind = this.nActions <= 256 ? Uint8Array : Uint16Array;
    this.values = unpackArray(data.values, Float32Array, "values", this.nodes);
    this.states = unpackArray(data.states, Uint8Array, "states", this.nodes);
    this.readPaths(data);
    Object.assign(this, readPriors(data.priors, this));
    this.readEdges();
    const own = data.root_prior; // the evaluator's, where noise was added to it
    this.rootPrior = own ? unpackArray(own, Float32Array, "root_prior", this.nActions) : null;
    if (data.gumbel) {
      this.noise = unpackArray(data.gumbel.noise, Float32Array, "noise", this.nActions);
      this.schedule = unpackArray(data.gumbel.schedule, Uint16Array, "schedule", simulations);
      this.considered = data.gumbel.considered;
    }
    this.positions = new Map();
    this.childLists = null;
  }

  readPaths(data) {
    Object.assign(this, joinPaths(data.paths, this.simulations, this.actionKind));
    const joins = data.joins ? unpackArray(data.joins, Int32Array, "joins") : [];
    Object.assign(this, followPaths(this, joins));
    this.leafValues = data.leaf_values
      ? unpackArray(data.leaf_values, Float32Array, "leaf_values", this.simulations)
      : Float32Array.from({ length: this.simulations }, (_, i) => this.values[this.leaf(i)]);
    this.pathValue = new Float64Array(this.pathAction.length);
    for (let i = 0; i < this.simulations; i++)
      for (let at = this.starts[i + 1] - 1, value = this.leafValues[i]; at >= this.starts[i]; at--)
        this.pathValue[at] = value = -value;
    this.roundOf = Int32Array.from(this.leafValues.keys());
    if (data.rounds) {
      let next = 0;
      unpackArray(data.rounds, Uint16Array, "rounds").forEach((size, round) =>
        this.roundOf.fill(round, next, (next += size)),
      );
    }
  }

  readEdges() {
    const count = this.edgeAction.length;
    this.pathEdge = new Int32Array(this.pathAction.length);
    this.edgeChild = new Int32Array(count).fill(-1);
    this.edgeFirst = new Int32Array(count).fill(this.simulations); // who went there first
    for (let i = this.simulations - 1; i >= 0; i--)
      for (let at = this.starts[i]; at < this.starts[i + 1]; at++) {
        const edge = this.edgeAt[this.pathNode[at] * this.nActions + this.pathAction[at]];
        if (edge < 0) throw new Error("The trace's paths take an action that is not legal there.");
        this.pathEdge[at] = edge;
        this.edgeChild[edge] = this.pathReached[at];
        this.edgeFirst[edge] = i;
      }
  }

  /** The nodes from which simulation i selected, and the actions it took there. */
  path(i) {
    const part = (array) => Array.from(array.subarray(this.starts[i], this.starts[i + 1]));
    return { nodes: part(this.pathNode), actions: part(this.pathAction) };
  }

  // Of simulation i: the node at its end, -1 where a full tree had no room for it; the value that
  // it backed up, in the leaf's mover's view; whether it added the leaf; and its round: with a
  // leaf batch, all descents of a round precede its values.
  leaf = (i) => this.pathReached[this.starts[i + 1] - 1];
  leafValue = (i) => this.leafValues[i];
  isNew = (i) => this.leaf(i) >= 0 && this.bornIn[this.leaf(i)] === i;
  round = (i) => this.roundOf[i];

  // Of a node: what the evaluator, or the rules, said of it, in its mover's view; whether the game
  // is over there; where it hangs, -1 for the root; the simulation that made it, -1 for the root.
  value = (node) => this.values[node];
  isClosed = (node) => this.states[node] === CLOSED_NODE;
  parent = (node) => this.parents[node];
  action = (node) => this.madeBy[node];
  depth = (node) => this.depths[node];
  born = (node) => this.bornIn[node];

  /** Whether all legal actions of a node are listed; else the likeliest, or none. */
  isComplete = (node) => this.selected[node] === 1;

  /** The nodes that were made below a node, oldest first. */
  children(node) {
    if (!this.childLists) {
      this.childLists = Array.from({ length: this.nodes }, () => []);
      for (let child = 1; child < this.nodes; child++)
        this.childLists[this.parents[child]].push(child);
    }
    return this.childLists[node];
  }

  /** The position of a node, along the path by which it was first reached. */
  position(node) {
    if (!(node >= 0 && node < this.nodes)) throw new Error(`There is no node ${node}.`);
    if (!this.positions.size) {
      const moves = this.game.moves.slice(0, this.game.cursor);
      this.positions.set(0, replay({ ...this.game, moves, end: null }).at(-1));
    }
    const missing = [];
    for (; !this.positions.has(node); node = this.parents[node]) missing.push(node);
    let position = this.positions.get(node);
    for (const child of missing.reverse()) {
      position = position.play(this.madeBy[child]);
      this.positions.set(child, position);
    }
    return position;
  }
}

/** The state of a trace after any number of whole simulations. */
export class Replay {
  constructor(trace) {
    this.trace = trace;
    this.now = emptySums(trace);
    this.then = emptySums(trace); // for looking elsewhere without leaving
    this.after = 0;
  }

  /** Go to the state after k simulations, forwards or backwards. */
  seek(k) {
    const { simulations } = this.trace;
    if (!Number.isInteger(k) || k < 0 || k > simulations)
      throw new Error(`A simulation is from 0 to ${simulations}, not ${k}.`);
    moveSums(this.now, this.trace, k);
    this.after = k;
    return this;
  }

  /** How many simulations have come to a node so far; for the root, all. */
  visits(node) {
    return node === 0 ? this.after : this.now.reached[node];
  }

  /** The mean of a node's own value and all below it so far, in its mover's view. */
  mean(node) {
    return nodeMean(this.trace, this.now, node);
  }

  /** The actions listed of a node, rising, as the next simulation would see them: each has
   * action, child (-1: none yet), n, q, p, u, score, unvisited, eligible, sigma. q of an unvisited
   * one is its first-play urgency; u is the part of the score that is not Q. */
  edges(node) {
    return edgeTable(this.trace, this.now, node, this.after, null);
  }

  /** Each step of simulation i as it was then: { node, edges, chosen }. */
  selection(i) {
    const { trace, then } = this;
    const first = trace.roundOf.indexOf(trace.roundOf[i]);
    moveSums(then, trace, first);
    const loss = trace.config.virtual_loss ?? 0;
    for (let at = trace.starts[first]; at < trace.starts[i]; at++) {
      then.n[trace.pathEdge[at]] += 1;
      then.w[trace.pathEdge[at]] -= loss;
    }
    const { nodes, actions } = trace.path(i);
    let position = trace.config.transpositions === "position" ? trace.position(0) : null;
    const steps = nodes.map((node, step) => {
      const chosen = actions[step];
      let edges = edgeTable(trace, then, node, i, null);
      if (position) {
        // A merged node's list is that of the path which made it.
        if (!position.isLegal(winner(edges, trace.config.algorithm)))
          edges = edgeTable(trace, then, node, i, position);
        position = position.play(chosen);
      }
      return { node, edges, chosen };
    });
    if (first < i) then.after = Infinity; // what is under way was added: begin afresh
    return steps;
  }

  /** From a node on, the most visited action each time: { node, action, n, q }. */
  principalVariation(node = 0) {
    const steps = [];
    const seen = new Set();
    while (node >= 0 && !seen.has(node)) {
      seen.add(node);
      let best = null;
      for (const edge of this.edges(node))
        if (edge.n > (best?.n ?? 0) || (best && edge.n === best.n && edge.q > best.q)) best = edge;
      if (!best) break;
      steps.push({ node, action: best.action, n: best.n, q: best.q });
      node = best.child;
    }
    return steps;
  }

  /** How the next simulation's score of an action comes about, with the numbers filled in. */
  formula(node, action) {
    const edges = this.edges(node);
    const edge = edges.find((other) => other.action === action);
    if (!edge)
      throw new Error(`${pointName(action, this.trace.size)} is not listed at node ${node}.`);
    return formulaOf(this.trace, node, edge, edges);
  }
}

const emptySums = (trace) => ({
  after: 0,
  n: new Int32Array(trace.edgeAction.length),
  w: new Float64Array(trace.edgeAction.length),
  reached: new Int32Array(trace.nodes),
});

/** Bring sums to the state after k simulations; going back is starting again. */
function moveSums(sums, trace, k) {
  if (k < sums.after) {
    sums.n.fill(0);
    sums.w.fill(0);
    sums.reached.fill(0);
    sums.after = 0;
  }
  const { pathEdge, pathValue, pathReached, starts } = trace;
  for (let at = starts[sums.after]; at < starts[k]; at++) {
    sums.n[pathEdge[at]] += 1;
    sums.w[pathEdge[at]] += pathValue[at];
    if (pathReached[at] >= 0) sums.reached[pathReached[at]] += 1;
  }
  sums.after = k;
}

function nodeTotals(trace, sums, node) {
  const totals = { n: 0, w: 0, visitedPrior: 0, weighted: 0, most: 0 };
  for (let edge = trace.start[node]; edge < trace.start[node + 1]; edge++) {
    const n = sums.n[edge];
    totals.n += n;
    totals.w += sums.w[edge];
    if (n === 0) continue;
    totals.visitedPrior += trace.prior[edge];
    totals.weighted += (trace.prior[edge] * sums.w[edge]) / n;
    totals.most = Math.max(totals.most, n);
  }
  return totals;
}

function nodeMean(trace, sums, node) {
  const { n, w } = nodeTotals(trace, sums, node);
  return (trace.values[node] + w) / (1 + n);
}

/** What an action without visits counts as. */
function firstPlay(trace, totals, node) {
  const { algorithm, fpu, fpu_value: value } = trace.config;
  const own = trace.values[node];
  if (algorithm === "gumbel" && totals.n === 0) return own;
  if (algorithm === "gumbel")
    return (own + totals.n * (totals.weighted / totals.visitedPrior)) / (1 + totals.n);
  if (fpu === "infinite") return Infinity;
  if (fpu === "absolute") return value;
  const reduction = fpu === "visited policy" ? value * Math.sqrt(totals.visitedPrior) : value;
  return (own + totals.w) / (1 + totals.n) - reduction;
}

/** A node's actions before simulation i; `position` tells which are legal on the path, if asked. */
function edgeTable(trace, sums, node, i, position) {
  const totals = nodeTotals(trace, sums, node);
  const unvisitedQ = firstPlay(trace, totals, node);
  const edges = [];
  for (let at = trace.start[node]; at < trace.start[node + 1]; at++) {
    const [n, action] = [sums.n[at], trace.edgeAction[at]];
    edges.push({
      action,
      child: trace.edgeFirst[at] < i ? trace.edgeChild[at] : -1,
      n,
      q: n > 0 ? sums.w[at] / n : unvisitedQ,
      p: trace.prior[at],
      u: 0,
      score: 0,
      unvisited: n === 0,
      eligible: position ? position.isLegal(action) : true,
      sigma: null,
    });
  }
  const { algorithm, c_puct: cPuct, c_uct: cUct } = trace.config;
  if (algorithm === "gumbel") scoreGumbel(trace, totals, node, edges, i);
  else
    for (const edge of edges) {
      if (algorithm === "puct") edge.u = (cPuct * Math.sqrt(1 + totals.n) * edge.p) / (1 + edge.n);
      else if (edge.n > 0) edge.u = cUct * Math.sqrt(Math.log(totals.n) / edge.n);
      edge.score = edge.q + edge.u;
    }
  return edges;
}

function scoreGumbel(trace, totals, node, edges, i) {
  const { c_visit: cVisit, c_scale: cScale } = trace.config;
  const scale = (cVisit + totals.most) * cScale;
  const highestPrior = edges.reduce((highest, edge) => Math.max(highest, edge.p), 0);
  let highest = -Infinity;
  for (const edge of edges) {
    edge.sigma = scale * edge.q;
    edge.u = Math.log(edge.p / highestPrior);
    if (edge.eligible) highest = Math.max(highest, edge.u + edge.sigma);
  }
  if (node === 0) {
    // After the last simulation the most visited actions compete for the move.
    const visits = i < trace.simulations ? trace.schedule[i] : totals.most;
    for (const edge of edges) {
      edge.u += trace.noise[edge.action];
      edge.score = edge.u + edge.sigma;
      edge.eligible = edge.eligible && edge.n === visits;
    }
    return;
  }
  let sum = 0;
  for (const edge of edges) {
    edge.u = edge.eligible ? Math.exp(edge.u + edge.sigma - highest) : 0;
    sum += edge.u;
  }
  for (const edge of edges) {
    edge.u /= sum;
    edge.score = edge.u - edge.n / (1 + totals.n);
  }
}

/** The action that selection takes from a table, its rules for ties included. */
export function winner(edges, algorithm) {
  let best = null;
  // UCB1 knows no priors; they only order actions that have no visits.
  const order = (edge) =>
    edge.score === Infinity || (algorithm === "uct" && edge.unvisited) ? edge.p : 0;
  for (const edge of edges) {
    if (!edge.eligible) continue;
    const isTie = best && edge.score === best.score;
    if (!best || edge.score > best.score || (isTie && order(edge) > order(best))) best = edge;
  }
  return best?.action ?? -1;
}

function formulaOf(trace, node, edge, edges) {
  const { algorithm, c_puct: cPuct, c_uct: cUct } = trace.config;
  const total = edges.reduce((sum, other) => sum + other.n, 0);
  const [q, p, score] = [edge.q, edge.p, edge.score].map((value) => fixedText(value, 3));
  const n = edge.n;
  if (algorithm === "gumbel") {
    if (node !== 0) return `π′ - n/(1+N) = ${fixedText(edge.u, 3)} - ${n}/(1+${total}) = ${score}`;
    const noise = trace.noise[edge.action];
    const parts = [noise, edge.u - noise, edge.sigma].map((value) => fixedText(value, 3));
    return `g + logit + σ(Q) = ${parts.join(" + ")} = ${score}`;
  }
  if (algorithm === "uct") {
    if (edge.unvisited) return `FPU = ${score}`;
    return `Q + c·√(ln N/n) = ${q} + ${shortText(cUct)}·√(ln ${total}/${n}) = ${score}`;
  }
  const u = `${shortText(cPuct)}·${p}·√(1+${total})/(1+${n})`;
  return `${edge.unvisited ? "FPU" : "Q"} + c·P·√(1+N)/(1+n) = ${q} + ${u} = ${score}`;
}

/** A number with so many decimals, without "-0". */
function fixedText(value, digits) {
  if (value === Infinity) return "∞";
  const written = value.toFixed(digits);
  return Number(written) === 0 ? written.replace("-", "") : written;
}

const shortText = (value) => String(Number(value.toPrecision(6)));
