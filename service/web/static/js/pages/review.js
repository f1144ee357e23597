// The review page: a part, an answer, the next part.

import { post } from "../api.js";
import { onKeys } from "../keys.js";
import { follow } from "../live.js";
import { refresher } from "../refresh.js";
import { startAlerts } from "../review/alerts.js";
import { Desk } from "../review/desk.js";
import { startFilters } from "../review/filters.js";
import { Holding, holder } from "../review/holding.js";
import { startPicture, strengthen, toggle, zoomBy, fit, showLayers } from "../review/picture.js";
import { Queue } from "../review/queue.js";
import { say, tellResult } from "../toast.js";

const root = document.getElementById("review");
const { line, query, show, cursor, me } = root.dataset;
const canAnswer = "canAnswer" in root.dataset;
const flagged = ["defect", "review"];
const desk = new Desk(document.getElementById("desk"), line);
const queue = new Queue(root);
const holding = canAnswer ? new Holding(line) : null;
const form = document.getElementById("answers");
const done = []; // What was answered here, newest last: {uids, command ids}.
const mine = new Set();

const queueUrl = `/lines/${line}/queue?${[query, cursor && `cursor=${cursor}`, `holder=${holder}`].filter(Boolean).join("&")}`;
const refresh = refresher(queueUrl, { after: settle, pause: 1500 });

function settle() {
  queue.settle();
  prepareNext();
  if (!desk.uid && !desk.wanted) next();
}

function address(uid) {
  const kept = [query, cursor && `cursor=${cursor}`].filter(Boolean).join("&");
  return `/lines/${line}${uid ? `/frames/${uid}` : ""}${kept ? `?${kept}` : ""}`;
}

// `asked`: somebody chose this part, so it is shown even while another answers it.
async function open(uid, { asked = false } = {}) {
  try {
    if (!(await desk.show(uid))) return;
  } catch (error) {
    say(`This part could not be shown: ${error.message}`);
    return;
  }
  queue.mark(uid);
  history.replaceState(null, "", address(uid)); // A reload, or a copied address, shows the same part.
  document.title = `${desk.part.dataset.name} · ${line} · Patchline`;
  ready();
  hold(asked);
}

async function hold(asked) {
  if (!holding || "answered" in (desk.part?.dataset ?? {})) return prepareNext();
  const uid = desk.uid;
  const ahead = queue.near(1, { open: true });
  try {
    const taken = await holding.hold([uid, ahead].filter((each) => each));
    for (const [other, name] of taken) queue.row(other)?.setAttribute("data-claimed", name);
    if (taken.has(uid) && uid === desk.uid) {
      if (asked) return ready();
      return next();
    }
  } catch {
    // Without a hold two people may look at one part; the second answer is refused.
  }
  prepareNext();
}

function prepareNext() {
  for (const uid of [queue.near(1, { open: true }), queue.near(1)]) desk.prepare(uid).catch(() => {});
}

function next() {
  const uid = queue.near(1, { open: true });
  if (uid) return open(uid);
  holding?.hold([]).catch(() => {});
  desk.clear(nothing());
  queue.mark(null);
  history.replaceState(null, "", address(null));
  ready();
}

function nothing() {
  return document.getElementById("nothing").content.firstElementChild.cloneNode(true);
}

// Whether the part before the operator can be answered, and why not.
function ready() {
  const part = desk.part;
  if (!form) return;
  form.hidden = !part;
  const other = part && queue.row(part.dataset.uid)?.dataset.claimed;
  const taken = part?.querySelector("#taken");
  if (taken) {
    taken.hidden = !other;
    taken.querySelector("span").textContent = other ? `${other} is answering this part.` : "";
  }
  const many = queue.picked.size > 0;
  const closed = !many && (!part || "answered" in part.dataset || Boolean(other));
  for (const button of form.querySelectorAll("[data-answer]")) {
    const blind = !many && part && "unseen" in part.dataset && button.dataset.answer !== "unsure";
    button.disabled = closed || Boolean(blind);
  }
  document.getElementById("undo").disabled = !done.length && !("answered" in (part?.dataset ?? {}));
}

