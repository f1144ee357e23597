// Every page begins here: times, and what the page at hand needs to stay live.

import { tellResult } from "./approve.js";
import { tellTimes } from "./clock.js";
import { listen, showLayers } from "./frame.js";
import { startList } from "./list.js";
import { follow } from "./live.js";
import { refresher } from "./refresh.js";

tellTimes(document);
setInterval(() => tellTimes(document), 1000);

const section = document.querySelector(".frames");
const frame = document.querySelector("main > .frame");

if (section) {
  startList(section);
} else if (frame) {
  const refresh = refresher(location.href, { after: () => showLayers(frame) });
  listen(frame, refresh);
  follow(frame.dataset.line, { "line-event": (event) => { tellResult(event); refresh(); } }, refresh);
} else if (document.getElementById("cards")) {
  const refresh = refresher(location.href);
  follow(null, { line: refresh, "line-event": tellResult }, refresh);
}
