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
