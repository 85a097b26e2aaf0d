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

// show replaces what is in a place.
export function show(place: HTMLElement, ...children: Child[]): void {
  place.replaceChildren(...children.filter((c): c is Node | string => !!c));
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
