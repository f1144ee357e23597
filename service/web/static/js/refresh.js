// The server draws; this asks it again and patches what differs. At most one request a second, never two at once.

import { tellTimes } from "./clock.js";
import { patch, patchKnown } from "./patch.js";

const PAUSE_MS = 1000;

export async function load(url) {
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  tellTimes(fresh);
  return fresh;
}

// `held(element)`: whether nothing may come, go or move in this part for now. `after`: called when the page was patched.
export function refresher(url, { held = () => false, after = () => {}, pause = PAUSE_MS } = {}) {
  let wanted = false;
  let busy = false;
  async function run() {
    busy = true;
    while (wanted) {
      wanted = false;
      try {
        const fresh = await load(url);
        for (const part of fresh.querySelectorAll("[data-live]")) {
          const shown = document.getElementById(part.id);
          if (shown && held(shown)) patchKnown(shown, part);
          else if (shown) patch(shown, part);
        }
        after();
      } catch {
        wanted = true; // The server is away, or is still reading: what was missed is asked for again.
      }
      await new Promise((done) => setTimeout(done, pause));
    }
    busy = false;
  }
  return () => {
    wanted = true;
    if (!busy) run();
  };
}
