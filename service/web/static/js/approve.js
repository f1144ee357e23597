// The Good part button: asks, and says in words what came of it.

import { post } from "./api.js";

export async function approve(form, asked) {
  const frame = form.closest("#frame");
  const button = form.querySelector("button");
  const said = form.querySelector("[data-said]");
  button.disabled = true;
  said.textContent = "Asking…";
  try {
    await post(`/v1/lines/${frame.dataset.line}/approvals`, { frames: [frame.dataset.uid], why: form.why.value });
    asked();
  } catch (error) {
    button.disabled = false;
    said.textContent = `Nothing was changed: ${error.message}`;
  }
}
