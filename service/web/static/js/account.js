// Logging in and out, and leaving for the log-in page once nobody is logged in any more.

const SESSION = "/v1/session";
const JSON_TYPE = { "Content-Type": "application/json" };

export function startAccount() {
  const form = document.querySelector("[data-log-in]");
  if (form) startLogIn(form);
  document.querySelector("[data-log-out]")?.addEventListener("click", logOut);
}

// The page stays as it is while the server cannot be reached: that is no reason to leave it.
export async function leaveUnlessAdmitted() {
  const answer = await fetch(SESSION).catch(() => null);
  if (answer?.status !== 401) return;
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

function startLogIn(form) {
  // A link from elsewhere arrives without our cookie; from here on it is sent.
  fetch(SESSION).then((answer) => { if (answer.ok) goOn(form); }).catch(() => {});
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    const failed = await logIn(form.elements.name.value, form.elements.password.value);
    button.disabled = false;
    form.querySelector("[data-said]").textContent = failed ?? "";
    if (failed === null) goOn(form);
    else form.elements.password.select();
  });
}

async function logIn(name, password) {
  try {
    const answer = await fetch(SESSION, { method: "POST", headers: JSON_TYPE, body: JSON.stringify({ name, password }) });
    return answer.ok ? null : (await answer.json()).detail;
  } catch {
    return "the page does not answer: try again in a moment";
  }
}

async function logOut() {
  await fetch(SESSION, { method: "DELETE" });
  location.assign("/login");
}

function goOn(form) {
  const next = new URL(form.dataset.next, location.origin);
  location.replace(next.origin === location.origin ? next : "/");
}
