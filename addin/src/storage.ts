// Where the token outlives the pane. Outlook partitions or blocks storage in some places, and merely touching
// localStorage may throw: then the user signs in again, and nothing else is lost.

const key = (): string => `${Office.context.partitionKey ?? ""}mailconnector.token`;

export function loadToken(): string {
  try {
    return localStorage.getItem(key()) ?? "";
  } catch {
    return "";
  }
}

export function saveToken(token: string): void {
  try {
    if (token) localStorage.setItem(key(), token);
    else localStorage.removeItem(key());
  } catch {
    // kept in memory only
  }
}
