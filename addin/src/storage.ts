// What outlives the pane: the token, and which uploads were interrupted. Outlook partitions or blocks storage in some
// places, and merely touching localStorage may throw: then the user signs in again, a large mail is sent from its
// beginning, and nothing else is lost.

const keyOf = (name: string): string => `${Office.context.partitionKey ?? ""}mailconnector.${name}`;

export function loadToken(): string {
  return load("token");
}

export function saveToken(token: string): void {
  save("token", token);
}

// InterruptedUpload is an upload that was begun, and of which bytes.
export interface InterruptedUpload {
  id: string;
  print: string;
}

const remembered = 8; // uploads: as many as a user may have open

// recallUpload returns the upload that was begun for a mail.
export function recallUpload(mail: string): InterruptedUpload | undefined {
  return uploads().find(([name]) => name === mail)?.[1];
}

export function rememberUpload(mail: string, upload: InterruptedUpload): void {
  saveUploads([[mail, upload], ...others(mail)]);
}

export function forgetUpload(mail: string): void {
  saveUploads(others(mail));
}

type Uploads = [string, InterruptedUpload][]; // by mail, the latest first

function others(mail: string): Uploads {
  return uploads().filter(([name]) => name !== mail);
}

function uploads(): Uploads {
  try {
    return JSON.parse(load("uploads") || "[]");
  } catch {
    return [];
  }
}

function saveUploads(list: Uploads): void {
  save("uploads", list.length > 0 ? JSON.stringify(list.slice(0, remembered)) : "");
}

function load(name: string): string {
  try {
    return localStorage.getItem(keyOf(name)) ?? "";
  } catch {
    return "";
  }
}

function save(name: string, value: string): void {
  try {
    if (value) localStorage.setItem(keyOf(name), value);
    else localStorage.removeItem(keyOf(name));
  } catch {
    // kept in memory only, or not at all
  }
}
