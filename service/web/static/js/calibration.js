// What held-out scores make of a rate: the arithmetic of service/patchcore/calibration.py, so that dragging waits for nobody.

export class Calibration {
  constructor(ascending) {
    this.scores = ascending;
    this.n = ascending.length;
  }

  // The most calibration scores at or above one that still alarms; -1 when none is few enough.
  allowed(alpha) {
    let [low, high] = [-1, this.n];
    while (low < high) {
      const middle = Math.floor((low + high + 1) / 2);
      if ((1 + middle) / (this.n + 1) <= alpha) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  threshold(alpha) {
    const allowed = this.allowed(alpha);
    if (allowed < 0) return Infinity;
    return allowed >= this.n ? -Infinity : this.scores[this.n - 1 - allowed];
  }

  // The rate at which so many held-out good parts alarm.
  rateOf(step) {
    return (1 + step) / (this.n + 1);
  }

  // What the line would use: never less than its parts can promise, and review no rarer than defect.
  effective(alpha, reviewAlpha) {
    const used = Math.max(alpha, 1 / (this.n + 1));
    return [used, Math.max(reviewAlpha, used)];
  }
}
