import { Again, Repeatable } from "./again";
import { API, Upload } from "./api";
import { element, keepFocus, show } from "./dom";
import { linkedView, receiptView } from "./links";
import { endsSession, isGone, problemText } from "./notices";
import { currentMail, Mail, partners, read, readsAttachments } from "./outlook";
import { Choice, keyOf } from "./records";
import { Search } from "./search";
import { isLarge, nameOf, send } from "./send";
import { giveUp } from "./staged";
import { Suggested, Suggestions } from "./suggestions";
import { text } from "./texts";
import type { LinkInfo, Module, Receipt, Target, User } from "./wire";

// Saying is how words are said: to screen readers only, while something goes on, for a moment, or until it is mended.
type Saying = "quiet" | "busy" | "note" | "problem";

const noteTime = 8000; // milliseconds

const jobOf = (mail: Mail, key: string): string => `${mail.id} ${key}`;

// Pane is the signed-in task pane: the open mail, what it is linked to, suggestions, search, and receipts.
export class Pane implements Choice {
  readonly modules = new Map<string, Module>();

  private mail: Mail | null = null;
  private links: LinkInfo[] = [];
  private asked = 0; // how often the links were asked for or changed: an answer that was overtaken does not count
  private partial = false; // the CRM has a part of the mail only
  private receipt: Receipt | null = null;
  private upload: { id: string; promise: Promise<Upload>; message: string } | null = null;
  private readonly underway = new Map<string, AbortController>(); // links that are being made, by mail and record
  private line: Promise<void> = Promise.resolve(); // until the mail that is being sent is through
  private saying: Saying = "quiet";
  private fading = 0;
  private named: Promise<void> = Promise.resolve(); // until the names of the modules are known
  private closed = false;

  private readonly again = new Again();
  private readonly search: Search;
  private readonly suggestions: Suggestions;
  private readonly status = element("div", { class: "status", role: "status" });
  private readonly header = element("div", { class: "mail" });
  private readonly linkedTo = element("div");
  private readonly done = element("div");
  private readonly suggested = element("div");
  private readonly building = element("div", { class: "building", role: "status" });
  private readonly found = element("div", { class: "found" });

  // over is called once, with the reason, when the session is over.
  constructor(
    private readonly place: HTMLElement,
    private readonly api: API,
    private readonly crm: string,
    private readonly user: User,
    private readonly over: (why: string) => void,
  ) {
    this.search = new Search(api, this.again, (byItself) => this.showFound(byItself), (cause) => this.tell(cause));
    this.suggestions = new Suggestions(api, () => this.showCompleted());
  }

  // start shows the pane. Somebody who just signed in may type at once.
  async start(typing: boolean): Promise<void> {
    const out = element("button", { type: "button", class: "quiet", onclick: () => this.signOut() }, text("signOut"));
    show(
      this.place,
      element("header", {}, element("div", { class: "user" }, element("b", {}, this.crm), element("span", {}, this.user.name || this.user.username)), out),
      element("main", {}, this.header, this.done, this.linkedTo, this.search.box, this.suggested, this.building, this.found),
      this.status,
    );
    if (typing && !window.matchMedia("(pointer: coarse)").matches) this.search.focus();
    await this.load();
  }

  // load asks for everything. Nothing is shown to press on before its names are known: what arrives later would push it
  // away under the pointer.
  private async load(): Promise<void> {
    if (this.modules.size === 0) this.named = this.attempt(() => this.loadModules());
    await Promise.all([this.open(), this.named.then(() => this.search.run())]);
  }

  get linked(): Set<string> {
    return new Set(this.links.map(keyOf));
  }

  // linking tells whether the open mail is being linked to a record.
  linking(key: string): boolean {
    return !!this.mail && this.underway.has(jobOf(this.mail, key));
  }

  // open shows the mail that is selected now.
  async open(): Promise<void> {
    const mail = currentMail();
    if (mail?.id !== this.mail?.id) this.search.clear(); // the words were about another mail
    this.again.stop();
    this.mail = mail;
    this.links = [];
    this.partial = false;
    this.receipt = null;
    this.suggestions.clear();
    if (this.saying === "problem" || this.saying === "quiet") this.say(""); // it was about another mail, or is about to show again
    this.showAll();
    if (!mail) return;
    let answer: Suggested | null = null;
    const suggest = async () => void (answer = await this.suggestions.ask(mail));
    await Promise.all([this.attempt(suggest), this.attempt(() => this.loadLinks(mail)), this.named]);
    if (this.mail !== mail) return;
    this.suggestions.take(answer);
    if (this.suggestions.partial) this.say(text("partial"), "note");
    this.showAll();
    this.lookAgain();
  }

