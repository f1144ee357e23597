// The teach page: orders with a reason, their progress, what an epoch changed, comparisons, and parts found by name.

import { ask, get, post } from "../api.js";
import { count, element, icon, score } from "../dom.js";
import { follow } from "../live.js";
import { awaited, confirm, order, pendingWords } from "../orders.js";
import { refresher } from "../refresh.js";
import { say, tellResult } from "../toast.js";

const teach = document.getElementById("teach");
const line = teach.dataset.line;
const base = `/v1/lines/${encodeURIComponent(line)}`;
const job = document.getElementById("job");
const refresh = refresher(location.href, { after: showChanges });
const opened = new Set();

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.order) give(button);
  else if (button?.dataset.shadow) compare(button.dataset.shadow);
  else if (button?.dataset.change) toggleChange(button.dataset.change);
});

async function give(button) {
  const why = await confirm(button.dataset.title);
  if (why === null) return;
  try {
    const accepted = await order(line, { ...JSON.parse(button.dataset.order), why });
    await watch(button.dataset.title, accepted.command_id);
  } catch (error) {
    say(`Nothing was changed: ${error.message}`);
  }
}

async function watch(title, commandId) {
  job.hidden = false;
  document.getElementById("job-title").textContent = title;
  const bar = document.getElementById("job-share");
  const said = document.getElementById("job-said");
  const state = await awaited(commandId, (told) => {
    const share = told.share_done;
    if (share === null || share === undefined) bar.removeAttribute("value");
    else bar.value = share;
    said.textContent = pendingWords(told);
  });
  job.hidden = true;
  say(state.status === "done" ? `Done: ${state.sentence}` : `Refused: ${state.sentence}`, { seconds: 12 });
  refresh();
}

function toggleChange(epoch) {
  if (opened.has(epoch)) opened.delete(epoch);
  else opened.add(epoch);
  showChanges();
}

// The server's page has every change closed: what a person opened is opened again after a refresh.
function showChanges() {
  for (const button of document.querySelectorAll("[data-change]")) {
    const epoch = button.dataset.change;
    const box = document.getElementById(`change-${epoch}`);
    button.setAttribute("aria-expanded", opened.has(epoch));
    box.hidden = !opened.has(epoch);
    if (!box.hidden && !box.childElementCount) fill(box, epoch);
  }
}

async function fill(box, epoch) {
  try {
    const { added, removed } = await get(`${base}/epochs/${epoch}/change`);
    box.replaceChildren(named("Added", added), named("Removed", removed));
  } catch (error) {
    box.replaceChildren(element("p", {}, error.message));
  }
}

function named(word, parts) {
  const names = parts.slice(0, 20).map((part) => part.name || part.sha256.slice(0, 12)).join(", ");
  const more = parts.length > 20 ? ` and ${parts.length - 20} more` : "";
  return element("p", {}, element("b", {}, `${word}: `), parts.length ? `${count(parts.length, "part")}: ${names}${more}` : "none");
}

const shadow = document.getElementById("shadow");
let running = null;
document.getElementById("shadow-cancel").addEventListener("click", () => running && ask("DELETE", `${base}/shadows/${running}`));

async function compare(version) {
  try {
    let state = await post(`${base}/shadows`, { version, frames: 200 });
    running = state.shadow_id;
    shadow.hidden = false;
    document.getElementById("shadow-title").textContent = `${version.slice(0, 12)} beside what is in force`;
    shadow.scrollIntoView({ block: "nearest" });
    while (state.state === "running") {
      document.getElementById("shadow-share").value = state.share_done;
      tellShadow("Judging stored frames with both banks…", []);
      await new Promise((done) => setTimeout(done, 700));
      state = await get(`${base}/shadows/${running}`);
    }
    document.getElementById("shadow-share").value = state.share_done;
    tellShadow(words(state), state.flipped);
  } catch (error) {
    say(`Not compared: ${error.message}`);
  }
}

function words(state) {
  if (state.state !== "done") return state.sentence;
  const flips = Object.entries(state.flips).map(([flip, number]) => `${number} ${flip.replace("->", " → ")}`).join(", ");
  const left = state.missing ? `, ${state.missing} no longer stored` : "";
  return `${count(state.compared, "stored frame")} compared${left}: ${flips || "no verdict differs"}.`;
}

function tellShadow(said, flipped) {
  document.getElementById("shadow-said").textContent = said;
  document.getElementById("flips").replaceChildren(...flipped.slice(0, 60).map((flip) =>
    element("li", {}, element("a", { href: `/lines/${encodeURIComponent(line)}/frames/${flip.frame_uid}` },
      element("img", { src: `/v1/frames/${encodeURIComponent(line)}/${flip.frame_uid}`, alt: "", loading: "lazy" }),
      element("span", { class: "name" }, flip.frame_id),
      element("span", {}, kind(flip.before), ` ${score(flip.score_before)} → `, kind(flip.after), ` ${score(flip.score_after)}`)))));
}

function kind(word) {
  return element("span", { class: word }, icon(word), ` ${word}`);
}

const find = document.getElementById("find-part");
const parts = [...document.querySelectorAll("#parts > li")];
const more = document.getElementById("more-parts");
let shown = 60;
find?.addEventListener("input", showParts);
more?.addEventListener("click", () => { shown += 60; showParts(); });

function showParts() {
  const wanted = find.value.trim().toLowerCase();
  const found = parts.filter((part) => part.dataset.find.includes(wanted));
  const sight = new Set(found.slice(0, shown));
  for (const part of parts) part.hidden = !sight.has(part);
  if (more) more.hidden = found.length <= shown;
  document.getElementById("found-parts").textContent = count(found.length, "part");
}

follow(line, { line: refresh, "line-event": (event) => { if (job.hidden) tellResult(event); refresh(); } }, refresh);
