// One part: layers on and off, and the approval. Works on the part's own page and inside the dialog.

import { approve } from "./approve.js";

const hidden = new Set(); // Layers that the reader has put out stay out from part to part.

export function showLayers(root) {
  for (const button of root.querySelectorAll("[data-toggle]")) {
    const layer = button.dataset.toggle;
    const on = !hidden.has(layer);
    button.setAttribute("aria-pressed", String(on));
    for (const element of root.querySelectorAll(`.picture .${layer}`)) element.toggleAttribute("hidden", !on);
  }
}

export function listen(root, changed) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle]");
    if (!button) return;
    const layer = button.dataset.toggle;
    hidden.has(layer) ? hidden.delete(layer) : hidden.add(layer);
    showLayers(root);
  });
  root.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-approve]");
    if (!form) return;
    event.preventDefault();
    approve(form, changed);
  });
}
