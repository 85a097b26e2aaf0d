import { Again, hasFailed, isBuilding, Repeatable } from "./again";
import { API } from "./api";
import { element } from "./dom";
import { searchIcon } from "./icons";
import { Choice, recordGroup } from "./records";
import { text } from "./texts";
import type { Module, Page, RecordCard } from "./wire";

const typingPause = 150; // milliseconds before a search starts
const enough = 10; // records to show before asking for more; a search that takes long comes in shorter pages
const patience = 10; // short pages asked for by itself, before the user says whether to go on

// Search is the search box and what it found. Without a word it finds what the user linked last.
export class Search implements Repeatable {
  partial = false; // a part of the CRM could not be searched
  building = false;
  searched = ""; // the words that items are the answer to
  waiting = false; // for the user to stop typing, or for an answer to him

  private items: RecordCard[] = [];
  private next: string | null = null; // where more of the answer begins
  private running = new AbortController();
  private pause = 0;
  private readonly query = element("input", {
    type: "search", id: "query", placeholder: text("search"), title: text("searchHint"), "aria-label": text("search"), autocomplete: "off", spellcheck: "false",
  });
  private readonly module = element("select", { id: "module", "aria-label": text("module") }, element("option", { value: "" }, text("allModules")));
  readonly box = element("div", { class: "search", role: "search" }, element("div", { class: "query" }, searchIcon(), this.query), this.module);

  // answered is called with each answer to the words that are in the box, which may have come by itself, and failed with what
  // kept one away. What the user asks stops what again asks.
  constructor(
    private readonly api: API,
    private readonly again: Again,
    private readonly answered: (byItself: boolean) => void,
    private readonly failed: (cause: unknown) => void,
  ) {
    this.query.addEventListener("input", () => {
      this.wait();
      clearTimeout(this.pause);
      this.pause = window.setTimeout(() => this.run(), typingPause);
    });
    this.query.addEventListener("keydown", (event) => {
      if (event.key === "Enter") void this.run();
    });
    this.module.addEventListener("change", () => this.run());
  }

  offer(modules: Iterable<Module>): void {
    for (const m of modules) this.module.append(element("option", { value: m.name }, m.label));
  }

  focus(): void {
    this.query.focus();
  }

  // run asks for the words in the box. An answer that is still on its way to earlier words is dropped.
  async run(): Promise<void> {
    clearTimeout(this.pause);
    await this.ask("", patience);
  }

  // clear goes back to what was linked last.
  clear(): void {
    if (this.query.value === "") return;
    this.query.value = "";
    void this.run();
  }

  // more asks for the next page of the same answer.
  private async more(): Promise<void> {
    if (this.next) await this.ask(this.next, patience);
  }

  // askAgain asks for the same words once more. An answer that is no better is dropped.
  async askAgain(signal: AbortSignal): Promise<boolean> {
    const page = await this.api.search(this.searched, this.module.value, "", signal);
    if (signal.aborted || isBuilding(page)) return false;
    await this.take(page, this.searched, [], patience, true);
    return true;
  }

  private wait(): void {
    this.again.stop();
    this.waiting = true;
  }

  private async ask(cursor: string, pages: number): Promise<void> {
    this.wait();
    this.running.abort();
    const { signal } = (this.running = new AbortController());
    const words = this.query.value.trim();
    try {
      const page = await this.api.search(words, this.module.value, cursor, signal);
      if (!signal.aborted) await this.take(page, words, cursor ? this.items : [], pages, false);
    } catch (cause) {
      if (signal.aborted) return;
      this.waiting = false;
      this.failed(cause);
    }
  }

  private async take(page: Page<RecordCard>, words: string, before: RecordCard[], pages: number, byItself: boolean): Promise<void> {
    this.waiting = false;
    this.items = [...before, ...page.items];
    this.next = page.next_cursor;
    this.partial = hasFailed(page);
    this.building = isBuilding(page);
    this.searched = words;
    const goOn = this.next !== null && this.items.length < enough && pages > 1;
    if (this.items.length > 0 || !goOn) this.answered(byItself);
    if (this.next && goOn) await this.ask(this.next, pages - 1);
  }

  view(choice: Choice): (HTMLElement | null)[] {
    const { items, searched, next } = this;
    const label = text(items.length > 0 ? "more" : "searchOn");
    const more = next === null ? null : element("button", { type: "button", class: "again", "data-key": "more", onclick: () => this.more() }, label);
    if (items.length > 0) return [recordGroup(text(searched ? "found" : "lastLinked"), items, choice), more];
    const none = text(this.unfinished ? "nothingYet" : "nothingFound", searched);
    return [searched === "" ? null : element("p", { class: "quiet" }, none), more];
  }

  // count says how many records were found, unless nothing was searched for, or none were found yet.
  count(): string {
    const open = this.items.length === 0 && this.unfinished;
    return this.searched === "" || open ? "" : text("foundCount", this.items.length);
  }

  private get unfinished(): boolean {
    return this.next !== null || this.building;
  }
}
