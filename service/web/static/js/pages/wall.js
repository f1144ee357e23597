// The wall stays live: the server draws a tile anew, here it takes its place, trouble first.

import { tellTimes } from "../clock.js";
import { onKeys } from "../keys.js";
import { follow } from "../live.js";
import { patch } from "../patch.js";
import { refresher } from "../refresh.js";

const tiles = document.getElementById("tiles");
const full = document.getElementById("full");
const refresh = refresher(location.pathname);

function draw({ line, html }) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".tile");
  tellTimes(fresh);
  const known = document.getElementById(`line-${line}`);
  if (known) patch(known, fresh);
  else tiles.append(document.importNode(fresh, true));
  document.getElementById("no-lines")?.remove();
  arrange();
}

function arrange() {
  const wanted = [...tiles.children].sort((one, two) => (one.dataset.rank ?? "").localeCompare(two.dataset.rank ?? ""));
  wanted.forEach((tile, at) => { if (tiles.children[at] !== tile) tiles.insertBefore(tile, tiles.children[at]); });
}

function toggleFull() {
  document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
}

full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", toggleFull);
onKeys([["f", "Full screen", toggleFull]]);
follow(null, { tile: draw }, refresh, ["tile"]);
