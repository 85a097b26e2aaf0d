import { element } from "./dom";
import { known, text } from "./texts";
import type { Receipt } from "./wire";

// receiptView shows what became of a mail and each of its attachments.
export function receiptView(receipt: Receipt, undo: ((module: string, record: string) => void) | null): HTMLElement {
  const links = receipt.links.map((link) =>
    element(
      "li",
      {},
      element("strong", {}, link.label),
      undo && link.created
        ? element("button", { type: "button", class: "quiet", "aria-label": text("unlinkFrom", link.label), onclick: () => undo(link.module, link.record) }, text("unlink"))
        : null,
    ),
  );
  const parts = receipt.parts.map((part) =>
    element("li", {}, element("span", { class: "file" }, part.name || `#${part.part}`), element("span", { class: `state ${part.status}` }, outcome(part.status, part.detail))),
  );
  return element(
    "section",
    { class: "receipt", "aria-labelledby": "receipt" },
    element("h2", { id: "receipt", tabindex: "-1" }, "✓ ", text("receipt")),
    element("ul", { class: "links" }, ...links),
    receipt.replayed ? element("p", { class: "quiet" }, text("receiptAgain")) : null,
    receipt.message.completeness === "partial" ? element("p", { class: "warning" }, text("partialMail")) : null,
    parts.length > 0 ? element("h3", {}, text("attachments")) : null,
    parts.length > 0 ? element("ul", { class: "parts" }, ...parts) : null,
  );
}

function outcome(status: string, detail?: string): string {
  const word = known(status) ? text(status) : status;
  if (!detail) return word;
  return `${word}: ${known(detail) ? text(detail) : detail}`;
}
