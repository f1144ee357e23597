// Alerts of the line: snooze for a while, close with a reason.

import { post } from "../api.js";
import { say } from "../toast.js";

export function startAlerts(line, changed) {
  const dialog = document.getElementById("closing");
  const why = document.getElementById("closing-why");
  let group = null;
  document.getElementById("alerts").addEventListener("click", (event) => {
    const minutes = event.target.closest("[data-snooze]")?.dataset.snooze;
    if (minutes) send(`/v1/lines/${line}/alerts/snooze`, { minutes: Number(minutes), why: "" });
    group = event.target.closest("[data-close]")?.dataset.close ?? group;
    if (event.target.closest("[data-close]")) { why.value = ""; dialog.showModal(); }
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "close" && why.value.trim()) send(`/v1/lines/${line}/alerts/${group}/close`, { why: why.value.trim() });
  });
  async function send(path, body) {
    try {
      await post(path, body);
    } catch (error) {
      say(`Nothing was changed: ${error.message}`);
    }
    changed();
  }
}
