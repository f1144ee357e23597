// Files to the page, a few at a time: each is one request, so that one that is refused spoils no other.

import { Refusal } from "./api.js";

const AT_ONCE = 3;
const KINDS = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", bmp: "image/bmp", tif: "image/tiff", tiff: "image/tiff", webp: "image/webp" };

export async function upload(line, file) {
  const kind = KINDS[file.name.split(".").pop().toLowerCase()] ?? "application/octet-stream";
  const path = `/v1/lines/${encodeURIComponent(line)}/pictures?name=${encodeURIComponent(file.name.slice(0, 256))}`;
  const answer = await fetch(path, { method: "POST", body: file, headers: { "Content-Type": kind } });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(told, answer.status);
  return told;
}

// `tell({file, picture, error, done, total})` after each file, in no order.
export async function uploadAll(line, files, tell) {
  const left = [...files];
  let done = 0;
  async function work() {
    while (left.length) {
      const file = left.shift();
      let picture, error;
      try { picture = await upload(line, file); } catch (caught) { error = caught; }
      done += 1;
      tell({ file, picture, error, done, total: files.length });
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
