import { API } from "./api";
import { element, show } from "./dom";
import { endsSession, problemText } from "./notices";
import { Pane } from "./pane";
import { signIn } from "./signin";
import { loadToken, saveToken } from "./storage";
import { chooseLanguage, text } from "./texts";
import type { Compatibility, User } from "./wire";

declare global {
  // VERSION is the add-in's version, set when the bundle is built.
  const VERSION: string;
}

// The page lives at {prefix}/addin/taskpane.html and the API at {prefix}/api/v1.
const apiBase = new URL("../api/v1", location.href).href;

Office.onReady(() => {
  chooseLanguage(Office.context.displayLanguage ?? navigator.language);
  followTheme();
  const place = document.getElementById("pane")!;
  if (!Office.context.mailbox) {
    show(place, element("p", { class: "quiet" }, text("openInOutlook")));
    return;
  }
  const api = new API(apiBase, Office.context.displayLanguage);
  void open(place, api);
});

// open checks that pane and CRM fit, then signs in and shows the pane.
async function open(place: HTMLElement, api: API): Promise<void> {
  show(place, element("p", { class: "quiet", role: "status" }, text("loading")));
  let compatibility: Compatibility;
  try {
    compatibility = await api.compatibility(VERSION);
  } catch (cause) {
    const again = element("button", { type: "button", onclick: () => open(place, api) }, text("again"));
    show(place, element("p", { class: "problem", role: "alert" }, problemText(cause)), again);
    return;
  }
  if (compatibility.addin.compatible === false) {
    show(place, element("p", { class: "problem", role: "alert" }, text("incompatible", compatibility.addin.update ?? "add-in")));
    return;
  }
  const crm = compatibility.crm.name || "CRM";
  await enter(place, api, crm, await resume(api));
}

// resume goes on with the session of an earlier pane, if there is one and it still holds.
async function resume(api: API): Promise<User | null> {
  api.token = loadToken();
  if (!api.token) return null;
  try {
    return (await api.session()).user;
  } catch (cause) {
    if (endsSession(cause)) saveToken("");
    api.token = "";
    return null;
  }
}

async function enter(place: HTMLElement, api: API, crm: string, user: User | null, notice = ""): Promise<void> {
  if (!user) {
    const grant = await signIn(place, api, crm, notice);
    saveToken(grant.access_token);
    user = grant.user;
  }
  const over = (why: string) => {
    saveToken("");
    api.token = "";
    void enter(place, api, crm, null, why);
  };
  await new Pane(place, api, user, over).start();
}

// followTheme takes over whether Outlook is dark; elsewhere the system's choice holds.
function followTheme(): void {
  const background = Office.context.officeTheme?.bodyBackgroundColor;
  if (!background || !/^#[0-9a-f]{6}/i.test(background)) return;
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(background.slice(i, i + 2), 16));
  document.documentElement.dataset.theme = 0.3 * r + 0.6 * g + 0.1 * b < 128 ? "dark" : "light";
}
