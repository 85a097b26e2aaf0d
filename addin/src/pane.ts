import { API, Upload } from "./api";
import { element, show } from "./dom";
import { endsSession, problemText } from "./notices";
import { currentMail, Mail, onMailChanged, read, suggestionsFor } from "./outlook";
import { receiptView } from "./receipt";
import { keyOf, Link, recordList } from "./records";
import { text } from "./texts";
import type { Group, LinkInfo, Module, RecordCard, User } from "./wire";

const typingPause = 150; // milliseconds before a search starts
const undoTime = 60_000;

// Pane is the signed-in task pane: the open mail, what it is linked to, suggestions, search, and receipts.
export class Pane {
  private mail: Mail | null = null;
  private linked = new Set<string>();
  private groups: Group[] = [];
  private results: RecordCard[] | null = null;
  private searching = new AbortController();
  private upload: { id: string; promise: Promise<Upload> } | null = null;

  private readonly status = element("p", { class: "status", role: "status", "aria-live": "polite" });
  private readonly header = element("div", { class: "mail" });
  private readonly links = element("div");
  private readonly receipt = element("div");
  private readonly suggestions = element("div");
  private readonly found = element("div", { class: "found" });
  private readonly module = element("select", { "aria-label": text("allModules") }, element("option", { value: "" }, text("allModules")));
  private readonly query = element("input", { type: "search", id: "query", placeholder: text("searchPlaceholder"), autocomplete: "off", "aria-label": text("search") });

  constructor(
    private readonly place: HTMLElement,
    private readonly api: API,
    private readonly user: User,
    private readonly over: (notice: string) => void, // the session is over
  ) {}

  async start(): Promise<void> {
    const out = element("button", { type: "button", class: "quiet", onclick: () => this.signOut() }, text("signOut"));
    show(
      this.place,
      element("header", {}, element("span", { class: "user" }, this.user.name || this.user.username), out),
      this.header,
      this.links,
      this.receipt,
      element("main", {}, element("div", { class: "search" }, this.query, this.module), this.suggestions, this.found),
      this.status,
    );
    let pause = 0;
    this.query.addEventListener("input", () => {
      clearTimeout(pause);
      pause = window.setTimeout(() => this.search(), typingPause);
    });
    this.module.addEventListener("change", () => this.search());
    onMailChanged(() => this.open());
    await Promise.all([this.guard(async () => this.fillModules((await this.api.modules()).items)), this.open(), this.search()]);
  }

  // open shows the mail that is selected now.
  private async open(): Promise<void> {
    const mail = currentMail();
    this.mail = mail;
    this.linked.clear();
    this.groups = [];
    for (const place of [this.links, this.receipt, this.suggestions]) show(place);
    if (!mail) {
      show(this.header, element("p", { class: "quiet" }, text("noMail")));
      return;
    }
    const sender = mail.from ? mail.from.name || mail.from.address : "";
    show(this.header, element("div", { class: "subject" }, mail.subject || "—"), element("div", { class: "quiet" }, sender));
    show(this.suggestions, element("p", { class: "quiet" }, text("loading")));
    await Promise.all([this.guard(() => this.loadStatus(mail)), this.guard(() => this.loadSuggestions(mail))]);
  }

  private async loadStatus(mail: Mail): Promise<void> {
    if (!mail.internetMessageId) return;
    const status = await this.api.status(mail.internetMessageId);
    if (this.mail !== mail) return;
    this.linked = new Set(status.links.map(keyOf));
    this.showLinks(status.message ?? "", status.links);
    this.showRecords();
  }

  private showLinks(message: string, links: LinkInfo[]): void {
    if (links.length === 0) return show(this.links);
    const items = links.map((link) =>
      element(
        "li",
        {},
        element("strong", {}, link.label),
        link.linked_by?.name ? element("span", { class: "quiet" }, ` ${text("linkedBy", link.linked_by.name)}`) : null,
        link.mine && message
          ? element("button", { type: "button", class: "quiet", "aria-label": text("unlinkFrom", link.label), onclick: () => this.unlink(message, link.module, link.record) }, text("unlink"))
          : null,
      ),
    );
    show(this.links, element("section", { class: "linked" }, element("h2", {}, text("linkedTo")), element("ul", {}, ...items)));
  }

