// Keeps an open page up to date: asks for the parts that changed, and replaces them.
const PAUSE = 1000, SPREAD = 250, HIDDEN_PAUSE = 30_000, RETRY = 2_000, TIMEOUT = 10_000, OLD = 6_000, MAX_NAMES = 3;
const line = document.getElementById("live"), announcement = document.getElementById("live-message");
const isQuiet = "quiet" in line.dataset;  // another part of the page shows the connection
const {from, fresh, old, broken, back, changed, over, zoneOf, build} = line.dataset;
const language = document.documentElement.lang;
const ago = new Intl.RelativeTimeFormat(language, {numeric: "auto"});
const clock = new Intl.DateTimeFormat(language, {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zoneOf});
const state = {version: line.dataset.version, at: new Date(), checked: new Date(), status: "fresh", skew: 0};
let waiting;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function since(moment) {
  const seconds = Math.round((Date.now() - moment) / 1000);
  return seconds < 90 ? ago.format(-seconds, "second") : ago.format(-Math.round(seconds / 60), "minute");
}

/** The service's time in the zone of the post; the device's clock may be wrong. */
const time = () => clock.format(new Date(state.at.getTime() + state.skew));

/** Without an answer, or after the device slept, the data is old even before the connection counts as broken. */
const isOld = () => !document.hidden && Date.now() - Math.max(state.at, state.checked) > OLD;

