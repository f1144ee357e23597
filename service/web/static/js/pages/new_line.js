// The wizard: pictures up, a bank made elsewhere, looked at, tried, and only then put in force.

import { ask, get, post } from "../api.js";
import { count, element, icon, score } from "../dom.js";
import { draw, spanOf } from "../histogram.js";
import { awaited, order, pendingWords } from "../orders.js";
import { say } from "../toast.js";
import { upload, uploadAll } from "../upload.js";

const byId = (id) => document.getElementById(id);
const wizard = byId("wizard");
const fewest = Number(wizard.dataset.fewest);
const lineField = byId("line");
const pictures = new Map(); // by sha256: {sha256, name}
const leftOut = new Set();
let training = null; // {commandId, report}

const line = () => lineField.value.trim();
const base = () => `/v1/lines/${encodeURIComponent(line())}`;
const picked = () => [...document.querySelectorAll("#waiting input:checked")].filter((box) => !leftOut.has(box.dataset.sha)).map((box) => box.value);

lineField.addEventListener("change", () => {
  // Pictures belong to a line; and frames that another has sent are shown by the server.
  if (pictures.size) forget();
  if (line() && lineField.checkValidity() && line() !== wizard.dataset.chosen && !pictures.size) location.search = `?line=${encodeURIComponent(line())}`;
});

function forget() {
  pictures.clear();
  byId("pictures").replaceChildren();
  byId("upload-said").textContent = "The pictures belonged to another line: choose them again.";
  ready();
}

byId("files").addEventListener("change", () => { take(byId("files").files); byId("files").value = ""; });
const drop = byId("drop");
for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });

async function take(files) {
  if (!line() || !lineField.reportValidity()) { lineField.focus(); return; }
  const said = byId("upload-said");
  const bar = byId("upload-share");
  const refused = [];
  bar.hidden = false;
  await uploadAll(line(), [...files], ({ file, picture, error, done, total }) => {
    if (error) refused.push(`${file.name}: ${error.message}`);
    else if (!pictures.has(picture.sha256)) add(picture);
    bar.value = done / total;
    said.textContent = `${done} of ${total} uploaded`;
  });
  bar.hidden = true;
  said.replaceChildren(`${count(pictures.size, "picture")} uploaded. `, ...refused.slice(0, 5).map((words) => element("span", { class: "refused-file" }, `${words} `)));
  ready();
}

function add(picture) {
  pictures.set(picture.sha256, { sha256: picture.sha256, name: picture.name });
  const remove = element("button", { type: "button", class: "button" }, "Take out");
  const item = element("li", {},
    element("img", { src: `${base()}/pictures/${picture.sha256}`, alt: "", loading: "lazy", width: 160, height: 120 }),
    element("p", { class: "name" }, picture.name),
    element("p", { class: "hint" }, `${picture.width} × ${picture.height}`), remove);
  remove.setAttribute("aria-label", `Take out ${picture.name}`);
  remove.addEventListener("click", () => { pictures.delete(picture.sha256); item.remove(); ready(); });
  byId("pictures").append(item);
}

for (const box of document.querySelectorAll("#waiting input")) box.addEventListener("change", ready);
byId("pick-all")?.addEventListener("click", () => pick(true));
byId("pick-none")?.addEventListener("click", () => pick(false));

function pick(all) {
  for (const box of document.querySelectorAll("#waiting input")) box.checked = all;
  ready();
}

function ready() {
  const frames = picked().length;
  if (byId("picked")) byId("picked").textContent = frames ? `${count(frames, "frame")} picked` : "none picked";
  const parts = pictures.size + frames;
  byId("train").disabled = parts < fewest || training?.running;
  advise(parts);
  byId("train-hint").textContent = parts < fewest ? `${parts} of at least ${fewest} good parts chosen.` : `${count(parts, "good part")} chosen.`;
}

byId("rate").addEventListener("change", ready);

// What so many parts can do. Of answers that overtake each other the newest question's counts.
let asked = "";
async function advise(parts) {
  const path = `/v1/advice?parts=${parts}&alpha=${rate()}`;
  const said = byId("parts-advice");
  if (path === asked) return;
  asked = path;
  if (!parts) { said.hidden = true; return; }
  const told = await get(path).catch(() => null);
  if (path !== asked) return;
  if (!told) asked = "";
  said.hidden = !told;
  said.textContent = told && `${told.sentence}${told.alpha !== null && told.aim ? ` Next aim: ${told.aim}.` : ""}`;
}

byId("train").addEventListener("click", () => train());
byId("again").addEventListener("click", () => train());
byId("cancel").addEventListener("click", () => training && ask("DELETE", `${base()}/trainings/${training.commandId}`).then(() => { byId("train-said").textContent = "Cancelling…"; }));

async function train() {
  if (!lineField.reportValidity() || !byId("model").reportValidity()) return;
  for (const step of ["look", "try", "force"]) byId(`step-${step}`).hidden = true;
  const wanted = {
    model: byId("model").value.trim(),
    pictures: [...pictures.values()].filter((picture) => !leftOut.has(picture.sha256)),
    frames: picked(),
    recipe: byId("recipe").value,
    alpha: rate(),
    why: byId("why").value,
  };
  try {
    const accepted = await post(`${base()}/trainings`, wanted);
    training = { commandId: accepted.command_id, running: true };
    show(true);
    const state = await awaited(accepted.command_id, progress);
    training.running = false;
    show(false);
    if (state.status === "refused") byId("train-said").textContent = `No bank: ${state.sentence}`;
    else await look(state);
  } catch (error) {
    if (training) training.running = false;
    show(false);
    byId("train-said").textContent = `No bank: ${error.message}`;
  }
  ready();
}

