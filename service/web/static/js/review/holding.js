// Holding: nobody else is shown the parts that this page has before it. Let go on leaving, and when nobody is here.

import { ask, put } from "../api.js";

const RENEW_MS = 15_000;
const AWAY_MS = 120_000;

const holder = (() => {
  const known = sessionStorage.getItem("holder");
  const made = known ?? crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem("holder", made);
  return made;
})();

export { holder };

export class Holding {
  constructor(line) {
    this.path = `/v1/lines/${line}/claims/${holder}`;
    this.held = [];
    this.seen = Date.now();
    for (const kind of ["pointerdown", "keydown", "wheel", "pointermove"]) {
      document.addEventListener(kind, () => this.here(), { passive: true });
    }
    setInterval(() => this.renew(), RENEW_MS);
    window.addEventListener("pagehide", () => this.leave());
  }

  // Hold these and no others; resolves to those that somebody else has, as a map of uid to name.
  async hold(uids) {
    this.held = uids;
    const told = await put(this.path, { frames: uids });
    return new Map(told.taken.map((taken) => [taken.frame_uid, taken.name]));
  }

  here() {
    const away = Date.now() - this.seen > AWAY_MS;
    this.seen = Date.now();
    if (away) this.renew();
  }

  renew() {
    if (!this.held.length || document.hidden || Date.now() - this.seen > AWAY_MS) return;
    this.hold(this.held).then((taken) => this.lost?.(taken)).catch(() => {});
  }

  leave() {
    if (this.held.length) ask("DELETE", this.path, {}, { keepalive: true }).catch(() => {});
  }
}
