// One sentence above everything, read out by screen readers, gone after a while.

const toast = document.getElementById("toast");
let hiding;

// `action`: {word, run} adds a button, such as Undo.
export function say(words, { action, seconds = 8 } = {}) {
  toast.hidePopover();
  toast.replaceChildren(words);
  if (action) toast.append(button(action));
  toast.showPopover(); // Above an open dialog, which nothing else can be.
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.hidePopover(), seconds * 1000);
}

function button({ word, run }) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = word;
  made.addEventListener("click", () => { toast.hidePopover(); run(); });
  return made;
}

export function tellResult(event) {
  if (event.kind === "command-done" && event.epoch) say(`Epoch ${event.epoch} in force on ${event.line}. ${event.sentence}`);
  else if (event.kind === "command-refused") say(`Refused on ${event.line}: ${event.sentence}`);
}
