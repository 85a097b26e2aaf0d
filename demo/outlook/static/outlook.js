// The simulated Outlook: a list, a reading pane and the task pane, which finds the open mail in simulatedOutlook.
"use strict";

// What each client's Outlook can do, by the highest requirement set of the mailbox it supports.
const clients = {
  new: { sets: 15, platform: "OfficeOnline" },
  classic: { sets: 9, platform: "PC" },
  ios: { sets: 5, platform: "iOS" },
};

const $ = (id) => document.getElementById(id);
const outlook = (window.simulatedOutlook = {
  current: null,
  client: clients.new,
  language: "en-US",
  onItemChanged: () => {},
  closePane: () => setPane(false),
});
let paneURL = "";

async function start() {
  const { mails, pane } = await (await fetch("/outlook/mails")).json();
  paneURL = pane;
  for (const mail of mails) $("list").append(row(mail));
  open(mails.find((m) => location.hash === "#" + m.id) ?? mails[0]);
  $("crm").addEventListener("click", () => setPane($("pane").hidden));
  for (const id of ["client", "language"]) $(id).addEventListener("change", restart);
  setPane(window.innerWidth > 1000);
}

function row(mail) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.id = "mail-" + mail.id;
  button.append(
    text("b", mail.from.displayName || mail.from.emailAddress), text("time", date(mail.date)),
    text("span", mail.subject, "subject"),
    text("span", (mail.text || "Congratulations! Claim your prize").replace(/\s+/g, " ").slice(0, 90), "start"),
  );
  if (mail.attachments.some((a) => !a.isInline)) button.append(clip());
  button.addEventListener("click", () => open(mail));
  item.append(button);
  return item;
}

function open(mail) {
  outlook.current = mail;
  history.replaceState(null, "", "#" + mail.id);
  for (const button of document.querySelectorAll("#list button")) button.ariaCurrent = String(button.id === "mail-" + mail.id);
  $("subject").textContent = mail.subject;
  $("face").textContent = (mail.from.displayName || "?").slice(0, 1);
  $("from").textContent = `${mail.from.displayName} <${mail.from.emailAddress}>`;
  $("to").textContent = "To " + [...mail.to, ...mail.cc].map((p) => p.displayName || p.emailAddress).join(", ");
  $("date").textContent = new Date(mail.date).toLocaleString();
  $("attachments").replaceChildren(...mail.attachments.filter((a) => !a.isInline).map(chip));
  $("body").src = `/outlook/mails/${mail.id}/body`;
  outlook.onItemChanged();
}

function setPane(shown) {
  $("pane").hidden = !shown;
  $("crm").ariaPressed = String(shown);
  if (shown && !$("pane").getAttribute("src")) restart();
}

// restart loads the pane anew, as another client or in another language.
function restart() {
  outlook.client = clients[$("client").value];
  outlook.language = $("language").value;
  outlook.onItemChanged = () => {};
  $("pane").src = paneURL;
  $("pane").contentWindow?.location.replace(paneURL);
}

function chip(attachment) {
  const item = text("li", ` ${attachment.name} · ${kilobytes(attachment.size)}`);
  item.prepend(clip());
  return item;
}

function text(tag, content, className = "") {
  const element = document.createElement(tag);
  element.textContent = content;
  element.className = className;
  return element;
}

const clip = () => $("clip").content.cloneNode(true);
const date = (iso) => new Date(iso).toLocaleDateString(undefined, { day: "numeric", month: "short" });
const kilobytes = (n) => (n < 1000 ? `${n} B` : `${(n / 1000).toFixed(1)} kB`);

start();
