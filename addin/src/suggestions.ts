import { hasFailed, isBuilding, Repeatable } from "./again";
import type { API, SuggestionRequest } from "./api";
import { element } from "./dom";
import { Mail, suggestionsFor } from "./outlook";
import { Choice, recordGroup } from "./records";
import { text } from "./texts";
import type { Group, SuggestionList } from "./wire";

// Suggested is an answer with the question.
export interface Suggested extends SuggestionList {
  request: SuggestionRequest;
}

// Suggestions are the records that the CRM proposes for the open mail.
export class Suggestions implements Repeatable {
  partial = false; // a part of the CRM could not be searched
  building = false;

  private groups: Group[] | "loading" | "failed" = "loading";
  private request: SuggestionRequest | null = null; // what the groups answer

  // completed is called when an answer came by itself.
  constructor(
    private readonly api: API,
    private readonly completed: () => void,
  ) {}

  // clear forgets the mail before. The index is not built by selecting another one.
  clear(): void {
    this.groups = "loading";
    this.request = null;
  }

  // ask asks for a mail; the answer is shown when it is taken.
  async ask(mail: Mail): Promise<Suggested> {
    const request = await suggestionsFor(mail);
    return { request, ...(await this.api.suggestions(request)) };
  }

  // take takes an answer over, or that there is none.
  take(answer: Suggested | null): void {
    this.request = answer?.request ?? null;
    this.groups = answer?.groups ?? "failed";
    this.partial = !!answer && hasFailed(answer);
    this.building = !!answer && isBuilding(answer);
  }

  // askAgain drops an answer that is no better than the one before, so that nothing moves under the pointer.
  async askAgain(signal: AbortSignal): Promise<boolean> {
    const { request } = this;
    if (!request) return false;
    const answer = await this.api.suggestions(request, signal);
    if (signal.aborted || isBuilding(answer)) return false;
    this.take({ request, ...answer });
    this.completed();
    return true;
  }

  view(choice: Choice, again: () => void): HTMLElement[] {
    if (this.groups === "loading") return [element("p", { class: "quiet" }, text("loading"))];
    if (this.groups === "failed") {
      return [element("button", { type: "button", class: "again", "data-key": "again", onclick: again }, text("again"))];
    }
    if (this.groups.length === 0 && !this.building) return [element("p", { class: "quiet" }, text("nothingSuggested"))];
    return this.groups.map((g) => recordGroup(g.label, g.items, choice));
  }
}
