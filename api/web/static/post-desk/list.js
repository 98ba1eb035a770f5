// The entries that are kept, and what the service said to them; each stays until the officer has settled it.
import * as queue from "./queue.js";
import { element, word } from "./words.js";

const panel = document.getElementById("queue");
const count = document.getElementById("queue-count");
const list = document.getElementById("queue-list");
const fold = document.getElementById("not-recorded");
const discardAll = document.getElementById("discard-all");
const refusedList = document.getElementById("refused-list");
const language = document.documentElement.lang;
const { zone } = document.getElementById("desk").dataset;
const isLoud = (entry) => entry.is_loud;
const isRefused = (entry) => ["refused", "unreadable"].includes(entry.state);

/** Show what is kept for the account, and what was just taken. */
export async function draw(account, desk, taken = []) {
  const entries = account ? await opened(account) : [];
  const refused = entries.filter(isRefused);
  const others = entries.filter((entry) => !isRefused(entry));
  const waiting = others.filter((entry) => entry.state === "waiting").length;
  panel.hidden = !others.length && !taken.length;
  fold.hidden = !refused.length;
  discardAll.hidden = refused.length < 2;
  discardAll.firstElementChild.onclick = () => discardThese(refused, desk);
  document.getElementById("send-now").hidden = !waiting;
  count.textContent = word("waiting", { count: waiting });
  document.getElementById("not-recorded-count").textContent = word("not_recorded", { count: refused.length });
  const lines = (of) => of.map((entry) => item(entry, desk, account.ahead));
  exchange(list, [...taken.map(done), ...lines(others)]);
  exchange(refusedList, lines(refused));
  const loud = [...others, ...taken].filter(isLoud).map((entry) => `▲ ${title(entry)} – ${entry.said.join(" ")}`);
  return { waiting, refused: refused.length, loud };
}

/** Open what was not recorded, from a link to it. */
export function unfold() {
  fold.open = true;
  fold.querySelector("summary").focus();
}

/** Show other lines where they differ; the button that had the focus has it still, or what stands about it. */
function exchange(place, lines) {
  const made = element("ol");
  made.append(...lines);
  if (made.innerHTML === place.innerHTML) return;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const [entry, act] = [focused?.closest("li").dataset.entry, focused?.dataset.act];
  place.replaceChildren(...made.childNodes);
  if (!focused) return;
  const same = place.querySelector(`[data-entry="${entry}"] [data-act="${act}"]`);
  (same ?? around(place)).focus({ preventScroll: true });
}

/** What takes the focus where an entry is gone: the rest of its list, or the page. */
function around(place) {
  if (place === refusedList && !fold.hidden) return fold.querySelector("summary");
  return panel.hidden ? document.getElementById("main") : panel;
}

async function opened(account) {
  const rows = await queue.rowsOf(account.owner);
  return Promise.all(rows.map((row) => queue.open(account, row)));
}

function done(entry) {
  const line = element("li");
  line.dataset.state = isLoud(entry) ? "loud" : entry.said.length ? "warned" : "taken";
  line.dataset.entry = entry.id;
  line.append(element("p", `✓ ${word("taken", { what: title(entry) })}`));
  if (entry.said.length) line.append(words(entry.said));
  if (entry.address) line.append(element("a", word("seen"), { href: entry.address }));
  return line;
}

function item(entry, desk, ahead) {
  const line = element("li");
  line.dataset.state = isLoud(entry) ? "loud" : entry.state;
  line.dataset.entry = entry.id;
  const how = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
  const at = new Intl.DateTimeFormat(language, how).format(entry.at + ahead);
  line.append(element("p", title(entry), { className: "what" }), ...detailsOf(entry), element("p", at, { className: "quiet" }));
  if (entry.said.length) line.append(element("p", word("said"), { className: "quiet" }), words(entry.said));
  if (entry.html) line.append(...officesOf(entry.html));
  const isOld = entry.state === "waiting" && queue.isOld(entry);
  if (isOld && queue.isStale(entry)) line.append(element("p", word("stale", { days: queue.SAFE })));
  else if (isOld) line.append(element("p", word("old", { days: queue.DAYS })));
  const actions = element("p", undefined, { className: "actions" });
  if (entry.html) actions.append(button("answer", () => desk.look(entry)));
  if (entry.state === "refused") actions.append(button("again", () => desk.correct(entry)));
  if (isOld && !queue.isStale(entry)) actions.append(button("send", () => desk.send(entry.place)));
  actions.append(button("discard", () => discard(entry, desk)));
  line.append(actions);
  return line;
}

/** Whom to call about an answer, as its page shows it. */
const officesOf = (html) => new DOMParser().parseFromString(html, "text/html").querySelectorAll(".answer .office");

function words(said) {
  const listed = element("ul", undefined, { className: "words" });
  listed.append(...said.map((text) => element("li", text)));
  return listed;
}

/** What of an entry has to be known before it is sent again or discarded. */
function detailsOf(entry) {
  const said = Object.fromEntries(entry.fields);
  const named = (name) => said[name] && `${word(name)}: ${said[name]}`;
  const outcome = said.outcome && word(`outcome_${said.outcome}`);
  const shown = [outcome, said.reason, named("seals"), named("quantity")].filter(Boolean);
  return shown.length ? [element("p", shown.join(" · "))] : [];
}

export const title = (entry) => [word(entry.task), queue.nameIn(entry)].filter(Boolean).join(": ");

function button(name, run) {
  const made = element("button", word(name), { type: "button", className: "button small second" });
  made.dataset.act = name;
  made.addEventListener("click", run);
  return made;
}

async function discard(entry, desk) {
  const asked = isLoud(entry) ? "hit" : { waiting: entry.tried ? "unsure" : "sure", refused: "sure", unreadable: "sure" }[entry.state];
  if (asked && !confirm(word(asked))) return;
  await queue.discard(entry);
  await desk.refresh();
}

async function discardThese(entries, desk) {
  if (!confirm(word("sure_all", { count: entries.length }))) return;
  for (const entry of entries) await queue.discard(entry);
  await desk.refresh();
}
