// Keys of a page, and the sheet that names them. Typing into a field is never a key of the page.

const opener = document.getElementById("keys-open");
const known = new Map();

// `keys`: [[key, words, run], …]; a key is `event.key`, such as "g" or "ArrowLeft".
export function onKeys(keys) {
  for (const [key, words, run] of keys) known.set(key, { words, run });
  opener.hidden = known.size === 0;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.matches("input:not([type=checkbox], [type=radio]), select, textarea")) return;
  if (document.querySelector("dialog[open]") && event.key !== "?") return;
  const found = event.key === "?" ? { run: showKeys } : known.get(event.key);
  if (!found) return;
  event.preventDefault();
  found.run(event);
});
opener.addEventListener("click", showKeys);

const WORDS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space" };

function showKeys() {
  if (!known.size || document.querySelector("dialog[open]")) return;
  const sheet = document.createElement("dialog");
  sheet.className = "sheet";
  sheet.setAttribute("aria-label", "Keys");
  const list = document.createElement("dl");
  for (const [key, { words }] of known) list.append(element("dt", element("kbd", WORDS[key] ?? key)), element("dd", words));
  const close = element("button", "Close");
  close.className = "button";
  close.addEventListener("click", () => sheet.close());
  sheet.append(element("h2", "Keys"), list, element("p", close));
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  sheet.showModal();
}

function element(name, ...inside) {
  const made = document.createElement(name);
  made.append(...inside);
  return made;
}