  private async loadSuggestions(mail: Mail): Promise<void> {
    const answer = await this.api.suggestions(await suggestionsFor(mail));
    if (this.mail !== mail) return;
    this.groups = answer.groups;
    this.showRecords();
  }

  private async search(): Promise<void> {
    this.searching.abort();
    this.searching = new AbortController();
    const { signal } = this.searching;
    await this.guard(async () => {
      const page = await this.api.search(this.query.value, this.module.value, signal);
      this.results = page.items;
      this.say(this.query.value ? text("foundCount", page.items.length) : page.partial?.length ? text("partial") : "");
      this.showRecords();
    });
  }

  private showRecords(): void {
    const link: Link = (card, button) => this.link(card, button);
    const group = (label: string, cards: RecordCard[]) => element("section", { class: "group" }, element("h2", {}, label), recordList(cards, link, this.linked));
    if (this.mail) {
      const none = element("p", { class: "quiet" }, text("nothingSuggested"));
      show(this.suggestions, ...(this.groups.length > 0 ? this.groups.map((g) => group(g.label, g.items)) : [none]));
    }
    const results = this.results ?? [];
    const typed = this.query.value.trim();
    this.suggestions.hidden = typed !== "";
    if (results.length > 0) show(this.found, group(typed ? text("found") : text("lastLinked"), results));
    else show(this.found, typed && this.results ? element("p", { class: "quiet" }, text("nothingFound", typed)) : null);
  }

  // link sends the mail that was open when the button was pressed, whatever is selected by the time it was read.
  private async link(card: RecordCard, button: HTMLButtonElement): Promise<void> {
    const mail = currentMail();
    if (!mail || mail.id !== this.mail?.id) return this.open();
    const key = crypto.randomUUID();
    button.disabled = true;
    button.classList.add("busy");
    await this.guard(async () => {
      this.say(text("reading"));
      const upload = await this.read(mail);
      this.say(text("sending"));
      const receipt = await this.send(upload, card, key);
      if (this.mail?.id !== mail.id) return this.say(`${text("linked")}: ${card.label}`);
      const view = receiptView(receipt, (module, record) => this.unlink(receipt.message.id, module, record));
      show(this.receipt, view);
      setTimeout(() => view.querySelectorAll("button").forEach((b) => b.remove()), undoTime);
      view.querySelector<HTMLElement>("h2")?.focus();
      this.say(`${text("receipt")}: ${card.label}`);
      await this.loadStatus(mail);
    });
    button.disabled = false;
    button.classList.remove("busy");
  }

  // send tries once more where no answer came: with the same key nothing is stored twice.
  private async send(upload: Upload, card: RecordCard, key: string) {
    try {
      return await this.api.link(upload, card, key);
    } catch (cause) {
      if (problemText(cause) !== text("offline")) throw cause;
      return this.api.link(upload, card, key);
    }
  }

  // read reads a mail once, however many records it is linked to.
  private read(mail: Mail): Promise<Upload> {
    if (this.upload?.id !== mail.id) {
      const promise = read(mail, (done, total) => this.say(text("readingPart", done + 1, total)));
      this.upload = { id: mail.id, promise };
      promise.catch(() => (this.upload = null));
    }
    return this.upload.promise;
  }

  private async unlink(message: string, module: string, record: string): Promise<void> {
    await this.guard(async () => {
      await this.api.unlink(message, module, record);
      show(this.receipt);
      this.say(text("unlinked"));
      if (this.mail) await this.loadStatus(this.mail);
    });
  }

  private fillModules(modules: Module[]): void {
    this.module.append(...modules.map((m) => element("option", { value: m.name }, m.label)));
  }

  private async signOut(): Promise<void> {
    await this.guard(() => this.api.signOut());
    this.over(text("signedOut"));
  }

  private say(words: string): void {
    this.status.className = "status";
    show(this.status, words);
  }

  // guard runs a step and tells the user what went wrong with it.
  private async guard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === "AbortError") return;
      if (endsSession(cause)) return this.over(problemText(cause));
      this.status.className = "status problem";
      show(this.status, problemText(cause));
    }
  }
}
