import { API, Upload } from "./api";
import { isOffline, isProxys } from "./notices";
import { newKey } from "./outlook";
import { mayPass, persist, Progress, stage, within } from "./staged";
import { forgetUpload } from "./storage";
import type { Receipt, Target } from "./wire";

// oneRequest is how many bytes are sent in one request. What is larger is sent in pieces, so that a connection that breaks
// costs one of them and a proxy that wants small requests lets them through.
const oneRequest = 1 << 20;

// linkTime is after how many milliseconds a CRM that does not answer whether a mail is linked is asked again. Storing the largest
// mail takes a while.
const linkTime = 100_000;

// isLarge tells whether a mail takes a while to send.
export function isLarge(mail: Upload): boolean {
  return mail.body.size > oneRequest;
}

// send brings a mail to the CRM and links it. A small one that does not get through in one request is sent in pieces too.
export async function send(api: API, mail: Upload, to: Target, progress: Progress, signal: AbortSignal): Promise<Receipt> {
  if (!isLarge(mail)) {
    const key = newKey();
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return await api.link(mail, to, key, signal);
      } catch (cause) {
        if (isProxys(cause)) break;
        if (!isOffline(cause)) throw cause;
      }
    }
  }
  const name = nameOf(mail);
  const upload = await stage(api, name, mail.body, progress, signal);
  const receipt = await persist(
    () => within(linkTime, signal, (until) => api.linkUploaded(mail, upload, to, until)),
    async () => progress(mail.body.size, true),
    mayPass,
    signal,
  );
  forgetUpload(name);
  return receipt;
}

// nameOf is what an interrupted upload is remembered by.
export function nameOf(mail: Upload): string {
  return mail.internetMessageId || mail.hints.item_id;
}
