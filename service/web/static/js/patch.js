// Makes one tree equal to another and touches only what differs: focus, scroll and pictures stay as they are.

export function patch(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
    from.replaceWith(document.importNode(to, true));
  } else if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
  } else if (!from.isEqualNode(to)) {
    patchAttributes(from, to);
    if (to.hasAttribute("data-keyed")) patchKeyed(from, to);
    else patchChildren(from, to);
  }
}

function patchAttributes(from, to) {
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
}

function patchChildren(from, to) {
  const old = [...from.childNodes];
  const fresh = [...to.childNodes];
  fresh.forEach((node, at) => (old[at] ? patch(old[at], node) : from.append(document.importNode(node, true))));
  old.slice(fresh.length).forEach((node) => node.remove());
}

// Children with an id are the same child wherever they stand; new ones are marked so that they can be seen to arrive.
function patchKeyed(from, to) {
  const old = new Map([...from.children].map((child) => [child.id, child]));
  let place = from.firstElementChild;
  for (const node of to.children) {
    const known = old.get(node.id);
    if (known) old.delete(node.id);
    if (known && known === place) place = place.nextElementSibling;
    else from.insertBefore(known ?? arrived(node), place);
    if (known) patch(known, node);
  }
  for (const gone of old.values()) gone.remove();
}

// Brings the children that are there up to date, and lets none come, go or move.
export function patchKnown(from, to) {
  for (const node of to.children) {
    const known = [...from.children].find((child) => child.id === node.id);
    if (known) patch(known, node);
  }
}

function arrived(node) {
  const copy = document.importNode(node, true);
  copy.classList.add("new");
  return copy;
}
