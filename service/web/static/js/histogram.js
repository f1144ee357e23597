// A histogram of held-out good scores, filled, and of recent ones, outlined; each as a share of its own number.

import { drawn, score } from "./dom.js";

const BINS = 48;
const FLOOR = 22;

// The scores that are shown: from a little below the lowest good one to past the threshold; what is beyond lies in the last bin.
export function spanOf(held, recent, thresholds) {
  const low = Math.min(held[0], recent.length ? Math.min(...recent) : held[0]);
  const high = Math.max(held.at(-1), ...thresholds.filter(Number.isFinite)) * 1.25;
  const wide = high - low || 1;
  return [low - 0.03 * wide, high + 0.05 * wide];
}

function binned(scores, [low, high]) {
  const bins = new Array(BINS).fill(0);
  for (const one of scores) bins[Math.min(BINS - 1, Math.max(0, Math.floor(((one - low) / (high - low)) * BINS)))] += 1 / scores.length;
  return bins;
}

export function draw(svg, held, recent, span, cuts = []) {
  const { width, height } = svg.getBoundingClientRect();
  const floor = height - FLOOR;
  const x = (value) => ((value - span[0]) / (span[1] - span[0])) * width;
  const [good, seen] = [binned(held, span), binned(recent, span)];
  const top = Math.max(...good, ...seen, 0.01) * 1.08;
  const step = width / BINS;
  const bar = (share, at, name) => drawn("rect", {
    class: name, x: (at * step + 0.5).toFixed(1), width: Math.max(1, step - 1).toFixed(1),
    y: (floor - (share / top) * floor).toFixed(1), height: ((share / top) * floor).toFixed(1),
  });
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...cuts.map(([kind, value]) => drawn("line", { class: `cut ${kind}`, x1: x(value), x2: x(value), y1: 0, y2: floor })),
    ...good.map((share, at) => share && bar(share, at, "bin-held")).filter(Boolean),
    ...seen.map((share, at) => share && bar(share, at, "bin-recent")).filter(Boolean),
    drawn("line", { class: "chart-axis", x1: 0, x2: width, y1: floor, y2: floor }),
    ...ticks(span, x, width, height),
  );
  return x;
}

function ticks(span, x, width, height) {
  const rough = (span[1] - span[0]) / Math.max(3, Math.floor(width / 120));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  const made = [];
  for (let at = Math.ceil(span[0] / step) * step; at < span[1]; at += step) {
    if (x(at) < 14 || x(at) > width - 14) continue;
    made.push(drawn("text", { class: "chart-text", x: x(at).toFixed(1), y: height - 5, "text-anchor": "middle" }, score(at)));
  }
  return made;
}
