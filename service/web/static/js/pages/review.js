// The review page stays live, as a list or as one part.

import { listen, showLayers } from "../frame.js";
import { startList } from "../list.js";
import { follow } from "../live.js";
import { refresher } from "../refresh.js";
import { tellResult } from "../toast.js";

const section = document.querySelector(".frames");
const frame = document.querySelector("main > .frame");

if (section) {
  startList(section);
} else {
  const refresh = refresher(location.href, { after: () => showLayers(frame) });
  listen(frame, refresh);
  follow(frame.dataset.line, { "line-event": (event) => { tellResult(event); refresh(); } }, refresh);
}
