import { keyOf } from "./records";
import type { Compatibility, Grant, Message, MessageStatus, Module, Page, Participant, Receipt, RecordCard, SuggestionList, Target } from "./wire";

// Problem is an answer that says what went wrong: an RFC 9457 document, or "offline" where no answer came.
export class Problem extends Error {
  constructor(
    readonly slug: string,
    readonly status: number,
    detail: string,
    readonly retryAfter = 0,
  ) {
    super(detail);
  }
}

export interface SuggestionRequest {
  internet_message_id: string;
  in_reply_to: string;
  references: string[];
  subject: string;
  participants: Participant[];
}

// Upload is a mail on its way: its bytes or the form that holds its fields, and what the mailbox says about it.
export interface Upload {
  body: Blob;
  contentType: string;
  internetMessageId: string;
  hints: { [name: string]: string };
}

// API calls the connector. It keeps the token in memory; who stores it longer is the caller's choice.
export class API {
  token = "";

  constructor(
    private readonly base: string,
    private readonly language: string,
  ) {}

  compatibility(addinVersion: string): Promise<Compatibility> {
    return this.call("GET", `/compatibility?addin_version=${encodeURIComponent(addinVersion)}`);
  }

  async signIn(username: string, password: string, platform: string, version: string): Promise<Grant> {
    const client = { name: "outlook-add-in", version, platform };
    const grant = await this.call<Grant>("POST", "/sessions", { username, password, client });
    this.token = grant.access_token;
    return grant;
  }

  async signOut(): Promise<void> {
    await this.call("DELETE", "/session");
    this.token = "";
  }

  session(): Promise<Omit<Grant, "access_token">> {
    return this.call("GET", "/session");
  }

  modules(): Promise<Page<Module>> {
    return this.call("GET", "/modules");
  }

  search(text: string, module: string, cursor: string, signal: AbortSignal): Promise<Page<RecordCard>> {
    const query = new URLSearchParams({ q: text, limit: "20" });
    if (module) query.set("module", module);
    if (cursor) query.set("cursor", cursor);
    return this.call("GET", `/records?${query}`, undefined, { signal });
  }

  suggestions(mail: SuggestionRequest, signal?: AbortSignal): Promise<SuggestionList> {
    return this.call("POST", "/suggestions", mail, { signal });
  }

  async status(internetMessageId: string): Promise<MessageStatus> {
    const answer = await this.call<Page<MessageStatus>>("POST", "/messages/status", {
      internet_message_ids: [internetMessageId],
    });
    return answer.items[0];
  }

  message(id: string): Promise<Message> {
    return this.call("GET", `/messages/${encodeURIComponent(id)}`);
  }

  // link sends a mail in one request. With the same key it may be sent again, and nothing is stored twice.
  link(mail: Upload, to: Target, key: string, signal: AbortSignal): Promise<Receipt> {
    return this.archive(mail, to, new URLSearchParams(), { body: mail.body, headers: { "Idempotency-Key": key }, signal });
  }

  // linkUploaded links a mail that was uploaded before. The upload's id stands for a key.
  linkUploaded(mail: Upload, upload: string, to: Target, signal: AbortSignal): Promise<Receipt> {
    return this.archive(mail, to, new URLSearchParams({ upload }), { signal });
  }

  private archive(mail: Upload, to: Target, query: URLSearchParams, request: RequestInit): Promise<Receipt> {
    for (const [name, value] of Object.entries(mail.hints)) query.set(name, value);
    query.append("link", keyOf(to));
    const headers = new Headers(request.headers);
    headers.set("Content-Type", mail.contentType);
    if (mail.internetMessageId) headers.set("X-Internet-Message-Id", mail.internetMessageId);
    return this.json("POST", `/messages?${query}`, { ...request, headers });
  }

  // linkAgain links a mail that is in the CRM already.
  linkAgain(message: string, to: Target): Promise<Receipt> {
    const links = [{ module: to.module, record: to.record }];
    return this.call("POST", `/messages/${encodeURIComponent(message)}/links`, { links });
  }

  // createUpload opens an upload of so many bytes and returns its id. It cannot be aborted: the upload might be open by then,
  // and nobody would know its id.
  async createUpload(bytes: number): Promise<string> {
    const answer = await this.tus("POST", "/uploads", { headers: { "Upload-Length": String(bytes) } });
    return answer.headers.get("Location")?.split("/").pop() ?? "";
  }

  // uploadOffset tells how many bytes of an upload are safe.
  async uploadOffset(id: string, signal: AbortSignal): Promise<number> {
    return offsetOf(await this.tus("HEAD", `/uploads/${encodeURIComponent(id)}`, { signal }));
  }

  // writeChunk appends bytes, which count only if they arrive with their hash, and tells how many are safe then.
  async writeChunk(id: string, offset: number, bytes: ArrayBuffer, sha256: string, signal: AbortSignal): Promise<number> {
    const headers = {
      "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset), "Upload-Checksum": `sha256 ${sha256}`,
    };
    return offsetOf(await this.tus("PATCH", `/uploads/${encodeURIComponent(id)}`, { body: bytes, headers, signal }));
  }

  async deleteUpload(id: string): Promise<void> {
    await this.tus("DELETE", `/uploads/${encodeURIComponent(id)}`, {});
  }

  private tus(method: string, path: string, request: RequestInit): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.set("Tus-Resumable", "1.0.0");
    return this.fetch(method, path, { ...request, headers });
  }

  unlink(message: string, from: Target): Promise<void> {
    return this.call("DELETE", `/messages/${encodeURIComponent(message)}/links/${encodeURIComponent(from.module)}/${encodeURIComponent(from.record)}`);
  }

  private call<T>(method: string, path: string, body?: unknown, request: RequestInit = {}): Promise<T> {
    if (body === undefined) return this.json(method, path, request);
    return this.json(method, path, { ...request, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }

  private async json<T>(method: string, path: string, request: RequestInit): Promise<T> {
    const answer = await this.fetch(method, path, request);
    return answer.status === 204 ? (undefined as T) : await answer.json();
  }

  private async fetch(method: string, path: string, request: RequestInit): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.set("Accept", "application/json, application/problem+json");
    headers.set("Accept-Language", this.language);
    if (this.token) headers.set("Authorization", `Bearer ${this.token}`);
    let answer: Response;
    try {
      answer = await fetch(this.base + path, { ...request, method, headers, credentials: "omit", cache: "no-store" });
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
      throw new Problem("offline", 0, "");
    }
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }
}

function offsetOf(answer: Response): number {
  return Number(answer.headers.get("Upload-Offset"));
}

async function problemOf(answer: Response): Promise<Problem> {
  const retryAfter = Number(answer.headers.get("Retry-After")) || 0;
  try {
    const document = await answer.json();
    const slug = String(document.type ?? "").split("/").pop() || "internal";
    return new Problem(slug, answer.status, document.detail ?? document.title ?? "", retryAfter);
  } catch {
    return new Problem(slugs[answer.status] ?? (answer.status >= 500 ? "unavailable" : "internal"), answer.status, "", retryAfter);
  }
}

// What answers without a document mean: those to HEAD, and those of a proxy.
const slugs: { [status: number]: string } = { 401: "unauthenticated", 404: "not-found", 413: "content-too-large" };
