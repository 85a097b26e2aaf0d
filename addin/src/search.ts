import { API } from "./api";
import { element } from "./dom";
import { searchIcon } from "./icons";
import { text } from "./texts";
import type { Module, RecordCard } from "./wire";

const typingPause = 150; // milliseconds before a search starts
const enough = 10; // records to show before asking for more; a search that takes long comes in shorter pages
const patience = 10; // short pages asked for by itself, before the user says whether to go on

// Search is the search box and what it found. Without a word it finds what the user linked last.
export class Search {
  items: RecordCard[] = [];
  next: string | null = null; // where more of the answer begins
  partial = false; // not everything could be searched
  searched = ""; // the words that items are the answer to

  private running = new AbortController();
  private pause = 0;
  private readonly query = element("input", {
    type: "search", id: "query", placeholder: text("search"), title: text("searchHint"), "aria-label": text("search"), autocomplete: "off", spellcheck: "false",
  });
  private readonly module = element("select", { id: "module", "aria-label": text("module") }, element("option", { value: "" }, text("allModules")));
  readonly box = element("div", { class: "search", role: "search" }, element("div", { class: "query" }, searchIcon(), this.query), this.module);

  // answered is called with each answer to the words that are in the box, and failed with what kept one away.
  constructor(
    private readonly api: API,
    private readonly answered: () => void,
    private readonly failed: (cause: unknown) => void,
  ) {
    this.query.addEventListener("input", () => {
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
  async more(): Promise<void> {
    if (this.next) await this.ask(this.next, patience);
  }

  private async ask(cursor: string, pages: number): Promise<void> {
    this.running.abort();
    const { signal } = (this.running = new AbortController());
    const words = this.query.value.trim();
    try {
      const page = await this.api.search(words, this.module.value, cursor, signal);
      if (signal.aborted) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.next = page.next_cursor;
      this.partial = !!page.partial?.length;
      this.searched = words;
      const goOn = this.next !== null && this.items.length < enough && pages > 1;
      if (this.items.length > 0 || !goOn) this.answered();
      if (this.next && goOn) await this.ask(this.next, pages - 1);
    } catch (cause) {
      if (!signal.aborted) this.failed(cause);
    }
  }
}
