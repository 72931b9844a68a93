// What a widget's JavaScript half knows as its `model`, without Jupyter: state comes as server-sent
// events, messages go out as posts, one after the other. The widgets need get, on, off and send.

export class Model {
  constructor(name, post) {
    this.name = name;
    this.post = post;
    this.state = {};
    this.listeners = new Map();
  }

  get(trait) {
    return this.state[trait];
  }

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter((one) => one !== listener));
  }

  send(content) {
    this.post({ widget: this.name, content });
  }

  /** Take over traits, and tell whoever listens of those that differ. */
  take(change) {
    const differing = Object.entries(change).filter(
      ([trait, value]) => JSON.stringify(value) !== JSON.stringify(this.state[trait]),
    );
    Object.assign(this.state, Object.fromEntries(differing));
    for (const [trait] of differing)
      for (const listener of this.listeners.get(`change:${trait}`) ?? []) listener();
  }
}

/**
 * Connect to the program that serves this page. callbacks: onModel(model) once for each widget,
 * when its state is there; onLost() and onFound() as the connection goes and comes back.
 */
export function connect({ onModel, onLost, onFound }) {
  const models = new Map();
  let sending = Promise.resolve();
  const post = (message) => {
    sending = sending.then(async () => {
      try {
        const answer = await fetch("send", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(message),
        });
        if (!answer.ok) onLost(await answer.text());
      } catch {
        onLost();
      }
    });
  };
  const events = new EventSource("events");
  events.addEventListener("open", () => onFound());
  events.addEventListener("error", () => onLost());
  events.addEventListener("message", (event) => {
    for (const [name, change] of Object.entries(JSON.parse(event.data))) {
      const known = models.get(name);
      const model = known ?? new Model(name, post);
      models.set(name, model);
      model.take(change);
      if (!known) onModel(model);
    }
  });
  return models;
}
