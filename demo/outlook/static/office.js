// A stand-in for office.js, for the task pane inside the simulated Outlook. It answers from the page around the pane.
(() => {
  "use strict";
  const outlook = window.parent.simulatedOutlook;
  const client = outlook ? outlook.client : { sets: 0, platform: "OfficeOnline" };
  const handlers = [];

  const succeed = (done, value) => setTimeout(() => done({ status: "succeeded", value }), 30);
  const fail = (done, code, message) => done({ status: "failed", error: { code, name: "SimulatedError", message } });

  // fetched answers what the server has under a path.
  const fetched = (done, path, wrap = (text) => text) =>
    fetch(path).then((r) => (r.ok ? r.text() : Promise.reject(new Error(r.statusText))))
      .then((text) => succeed(done, wrap(text)), (e) => fail(done, 5001, e.message));

  // asItem gives a mail the members Outlook gives it. What the chosen client cannot do is missing.
  const asItem = (mail) => {
    if (!mail) return null;
    const item = {
      itemId: "simulated-" + mail.id, itemType: "message", itemClass: "IPM.Note",
      subject: mail.subject, normalizedSubject: mail.subject.replace(/^(re|aw|fwd?|wg):\s*/i, ""),
      internetMessageId: mail.internetMessageId, conversationId: mail.conversationId,
      dateTimeCreated: new Date(mail.date), dateTimeModified: new Date(mail.date),
      from: mail.from, sender: mail.from, to: mail.to, cc: mail.cc,
      attachments: mail.attachments.map((a) => ({ ...a })),
      body: { getAsync: (format, options, done = options) => succeed(done, format === "html" ? mail.html || textAsHTML(mail.text) : mail.text) },
    };
    if (client.sets >= 8) {
      item.getAllInternetHeadersAsync = (options, done = options) => succeed(done, mail.headers);
      item.getAttachmentContentAsync = (id, options, done = options) => content(mail, id, done);
    }
    if (client.sets >= 14) {
      item.getAsFileAsync = (options, done = options) => fetched(done, `/outlook/mails/${mail.id}/file`);
    }
    return item;
  };

  const content = (mail, id, done) => {
    const attachment = mail.attachments.find((a) => a.id === id);
    if (!attachment) return fail(done, 9000, "There is no such attachment.");
    fetched(done, `/outlook/attachments/${id}`, (base64) =>
      attachment.attachmentType === "item" ? { format: "eml", content: textOf(base64) } : { format: "base64", content: base64 });
  };

  const textOf = (base64) => new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
  const textAsHTML = (text) => {
    const pre = document.createElement("pre");
    pre.textContent = text;
    return pre.outerHTML;
  };

  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const settings = new Map();
  window.Office = {
    onReady: (ready) => {
      const info = { host: "Outlook", platform: client.platform };
      if (ready) setTimeout(() => ready(info));
      return Promise.resolve(info);
    },
    EventType: { ItemChanged: "olkItemSelectedChanged" },
    AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
    context: {
      displayLanguage: outlook ? outlook.language : navigator.language,
      partitionKey: "",
      officeTheme: dark
        ? { bodyBackgroundColor: "#1b1f24", bodyForegroundColor: "#e8e8e8" }
        : { bodyBackgroundColor: "#ffffff", bodyForegroundColor: "#222222" },
      diagnostics: { platform: client.platform, host: "Outlook", version: "simulated" },
      requirements: { isSetSupported: (name, version = "1.1") => name === "Mailbox" && Number(version.split(".")[1]) <= client.sets },
      roamingSettings: {
        get: (name) => settings.get(name), set: (name, value) => settings.set(name, value),
        remove: (name) => settings.delete(name), saveAsync: (done) => done && succeed(done),
      },
      ui: { closeContainer: () => outlook && outlook.closePane() },
      mailbox: outlook && {
        get item() { return asItem(outlook.current); },
        userProfile: { displayName: "Giulia Moretti", emailAddress: "giulia.moretti@alpina.example", timeZone: "UTC" },
        diagnostics: { hostName: "Outlook", hostVersion: "simulated" },
        addHandlerAsync: (event, handler, options, done = options) => {
          handlers.push(handler);
          if (done) succeed(done);
        },
        removeHandlerAsync: (event, options, done = options) => {
          handlers.length = 0;
          if (done) succeed(done);
        },
      },
    },
  };
  if (outlook) outlook.onItemChanged = () => handlers.forEach((handler) => handler({ type: "olkItemSelectedChanged" }));
})();
