// The queue: rows of parts, which of them is open, which are picked, and what others are doing with them.

const BATCH = 100;

export class Queue {
  constructor(root) {
    this.root = root;
    this.list = document.getElementById("rows");
    this.picked = new Set();
    this.bar = document.getElementById("selecting");
    this.list.addEventListener("change", (event) => this.pick(event));
    document.getElementById("select-none").addEventListener("click", () => this.unpick());
  }

  get rows() { return [...this.list.querySelectorAll(".row[data-uid]")]; }
  row(uid) { return document.getElementById(`f-${uid}`); }

  mark(uid) {
    for (const row of this.list.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
    const row = this.row(uid);
    row?.setAttribute("aria-current", "true");
    row?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.current = uid;
    this.place = row ? this.rows.indexOf(row) : this.place;
  }

  // The part after (or before) the one that is open, that is there to be answered; or just the next one.
  near(step, { open = false } = {}) {
    const rows = this.rows;
    const at = rows.findIndex((row) => row.dataset.uid === this.current);
    const from = at >= 0 ? at + step : step > 0 ? Math.min(this.place ?? 0, rows.length) : (this.place ?? 0) - 1;
    for (let index = from; index >= 0 && index < rows.length; index += step) if (!open || free(rows[index])) return rows[index].dataset.uid;
    if (!open) return null;
    // Past the end: whatever came in at the top meanwhile.
    return rows.find((row) => free(row) && row.dataset.uid !== this.current)?.dataset.uid ?? null;
  }

  answered(uid, kind) {
    const row = this.row(uid);
    if (!row) return;
    if (kind) row.dataset.answered = kind;
    else delete row.dataset.answered;
  }

  claimed(claims) {
    const names = new Map(claims.map((claim) => [claim.frame_uid, claim.name]));
    for (const row of this.rows) {
      const name = names.get(row.dataset.uid);
      if (name) row.dataset.claimed = name;
      else delete row.dataset.claimed;
    }
  }

  pick(event) {
    const box = event.target.closest("[data-pick]");
    if (!box) return;
    const uid = box.closest(".row").dataset.uid;
    box.checked ? this.picked.add(uid) : this.picked.delete(uid);
    this.tellPicked();
  }

  togglePick(uid) {
    const box = this.row(uid)?.querySelector("[data-pick]");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  unpick() {
    this.picked.clear();
    for (const box of this.list.querySelectorAll("[data-pick]")) box.checked = false;
    this.tellPicked();
  }

  // Rows that were patched lose nothing, rows that are gone are picked no longer.
  settle() {
    this.picked = new Set([...this.picked].filter((uid) => this.row(uid)));
    for (const box of this.list.querySelectorAll("[data-pick]")) box.checked = this.picked.has(box.closest(".row").dataset.uid);
    this.tellPicked();
    this.mark(this.current);
  }

  tellPicked() {
    const count = Math.min(this.picked.size, BATCH);
    this.bar.hidden = count === 0;
    this.root.classList.toggle("picking", count > 0);
    document.getElementById("selected-count").textContent = count;
  }
}

const free = (row) => !row.dataset.answered && !row.dataset.claimed;