async function answer(kind) {
  const many = queue.picked.size > 0;
  const button = form.querySelector(`[data-answer="${kind}"]`);
  if (button.disabled) return;
  const uids = many ? [...queue.picked] : [desk.uid];
  const why = form.elements.why.value.trim();
  for (const uid of uids) { queue.answered(uid, kind); mine.add(uid); }
  form.elements.why.value = "";
  document.getElementById("answers-said").textContent = `${many ? `${uids.length} parts` : desk.part.dataset.name}: ${kind}`;
  if (many) queue.unpick();
  desk.fetched.delete(desk.uid);
  const shown = performance.now();
  const going = many && !uids.includes(desk.uid) ? ready() : next();
  const record = { uids, kind };
  done.push(record);
  try {
    await post(`/v1/lines/${line}/answers`, { answer: kind, frames: uids, why, holder });
  } catch (error) {
    done.splice(done.indexOf(record), 1);
    for (const uid of uids) { queue.answered(uid, null); mine.delete(uid); }
    say(`Nothing was changed: ${error.message}`, { action: { word: "Show it", run: () => open(uids[0], { asked: true }) } });
  }
  await going;
  root.dataset.lastStep = (performance.now() - shown).toFixed(1);
  ready();
}

async function undo() {
  const record = done.pop() ?? { uids: [desk.uid] };
  const names = record.uids.length === 1 ? "The answer is" : `${record.uids.length} answers are`;
  try {
    for (const uid of record.uids) await post(`/v1/lines/${line}/frames/${uid}/undo`, {});
    for (const uid of record.uids) queue.answered(uid, null);
    document.getElementById("answers-said").textContent = `${names} taken back`;
    for (const uid of record.uids) desk.fetched.delete(uid);
    await open(record.uids[0], { asked: true });
    refresh();
  } catch (error) {
    say(`Not taken back: ${error.message}`);
  }
  ready();
}

function step(by) {
  const uid = queue.near(by);
  if (uid) open(uid, { asked: true });
}

root.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-frame]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  open(link.closest(".row").dataset.uid, { asked: true });
});
root.addEventListener("change", ready);
form?.addEventListener("submit", (event) => event.preventDefault());
form?.addEventListener("click", (event) => {
  const kind = event.target.closest("[data-answer]")?.dataset.answer;
  if (kind) answer(kind);
  else if (event.target.closest("#undo")) undo();
});
form?.elements.why.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); event.target.blur(); }
});
if (holding) holding.lost = (taken) => { for (const [uid, name] of taken) queue.row(uid)?.setAttribute("data-claimed", name); ready(); };

startPicture(desk.element);
startFilters(line);
startAlerts(line, refresh);
showLayers(desk.element);

onKeys([
  ...(canAnswer ? [
    ["g", "Good part", () => answer("good")],
    ["d", "Defect", () => answer("defect")],
    ["u", "Unsure", () => answer("unsure")],
    ["z", "Take the last answer back", () => { if (!document.getElementById("undo").disabled) undo(); }],
    ["r", "Write a reason", () => form.elements.why.focus()],
    ["x", "Select the part, to answer several at once", () => queue.togglePick(desk.uid)],
  ] : []),
  ["ArrowDown", "Next part", () => step(1)],
  ["ArrowUp", "Part before", () => step(-1)],
  ["h", "Heatmap on or off", () => toggle(desk.element, "heat")],
  ["[", "Heatmap weaker", () => strengthen(desk.element, -20)],
  ["]", "Heatmap stronger", () => strengthen(desk.element, 20)],
  ["o", "Outlines on or off", () => toggle(desk.element, "outlines")],
  ["+", "Zoom in", () => zoomBy(1.5)],
  ["-", "Zoom out", () => zoomBy(1 / 1.5)],
  ["0", "Show the whole part", fit],
  ["/", "Search for a part", () => { document.getElementById("filters").open = true; document.getElementById("search").focus(); }],
]);

const listed = (kind) => show === "all" || show === kind || (flagged.includes(kind) && ["open", "flagged"].includes(show));

follow(line, {
  verdict: (verdict) => { if (listed(verdict.verdict)) refresh(); },
  line: (summary) => { document.getElementById("epoch").lastChild.textContent = summary.epoch ? `epoch ${summary.epoch}` : "no bank"; },
  claims: ({ claims }) => {
    queue.claimed(claims.filter((claim) => !(holding?.held ?? []).includes(claim.frame_uid)));
    ready();
  },
  answer: ({ frames, answer: kind, name }) => {
    for (const uid of frames) {
      queue.answered(uid, kind);
      if (!(mine.has(uid) && name === me)) desk.renew(uid).then(ready).catch(() => {});
    }
    refresh();
  },
  "line-event": (event) => {
    tellResult(event);
    refresh();
    desk.renew().then(ready).catch(() => {});
  },
}, () => {
  refresh();
  desk.renewAll().then(ready).catch(() => {});
});

if (desk.uid) {
  // An address that names a part was chosen by somebody; the line's own address shows the first that is free.
  const asked = location.pathname.includes("/frames/");
  queue.mark(desk.uid);
  history.replaceState(null, "", address(desk.uid));
  hold(asked);
}
ready();