  private async loadModules(): Promise<void> {
    const page = await this.api.modules();
    for (const m of page.items) this.modules.set(m.name, m);
    this.search.offer(page.items);
  }

  private async loadLinks(mail: Mail): Promise<void> {
    if (!mail.internetMessageId) return;
    const asked = ++this.asked;
    const overtaken = () => this.mail !== mail || this.asked !== asked;
    try {
      const status = await this.api.status(mail.internetMessageId);
      if (overtaken()) return;
      this.links = status.links;
      if (!status.message) return;
      const { completeness } = await this.api.message(status.message);
      if (!overtaken()) this.partial = completeness === "partial";
    } catch (cause) {
      if (!overtaken()) throw cause;
    }
  }

  // shown is what the user sees the answer to: the words he typed or, while there are none, the open mail.
  private get shown(): Repeatable | null {
    if (this.search.searched !== "") return this.search;
    return this.mail ? this.suggestions : null;
  }

  // lookAgain asks again by itself for what is shown, while the CRM builds its index, unless an answer is under way.
  private lookAgain(): void {
    const { shown } = this;
    if (this.closed || this.search.waiting) return;
    if (shown?.building) void this.attempt(() => this.again.start(shown));
    else this.again.stop();
  }

  // link sends the mail that was open when the button was pressed, whatever is selected by the time it was read.
  async link(card: Target): Promise<void> {
    const mail = currentMail();
    if (!mail || mail.id !== this.mail?.id) return this.open();
    const job = jobOf(mail, keyOf(card));
    if (this.underway.has(job)) return;
    const stop = new AbortController();
    this.underway.set(job, stop);
    this.showAll();
    this.line = this.line.then(() => this.attempt(() => this.sendOne(mail, card, stop.signal)));
    await this.line;
    this.underway.delete(job);
    this.showAll();
  }

  private async sendOne(mail: Mail, card: Target, signal: AbortSignal): Promise<void> {
    try {
      this.say(text("reading"), "busy");
      const upload = await this.read(mail);
      this.say(text("sending"), "busy");
      this.linkedNow(mail, card, await this.send(mail, upload, card, signal));
    } catch (cause) {
      if (!signal.aborted) throw cause;
    }
    if (this.closed) return;
    if (this.mail) await this.loadLinks(this.mail);
    if (signal.aborted && !this.linked.has(keyOf(card))) this.say(text("cancelled"), "note");
  }

  // complete sends a mail again of which the CRM has a part only, read anew.
  private async complete(): Promise<void> {
    this.upload = null;
    await this.link(this.links.find((link) => link.mine) ?? this.links[0]);
  }

  private linkedNow(mail: Mail, card: Target, receipt: Receipt): void {
    if (this.mail?.id !== mail.id) return this.say(text("receipt", card.label), "note");
    const by = { id: this.user.id, name: this.user.name };
    const messages = [receipt.message.id];
    const fresh = receipt.links.map((link) => ({ ...link, linked_at: null, linked_by: by, mine: link.created, messages }));
    this.asked++;
    this.receipt = receipt;
    this.links = [...fresh, ...this.links.filter((old) => !fresh.some((link) => keyOf(link) === keyOf(old)))];
    this.showAll();
    this.done.querySelector<HTMLElement>("h2")?.focus();
    this.say(text("receipt", card.label));
  }

  // send shows how far a mail is that takes a while. One that came through for another record already is not sent again.
  private async send(mail: Mail, upload: Upload, card: Target, signal: AbortSignal): Promise<Receipt> {
    const known = this.upload?.id === mail.id ? this.upload.message : "";
    if (known) {
      try {
        return await this.api.linkAgain(known, card);
      } catch (cause) {
        if (!isGone(cause)) throw cause;
      }
    }
    const cancel = () => this.cancel(mail, upload, card);
    const receipt = await send(this.api, upload, card, (sent, broken) => this.showProgress(sent, upload.body.size, broken, cancel), signal);
    if (this.upload?.id === mail.id && isLarge(upload)) this.upload.message = receipt.message.id;
    return receipt;
  }

  private cancel(mail: Mail, upload: Upload, card: Target): void {
    this.underway.get(jobOf(mail, keyOf(card)))?.abort();
    void giveUp(this.api, nameOf(upload));
  }

