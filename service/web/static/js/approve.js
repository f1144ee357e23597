// The Good part button: asks, and says in words what came of it.

const toast = document.getElementById("toast");
let hiding;

export function say(words) {
  toast.hidePopover();
  toast.textContent = words;
  toast.showPopover(); // Above an open dialog, which nothing else can be.
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.hidePopover(), 8000);
}

export async function approve(form, asked) {
  const frame = form.closest("#frame");
  const button = form.querySelector("button");
  const said = form.querySelector("[data-said]");
  button.disabled = true;
  said.textContent = "Asking…";
  try {
    const answer = await fetch(`/v1/lines/${frame.dataset.line}/approvals`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ frames: [frame.dataset.uid], why: form.why.value }),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.detail);
    asked();
  } catch (error) {
    button.disabled = false;
    said.textContent = `Nothing was changed: ${error.message}`;
  }
}

export function tellResult(event) {
  if (event.kind === "command-done" && event.epoch) say(`Epoch ${event.epoch} in force on ${event.line}. ${event.sentence}`);
  else if (event.kind === "command-refused") say(`Refused on ${event.line}: ${event.sentence}`);
}
