import { Problem } from "./api";
import { known, text } from "./texts";

// problemText says in the user's language what went wrong and what to do about it.
export function problemText(cause: unknown): string {
  if (!(cause instanceof Problem)) return text("internal");
  if (cause.slug === "rate-limited") return text("rate-limited", cause.retryAfter || 60);
  if (known(cause.slug)) return text(cause.slug);
  return cause.message || text("internal");
}

// endsSession tells whether the user has to sign in again.
export function endsSession(cause: unknown): cause is Problem {
  return cause instanceof Problem && cause.status === 401 && cause.slug !== "invalid-credentials";
}
