type Child = Node | string | null | undefined | false;

// element builds an element. Text becomes text nodes: nothing of a mail or a record is ever parsed as markup.
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: { [name: string]: string | boolean | ((event: Event) => void) | undefined } = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (typeof value === "string") node.setAttribute(name, value);
  }
  node.append(...children.filter((c): c is Node | string => !!c));
  return node;
}

// breakable lets a long word such as an address go on in the next line behind its punctuation, rather than anywhere.
export function breakable(words: string): Child[] {
  return words.split(/(\S{20,})/).flatMap((piece, i) => {
    const parts = i % 2 ? piece.match(/[^@./_]*[@./_]+|[^@./_]+/g) : null; // long words are at the odd places
    return parts ? parts.flatMap((part) => [part, element("wbr")]) : piece;
  });
}

// show replaces what is in a place. Nodes that would look the same stay, so that a press that has begun is not lost when
// an answer arrives before it ends.
export function show(place: HTMLElement, ...children: Child[]): void {
  const fresh = children.filter((c): c is Node | string => !!c);
  patch(place, fresh.map((c) => (typeof c === "string" ? document.createTextNode(c) : c)));
}

function patch(place: Node, fresh: Node[]): void {
  fresh.forEach((node, i) => {
    const old = place.childNodes[i];
    if (!old) place.appendChild(node);
    else if (!alike(old, node)) place.replaceChild(node, old);
  });
  while (place.childNodes.length > fresh.length) place.removeChild(place.lastChild!);
}

const containers = new Set(["SECTION", "UL", "LI", "DIV"]);

// alike tells whether an old node may stay in the place of a new one. A container that differs inside is made alike.
function alike(old: Node, fresh: Node): boolean {
  if (old === fresh || old.isEqualNode(fresh)) return true;
  if (!containers.has(old.nodeName) || !old.cloneNode(false).isEqualNode(fresh.cloneNode(false))) return false;
  patch(old, [...fresh.childNodes]);
  return true;
}

// keepFocus lets a step replace what is shown. The focus stays on what has the same data-key afterwards.
export function keepFocus(replace: () => void): void {
  const key = document.activeElement?.getAttribute("data-key");
  replace();
  if (key) document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// drawing is an icon of 24 by 24 that nobody needs to hear of.
export function drawing(path: string): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  icon.append(line);
  return icon;
}
