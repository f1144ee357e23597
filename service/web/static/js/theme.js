// Light, dark or as the system says. A cookie, so that the server draws the first paint in it.

const button = document.getElementById("theme");
const root = document.documentElement;
const ORDER = ["", "light", "dark"];
const YEAR = 31_536_000;

function show() {
  const chosen = root.dataset.theme ?? "";
  button.querySelector("span").textContent = `Theme: ${chosen || "system"}`;
}

export function startTheme() {
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    const next = ORDER[(ORDER.indexOf(root.dataset.theme ?? "") + 1) % ORDER.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    document.cookie = `theme=${next}; path=/; max-age=${next ? YEAR : 0}; samesite=lax`;
    show();
  });
}
