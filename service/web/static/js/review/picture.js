// The picture: zoom, pan, layers on and off, how strong the heatmap is. What the reader chose stays from part to part.

const hidden = new Set();
let strength = 100;
let zoom = 1;
let centre = null;

export function showLayers(root) {
  for (const button of root.querySelectorAll("[data-toggle]")) {
    const on = !hidden.has(button.dataset.toggle);
    button.setAttribute("aria-pressed", String(on));
    for (const layer of root.querySelectorAll(`.picture .${button.dataset.toggle}`)) layer.toggleAttribute("hidden", !on);
  }
  const slider = root.querySelector("[data-opacity]");
  if (slider) slider.value = strength;
  root.querySelector(".picture .heat")?.setAttribute("opacity", strength / 100);
}

export function toggle(root, layer) {
  hidden.has(layer) ? hidden.delete(layer) : hidden.add(layer);
  showLayers(root);
}

export function strengthen(root, by) {
  strength = Math.min(100, Math.max(0, strength + by));
  hidden.delete("heat");
  showLayers(root);
}

const view = () => document.getElementById("picture");

// A part that is shown anew is shown whole.
export function fit() {
  zoom = 1;
  centre = null;
  frame();
}

// `at`: the place, in the picture's own pixels, that stays where it is.
export function zoomBy(factor, at) {
  const picture = view();
  if (!picture) return;
  const [width, height] = size(picture);
  const before = box(picture);
  zoom = Math.min(20, Math.max(1, zoom * factor));
  const spot = at ?? { x: before.x + before.width / 2, y: before.y + before.height / 2 };
  const share = { x: (spot.x - before.x) / before.width, y: (spot.y - before.y) / before.height };
  const after = { width: width / zoom, height: height / zoom };
  centre = { x: spot.x + after.width * (0.5 - share.x), y: spot.y + after.height * (0.5 - share.y) };
  frame();
}

function size(picture) {
  return [Number(picture.dataset.width), Number(picture.dataset.height)];
}

function box(picture) {
  const [x, y, width, height] = picture.getAttribute("viewBox").split(" ").map(Number);
  return { x, y, width, height };
}

function frame() {
  const picture = view();
  if (!picture) return;
  const [width, height] = size(picture);
  const [w, h] = [width / zoom, height / zoom];
  const middle = centre ?? { x: width / 2, y: height / 2 };
  const x = Math.min(Math.max(middle.x - w / 2, 0), width - w);
  const y = Math.min(Math.max(middle.y - h / 2, 0), height - h);
  centre = { x: x + w / 2, y: y + h / 2 };
  picture.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
}

// A place on the screen as a place in the picture.
function place(picture, event) {
  const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
  return { x: spot.x, y: spot.y };
}

export function startPicture(desk) {
  const fingers = new Map();
  let apart = 0;
  desk.addEventListener("click", (event) => {
    const layer = event.target.closest("[data-toggle]")?.dataset.toggle;
    if (layer) toggle(desk, layer);
    const zooming = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (zooming) zooming === "fit" ? fit() : zoomBy(zooming === "in" ? 1.5 : 1 / 1.5);
  });
  desk.addEventListener("input", (event) => {
    if (!event.target.matches("[data-opacity]")) return;
    strength = Number(event.target.value);
    hidden.delete("heat");
    showLayers(desk);
  });
  desk.addEventListener("wheel", (event) => {
    const picture = event.target.closest("#picture");
    if (!picture) return;
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, place(picture, event));
  }, { passive: false });
  desk.addEventListener("dblclick", (event) => { if (event.target.closest("#picture")) fit(); });
  desk.addEventListener("pointerdown", (event) => {
    const picture = event.target.closest("#picture");
    if (!picture) return;
    picture.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
    apart = 0;
    picture.classList.add("dragging");
  });
  desk.addEventListener("pointermove", (event) => {
    const picture = view();
    const before = fingers.get(event.pointerId);
    if (!picture || !before) return;
    if (fingers.size === 1) {
      const [was, is] = [place(picture, before), place(picture, event)];
      centre = { x: (centre?.x ?? size(picture)[0] / 2) + was.x - is.x, y: (centre?.y ?? size(picture)[1] / 2) + was.y - is.y };
      frame();
    }
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) {
      const [one, two] = [...fingers.values()];
      const distance = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
      if (apart) zoomBy(distance / apart, place(picture, { clientX: (one.clientX + two.clientX) / 2, clientY: (one.clientY + two.clientY) / 2 }));
      apart = distance;
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    desk.addEventListener(end, (event) => {
      fingers.delete(event.pointerId);
      apart = 0;
      view()?.classList.remove("dragging");
    });
  }
}
