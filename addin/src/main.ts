import { API } from "./api";
import { element, show } from "./dom";
import { endsSession, licenseText, problemText } from "./notices";
import { onMailChanged } from "./outlook";
import { Pane } from "./pane";
import { signIn } from "./signin";
import { loadToken, saveToken } from "./storage";
import { chooseLanguage, text } from "./texts";
import { followTheme } from "./theme";
import type { Compatibility, User } from "./wire";

declare global {
  // VERSION is the add-in's version, set when the bundle is built.
  const VERSION: string;
}

// The page says where the API is: beside it at {prefix}/api/v1, unless the pane is served from elsewhere.
const apiBase = new URL(document.getElementById("pane")!.dataset.api!, location.href).href;

let pane: Pane | null = null; // while somebody is signed in

Office.onReady(() => {
  const language = Office.context.displayLanguage || navigator.language;
  chooseLanguage(language);
  followTheme();
  const place = document.getElementById("pane")!;
  if (!Office.context.mailbox) {
    show(place, element("p", { class: "empty" }, text("openInOutlook")));
    return;
  }
  onMailChanged(() => void pane?.open());
  void open(place, new API(apiBase, language));
});

// open checks that pane and CRM fit, goes on with the session of an earlier pane if it still holds, and shows the pane.
async function open(place: HTMLElement, api: API): Promise<void> {
  show(place, element("p", { class: "empty", role: "status" }, text("loading")));
  let compatibility: Compatibility;
  let user: User | null;
  try {
    compatibility = await api.compatibility(VERSION);
    user = await resume(api);
  } catch (cause) {
    const again = element("button", { type: "button", class: "primary", onclick: () => open(place, api) }, text("again"));
    show(place, element("div", { class: "empty" }, element("p", { class: "problem", role: "alert" }, problemText(cause)), again));
    again.focus();
    return;
  }
  if (compatibility.addin.compatible === false) {
    const problem = text("incompatible", compatibility.addin.update ?? "add-in");
    show(place, element("div", { class: "empty" }, element("p", { class: "problem", role: "alert" }, problem)));
    return;
  }
  await enter(place, api, compatibility, user);
}

// resume returns the user of an earlier pane's session, or null where there is none or it is over.
async function resume(api: API): Promise<User | null> {
  api.token = loadToken();
  if (!api.token) return null;
  try {
    return (await api.session()).user;
  } catch (cause) {
    if (!endsSession(cause)) throw cause;
    api.token = "";
    saveToken("");
    return null;
  }
}

// enter shows the pane to a user, and asks who it is first where nobody is signed in.
async function enter(place: HTMLElement, api: API, compatibility: Compatibility, user: User | null, notice = ""): Promise<void> {
  const crm = compatibility.crm.name || "CRM";
  const asked = !user;
  if (!user) {
    const grant = await signIn(place, api, crm, notice, licenseText(compatibility.license.state));
    saveToken(grant.access_token);
    user = grant.user;
  }
  pane = new Pane(place, api, crm, user, (why) => {
    pane = null;
    api.token = "";
    saveToken("");
    void enter(place, api, compatibility, null, why);
  });
  await pane.start(asked);
}
