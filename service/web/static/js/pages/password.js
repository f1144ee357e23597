// One's own password: the two new ones are compared here, all else is for the API to say.

import { put } from "../api.js";

const form = document.querySelector("[data-password]");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { old, again, new: fresh } = form.elements;
  const button = form.querySelector("button");
  tell("", "");
  if (fresh.value !== again.value) return tell("The two new passwords differ: type them again.", "");
  button.disabled = true;
  try {
    await put("/v1/session/password", { old: old.value, new: fresh.value });
    form.reset();
    tell("", "Your password is changed. Everywhere else you are logged out.");
  } catch (error) {
    tell(`Nothing was changed: ${error.message}`, "");
    old.select();
  }
  button.disabled = false;
});

function tell(refused, done) {
  form.querySelector("[data-said]").textContent = refused;
  form.querySelector("[data-done]").textContent = done;
}
