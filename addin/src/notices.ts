import { Problem } from "./api";
import { known, text } from "./texts";

// problemText says in the user's language what went wrong and what to do about it.
export function problemText(cause: unknown): string {
  if (!(cause instanceof Problem)) return text("internal");
  if (cause.slug === "rate-limited") return text("rate-limited", cause.retryAfter || 60);
  if (known(cause.slug)) return text(cause.slug);
  return cause.message || text("internal");
}

// licenseText says why nobody can work, or nothing where the license is in force.
export function licenseText(state: string): string {
  switch (state) {
    case "active":
    case "expiring":
    case "grace":
      return "";
    case "expired":
    case "revoked":
    case "mismatch":
      return text(`license-${state}`);
    default:
      return text("license-required");
  }
}

// isOffline tells that no answer came at all.
export function isOffline(cause: unknown): boolean {
  return cause instanceof Problem && cause.slug === "offline";
}

// isProxys tells that something between the pane and the CRM may not have let a request through for its size or length.
export function isProxys(cause: unknown): boolean {
  return cause instanceof Problem && [413, 502, 504].includes(cause.status);
}

// isGone tells that what was asked for is not there, or not for this user.
export function isGone(cause: unknown): cause is Problem {
  return cause instanceof Problem && cause.slug === "not-found";
}

// endsSession tells whether the user has to sign in again.
export function endsSession(cause: unknown): cause is Problem {
  return cause instanceof Problem && cause.status === 401 && cause.slug !== "invalid-credentials";
}
