// The live list: grows by itself while the reader is at its top and does not point at it; else it says what waits.

import { tellResult } from "./toast.js";
import { renew, startDetail } from "./detail.js";
import { follow } from "./live.js";
import { refresher } from "./refresh.js";

const FLAGGED = ["defect", "review"];
const hover = matchMedia("(hover: hover)");

export function startList(section) {
  const { line, verdict } = section.dataset;
  const following = "following" in section.dataset;
  const rows = document.getElementById("rows");
  const fresh = document.getElementById("fresh");
  let waiting = 0;

  const busy = () => (hover.matches && rows.matches(":hover")) || rows.contains(document.activeElement);
  const held = () => !following || window.scrollY > rows.offsetTop || busy();
  const refresh = refresher(location.pathname + location.search, { held: (part) => ["rows", "more"].includes(part.id) && held() });
  const wanted = (kind) => verdict === "all" || verdict === kind || (verdict === "flagged" && FLAGGED.includes(kind));

  function showWaiting() {
    fresh.hidden = !following || waiting === 0;
    fresh.textContent = `${waiting} new`;
  }
  function update() {
    if (!held()) waiting = 0;
    showWaiting();
    refresh();
  }
  fresh.addEventListener("click", () => {
    fresh.blur();
    window.scrollTo({ top: 0 });
    waiting = 0;
    showWaiting();
    refresh();
  });
  rows.addEventListener("mouseleave", () => { if (waiting) update(); });

  startDetail(rows, refresh);
  follow(line, {
    verdict: (told) => { if (wanted(told.verdict)) { waiting += 1; update(); } },
    line: refresh,
    "line-event": (event) => { tellResult(event); refresh(); renew().catch(() => {}); },
  }, update);
}
