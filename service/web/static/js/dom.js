// Elements made in one expression; text is never taken for markup.

export function element(name, properties = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") made.className = value;
    else if (key in made && !key.includes("-")) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside.filter((one) => one !== null && one !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawn(name, attributes = {}, ...inside) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

export function icon(name) {
  const made = drawn("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" });
  made.append(drawn("use", { href: `/static/icons.svg#${name}` }));
  return made;
}

export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

export function score(number) {
  return number === null || number === undefined ? "–" : Number(number.toPrecision(3)).toString();
}