const rate = () => Math.min(0.99, Math.max(0.00001, Number(byId("rate").value) / 100 || 0.01));

function show(running) {
  byId("train-job").hidden = !running;
  byId("cancel").hidden = !running;
  byId("train").disabled = running;
}

function progress(state) {
  const share = state.share_done;
  const bar = byId("train-share");
  if (share === null || share === undefined) bar.removeAttribute("value");
  else bar.value = share;
  byId("train-said").textContent = pendingWords(state);
}

async function look(state) {
  const { report } = await get(`${base()}/trainings/${training.commandId}`);
  training.report = report;
  byId("train-said").textContent = state.sentence;
  byId("step-look").hidden = byId("step-try").hidden = byId("step-force").hidden = false;
  byId("facts").replaceChildren(...[["Good parts", report.parts], ["Vectors", report.vectors.toLocaleString("en")], ["Recipe", report.recipe], ["Seconds", Math.round(report.seconds)]]
    .map(([term, told]) => element("div", {}, element("dt", {}, term), element("dd", {}, String(told)))));
  byId("advice").textContent = report.advice;
  const { defect_score: defect, review_score: review } = report.thresholds;
  byId("cuts").textContent = `Review above ${score(review)}, defect above ${score(defect)} (dashed).`;
  draw(byId("histogram"), report.scores, [], spanOf(report.scores, [], [defect, review]), [["review", review], ["defect", defect]]);
  byId("notes").replaceChildren(...report.notes.map((note) => element("li", {}, note)));
  suspects(report.suspects);
  byId("force-words").textContent = `${report.model} ${report.version.slice(0, 12)} will judge every part of ${line()} from then on. One can go back at any time.`;
  byId("after").hidden = true;
  byId("activate").disabled = false;
  byId("step-look").scrollIntoView({ block: "start" });
}

function suspects(found) {
  byId("suspects-box").hidden = !found.length;
  byId("suspects").replaceChildren(...found.map((suspect) => {
    const box = element("input", { type: "checkbox" });
    const item = element("li", { class: "suspect" },
      element("img", { src: `${base()}/trainings/${training.commandId}/suspects/${suspect.sha256}.png`, alt: `Where ${suspect.name} differs`, loading: "lazy" }),
      element("p", { class: "name" }, suspect.name),
      element("p", { class: "hint" }, `as odd as 1 in ${Math.round(1 / Math.max(suspect.p_value, 1e-6)).toLocaleString("en")}`),
      element("label", {}, box, "leave out"));
    box.addEventListener("change", () => {
      item.classList.toggle("out", box.checked);
      if (box.checked) leftOut.add(suspect.sha256);
      else leftOut.delete(suspect.sha256);
    });
    return item;
  }));
}

byId("try-file").addEventListener("change", async () => {
  const [file] = byId("try-file").files;
  byId("try-file").value = "";
  if (!file) return;
  const said = byId("try-said");
  said.textContent = "Judging… the first time takes some seconds.";
  try {
    const picture = await upload(line(), file);
    const told = await post(`${base()}/versions/${training.report.version}/trials`, { picture: picture.sha256, alpha: rate() });
    said.textContent = "";
    tell(picture, told);
  } catch (error) {
    said.textContent = `Not judged: ${error.message}`;
  }
});

function tell(picture, told) {
  byId("tried").hidden = false;
  const verdict = byId("tried-verdict");
  verdict.className = told.verdict;
  const numbers = told.score === null ? "" : ` Score ${score(told.score)}, defect above ${score(told.thresholds.defect_score)}.`;
  verdict.replaceChildren(icon(told.verdict), `${told.verdict}.`, element("span", { class: "hint" }, `${told.sentence}${numbers}`));
  byId("tried-picture").src = `${base()}/pictures/${picture.sha256}`;
  byId("tried-map").hidden = !told.heatmap_url;
  if (told.heatmap_url) byId("tried-heatmap").src = told.heatmap_url;
}

byId("activate").addEventListener("click", async () => {
  const said = byId("force-said");
  byId("activate").disabled = true;
  said.textContent = "Asking…";
  try {
    const { model, version } = training.report;
    const accepted = await order(line(), { kind: "Activate", model, version, alpha: rate(), why: byId("why").value });
    const state = await awaited(accepted.command_id, ({ sentence }) => { said.textContent = sentence || "Asked; the rebuilder carries it out…"; });
    said.textContent = state.status === "done" ? `Epoch ${state.epoch} is in force.` : `Refused: ${state.sentence}`;
    if (state.status === "refused") { byId("activate").disabled = false; return; }
    byId("after").hidden = false;
    byId("to-line").href = `/lines/${encodeURIComponent(line())}`;
    byId("to-bank").href = `/lines/${encodeURIComponent(line())}/bank`;
    say(`${line()} is judged by epoch ${state.epoch}.`);
  } catch (error) {
    said.textContent = `Nothing was changed: ${error.message}`;
    byId("activate").disabled = false;
  }
});

ready();
document.documentElement.dataset.ready = "wizard";
