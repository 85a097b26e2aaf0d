import { element } from "./dom";
import { text } from "./texts";
import type { RecordCard } from "./wire";

export type Link = (card: RecordCard, button: HTMLButtonElement) => void;

// recordList shows records, each with its reason and a button to link the mail.
export function recordList(cards: RecordCard[], link: Link, linked: Set<string>): HTMLElement {
  return element("ul", { class: "records" }, ...cards.map((card) => recordItem(card, link, linked)));
}

export function keyOf(card: { module: string; record: string }): string {
  return `${card.module}:${card.record}`;
}

function recordItem(card: RecordCard, link: Link, linked: Set<string>): HTMLElement {
  const name = card.url
    ? element("a", { href: card.url, target: "_blank", rel: "noopener", title: text("open") }, card.label)
    : element("span", {}, card.label);
  const facts = [card.number, card.subtitle, card.successor && text("converted")].filter(Boolean).join(" · ");
  return element(
    "li",
    { "data-record": keyOf(card) },
    element("span", { class: "badge", "aria-hidden": "true", "data-module": card.module }, card.module.slice(0, 1)),
    element(
      "div",
      { class: "about" },
      element("div", { class: "name" }, name),
      facts ? element("div", { class: "quiet" }, facts) : null,
      card.reason ? element("div", { class: "reason" }, card.reason.text) : null,
    ),
    action(card, link, linked),
  );
}

function action(card: RecordCard, link: Link, linked: Set<string>): HTMLElement {
  if (linked.has(keyOf(card))) return element("span", { class: "done" }, text("linked"));
  const button = element("button", { type: "button", class: "link", "aria-label": text("linkTo", card.label) }, text("link"));
  button.addEventListener("click", () => link(card, button));
  if (!card.can_link) {
    button.disabled = true;
    button.title = text("readOnly");
  }
  return button;
}
