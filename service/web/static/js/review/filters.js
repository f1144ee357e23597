// The filter's moments: written in the reader's own zone, sent with one.

export function startFilters() {
  const form = document.querySelector("#filters form");
  for (const field of form.querySelectorAll("[data-moment]")) if (field.dataset.moment) field.value = local(new Date(field.dataset.moment));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (!value) continue;
      const moment = form.elements[name].type === "datetime-local";
      asked.set(name, moment ? new Date(value).toISOString() : value);
    }
    location.assign(`${form.getAttribute("action")}?${asked}`);
  });
}

function local(moment) {
  return new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
