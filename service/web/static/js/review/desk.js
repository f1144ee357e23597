// The desk: one part, fetched ahead of time so that the next one is there at once.

import { tellTimes } from "../clock.js";
import { patch } from "../patch.js";
import { fit, showLayers } from "./picture.js";

const KEPT = 12;

export class Desk {
  constructor(element, line) {
    this.element = element;
    this.line = line;
    this.fetched = new Map(); // uid -> promise of an article
  }

  get part() { return this.element.querySelector("#part"); }
  get uid() { return this.part?.dataset.uid ?? null; }

  // Fetch a part and its pictures, so that showing it later waits for nothing.
  prepare(uid) {
    if (!uid) return Promise.resolve(null);
    if (!this.fetched.has(uid)) {
      this.fetched.set(uid, fetchPart(this.line, uid).catch((error) => { this.fetched.delete(uid); throw error; }));
      while (this.fetched.size > KEPT) this.fetched.delete(this.fetched.keys().next().value);
    }
    return this.fetched.get(uid);
  }

  async show(uid) {
    this.wanted = uid;
    const article = await this.prepare(uid);
    if (this.wanted !== uid) return false;
    this.element.replaceChildren(article.cloneNode(true));
    tellTimes(this.element);
    fit();
    showLayers(this.element);
    return true;
  }

  // What is known of the part has changed. Of two renewals at once the one that was asked for last is shown.
  async renew(uid = this.uid) {
    this.fetched.delete(uid);
    if (!uid || uid !== this.uid) return;
    const fetching = this.prepare(uid);
    const fresh = (await fetching).cloneNode(true);
    if (uid !== this.uid || this.fetched.get(uid) !== fetching) return;
    const box = this.element.querySelector("#picture")?.getAttribute("viewBox");
    if (box) fresh.querySelector("#picture")?.setAttribute("viewBox", box);
    tellTimes(fresh);
    patch(this.part, fresh);
    showLayers(this.element);
  }

  // Nothing was heard for a while: whatever was fetched may be of before.
  renewAll() {
    this.fetched.clear();
    return this.renew();
  }

  clear(message) {
    this.wanted = null;
    this.element.replaceChildren(message);
  }
}

async function fetchPart(line, uid) {
  const answer = await fetch(`/lines/${line}/frames/${uid}/part`, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`the part could not be loaded (${answer.status})`);
  const article = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("part");
  for (const image of article.querySelectorAll("image")) new Image().src = image.getAttribute("href");
  return document.importNode(article, true);
}