  // showProgress leaves the words as they are for as long as they hold: they are read out when they change.
  private showProgress(sent: number, total: number, broken: boolean, cancel: () => void): void {
    const done = Math.floor((100 * sent) / total);
    this.say(
      text(broken ? "interrupted" : "sending"), "busy",
      element("div", { class: "progress" },
        element("progress", { max: "100", value: String(done), "aria-label": text("sending") }),
        element("span", { "aria-hidden": "true" }, `${done} %`),
        element("button", { type: "button", class: "quiet", "data-key": "cancel", onclick: cancel }, text("cancel")),
      ),
    );
  }

  // read reads a mail once, however many records it is linked to.
  private read(mail: Mail): Promise<Upload> {
    if (this.upload?.id !== mail.id) {
      const promise = read(mail, (done, total) => this.say(text("readingPart", done + 1, total), "busy"));
      this.upload = { id: mail.id, promise, message: "" };
      promise.catch(() => (this.upload = null));
    }
    return this.upload.promise;
  }

  // unlink takes messages off a record and shows what is on which records then: others may have linked the mail there too.
  private async unlink(record: Target, messages: string[]): Promise<void> {
    await this.attempt(async () => {
      await this.unlinkEach(record, messages);
      this.asked++;
      const gone = keyOf(record);
      this.links = this.links.filter((link) => keyOf(link) !== gone);
      if (this.receipt?.links.some((link) => keyOf(link) === gone)) this.receipt = null;
      this.say(text("unlinked"), "note");
      this.showAll();
      this.search.focus();
    });
    const { mail } = this;
    if (mail && !this.closed) await this.attempt(() => this.loadLinks(mail));
    this.showAll();
  }

  // unlinkEach begins with the newest: some CRMs take off the others of its id with the first. It bears that a message is off
  // the record already, unless all are.
  private async unlinkEach(record: Target, messages: string[]): Promise<void> {
    let missing = 0;
    for (const message of [...messages].reverse()) {
      try {
        await this.api.unlink(message, record);
      } catch (cause) {
        if (!isGone(cause) || ++missing === messages.length) throw cause;
      }
    }
  }

  private showAll(): void {
    if (this.closed) return;
    keepFocus(() => {
      this.showMail();
      const unlink = (record: Target, messages: string[]) => void this.unlink(record, messages);
      const inReceipt = new Set(this.receipt?.links.filter((link) => link.created).map(keyOf));
      const complete = this.partial && readsAttachments() ? () => void this.complete() : null;
      show(this.done, this.receipt && receiptView(this.receipt, unlink));
      show(this.linkedTo, linkedView(this.links.filter((link) => !inReceipt.has(keyOf(link))), unlink, complete));
      this.showRecords();
    });
  }

  private showMail(): void {
    if (!this.mail) return show(this.header, element("p", { class: "quiet" }, text("noMail")));
    show(this.header, element("h1", {}, this.mail.subject || "—"), element("div", { class: "quiet" }, partners(this.mail)));
  }

  private showRecords(): void {
    this.suggested.hidden = this.shown !== this.suggestions;
    show(this.suggested, ...this.suggestions.view(this, () => this.load()));
    show(this.building, this.shown?.building && element("p", { class: "quiet" }, text("building")));
    show(this.found, ...this.search.view(this));
  }

  private showFound(byItself: boolean): void {
    this.showAll();
    this.lookAgain();
    if (byItself && this.saying !== "quiet") return;
    if (this.search.partial) return this.say(text("partial"), "note");
    if (this.saying === "busy" || this.saying === "note") return;
    this.say(this.search.count());
  }

  // showCompleted shows suggestions that came by themselves.
  private showCompleted(): void {
    this.showAll();
    if (this.saying !== "quiet") return;
    if (this.suggestions.partial) this.say(text("partial"), "note");
    else this.say(text("built"));
  }

  private async signOut(): Promise<void> {
    await this.attempt(() => this.api.signOut());
    this.end(text("signedOut"));
  }

  private end(why: string): void {
    if (this.closed) return;
    this.closed = true;
    this.again.stop();
    for (const stop of this.underway.values()) stop.abort(); // who signs in again goes on where this ends
    this.over(why);
  }

  // say tells what goes on.
  private say(words: string, kind: Saying = "quiet", more: Node | null = null): void {
    clearTimeout(this.fading);
    this.saying = kind;
    this.status.className = `status ${kind}`;
    show(this.status, words, more);
    if (kind === "note") this.fading = window.setTimeout(() => this.say(""), noteTime);
  }

  // attempt runs a step and tells the user what went wrong with it.
  private async attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (cause) {
      this.tell(cause);
    }
  }

  private tell(cause: unknown): void {
    if (endsSession(cause)) this.end(problemText(cause));
    else this.say(problemText(cause), "problem");
  }
}
