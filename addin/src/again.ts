import { Problem } from "./api";
import { mayPass, rest } from "./staged";

// Times in milliseconds between two questions. The first index of a small CRM takes seconds, that of a large one minutes.
const firstPause = 2000;
const longestPause = 30_000;

interface Partial {
  partial?: string[]; // what could not be asked: modules, or "index" while it is being built
}

// isBuilding tells that an answer lacks what only the CRM's index finds, which is being built.
export function isBuilding(answer: Partial): boolean {
  return !!answer.partial?.includes("index");
}

// hasFailed tells that a part of the CRM could not be asked.
export function hasFailed(answer: Partial): boolean {
  return !!answer.partial?.some((what) => what !== "index");
}

// Repeatable is something that was asked for and may be asked for again.
export interface Repeatable {
  building: boolean; // its answer lacks what the index finds
  askAgain(signal: AbortSignal): Promise<boolean>; // tells whether nothing is lacking any more
}

// Again asks again by itself, one question at a time and ever more rarely, while the pane can be seen.
export class Again {
  private running = new AbortController();

  // start goes on until nothing is lacking any more, or stop is called. What may pass is no reason to end.
  async start(what: Repeatable): Promise<void> {
    this.stop();
    const { signal } = (this.running = new AbortController());
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      await rest(pause, signal);
      await visible(signal);
      if (signal.aborted) return;
      try {
        if (await what.askAgain(signal)) return;
      } catch (cause) {
        if (signal.aborted) return;
        if (!(cause instanceof Problem) || !mayPass(cause)) throw cause;
      }
    }
  }

  stop(): void {
    this.running.abort();
  }
}

// visible waits until the pane can be seen.
function visible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}
