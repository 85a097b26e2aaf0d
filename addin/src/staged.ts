import { API, Problem } from "./api";
import { isGone } from "./notices";
import { forgetUpload, recallUpload, rememberUpload } from "./storage";

// Pieces in bytes. They begin as small as the strictest proxy wants them, grow while that is quick, and shrink when a
// connection breaks.
const firstPiece = 1 << 20;
const leastPiece = 256 << 10;
const largestPiece = 8 << 20;

// Times in milliseconds.
const quick = 2000; // for a piece
const answerTime = 60_000; // after which a connection that says nothing counts as broken
const patience = 120_000; // without anything getting through
const firstPause = 500;
const longestPause = 10_000;

// Progress is told how many bytes are safe, and whether the connection is broken just now.
export type Progress = (sent: number, broken: boolean) => void;

// stage sends bytes piece by piece and returns the id of the upload. Where an earlier pane was interrupted with the same
// bytes of the same mail, it goes on where that one ended; with others it begins anew.
export async function stage(api: API, mail: string, body: Blob, progress: Progress, signal: AbortSignal): Promise<string> {
  progress(0, false);
  const upload = await begin(api, mail, body, signal);
  try {
    await sendPieces(api, upload, body, progress, signal);
  } catch (cause) {
    if (!isGone(cause)) throw cause;
    forgetUpload(mail); // whoever tries again begins anew
    throw new Problem("unavailable", cause.status, "");
  }
  return upload.id;
}

async function sendPieces(api: API, upload: { id: string; offset: number }, body: Blob, progress: Progress, signal: AbortSignal): Promise<void> {
  let { offset } = upload;
  let size = firstPiece;
  let most = largestPiece; // what a proxy refused once is not sent again
  const send = async () => {
    const bytes = await body.slice(offset, offset + size).arrayBuffer();
    const sum = base64(await sha256(bytes));
    try {
      return await within(answerTime, signal, (until) => api.writeChunk(upload.id, offset, bytes, sum, until));
    } catch (cause) {
      if (cause instanceof Problem && cause.status === 413) most = Math.max(size / 2, leastPiece);
      throw cause;
    }
  };
  const look = async () => {
    progress(offset, true);
    size = Math.max(size / 2, leastPiece);
    offset = await within(answerTime, signal, (until) => api.uploadOffset(upload.id, until));
  };
  while (offset < body.size) {
    progress(offset, false);
    const began = Date.now();
    offset = await persist(send, look, pieceMayPass, signal);
    if (Date.now() - began < quick) size = Math.min(size * 2, most);
  }
  progress(offset, false);
}

// persist repeats a step for as long as what it fails with may pass. After each pause it looks where things are.
export async function persist<T>(
  step: () => Promise<T>, look: () => Promise<void>, passes: (cause: Problem) => boolean, signal: AbortSignal,
): Promise<T> {
  const end = Date.now() + patience;
  let broken = false;
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    try {
      if (broken) await look();
      return await step();
    } catch (cause) {
      if (!(cause instanceof Problem) || !passes(cause) || Date.now() > end) throw cause;
      broken = true;
      await rest(pause, signal);
    }
  }
}

// mayPass tells whether the same step may succeed later: there was no answer, or from a server that cannot just now.
export function mayPass(cause: Problem): boolean {
  return cause.status === 0 || cause.status === 429 || cause.status >= 500;
}

// pieceMayPass knows of a piece that it may have been overtaken, altered on its way, or too large for a proxy.
function pieceMayPass(cause: Problem): boolean {
  return mayPass(cause) || [409, 413, 460].includes(cause.status);
}

// giveUp forgets what was uploaded of a mail.
export async function giveUp(api: API, mail: string): Promise<void> {
  const known = recallUpload(mail);
  forgetUpload(mail);
  if (known) await api.deleteUpload(known.id).catch(() => undefined); // it expires by itself
}

async function begin(api: API, mail: string, body: Blob, signal: AbortSignal): Promise<{ id: string; offset: number }> {
  const print = await fingerprint(body);
  const known = recallUpload(mail);
  if (known?.print === print) {
    try {
      return { id: known.id, offset: await within(answerTime, signal, (until) => api.uploadOffset(known.id, until)) };
    } catch (cause) {
      if (!isGone(cause)) throw cause;
    }
  } else {
    await giveUp(api, mail);
  }
  const id = await open(api, body.size, signal, (late) => rememberUpload(mail, { id: late, print }));
  rememberUpload(mail, { id, print });
  return { id, offset: 0 };
}

// open opens an upload. An answer that comes after that was given up frees its place again, which would be taken for a day;
// where that fails, because the user signed out for example, the upload is kept for later.
async function open(api: API, bytes: number, signal: AbortSignal, keep: (late: string) => void): Promise<string> {
  if (signal.aborted) throw aborted();
  const opening = api.createUpload(bytes);
  try {
    return await within(answerTime, signal, (until) => Promise.race([opening, givenUp(until)]));
  } catch (cause) {
    opening.then((late) => api.deleteUpload(late).catch(() => keep(late)), () => undefined);
    throw cause;
  }
}

function givenUp(until: AbortSignal): Promise<never> {
  return new Promise((_, reject) => until.addEventListener("abort", () => reject(aborted())));
}

function aborted(): DOMException {
  return new DOMException("given up", "AbortError");
}

// within runs a step that is given up after a time. That counts as no answer.
export async function within<T>(time: number, signal: AbortSignal, step: (until: AbortSignal) => Promise<T>): Promise<T> {
  const until = new AbortController();
  const stop = () => until.abort();
  const timer = setTimeout(stop, time);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await step(until.signal);
  } catch (cause) {
    if (until.signal.aborted && !signal.aborted) throw new Problem("offline", 0, "");
    throw cause;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

// rest waits, but no longer than until the device is connected again.
export function rest(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      window.removeEventListener("online", wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, time);
    window.addEventListener("online", wake);
    signal.addEventListener("abort", wake);
  });
}

// fingerprint tells bytes from others without holding them all: it is the hash of the hashes of their pieces.
async function fingerprint(body: Blob): Promise<string> {
  const sums = new Uint8Array(Math.ceil(body.size / largestPiece) * 32);
  for (let from = 0, to = 0; from < body.size; from += largestPiece, to += 32) {
    sums.set(await sha256(await body.slice(from, from + largestPiece).arrayBuffer()), to);
  }
  return base64(await sha256(sums));
}

async function sha256(bytes: BufferSource): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
