// What needs a browser: local times, copying, reading a chosen file, and the checks that only a browser can make. Every
// page works without it.
"use strict";
(() => {
  const lang = document.documentElement.lang;
  const each = (selector, fn) => document.querySelectorAll(selector).forEach(fn);

  const exact = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
  each("time[data-local]", (t) => { t.textContent = exact.format(new Date(t.dateTime)); });
  each("time[data-title]", (t) => { t.title = exact.format(new Date(t.dateTime)); });

  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }); // on a narrow screen

  each(".needs-script", (e) => { e.hidden = false; });

  each("[data-copy]", (button) => button.addEventListener("click", async () => {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch { // clipboards ask for https: select the text instead, where there is one
      const text = button.closest("section").querySelector("pre, .address a");
      if (text) getSelection().selectAllChildren(text);
      return;
    }
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = before; }, 2000);
  }));

  // A chosen file is shown before it is sent, so that a refused one is still there afterwards.
  each("input[type=file][data-into]", (input) => input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file || file.size > 1 << 20) return;
    document.getElementById(input.dataset.into).value = await file.text();
    input.value = "";
  }));

  // A form is sent once, however often its button is pressed.
  each("form[method=post]", (form) => form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.querySelectorAll("button").forEach((b) => b.setAttribute("aria-busy", "true"));
  }));
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    each("form[data-sent]", (form) => { delete form.dataset.sent; form.querySelectorAll("button").forEach((b) => b.removeAttribute("aria-busy")); });
  });

  each("[data-reach]", async (step) => {
    const state = step.querySelector("[data-state]");
    let reached = false;
    try {
      reached = (await fetch(step.dataset.reach, { method: "HEAD", cache: "no-store", credentials: "omit" })).ok;
    } catch { /* not reached */ }
    step.classList.replace("unknown", reached ? "done" : "todo");
    state.textContent = reached ? state.dataset.yes : state.dataset.no;
    if (!reached) step.closest("details").open = true;
  });

  each("[data-connection]", (button) => button.addEventListener("click", () => connection(button)));

  async function connection(button) {
    const list = document.getElementById("connection-result");
    const say = (key, values = {}) => Object.entries(values)
      .reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), list.dataset[key] ?? "");
    const add = (tone, text) => {
      const item = document.createElement("li");
      item.className = tone;
      item.textContent = text;
      list.append(item);
    };
    list.replaceChildren();
    add("", say("running"));
    button.setAttribute("aria-busy", "true");
    const results = await examine(button.dataset.connection, say);
    list.replaceChildren();
    results.forEach(([tone, text]) => add(tone, text));
    button.removeAttribute("aria-busy");
  }

  // examine asks what a client asks first, and returns what it saw as [tone, sentence] pairs.
  async function examine(path, say) {
    const started = performance.now();
    let response;
    try {
      response = await fetch(path, { cache: "no-store", credentials: "omit" });
    } catch {
      return [["bad", say("unreachable")]];
    }
    const ms = Math.max(1, Math.round(performance.now() - started));
    if (!response.ok) return [["bad", say("status", { status: response.status })]];
    let seen;
    try {
      seen = await response.json();
    } catch { /* not ours */ }
    if (!seen || !seen.api || !seen.crm) return [["bad", say("garbled")]];
    return [["good", say("reached", { ms })], ["good", say("version", { version: seen.module, api: seen.api })],
      crm(seen.crm, say), [tone(seen.license.state), say("license", { state: say(`state${seen.license.state.replace(/^./, (c) => c.toUpperCase())}`) })],
      await origin(path, say)];
  }

  function crm(c, say) {
    if (c.supported === false) return ["bad", say("crmOld", c)];
    if (!c.version) return ["warn", say("crmUnknown", { name: c.name || "CRM" })];
    return ["good", say("crm", c)];
  }

  function tone(state) {
    return ["active"].includes(state) ? "good" : ["expiring", "grace"].includes(state) ? "warn" : "bad";
  }

  // A browser names its origin in every request but GET and HEAD, so the answer to OPTIONS tells whether it is allowed.
  async function origin(path, say) {
    let allowed = null;
    try {
      allowed = (await fetch(path, { method: "OPTIONS", cache: "no-store", credentials: "omit" })).headers.get("Access-Control-Allow-Origin");
    } catch { /* then it is not */ }
    const own = location.origin;
    return allowed === own ? ["good", say("origin", { origin: own })] : ["warn", say("noOrigin", { origin: own })];
  }
})();
