import { breakable, element } from "./dom";
import { moduleIcon } from "./icons";
import { text } from "./texts";
import type { Module, RecordCard, Target } from "./wire";

// Choice is what the lists need to know to offer records: what is linked, what is being linked, and what a press does.
export interface Choice {
  linked: Set<string>;
  linking(key: string): boolean;
  modules: Map<string, Module>;
  link(target: Target): void;
}

export function keyOf(record: { module: string; record: string }): string {
  return `${record.module}:${record.record}`;
}

// targetOf is what mails are linked to: the record of a card or, once that was converted, what it became.
function targetOf(card: RecordCard): Target & { can_link: boolean } {
  return card.successor ? { ...card.successor, label: card.label } : card;
}

// recordGroup shows records below a heading, each with its reason and a button to link the mail.
export function recordGroup(label: string, cards: RecordCard[], choice: Choice): HTMLElement {
  const items = cards.map((card) => recordItem(label, card, choice));
  return element("section", { class: "group" }, element("h2", {}, label), element("ul", { class: "records" }, ...items));
}

function recordItem(group: string, card: RecordCard, choice: Choice): HTMLElement {
  const name = card.url
    ? element("a", { href: card.url, target: "_blank", rel: "noopener", title: text("open"), "data-key": `open ${group} ${keyOf(card)}` }, card.label)
    : element("span", {}, card.label);
  const kind = choice.modules.get(card.module)?.singular ?? "";
  const became = card.successor && text("converted", choice.modules.get(card.successor.module)?.singular ?? card.successor.module);
  const facts = [[kind, card.number].filter(Boolean).join(" "), card.subtitle, became];
  return element(
    "li",
    { "data-record": keyOf(card) },
    element("span", { class: "badge", "data-module": card.module }, moduleIcon(card.module)),
    element(
      "div",
      { class: "about" },
      element("div", { class: "name" }, name),
      element("div", { class: "quiet" }, ...breakable(facts.filter(Boolean).join(" · "))),
      card.reason && element("div", { class: "reason" }, ...breakable(card.reason.text)),
      !targetOf(card).can_link && element("div", { class: "reason" }, text("readOnly")),
    ),
    action(group, card, choice),
  );
}

function action(group: string, card: RecordCard, choice: Choice): HTMLElement {
  const target = targetOf(card);
  const key = keyOf(target);
  if (choice.linked.has(key)) return element("span", { class: "done" }, text("linked"));
  const busy = choice.linking(key);
  const button = element(
    "button",
    {
      type: "button", class: busy ? "link busy" : "link", "data-key": `link ${group} ${keyOf(card)}`, "aria-label": text("linkTo", card.label),
      "aria-disabled": busy && "true", disabled: !target.can_link, title: target.can_link ? undefined : text("readOnly"),
    },
    text("link"),
  );
  if (!busy) button.addEventListener("click", () => choice.link(target));
  return button;
}
