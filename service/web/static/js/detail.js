// The dialog over the list: the part's own page, fetched and shown in place; arrows walk the list.

import { listen, showLayers } from "./frame.js";
import { patch } from "./patch.js";
import { load } from "./refresh.js";

const dialog = document.getElementById("detail");
const body = document.getElementById("detail-body");
const newer = document.getElementById("newer");
const older = document.getElementById("older");
let shown = null;

export function startDetail(rows, changed) {
  rows.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-frame]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    open(link.closest(".row"));
  });
  newer.addEventListener("click", () => step("previousElementSibling"));
  older.addEventListener("click", () => step("nextElementSibling"));
  document.getElementById("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", leave);
  dialog.addEventListener("keydown", onKey);
  listen(body, () => { renew(); changed(); });
  // Not the row's own id: the browser would scroll to it.
  const named = location.hash.startsWith("#part-") && document.getElementById(location.hash.replace("#part-", "f-"));
  if (named) open(named);
}

export async function renew() {
  if (!shown) return;
  const url = shown;
  const fresh = (await load(url)).getElementById("frame");
  const current = body.querySelector("#frame");
  if (shown !== url) return;
  if (current?.dataset.uid === fresh.dataset.uid) patch(current, fresh);
  else body.replaceChildren(document.importNode(fresh, true));
  showLayers(body);
}

async function open(row) {
  shown = row.querySelector("a[data-frame]").href;
  document.getElementById("own-page").href = shown;
  body.dataset.row = row.id;
  history.replaceState(null, "", row.id.replace("f-", "#part-")); // A reload, or a copied address, shows the same part.
  markEnds();
  if (!dialog.open) dialog.showModal();
  try {
    await renew();
  } catch {
    body.textContent = "This part could not be loaded. Close, and try again in a moment.";
  }
}

function markEnds() {
  const row = document.getElementById(body.dataset.row);
  newer.disabled = !row?.previousElementSibling;
  older.disabled = !row?.nextElementSibling;
}

function step(direction) {
  const next = document.getElementById(body.dataset.row)?.[direction];
  if (next?.classList.contains("row")) open(next);
}

function onKey(event) {
  if (event.target.matches("input")) return;
  if (event.key === "ArrowLeft") step("previousElementSibling");
  if (event.key === "ArrowRight") step("nextElementSibling");
}

function leave() {
  shown = null;
  history.replaceState(null, "", location.pathname + location.search);
  body.replaceChildren();
  document.getElementById(body.dataset.row)?.querySelector("a")?.focus();
}
