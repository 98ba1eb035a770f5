// The stored entries and the answers to them; each stays until the officer resolves or discards it.
import * as queue from "./queue.js";
import { element, message } from "./messages.js";

const panel = document.getElementById("queue");
const count = document.getElementById("queue-count");
const list = document.getElementById("queue-list");
const fold = document.getElementById("not-recorded");
const discardAll = document.getElementById("discard-all");
const refusedList = document.getElementById("refused-list");
const language = document.documentElement.lang;
const { zone } = document.getElementById("desk").dataset;
const isUrgent = (entry) => entry.is_urgent;
const isRefused = (entry) => ["refused", "unreadable"].includes(entry.state);

/** Show the account's stored entries, and those just accepted; returns counts for the status. */
export async function draw(account, desk, accepted = []) {
  const entries = account ? await opened(account, desk) : [];
  const refused = entries.filter(isRefused);
  const others = entries.filter((entry) => !isRefused(entry));
  const waiting = others.filter((entry) => entry.state === "waiting").length;
  panel.hidden = !others.length && !accepted.length;
  fold.hidden = !refused.length;
  discardAll.hidden = refused.length < 2;
  discardAll.firstElementChild.onclick = () => discardEach(refused, desk);
  document.getElementById("send-now").hidden = !waiting;
  count.textContent = message("waiting", { count: waiting });
  document.getElementById("not-recorded-count").textContent = message("not_recorded", { count: refused.length });
  const lines = (of) => of.map((entry) => item(entry, desk, account));
  replaceLines(list, [...accepted.map(acceptedItem), ...lines(others)]);
  replaceLines(refusedList, lines(refused));
  const urgent = [...others, ...accepted].filter(isUrgent).map((entry) => `▲ ${title(entry)} – ${entry.messages.join(" ")}`);
  return { waiting, refused: refused.length, urgent };
}

/** Open the list of refused entries, from a link to it. */
export function unfold() {
  fold.open = true;
  fold.querySelector("summary").focus();
}

/** Show other lines where they differ; the focus stays on its button, or moves to what is around it. */
function replaceLines(place, lines) {
  const created = element("ol");
  created.append(...lines);
  if (created.innerHTML === place.innerHTML) return;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const [entry, action] = [focused?.closest("li").dataset.entry, focused?.dataset.action];
  place.replaceChildren(...created.childNodes);
  if (!focused) return;
  const same = place.querySelector(`[data-entry="${entry}"] [data-action="${action}"]`);
  (same ?? around(place)).focus({ preventScroll: true });
}

/** What gets the focus when an entry is gone: the rest of its list, or the page. */
function around(place) {
  if (place === refusedList && !fold.hidden) return fold.querySelector("summary");
  return panel.hidden ? document.getElementById("main") : panel;
}

/** The stored entries; with the answers of this page that the device could not store. */
async function opened(account, desk) {
  const rows = await queue.rowsOf(account.owner);
  const entries = await Promise.all(rows.map((row) => queue.open(account, row)));
  return entries.map((entry) => (entry.state === "waiting" ? { ...entry, ...answerOf(desk.results.get(entry.id)) } : entry));
}

const STATES = { accepted: "answered", refused: "refused" };
const answerOf = (result) => result && { messages: result.messages, html: result.html, address: result.address,
  is_urgent: result.is_urgent, confirm: result.confirm, state: STATES[result.kind] };

/** An accepted entry: the service's messages, and a link to its page. */
function acceptedItem(entry) {
  const line = element("li");
  line.dataset.state = isUrgent(entry) ? "urgent" : entry.messages.length ? "warned" : "accepted";
  line.dataset.entry = entry.id;
  line.append(element("p", `✓ ${message("accepted", { what: title(entry) })}`));
  if (entry.messages.length) line.append(messageList(entry.messages));
  if (entry.address) line.append(element("a", message("open"), { href: entry.address }));
  return line;
}

function item(entry, desk, account) {
  if (entry.address) return answeredItem(entry, desk);
  const line = element("li");
  line.dataset.state = isUrgent(entry) ? "urgent" : entry.state;
  line.dataset.entry = entry.id;
  line.append(element("p", title(entry), { className: "what" }), ...detailsOf(entry), momentOf(entry));
  if (entry.messages.length) line.append(element("p", message("service"), { className: "quiet" }), messageList(entry.messages));
  if (entry.html) line.append(...officesOf(entry.html));
  const isOld = entry.state === "waiting" && queue.isOld(entry, account);
  const isStale = isOld && queue.isStale(entry, account);
  if (isStale) line.append(element("p", message("stale", { days: queue.STALE_DAYS })));
  else if (isOld) line.append(element("p", message("old", { days: queue.OLD_DAYS })));
  const actions = element("p", undefined, { className: "actions" });
  if (entry.html) actions.append(button("answer", () => desk.showAnswer(entry)));
  if (entry.state === "refused") actions.append(button("again", () => desk.correct(entry)));
  if (isOld && !isStale) actions.append(button("send", () => desk.send(entry.place)));
  actions.append(button("discard", () => discard(entry, desk)));
  line.append(actions);
  return line;
}

/** A stored answer, which stays until it is discarded. */
function answeredItem(entry, desk) {
  const line = acceptedItem(entry);
  line.firstElementChild.after(momentOf(entry));
  const actions = element("p", undefined, { className: "actions" });
  actions.append(button("discard", () => discard(entry, desk)));
  line.append(actions);
  return line;
}

function momentOf(entry) {
  const format = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
  return element("p", new Intl.DateTimeFormat(language, format).format(entry.at), { className: "quiet" });
}

/** The offices to call about an answer, as on its page. */
const officesOf = (html) => new DOMParser().parseFromString(html, "text/html").querySelectorAll(".answer .office");

function messageList(messages) {
  const items = element("ul", undefined, { className: "messages" });
  items.append(...messages.map((text) => element("li", text)));
  return items;
}

/** The details needed to decide whether to send again or discard. */
function detailsOf(entry) {
  const values = Object.fromEntries(entry.fields);
  const named = (name) => values[name] && `${message(name)}: ${values[name]}`;
  const outcome = values.outcome && message(`outcome_${values.outcome}`);
  const details = [outcome, values.reason, named("seals"), named("quantity")].filter(Boolean);
  return details.length ? [element("p", details.join(" · "))] : [];
}

export const title = (entry) => [message(entry.task), queue.subjectOf(entry)].filter(Boolean).join(": ");

function button(name, run) {
  const created = element("button", message(name), { type: "button", className: "button small second" });
  created.dataset.action = name;
  created.addEventListener("click", run);
  return created;
}

async function discard(entry, desk) {
  const question = isUrgent(entry) ? "hit" : { waiting: entry.tried ? "unsure" : "sure", refused: "sure", unreadable: "sure" }[entry.state];
  if (question && !confirm(message(question))) return;
  await queue.discard(entry);
  await desk.refresh();
}

async function discardEach(entries, desk) {
  if (!confirm(message("sure_all", { count: entries.length }))) return;
  for (const entry of entries) await queue.discard(entry);
  await desk.refresh();
}