/** Show how old the data is, and update the clocks of both sides. */
function showAge() {
  const texts = {fresh, old, broken, over}, status = state.status === "fresh" && isOld() ? "old" : state.status;
  line.hidden = isQuiet;
  line.className = `live ${status}`;
  line.querySelector(".words").textContent = fill(texts[status], {time: time(), ago: since(state.at)});
  document.body.classList.toggle("stale", status !== "fresh" && !isQuiet);
  for (const time of document.querySelectorAll(".time[data-zone]")) {
    const hours = new Intl.DateTimeFormat(language, {timeZone: time.dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23"});
    time.textContent = hours.format(new Date(Date.now() + state.skew));
  }
}

function setStatus(status) {
  if (status === "broken" && state.status !== "broken") announcement.textContent = fill(broken, {time: time(), ago: since(state.at)});
  if (status === "fresh" && state.status === "broken") announcement.textContent = back;
  if (status === "over") {
    announcement.textContent = over;
    for (const part of document.querySelectorAll("[data-dark]")) part.remove();
  }
  state.status = status;
  showAge();
}

/** The text of a part without relative times, which always change. */
function textOf(part) {
  const copy = part.cloneNode(true);
  for (const passing of copy.querySelectorAll(".passing")) passing.remove();
  return copy.textContent.replace(/\s+/g, " ");
}

/** A key for an element without an id: its row, its kind and its text. */
const headerOf = element => element.closest("tr")?.querySelector("th");
const keyOf = element => [element.closest("[id]")?.id, headerOf(element) && textOf(headerOf(element)), element.tagName,
  element.getAttribute("href"), element.matches("summary, .tile") ? "" : textOf(element)].join(" ");
const controlsOf = part => [...part.querySelectorAll("a, button, summary, input, select, [tabindex]")];

/** The texts of a part's rows by their names. */
function rowsOf(part) {
  const texts = new Map();
  for (const row of part.querySelectorAll("tbody tr")) {
    const header = headerOf(row), name = (header?.querySelector("a") ?? header)?.textContent.trim();
    if (name) texts.set(name, `${texts.get(name) ?? ""}${textOf(row)}`);
  }
  return texts;
}

/** The names of the first rows that were added, removed or changed. */
function namesOf(old, part) {
  const [before, now] = [rowsOf(old), rowsOf(part)];
  const names = [...new Set([...now.keys(), ...before.keys()])].filter(name => before.get(name) !== now.get(name));
  return names.slice(0, MAX_NAMES).join(", ") + (names.length > MAX_NAMES ? ", …" : "");
}

/** Replace a part; returns the names of its changed rows, or null if its text is the same. */
function replacePart(id, html) {
  const old = document.getElementById(id);
  if (!old) return null;
  const fragment = document.createRange().createContextualFragment(html), part = fragment.firstElementChild;
  const opened = [...old.querySelectorAll("details")], closed = [...part.querySelectorAll("details")];
  opened.forEach((details, at) => {
    const same = details.id ? closed.find(other => other.id === details.id) : closed[at];
    if (same) same.open = details.open;
  });
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && controlsOf(old).indexOf(focused);
  const which = textOf(old) !== textOf(part) ? namesOf(old, part) : null;
  old.replaceWith(part);
  if (focused) {
    const alike = within => controlsOf(within).filter(control => keyOf(control) === keyOf(focused));
    const same = focused.id ? document.getElementById(focused.id) : alike(part)[alike(old).indexOf(focused)];
    (same ?? controlsOf(part)[Math.min(place, controlsOf(part).length - 1)])?.focus({preventScroll: true});
  }
  return which;
}

/** Run a change without moving the section on the screen, even if something above it grows. */
function withStableScroll(change) {
  const visible = [...document.querySelectorAll("main section[id], #work")].find(part => part.getBoundingClientRect().bottom > 0);
  const top = visible?.getBoundingClientRect().top;
  change();
  const same = visible && document.getElementById(visible.id);
  if (same && scrollY > 0) scrollBy({top: same.getBoundingClientRect().top - top, behavior: "instant"});
}

function apply(parts) {
  const changes = [];
  withStableScroll(() => {
    for (const [id, html] of Object.entries(parts)) {
      const which = replacePart(id, html);
      if (which !== null) changes.push([id, which]);
    }
  });
  const names = changes.map(([id, which]) => {
    const title = document.querySelector(`#${id} h2`)?.textContent;
    const nodes = document.querySelector(`a.tile[href="#${id}"] .count`)?.childNodes ?? [];
    const count = [...nodes].slice(0, 2).map(node => node.textContent).join("").trim();  // without its icon
    const text = title && (count ? `${title}: ${count}` : title);
    return text && which ? `${text} (${which})` : text;
  }).filter(Boolean);
  if (names.length) announcement.replaceChildren(fill(changed, {what: names.join("; ")}));  // a new text node is read even if equal
}

async function ask() {
  const response = await fetch(from, {
    headers: {"If-None-Match": `W/"${state.version}"`, Accept: "application/json"},
    cache: "no-store", signal: AbortSignal.timeout(TIMEOUT),
  });
  const isOurs = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  if (isOurs && [401, 403, 404].includes(response.status)) return "over";
  if (response.status !== 304 && !response.ok) return "broken";
  state.skew = (Date.parse(response.headers.get("Date")) || Date.now()) - Date.now();
  if (response.status === 200) {
    const {version, parts} = await response.json();
    apply(parts);
    state.version = version;
  }
  state.at = new Date();
  const now = response.headers.get("Salsa-Build");
  if (now && now !== build) document.dispatchEvent(new Event("live-new"));
  return "fresh";
}

async function watch() {
  clearTimeout(waiting);
  let status;
  try { status = await ask(); } catch { status = "broken"; }
  setStatus(status);
  if (status === "over") return document.dispatchEvent(new Event("live-over"));
  const pause = document.hidden ? HIDDEN_PAUSE : status === "broken" ? RETRY : PAUSE;
  clearTimeout(waiting);
  waiting = setTimeout(watch, pause + Math.random() * SPREAD);
}

const printing = document.getElementById("print");
if (printing) {
  printing.onclick = () => print();
  addEventListener("beforeprint", () => { document.getElementById("printed-at").textContent = new Date(Date.now() + state.skew).toLocaleString(language, {day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: zoneOf, hourCycle: "h23"}); });
}

// Where a board has one column its parts are folded, but for the most urgent; a tile opens its own.
const urgent = ["late", "today", ...(innerWidth > 768 ? ["due", "seizures"] : [])].map(id => `${id}-fold`);
for (const part of document.querySelectorAll(".fold")) {
  part.open = innerWidth > 1120 || urgent.includes(part.id) || part.querySelector(".mark.late") !== null;
}
document.addEventListener("click", ({target}) => {
  const part = target.closest?.("a.tile[href^='#']") && document.querySelector(`${target.closest("a").hash}-fold`);
  if (part) part.open = true;
});

document.addEventListener("visibilitychange", () => {
  state.checked = new Date();
  if (!document.hidden && state.status !== "over") watch();
});
// Another part of the page found that the account is signed in again.
document.addEventListener("live-again", () => { if (state.status === "over") watch(); });
addEventListener("online", () => { if (state.status === "broken") watch(); });
setInterval(showAge, 1000);
showAge();
waiting = setTimeout(watch, PAUSE);
