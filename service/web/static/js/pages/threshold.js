// The threshold page: two handles on the histogram, by mouse, touch or keys; counts follow at once, the promise from the API.

import { get } from "../api.js";
import { Calibration } from "../calibration.js";
import { count, score } from "../dom.js";
import { draw, spanOf } from "../histogram.js";
import { follow } from "../live.js";
import { awaited, order } from "../orders.js";
import { say } from "../toast.js";

const form = document.getElementById("threshold");
const line = form.dataset.line;
const base = `/v1/lines/${encodeURIComponent(line)}`;
const chart = document.getElementById("chart");
const fields = { defect: document.getElementById("alpha"), review: document.getElementById("review-alpha") };
const handles = { defect: document.getElementById("defect-handle"), review: document.getElementById("review-handle") };
const may = !fields.defect.disabled;

const facts = await get(`${base}/thresholds?frames=${form.dataset.frames}`);
const calibration = new Calibration(facts.scores);
const recent = facts.recent.map((frame) => frame.score);
const inForce = { defect: facts.thresholds.wished_alpha, review: facts.thresholds.review_alpha };
const wished = { ...inForce };
const span = spanOf(facts.scores, recent, [facts.thresholds.defect_score, facts.thresholds.review_score]);
let asking;

function cuts() {
  const [alpha, reviewAlpha] = calibration.effective(wished.defect, wished.review);
  return { defect: calibration.threshold(alpha), review: calibration.threshold(reviewAlpha), alpha, reviewAlpha };
}

function counted({ defect, review }) {
  const counts = { ok: 0, review: 0, defect: 0 };
  for (const one of recent) counts[one > defect ? "defect" : one > review ? "review" : "ok"] += 1;
  return counts;
}

function place(name, at, rate, x, step) {
  const handle = handles[name];
  const { width } = chart.getBoundingClientRect();
  handle.style.left = `${Math.min(width, Math.max(0, x(at)))}px`;
  handle.setAttribute("aria-valuemin", 0);
  handle.setAttribute("aria-valuemax", calibration.n - 1);
  handle.setAttribute("aria-valuenow", step);
  handle.setAttribute("aria-valuetext", `${percent(rate)} of good parts, score ${score(at)}`);
  handle.setAttribute("aria-disabled", !may);
}

function show() {
  const now = cuts();
  const x = draw(document.getElementById("histogram"), facts.scores, recent, span);
  place("defect", now.defect, now.alpha, x, calibration.allowed(now.alpha));
  place("review", now.review, now.reviewAlpha, x, calibration.allowed(now.reviewAlpha));
  const before = counted({ defect: facts.thresholds.defect_score, review: facts.thresholds.review_score });
  const then = counted(now);
  for (const kind of ["ok", "review", "defect"]) {
    const row = document.getElementById(`count-${kind}`);
    const change = then[kind] - before[kind];
    row.querySelector("[data-then]").textContent = then[kind].toLocaleString("en");
    row.querySelector("[data-change]").textContent = change > 0 ? `+${change}` : `${change}`.replace("-", "−");
  }
  const flipped = Math.abs(then.defect - before.defect) + Math.abs(then.ok - before.ok);
  document.getElementById("flipped").textContent = flipped
    ? `A defect above ${score(now.defect)}, review above ${score(now.review)}: at least ${count(Math.max(Math.abs(then.defect - before.defect), Math.abs(then.ok - before.ok)), "part")} would have been called something else.`
    : `A defect above ${score(now.defect)}, review above ${score(now.review)}: no part would have been called anything else.`;
  const changed = wished.defect !== inForce.defect || wished.review !== inForce.review;
  for (const name of ["save", "undo"]) if (document.getElementById(name)) document.getElementById(name).disabled = !changed;
  clearTimeout(asking);
  asking = setTimeout(promise, 250);
}

async function promise() {
  const box = document.getElementById("promise");
  try {
    const preview = await get(`${base}/thresholds/preview?frames=1&alpha=${wished.defect}&review_alpha=${wished.review}`);
    box.textContent = preview.sentence;
  } catch (error) {
    box.textContent = error.message;
  }
}

