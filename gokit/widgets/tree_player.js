// Where the explorer is in its searches: by steps, by simulations, or playing.

import { nextPlace, previousPlace, stepsOf } from "./tree_steps.js";

const QUICK = 5; // steps a second from which only the tree itself is kept up to date
const CATCH_UP = 30; // steps at most in one picture

export class Player {
  /** traces(): the searches shown; changed(): called after each move; the dials: rate, unit. */
  constructor(traces, changed) {
    this.traces = traces;
    this.changed = changed;
    this.place = { after: 0, step: 0 };
    this.rate = 2; // steps a second
    this.unit = "step"; // or "simulation"
    this.playing = null;
  }

  get simulations() {
    return Math.max(...this.traces().map(({ simulations }) => simulations));
  }

  get atStart() {
    return this.place.after === 0 && this.place.step === 0;
  }

  get atEnd() {
    return this.place.after >= this.simulations;
  }

  get quick() {
    return Boolean(this.playing) && this.rate > QUICK;
  }

  /** How many steps the simulation after `after` has: those of the search with most of them. */
  steps(after) {
    const trace = this.longest(after);
    return trace ? stepsOf(trace, after).length : 0;
  }

  longest(after) {
    const count = (trace) => stepsOf(trace, after).length;
    return this.traces()
      .filter(({ simulations }) => after >= 0 && after < simulations)
      .reduce((best, trace) => (!best || count(trace) > count(best) ? trace : best), null);
  }

  goTo(place) {
    this.place = place;
    this.changed();
  }

  step(direction) {
    const { after, step } = this.place;
    const trace = this.longest(direction > 0 || step > 0 ? after : after - 1);
    if (trace) this.goTo(direction > 0 ? nextPlace(trace, this.place) : previousPlace(trace, this.place));
  }

  stepSimulations(count) {
    const { after, step } = this.place;
    const from = count < 0 && step > 0 ? after + 1 : after; // back from the middle of one: to its start
    this.goTo({ after: Math.max(0, Math.min(this.simulations, from + count)), step: 0 });
  }

  /** Play from here, or from the start again where this is the end. */
  play() {
    if (this.atEnd) this.place = { after: 0, step: 0 };
    const tick = (now) => {
      if (!this.playing) return;
      const due = Math.floor(((now - this.playing.since) * this.rate) / 1000);
      if (due > 0) {
        this.playing.since += (1000 * due) / this.rate;
        // After a pause of the page itself, go on from here instead of making up for it.
        for (let k = 0; k < Math.min(due, CATCH_UP); k++) this.advance();
        this.changed();
      }
      if (this.atEnd) return this.pause();
      if (this.playing) this.playing.frame = requestAnimationFrame(tick);
    };
    this.playing = { since: performance.now(), frame: requestAnimationFrame(tick) };
    this.changed();
  }

  advance() {
    const { after } = this.place;
    if (this.atEnd) return;
    if (this.unit === "simulation") this.place = { after: after + 1, step: 0 };
    else this.place = nextPlace(this.longest(after), this.place);
  }

  pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing.frame);
    this.playing = null;
    this.changed();
  }
}
