// Shows what changed on a page while someone looks on: asks for the parts that changed, and exchanges them.
const OFTEN = 1000, SPREAD = 250, HIDDEN = 30_000, AGAIN = 2_000, PATIENCE = 10_000, OLD = 6_000, NAMED = 3;
const line = document.getElementById("live"), said = document.getElementById("live-said");
const isQuiet = "quiet" in line.dataset;  // another part of the page tells of the line
const {from, fresh, old, broken, back, changed, over, zoneOf, build} = line.dataset;
const language = document.documentElement.lang;
const ago = new Intl.RelativeTimeFormat(language, {numeric: "auto"});
const clock = new Intl.DateTimeFormat(language, {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zoneOf});
const state = {version: line.dataset.version, at: new Date(), seen: new Date(), is: "fresh", skew: 0};
let waiting;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function since(moment) {
  const seconds = Math.round((Date.now() - moment) / 1000);
  return seconds < 90 ? ago.format(-seconds, "second") : ago.format(-Math.round(seconds / 60), "minute");
}

/** The time of the service, by the clock of the post: that of the device may be any. */
const time = () => clock.format(new Date(state.at.getTime() + state.skew));

/** An answer that does not come, or a device that slept, is no broken line yet; the picture is old all the same. */
const isOld = () => !document.hidden && Date.now() - Math.max(state.at, state.seen) > OLD;

/** Say how old the picture is, and let the clocks of both sides go on. */
function tell() {
  const texts = {fresh, old, broken, over}, is = state.is === "fresh" && isOld() ? "old" : state.is;
  line.hidden = isQuiet;
  line.className = `live ${is}`;
  line.querySelector(".words").textContent = fill(texts[is], {time: time(), ago: since(state.at)});
  document.body.classList.toggle("stale", is !== "fresh" && !isQuiet);
  for (const shown of document.querySelectorAll(".time[data-zone]")) {
    const hours = new Intl.DateTimeFormat(language, {timeZone: shown.dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23"});
    shown.textContent = hours.format(new Date(Date.now() + state.skew));
  }
}

function turn(is) {
  if (is === "broken" && state.is !== "broken") said.textContent = fill(broken, {time: time(), ago: since(state.at)});
  if (is === "fresh" && state.is === "broken") said.textContent = back;
  if (is === "over") {
    said.textContent = over;
    for (const shown of document.querySelectorAll("[data-dark]")) shown.remove();
  }
  state.is = is;
  tell();
}

/** What a part says, but for how long ago something was or how long it will take. */
function words(part) {
  const copy = part.cloneNode(true);
  for (const passing of copy.querySelectorAll(".passing")) passing.remove();
  return copy.textContent.replace(/\s+/g, " ");
}

/** The way from a part to something in it that has no id: in which row it is, what it is and says. */
const row = one => one.closest("tr")?.querySelector("th");
const key = one => [one.closest("[id]")?.id, row(one) && words(row(one)), one.tagName, one.getAttribute("href"),
  one.matches("summary, .tile") ? "" : words(one)].join(" ");
const all = part => [...part.querySelectorAll("a, button, summary, input, select, [tabindex]")];

/** What the rows of a part say, by what they are called. */
function rowsOf(part) {
  const said = new Map();
  for (const one of part.querySelectorAll("tbody tr")) {
    const title = row(one), name = (title?.querySelector("a") ?? title)?.textContent.trim();
    if (name) said.set(name, `${said.get(name) ?? ""}${words(one)}`);
  }
  return said;
}

/** What the rows are called that came, went or changed: the first of them. */
function namesOf(old, part) {
  const [had, has] = [rowsOf(old), rowsOf(part)];
  const names = [...new Set([...has.keys(), ...had.keys()])].filter(name => had.get(name) !== has.get(name));
  return names.slice(0, NAMED).join(", ") + (names.length > NAMED ? ", …" : "");
}

/** Put a part in its place; gives which of its rows changed, or null where it says the same. */
function exchange(id, html) {
  const old = document.getElementById(id);
  if (!old) return null;
  const fragment = document.createRange().createContextualFragment(html), part = fragment.firstElementChild;
  const opened = [...old.querySelectorAll("details")], closed = [...part.querySelectorAll("details")];
  opened.forEach((one, at) => {
    const same = one.id ? closed.find(other => other.id === one.id) : closed[at];
    if (same) same.open = one.open;
  });
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && all(old).indexOf(focused);
  const which = words(old) !== words(part) ? namesOf(old, part) : null;
  old.replaceWith(part);
  if (focused) {
    const alike = within => all(within).filter(one => key(one) === key(focused));
    const same = focused.id ? document.getElementById(focused.id) : alike(part)[alike(old).indexOf(focused)];
    (same ?? all(part)[Math.min(place, all(part).length - 1)])?.focus({preventScroll: true});
  }
  return which;
}

/** What someone reads is where it was, though something above it grew. */
function keepingPlace(change) {
  const seen = [...document.querySelectorAll("main section[id], #work")].find(one => one.getBoundingClientRect().bottom > 0);
  const top = seen?.getBoundingClientRect().top;
  change();
  const same = seen && document.getElementById(seen.id);
  if (same && scrollY > 0) scrollBy({top: same.getBoundingClientRect().top - top, behavior: "instant"});
}

function apply(parts) {
  const told = [];
  keepingPlace(() => {
    for (const [id, html] of Object.entries(parts)) {
      const which = exchange(id, html);
      if (which !== null) told.push([id, which]);
    }
  });
  const names = told.map(([id, which]) => {
    const title = document.querySelector(`#${id} h2`)?.textContent;
    const shown = document.querySelector(`a.tile[href="#${id}"] .count`)?.childNodes ?? [];
    const count = [...shown].slice(0, 2).map(one => one.textContent).join("").trim();  // without its sign
    const said = title && (count ? `${title}: ${count}` : title);
    return said && which ? `${said} (${which})` : said;
  }).filter(Boolean);
  if (names.length) said.replaceChildren(fill(changed, {what: names.join("; ")}));  // a text of its own is heard, though it says the same
}

async function ask() {
  const answer = await fetch(from, {
    headers: {"If-None-Match": `W/"${state.version}"`, Accept: "application/json"},
    cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
  });
  const isOurs = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  if (isOurs && [401, 403, 404].includes(answer.status)) return "over";
  if (answer.status !== 304 && !answer.ok) return "broken";
  state.skew = (Date.parse(answer.headers.get("Date")) || Date.now()) - Date.now();
  if (answer.status === 200) {
    const {version, parts} = await answer.json();
    apply(parts);
    state.version = version;
  }
  state.at = new Date();
  const now = answer.headers.get("Salsa-Build");
  if (now && now !== build) document.dispatchEvent(new Event("live-new"));
  return "fresh";
}

async function watch() {
  clearTimeout(waiting);
  let is;
  try { is = await ask(); } catch { is = "broken"; }
  turn(is);
  if (is === "over") return document.dispatchEvent(new Event("live-over"));
  const pause = document.hidden ? HIDDEN : is === "broken" ? AGAIN : OFTEN;
  clearTimeout(waiting);
  waiting = setTimeout(watch, pause + Math.random() * SPREAD);
}

document.addEventListener("visibilitychange", () => {
  state.seen = new Date();
  if (!document.hidden && state.is !== "over") watch();
});
// Another part of the page heard that someone is signed in again.
document.addEventListener("live-again", () => { if (state.is === "over") watch(); });
addEventListener("online", () => { if (state.is === "broken") watch(); });
setInterval(tell, 1000);
tell();
waiting = setTimeout(watch, OFTEN);
