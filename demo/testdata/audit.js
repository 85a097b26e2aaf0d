// What of a shown mail could run, load, send or cover anything, as this browser has parsed and styled it.
(() => {
  const bad = [];
  const known = new Set((
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em " +
    "figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section small " +
    "span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr").split(" "));
  const dangerous = new Set(["srcset", "background", "ping", "is", "name", "id", "formaction", "action", "srcdoc", "poster"]);
  const head = [...document.head.children].map((e) => e.localName).join(" ");
  if (head !== "meta meta meta style") bad.push("head: " + head);
  for (const e of document.body.querySelectorAll("*")) {
    if (!known.has(e.localName) || e.namespaceURI !== "http://www.w3.org/1999/xhtml") bad.push("element " + e.localName);
    for (const a of e.attributes) {
      if (/^on|:/i.test(a.name) || dangerous.has(a.name)) bad.push(`${e.localName} ${a.name}=${a.value}`);
    }
    if (e.localName === "a" && e.hasAttribute("href")) {
      // ":" is an address that leads nowhere.
      if (!["http:", "https:", "mailto:", "tel:", "cid:", ":"].includes(e.protocol)) bad.push("link to " + e.href);
      if (e.target !== "_blank" || e.rel !== "noopener noreferrer") bad.push("link opens in " + e.target);
    }
    const style = getComputedStyle(e);
    if (style.position !== "static") bad.push(`${e.localName} is ${style.position}`);
    for (const p of ["backgroundImage", "listStyleImage", "borderImageSource", "cursor", "filter", "clipPath", "animationName"]) {
      if (!["none", "auto", "pointer", "text", ""].includes(style[p])) bad.push(`${e.localName} ${p}: ${style[p]}`);
    }
  }
  const images = [...document.images].map((i) => ({ src: i.src.slice(0, 200), width: i.naturalWidth }));
  return { bad, images, text: document.body.innerText.slice(0, 200) };
})();
