// Something asked of a line: a person confirms it and says why, the API takes it, and its result is awaited.

import { get, post } from "./api.js";

const dialog = document.getElementById("confirm");

// Resolves to the reason, or to null when the person leaves it.
export function confirm(title) {
  dialog.querySelector("#confirm-title").textContent = title;
  const why = dialog.querySelector("#confirm-why");
  why.value = "";
  dialog.returnValue = "no";
  dialog.showModal();
  why.focus();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes" ? why.value : null), { once: true });
  });
}

export function order(line, wanted) {
  return post(`/v1/lines/${encodeURIComponent(line)}/commands`, wanted);
}

// Follows a command to its result: `tell(state)` hears how far it is. Polls, so that a lost event delays nothing for ever.
export async function awaited(commandId, tell = () => {}) {
  for (let wait = 250; ; wait = Math.min(1500, wait * 1.3)) {
    const state = await get(`/v1/commands/${commandId}`).catch((error) => {
      if (error.status === 404) return { status: "pending", sentence: "" };
      throw error;
    });
    tell(state);
    if (state.status !== "pending") return state;
    await new Promise((done) => setTimeout(done, wait));
  }
}

// What a pending command says of itself, with how long its step still takes.
export function pendingWords({ sentence, seconds_left: left }) {
  if (!sentence) return "Waiting for the rebuilder…";
  if (left === null || left === undefined) return sentence;
  return `${sentence}; about ${left < 90 ? `${Math.max(1, Math.round(left))} s` : `${Math.round(left / 60)} min`} left`;
}
