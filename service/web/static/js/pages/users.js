// Users and tokens: each change goes to the API against the revision that is shown; then the page is asked again.

import { ask, post } from "../api.js";
import { refresher } from "../refresh.js";

const said = document.getElementById("said");
const refresh = refresher(location.href);

async function change(run) {
  said.textContent = "";
  try {
    const told = await run();
    refresh();
    return told;
  } catch (error) {
    said.textContent = `Nothing was changed: ${error.message}`;
    refresh();
    return null;
  }
}

const shown = (row) => ({ headers: { "If-Match": `"${row.dataset.revision}"` } });

document.addEventListener("change", (event) => {
  const row = event.target.closest("[data-user]");
  if (!row || !event.target.matches("[data-role]")) return;
  change(() => ask("PATCH", `/v1/users/${encodeURIComponent(row.dataset.user)}`, { role: event.target.value }, shown(row)));
});

document.addEventListener("click", (event) => {
  const user = event.target.closest("[data-user]");
  const token = event.target.closest("[data-token]");
  if (event.target.matches("[data-remove]") && confirm(`Remove ${user.dataset.user}, with all sessions and tokens?`)) {
    change(() => ask("DELETE", `/v1/users/${encodeURIComponent(user.dataset.user)}`, null, shown(user)));
  } else if (event.target.matches("[data-revoke]")) {
    change(() => ask("DELETE", `/v1/tokens/${token.dataset.token}`));
  }
});

document.querySelector("[data-add-user]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, role, password } = event.target.elements;
  const told = await change(() => post("/v1/users", { name: name.value, role: role.value, password: password.value || null }));
  if (told) event.target.reset();
});

document.querySelector("[data-add-token]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { label, user, role, days } = event.target.elements;
  const told = await change(() => post("/v1/tokens", { label: label.value, user: user.value, role: role.value, days: Number(days.value) }));
  if (!told) return;
  document.getElementById("made").hidden = false;
  document.getElementById("made-token").value = told.token;
  document.getElementById("made-token").select();
});
