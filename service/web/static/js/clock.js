// Times in the reader's own zone, and ages that grow.

const day = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "short" });
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const UNITS = [[86_400, "day"], [3_600, "hour"], [60, "minute"], [1, "second"]];

export function tellTimes(root) {
  for (const element of root.querySelectorAll("time[data-clock]")) tell(element, local(new Date(element.dateTime)));
  for (const element of root.querySelectorAll("time[data-ago]")) tell(element, age(new Date(element.dateTime)));
}

function tell(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function local(moment) {
  const today = moment.toDateString() === new Date().toDateString();
  return today ? time.format(moment) : `${day.format(moment)}, ${time.format(moment)}`;
}

function age(moment) {
  const seconds = Math.max(0, Math.round((Date.now() - moment) / 1000));
  const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? UNITS.at(-1);
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}
