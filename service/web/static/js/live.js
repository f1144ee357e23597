// The live connection: one while the page is in sight, none while it is not (a browser has six for a host).

import { leaveUnlessAdmitted } from "./account.js";

const state = document.getElementById("link-state");
const WORDS = { live: "Live", lost: "Reconnecting", waiting: "Not live" };

function show(name) {
  state.dataset.state = name;
  state.querySelector("span").textContent = WORDS[name];
}

// `handlers`: by the event's name; `only`: the names that the server is to send, all that are usual when empty. `caughtUp` is called after every (re)connection: something may have been missed.
export function follow(line, handlers, caughtUp, only = []) {
  const asked = new URLSearchParams([...(line ? [["line", line]] : []), ...only.map((name) => ["only", name])]);
  let source = null;
  function open() {
    source = new EventSource(`/v1/events?${asked}`);
    source.onopen = () => { show("live"); caughtUp(); };
    source.onerror = () => {
      show("lost");
      // A refusal (the page is full or stopping) ends the browser's own retries.
      if (source.readyState === EventSource.CLOSED) leaveUnlessAdmitted().then(() => setTimeout(reopen, 5000));
    };
    source.addEventListener("reload", reopen);
    for (const [name, handle] of Object.entries(handlers)) source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  function close() { source?.close(); source = null; show("waiting"); }
  function reopen() { if (source) { close(); open(); } }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!source) open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted && !source) open(); });
  if (!document.hidden) open();
}
