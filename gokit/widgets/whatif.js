// The what-if form: the dials of a search, as far as its algorithm has them.

const DIALS = [
  { id: "evaluator", label: "Evaluator", options: [] },
  { id: "algorithm", label: "Algorithm", options: [["puct", "PUCT (AlphaGo, AlphaZero)"], ["uct", "UCT (UCB1 in trees)"], ["gumbel", "Gumbel"]] },
  { id: "simulations", label: "Simulations", min: 1, step: 1 },
  { id: "c_puct", label: "c, weight of the prior", min: 0, step: 0.1 },
  { id: "c_uct", label: "c, weight of exploration", min: 0, step: 0.1 },
  { id: "fpu", label: "Value of an untried move", options: [["reduction", "parent’s mean − value"], ["visited policy", "mean − value · √visited prior"], ["absolute", "the value itself"], ["infinite", "infinite: each once"]] },
  { id: "fpu_value", label: "… with value", min: -2, max: 2, step: 0.05 },
  { id: "noise_fraction", label: "Share of noise in the root’s prior", min: 0, max: 1, step: 0.05 },
  { id: "noise_alpha", label: "Evenness of the noise (α · moves)", min: 0.1, step: 0.5 },
  { id: "considered", label: "Moves considered at first", min: 1, step: 1 },
  { id: "gumbel_scale", label: "Scale of the Gumbel noise", min: 0, step: 0.1 },
  { id: "c_visit", label: "c visit", min: 0, step: 5 },
  { id: "c_scale", label: "c scale", min: 0, step: 0.1 },
  { id: "seed", label: "Seed", min: 0, step: 1 },
];
const NOT_CONFIG = new Set(["evaluator", "seed"]);

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const optionList = (pairs) =>
  pairs.map(([value, label]) => `<option value="${escaped(value)}">${escaped(label)}</option>`).join("");

export function whatIfMarkup() {
  const fields = DIALS.map(({ id, label, options, min, max, step }) => {
    const control = options
      ? `<select data-dial="${id}">${optionList(options)}</select>`
      : `<input type="number" data-dial="${id}" min="${min}" step="${step}"${max === undefined ? "" : ` max="${max}"`}>`;
    return `<label data-for="${id}">${label} ${control}</label>`;
  }).join("");
  return `<details class="gt-what-if" data-part="what-if"><summary>What if … ? Search again with other settings</summary>
    <form data-part="form"><div class="gt-dials">${fields}</div>
    <div class="gt-bar"><button type="button" data-do="beside">Search, and show it beside this tree</button>
    <button type="button" data-do="instead">Search, and show it instead</button>
    <button type="button" data-do="close" hidden>Close the comparison</button></div></form>
    <p class="gt-note" data-part="no-kernel" hidden>This page has no kernel: searching again needs a running notebook.</p></details>`;
}

export class WhatIf {
  /** root: the element that holds the form. */
  constructor(root) {
    const all = (attribute) =>
      Object.fromEntries([...root.querySelectorAll(`[data-${attribute}]`)].map((e) => [e.dataset[attribute], e]));
    this.controls = all("dial");
    this.labels = all("for");
    this.defaults = {};
    root.addEventListener("submit", (event) => event.preventDefault());
    this.controls.algorithm.addEventListener("change", () => this.fillFrom(this.defaults[this.controls.algorithm.value] ?? {}));
    this.controls.fpu.addEventListener("change", () => {
      const { fpu, fpu_value: value } = this.controls;
      value.value = fpu.value === "absolute" ? 0 : 0.2;
      this.arrange();
    });
  }

  /**
   * Show the settings of a search. dials: { evaluators, defaults: { algorithm: config },
   * max_simulations, seed }, each optional.
   */
  show(trace, dials) {
    const { controls } = this;
    this.defaults = dials.defaults ?? { [trace.config.algorithm]: trace.config };
    const names = dials.evaluators ?? [trace.evaluator];
    controls.evaluator.innerHTML = optionList(names.map((name) => [name, name]));
    controls.evaluator.value = names.includes(dials.evaluator) ? dials.evaluator : names[0];
    for (const option of controls.algorithm.options) option.hidden = !(option.value in this.defaults);
    controls.simulations.max = dials.max_simulations ?? "";
    controls.seed.value = dials.seed ?? 0;
    controls.algorithm.value = trace.config.algorithm;
    controls.simulations.value = trace.config.simulations;
    this.fillFrom(trace.config);
  }

  fillFrom(config) {
    for (const [id, control] of Object.entries(this.controls)) {
      const kept = NOT_CONFIG.has(id) || id === "algorithm" || id === "simulations";
      if (!kept && config[id] !== undefined && config[id] !== null) control.value = config[id];
    }
    this.config = config;
    this.arrange();
  }

  /** Only the dials that the chosen algorithm has. */
  arrange() {
    const { controls, labels } = this;
    const own = this.defaults[controls.algorithm.value] ?? this.config;
    for (const { id } of DIALS) {
      const always = NOT_CONFIG.has(id) || id === "algorithm" || id === "simulations";
      const valued = id === "fpu_value" && "fpu" in own;
      labels[id].hidden = !(always || valued || (own[id] !== undefined && own[id] !== null));
    }
    labels.fpu_value.hidden ||= controls.fpu.value === "infinite";
  }

  /** The settings in the form: { config, evaluator, seed }; an Error names a number that is missing. */
  read() {
    const config = {};
    let seed = 0;
    for (const { id, label, options } of DIALS) {
      if (this.labels[id].hidden) continue;
      const { value } = this.controls[id];
      if (!options && (value.trim() === "" || !Number.isFinite(Number(value)))) throw new Error(`“${label}” needs a number.`);
      if (id === "seed") seed = Number(value);
      else if (id !== "evaluator") config[id] = options ? value : Number(value);
    }
    return { config, evaluator: this.controls.evaluator.value, seed };
  }
}
