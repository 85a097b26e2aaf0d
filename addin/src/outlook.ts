import type { SuggestionRequest, Upload } from "./api";
import { text } from "./texts";
import type { Address, Participant } from "./wire";

// Own time limits: Outlook's calls can hang for ever.
const fileTimeout = 120_000;
const partTimeout = 80_000;
const textTimeout = 20_000;

// Mail is the open mail, bound to the item it was read from: the pane may be pinned and the selection move on.
export interface Mail {
  id: string;
  item: Office.MessageRead;
  subject: string;
  from: Address | null;
  internetMessageId: string;
}

// currentMail reads the open mail, or null where none is open.
export function currentMail(): Mail | null {
  const item = Office.context.mailbox?.item;
  if (!item || item.itemType !== "message") return null;
  const from = item.from ?? item.sender;
  return {
    id: item.itemId,
    item,
    subject: item.subject ?? "",
    from: from ? { name: from.displayName, address: from.emailAddress } : null,
    internetMessageId: item.internetMessageId ?? "",
  };
}

// partners says whom a mail is from, or to, where the user sent it.
export function partners(mail: Mail): string {
  const name = (a: Address) => a.name || a.address;
  const to = mail.item.to ?? [];
  if (directionOf(mail) === "outbound" && to.length > 0) return text("mailTo", to.map((a) => name(addressOf(a))).join(", "));
  return mail.from ? name(mail.from) : "";
}

// onMailChanged tells when another mail is selected while the pane is pinned.
export function onMailChanged(changed: () => void): void {
  Office.context.mailbox?.addHandlerAsync("olkItemSelectedChanged", changed);
}

// suggestionsFor describes a mail for the lookup of records. Headers that cannot be read are left out.
export async function suggestionsFor(mail: Mail): Promise<SuggestionRequest> {
  const headers = await headersOf(mail.item);
  return {
    internet_message_id: mail.internetMessageId,
    in_reply_to: ids(headers, "In-Reply-To")[0] ?? "",
    references: ids(headers, "References").slice(-100),
    subject: mail.subject,
    participants: participants(mail.item),
  };
}

// read fetches the whole mail: its bytes where Outlook hands them out, otherwise field by field.
export async function read(mail: Mail, progress: (done: number, total: number) => void): Promise<Upload> {
  const hints: Upload["hints"] = { direction: directionOf(mail), platform: platform(), addin_version: VERSION };
  const mailbox = Office.context.mailbox?.userProfile.emailAddress;
  if (mailbox) hints.mailbox = mailbox;
  hints.item_id = mail.id;
  const file = await wholeFile(mail.item);
  const sent = file ? { body: file, contentType: file.type } : await fieldByField(mail, progress);
  return { ...sent, internetMessageId: mail.internetMessageId, hints };
}

// newKey makes an idempotency key. crypto.randomUUID is missing in the oldest web views.
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

export function platform(): string {
  return Office.context.diagnostics?.platform ?? "unknown";
}

async function wholeFile(item: Office.MessageRead): Promise<Blob | null> {
  if (!item.getAsFileAsync || !Office.context.requirements.isSetSupported("Mailbox", "1.14")) return null;
  for (let attempt = 0; attempt < 2; attempt++) {
    const base64 = await call<string>((done) => item.getAsFileAsync!(done), fileTimeout);
    if (base64 !== null) return new Blob([decode(base64)], { type: "message/rfc822" });
  }
  return null;
}

// readsAttachments tells whether this Outlook hands out attachments and headers: both came with requirement set 1.8.
export function readsAttachments(): boolean {
  return Office.context.requirements.isSetSupported("Mailbox", "1.8");
}

// fieldByField is the way of clients without getAsFileAsync: what can be read is sent, and what cannot is named.
async function fieldByField(mail: Mail, progress: (done: number, total: number) => void): Promise<Pick<Upload, "body" | "contentType">> {
  const item = mail.item;
  const parts: [string, Blob][] = [];
  const attachments: object[] = [];
  for (const [index, attachment] of item.attachments.entries()) {
    progress(index, item.attachments.length);
    const id = `a${index + 1}`;
    const content = await contentOf(item, attachment);
    if (content.bytes) parts.push([id, content.bytes]);
    attachments.push({
      id, name: attachment.name, content_type: attachment.contentType ?? "", content_id: attachment.contentId ?? "",
      inline: attachment.isInline, size: attachment.size, state: content.state, url: content.url, detail: content.detail,
    });
  }
  const headers = await headersOf(item);
  const html = await call<string>((done) => item.body.getAsync("html", done), textTimeout);
  const plain = await call<string>((done) => item.body.getAsync("text", done), textTimeout);
  const draft = {
    subject: mail.subject, date: item.dateTimeCreated?.toISOString(), from: mail.from ?? undefined,
    to: item.to.map(addressOf), cc: item.cc.map(addressOf), headers, html: html ?? "", text: plain ?? "",
    in_reply_to: ids(headers, "In-Reply-To")[0] ?? "", references: ids(headers, "References").slice(-100),
    complete: html !== null && parts.length === item.attachments.length, attachments,
  };
  const message = { internet_message_id: mail.internetMessageId, draft };
  return formOf([["message", new Blob([JSON.stringify(message)], { type: "application/json" })], ...parts]);
}

