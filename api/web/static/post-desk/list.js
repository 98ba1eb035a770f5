// The entries that wait, and what the service said to them; each stays until the officer has settled it.
import * as queue from "./queue.js";
import { element, word } from "./words.js";

const panel = document.getElementById("queue");
const count = document.getElementById("queue-count");
const list = document.getElementById("queue-list");
const language = document.documentElement.lang;
const { zone } = document.getElementById("desk").dataset;

/** Show what is kept for the account, and what was just taken. */
export async function draw(account, desk, taken = []) {
  const entries = account ? await opened(account) : [];
  const waiting = entries.filter((entry) => entry.state === "waiting").length;
  const refused = entries.filter((entry) => entry.state === "refused").length;
  count.textContent = [word("waiting", { count: waiting }), refused && word("refused", { count: refused })]
    .filter(Boolean).join(" · ");
  list.replaceChildren(...taken.map(done), ...entries.map((entry) => item(entry, desk, account.ahead)));
  panel.hidden = !entries.length && !taken.length;
  document.getElementById("send-now").hidden = !waiting;
  return { waiting, refused };
}

async function opened(account) {
  const rows = await queue.rowsOf(account.owner);
  return Promise.all(rows.map((row) => queue.open(account, row)));
}

function done(entry) {
  const line = element("li");
  line.dataset.state = entry.said.length ? "warned" : "taken";
  line.append(element("p", `✓ ${word("taken", { what: title(entry) })}`));
  if (entry.said.length) line.append(words(entry.said));
  if (entry.address) line.append(element("a", word("seen"), { href: entry.address }));
  return line;
}

function item(entry, desk, ahead) {
  const line = element("li");
  line.dataset.state = entry.state;
  const how = { dateStyle: "medium", timeStyle: "short", hour12: false, timeZone: zone };
  const at = new Intl.DateTimeFormat(language, how).format(entry.at + ahead);
  line.append(element("p", title(entry), { className: "what" }), element("p", at, { className: "quiet" }));
  if (entry.said.length) line.append(element("p", word("said"), { className: "quiet" }), words(entry.said));
  const isOld = entry.state === "waiting" && queue.isOld(entry);
  if (isOld && queue.isStale(entry)) line.append(element("p", word("stale", { days: queue.SAFE })));
  else if (isOld) line.append(element("p", word("old", { days: queue.DAYS })));
  const actions = element("p", undefined, { className: "actions" });
  if (entry.state === "refused") actions.append(button("again", () => desk.correct(entry)));
  if (isOld && !queue.isStale(entry)) actions.append(button("send", () => desk.send(entry.place)));
  actions.append(button("discard", () => discard(entry, desk)));
  line.append(actions);
  return line;
}

function words(said) {
  const listed = element("ul", undefined, { className: "words" });
  listed.append(...said.map((text) => element("li", text)));
  return listed;
}

function title(entry) {
  const said = Object.fromEntries(entry.fields);
  const what = said.serial ?? said["items.0.serial"] ?? said.label ?? said.which;
  return [word(entry.task), what].filter(Boolean).join(": ");
}

function button(name, run) {
  const made = element("button", word(name), { type: "button", className: "button small second" });
  made.addEventListener("click", run);
  return made;
}

async function discard(entry, desk) {
  const asked = { waiting: entry.tried ? "unsure" : "sure", refused: "sure", unreadable: "sure" }[entry.state];
  if (asked && !confirm(word(asked))) return;
  await queue.discard(entry);
  await desk.refresh();
  (panel.hidden ? document.getElementById("main") : panel).focus();
}