function percent(rate) {
  return `${Number((100 * rate).toPrecision(3))} %`;
}

// One rate moves the other along where they would cross: review is never rarer than defect.
function wish(name, rate) {
  wished[name] = rate;
  if (name === "defect" && wished.review < rate) wished.review = rate;
  if (name === "review" && wished.defect > rate) wished.defect = rate;
  for (const each of ["defect", "review"]) fields[each].value = Number((100 * wished[each]).toPrecision(6));
  show();
}

function stepTo(name, step) {
  wish(name, calibration.rateOf(Math.min(calibration.n - 1, Math.max(0, step))));
}

function currentStep(name) {
  const now = cuts();
  return calibration.allowed(name === "defect" ? now.alpha : now.reviewAlpha);
}

function stepAt(clientX) {
  const box = chart.getBoundingClientRect();
  const value = span[0] + ((clientX - box.left) / box.width) * (span[1] - span[0]);
  // The held-out score nearest to the pointer.
  let nearest = 0;
  for (let at = 1; at < calibration.n; at += 1) if (Math.abs(facts.scores[at] - value) < Math.abs(facts.scores[nearest] - value)) nearest = at;
  return calibration.n - 1 - nearest;
}

const KEYS = { ArrowRight: -1, ArrowUp: -1, ArrowLeft: 1, ArrowDown: 1, PageUp: -10, PageDown: 10 };

if (may) {
  for (const [name, handle] of Object.entries(handles)) {
    handle.addEventListener("pointerdown", (event) => { event.preventDefault(); handle.setPointerCapture(event.pointerId); handle.focus(); });
    handle.addEventListener("pointermove", (event) => { if (handle.hasPointerCapture(event.pointerId)) stepTo(name, stepAt(event.clientX)); });
    handle.addEventListener("keydown", (event) => {
      const step = event.key === "Home" ? calibration.n - 1 : event.key === "End" ? 0 : currentStep(name) + KEYS[event.key];
      if (Number.isNaN(step)) return;
      event.preventDefault();
      stepTo(name, step);
    });
    fields[name].addEventListener("input", () => {
      const rate = Number(fields[name].value) / 100;
      if (rate > 0 && rate < 1) { wished[name] = rate; show(); }
    });
    fields[name].addEventListener("change", () => wish(name, wished[name]));
  }
  document.getElementById("undo").addEventListener("click", () => { Object.assign(wished, inForce); wish("defect", inForce.defect); });
  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
}
document.getElementById("look-again").addEventListener("click", () => location.reload());

async function save() {
  const said = document.getElementById("said");
  document.getElementById("save").disabled = true;
  said.textContent = "Asking…";
  try {
    const wanted = { kind: "SetFalseAlarmRate", alpha: wished.defect, review_alpha: wished.review, based_on_epoch: facts.epoch, why: document.getElementById("why").value };
    const accepted = await order(line, wanted);
    const state = await awaited(accepted.command_id, () => { said.textContent = "Asked; the rebuilder carries it out…"; });
    said.textContent = "";
    if (state.status === "done") { say(`Epoch ${state.epoch} in force. ${state.sentence}`); setTimeout(() => location.reload(), 1200); }
    else stale(state.sentence);
  } catch (error) {
    said.textContent = `Nothing was changed: ${error.message}`;
    document.getElementById("save").disabled = false;
  }
}

function stale(sentence) {
  document.getElementById("stale-said").textContent = sentence;
  document.getElementById("stale").hidden = false;
  document.getElementById("stale").scrollIntoView({ block: "nearest" });
}

new ResizeObserver(show).observe(chart);
follow(line, {
  line: (summary) => {
    if (summary.epoch > facts.epoch && document.getElementById("said")?.textContent === "") stale(`Epoch ${summary.epoch} came into force meanwhile, and these rates were chosen for epoch ${facts.epoch}.`);
  },
}, () => {});
document.documentElement.dataset.ready = "threshold";