// formOf writes multipart/form-data itself: bytes that are sent in pieces are needed before a request is made.
function formOf(parts: [string, Blob][]): Pick<Upload, "body" | "contentType"> {
  const boundary = newKey();
  const pieces = parts.flatMap(([name, content]) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: ${content.type || "application/octet-stream"}\r\n\r\n`,
    content,
    "\r\n",
  ]);
  return { body: new Blob([...pieces, `--${boundary}--\r\n`]), contentType: `multipart/form-data; boundary=${boundary}` };
}

interface Content {
  state: "ok" | "url" | "unsupported" | "failed";
  bytes?: Blob;
  url?: string;
  detail?: string;
}

async function contentOf(item: Office.MessageRead, attachment: Office.AttachmentDetails): Promise<Content> {
  if (!item.getAttachmentContentAsync || !readsAttachments()) {
    return { state: "unsupported", detail: text("noAttachments") };
  }
  const content = await call<Office.AttachmentContent>((done) => item.getAttachmentContentAsync!(attachment.id, done), partTimeout);
  if (!content) return { state: "failed", detail: text("noAttachment") };
  switch (content.format) {
    case "url":
      return { state: "url", url: content.content };
    case "base64":
      return { state: "ok", bytes: new Blob([decode(content.content)]) };
    default:
      return { state: "ok", bytes: new Blob([content.content]) };
  }
}

async function headersOf(item: Office.MessageRead): Promise<string> {
  if (!item.getAllInternetHeadersAsync || !readsAttachments()) return "";
  return (await call<string>((done) => item.getAllInternetHeadersAsync!(done), textTimeout)) ?? "";
}

// call turns one of Outlook's callbacks into a promise of its value, or of null where it failed or never came.
function call<T>(start: (done: Office.Callback<T>) => void, timeout: number): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), timeout);
    const finish = (value: T | null) => {
      clearTimeout(timer);
      resolve(value);
    };
    try {
      start((result) => finish(result.status === "succeeded" ? result.value : null));
    } catch {
      finish(null);
    }
  });
}

// ids returns the message ids of a header field, folded lines included.
function ids(headers: string, name: string): string[] {
  const unfolded = headers.replace(/\r?\n[ \t]+/g, " ");
  const line = unfolded.split(/\r?\n/).find((l) => l.toLowerCase().startsWith(name.toLowerCase() + ":"));
  return line?.match(/<[^<>\s]+>/g) ?? [];
}

function participants(item: Office.MessageRead): Participant[] {
  const list: Participant[] = [];
  const add = (role: Participant["role"], people: (Office.EmailAddress | undefined)[]) => {
    for (const p of people) if (p) list.push({ role, ...addressOf(p) });
  };
  add("from", [item.from]);
  add("sender", [item.sender]);
  add("to", item.to ?? []);
  add("cc", item.cc ?? []);
  return list;
}

function addressOf(p: Office.EmailAddress): Address {
  return { name: p.displayName ?? "", address: p.emailAddress ?? "" };
}

function directionOf(mail: Mail): string {
  const own = Office.context.mailbox?.userProfile.emailAddress.toLowerCase();
  return own && mail.from?.address.toLowerCase() === own ? "outbound" : "inbound";
}

// decode turns base64 into bytes in slices, so that a large mail is never held as one more string.
function decode(base64: string): Uint8Array<ArrayBuffer> {
  const clean = /\s/.test(base64) ? base64.replace(/\s/g, "") : base64;
  const padding = clean.endsWith("==") ? 2 : clean.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((clean.length / 4) * 3 - padding);
  const slice = 1 << 20;
  for (let from = 0, to = 0; from < clean.length; from += slice) {
    const binary = atob(clean.slice(from, from + slice));
    for (let i = 0; i < binary.length; i++) bytes[to++] = binary.charCodeAt(i);
  }
  return bytes;
}
