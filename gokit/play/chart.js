// The forecasts of a game as bars from a middle line: up for Black, down for White.

const WIDTH = 300;
const HEIGHT = 90;
const LEAST_POINTS = 10; // so that a lead of half a point does not look like a landslide

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** How high a bar is, from -1 (White's) to 1 (Black's). */
export function heights(values, kind) {
  if (kind === "win") return values.map((chance) => (chance - 50) / 50);
  const most = Math.max(LEAST_POINTS, ...values.map(Math.abs));
  return values.map((points) => points / most);
}

const words = (value, kind) =>
  kind === "win"
    ? `Black wins with ${Math.round(value)} %`
    : `${value > 0 ? "Black" : "White"} ahead by ${Math.abs(value).toFixed(1)}`;

/** values: Black's forecast after each move; names: of those moves. */
export function chartMarkup(values, kind, names) {
  const middle = HEIGHT / 2;
  const step = WIDTH / Math.max(20, values.length);
  const bars = heights(values, kind).map((share, k) => {
    const height = Math.max(1, Math.abs(share) * (middle - 3));
    const y = share >= 0 ? middle - height : middle;
    const style = share >= 0 ? "play-bar-black" : "play-bar-white";
    return (
      `<rect class="${style}" x="${(k + 0.12) * step}" y="${y}" width="${0.76 * step}" height="${height}">` +
      `<title>${escaped(`${names[k]}: ${words(values[k], kind)}`)}</title></rect>`
    );
  });
  return `<path class="play-axis" d="M0 ${middle}H${WIDTH}"/>${bars.join("")}`;
}
