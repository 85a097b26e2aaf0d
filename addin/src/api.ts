import type { Compatibility, Grant, Group, Message, MessageStatus, Module, Page, Participant, Receipt, RecordCard, Target } from "./wire";

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

// Upload is a mail on its way: its bytes with their type, and what the mailbox says about it.
export interface Upload {
  body: Blob | FormData;
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

  suggestions(mail: SuggestionRequest): Promise<{ groups: Group[]; partial?: string[] }> {
    return this.call("POST", "/suggestions", mail);
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

  link(mail: Upload, to: Target, key: string): Promise<Receipt> {
    const query = new URLSearchParams(mail.hints);
    query.append("link", `${to.module}:${to.record}`);
    const headers: { [name: string]: string } = { "Idempotency-Key": key };
    if (mail.internetMessageId) headers["X-Internet-Message-Id"] = mail.internetMessageId;
    return this.call("POST", `/messages?${query}`, mail.body, { headers });
  }

  unlink(message: string, module: string, record: string): Promise<void> {
    return this.call("DELETE", `/messages/${encodeURIComponent(message)}/links/${encodeURIComponent(module)}/${encodeURIComponent(record)}`);
  }

  private async call<T>(method: string, path: string, body?: unknown, extra: RequestInit = {}): Promise<T> {
    const headers = new Headers(extra.headers);
    headers.set("Accept", "application/json, application/problem+json");
    headers.set("Accept-Language", this.language);
    if (this.token) headers.set("Authorization", `Bearer ${this.token}`);
    let payload = body as BodyInit | undefined;
    if (body !== undefined && !(body instanceof Blob) && !(body instanceof FormData)) {
      headers.set("Content-Type", "application/json");
      payload = JSON.stringify(body);
    }
    let answer: Response;
    try {
      answer = await fetch(this.base + path, { ...extra, method, headers, body: payload, credentials: "omit", cache: "no-store" });
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
      throw new Problem("offline", 0, "");
    }
    if (!answer.ok) throw await problemOf(answer);
    return answer.status === 204 ? (undefined as T) : await answer.json();
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  const retryAfter = Number(answer.headers.get("Retry-After")) || 0;
  try {
    const document = await answer.json();
    const slug = String(document.type ?? "").split("/").pop() || "internal";
    return new Problem(slug, answer.status, document.detail ?? document.title ?? "", retryAfter);
  } catch {
    return new Problem(answer.status >= 500 ? "unavailable" : "internal", answer.status, "", retryAfter);
  }
}
