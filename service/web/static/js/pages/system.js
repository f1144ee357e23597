// The system page: kept up to date, dead letters chosen and sent again or let go.

import { post } from "../api.js";
import { count } from "../dom.js";
import { follow } from "../live.js";
import { refresher } from "../refresh.js";
import { say } from "../toast.js";

const POLL_MS = 5000;
const chosen = new Set();
const byId = (id) => document.getElementById(id);
const boxes = () => [...document.querySelectorAll("[data-letter]")];
const refresh = refresher(location.href, { after: mark });

document.addEventListener("change", (event) => {
  if (event.target.id === "pick-all") for (const box of boxes()) choose(box.value, event.target.checked);
  else if (event.target.matches("[data-letter]")) choose(event.target.value, event.target.checked);
  mark();
});

function choose(id, yes) {
  if (yes) chosen.add(id);
  else chosen.delete(id);
}

// A refresh draws the server's list: what was chosen stays chosen, what is gone is forgotten.
function mark() {
  const there = new Set(boxes().map((box) => box.value));
  for (const id of chosen) if (!there.has(id)) chosen.delete(id);
  for (const box of boxes()) box.checked = chosen.has(box.value);
  for (const name of ["replay", "drop"]) if (byId(name)) byId(name).disabled = chosen.size === 0;
  if (byId("letters-said")) byId("letters-said").textContent = chosen.size ? `${chosen.size} chosen` : "";
}

byId("replay")?.addEventListener("click", () => settle("replay", "sent again"));
byId("drop")?.addEventListener("click", () => settle("drop", "let go"));

async function settle(what, words) {
  try {
    const as = byId("as-line").value;
    const told = await post(`/v1/dead-letters/${what}`, { ids: [...chosen], ...(what === "replay" && as ? { as_line: as } : {}) });
    chosen.clear();
    say([`${count(told.done.length, "dead letter")} ${words}.`, ...told.skipped.slice(0, 3)].join(" "));
  } catch (error) {
    say(`Nothing was changed: ${error.message}`);
  }
  mark();
  refresh();
}

follow(null, { "line-event": refresh }, refresh);
setInterval(() => { if (!document.hidden) refresh(); }, POLL_MS);
document.documentElement.dataset.ready = "system";
