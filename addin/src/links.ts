import { breakable, element } from "./dom";
import { moduleIcon } from "./icons";
import { keyOf } from "./records";
import { known, text } from "./texts";
import type { LinkInfo, Receipt, Target } from "./wire";

export type Unlink = (record: Target, messages: string[]) => void;

// linkedView shows the records that the open mail is on. Only a link of the user's own can be taken off. A mail of which
// the CRM has a part only can be completed where this Outlook has the rest.
export function linkedView(links: LinkInfo[], unlink: Unlink, complete: (() => void) | null): HTMLElement | null {
  if (links.length === 0) return null;
  const items = links.map((link) =>
    element(
      "li",
      { "data-record": keyOf(link) },
      element("span", { class: "badge", "data-module": link.module }, moduleIcon(link.module)),
      element("div", { class: "about" }, element("div", { class: "name" }, link.label), madeBy(link)),
      link.mine && takeOff(text("unlink"), link, () => unlink(link, link.messages)),
    ),
  );
  return element(
    "section",
    { class: "linked" },
    element("h2", {}, text("linkedTo")),
    element("ul", { class: "records" }, ...items),
    complete && element("p", { class: "warning" }, text("incomplete")),
    complete && element("button", { type: "button", class: "again", "data-key": "complete", onclick: complete }, text("complete")),
  );
}

function madeBy(link: LinkInfo): HTMLElement | null {
  const when = link.linked_at ? new Date(link.linked_at).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" }) : "";
  const words = [link.linked_by?.name && text("linkedBy", link.linked_by.name), when].filter(Boolean).join(" · ");
  return words ? element("div", { class: "quiet" }, words) : null;
}

function takeOff(word: string, link: Target, press: () => void): HTMLElement {
  return element(
    "button",
    { type: "button", class: "quiet", "data-key": `unlink ${keyOf(link)}`, "aria-label": text("unlinkFrom", word, link.label), onclick: press },
    word,
  );
}

// receiptView shows what became of a mail that was just linked, and of each of its attachments.
export function receiptView(receipt: Receipt, unlink: Unlink): HTMLElement {
  const labels = receipt.links.map((link) => link.label).join(", ");
  const created = receipt.links.filter((link) => link.created);
  const nothingNew = created.length === 0 && !receipt.parts.some((part) => part.status === "stored");
  return element(
    "section",
    { class: "receipt", "aria-labelledby": "receipt" },
    element(
      "div",
      { class: "links" },
      element("h2", { id: "receipt", tabindex: "-1", "data-key": "receipt" }, text("receipt", labels)),
      ...created.map((link) => takeOff(text("undo"), link, () => unlink(link, [receipt.message.id]))),
    ),
    nothingNew && element("p", { class: "quiet" }, text("receiptAgain")),
    receipt.message.completeness === "partial" && element("p", { class: "warning" }, text("partialMail")),
    receipt.parts.length > 0 && element("h3", {}, text("attachments")),
    receipt.parts.length > 0 && element("ul", { class: "parts" }, ...receipt.parts.map(partView)),
  );
}

function partView(part: Receipt["parts"][number]): HTMLElement {
  const name = element("span", { class: "file" }, ...breakable(part.name || `#${part.part}`));
  return element("li", {}, name, element("span", { class: `state ${part.status}` }, outcome(part.status, part.detail)));
}

function outcome(status: string, detail?: string): string {
  const word = known(status) ? text(status) : status;
  if (!detail) return word;
  return `${word}: ${known(detail) ? text(detail) : detail}`;
}
