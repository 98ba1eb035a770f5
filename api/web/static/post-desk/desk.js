// The desk: keeps what is recorded, sends it when there is a line, and shows what waits.
import * as forms from "./forms.js";
import * as kept from "./kept.js";
import * as above from "./line.js";
import * as now from "./now.js";
import * as queue from "./queue.js";
import * as sending from "./sending.js";
import * as session from "./session.js";
import { draw, title, unfold } from "./list.js";
import { dress } from "./photos.js";
import { offer } from "./scan.js";
import { element, word } from "./words.js";

const SOON = 1000, LONGEST = 30_000;
const place = document.getElementById("desk");
const { home, decoder } = place.dataset;
const isOffline = "offline" in place.dataset;
let line = null;
let heard = null;
let taken = [];
let waiting = 0;
let isBehind = false;
let pause, timer;

const desk = {
  account: session.unlocked,
  became: new Map(),

  /** Send what waits, where there is a line; gives what became of it. Of one's own its form tells. */
  async send(only, mine) {
    const told = await sent(only, mine);
    const all = [...told.taken, ...told.refused];
    const news = all.filter((entry) => entry.id !== mine && !desk.became.has(entry.id)).map(newsOf);
    for (const entry of all) desk.became.set(entry.id, entry);
    taken.push(...told.taken.filter((entry) => !entry.kept));
    if (line === "up") document.dispatchEvent(new Event("live-again"));
    await desk.refresh();
    if (news.length) above.announce(news.join(" "));
    return told;
  },

  async refresh() {
    const account = await session.unlocked();
    const count = await draw(account, desk, taken);
    await tellLine(account, count);
    watchLine(count.waiting);
  },

  say: above.say,

  /** Take the form away that was kept, where another is opened by a button. */
  close() {
    if (isOffline) document.getElementById("form-place").hidden = true;
  },

  /** Show the whole answer to a check that waited. */
  look(entry) {
    if (isOffline) {
      document.getElementById("form-title").textContent = title(entry);
      document.getElementById("form-truck").replaceChildren();
      document.getElementById("form-place").hidden = false;
    }
    forms.show(entry.html, desk);
  },

  /** Open the form of an entry that was refused, with what it says. */
  async correct(row) {
    const account = await session.unlocked();
    if (!account) return desk.refresh();
    const entry = { ...(await queue.openWhole(account, row)), ...wordsOf(row) };
    const which = Object.fromEntries(entry.fields).which ?? "";
    const [form] = document.querySelectorAll(`form.kept[data-task="${entry.task}"]`);
    const about = form?.elements.which;
    if (form && (about?.type !== "hidden" || about.value === which)) show(form, entry);
    else if (isOffline) show(openForm(entry.task, kept.find(which)[0]), entry);
    else location.assign(`${entry.action}?${new URLSearchParams({ which, correct: entry.place })}`);
  },
};

/**
 * While there is no line or something waits, look after 1, 2, 4 ... 30 s, anew with each entry: no event tells a
 * page that was opened without a line that it is back, nor that a line which seemed to be there works again.
 */
function watchLine(count) {
  const wasBehind = isBehind;
  isBehind = line !== "up" || count > 0;
  if (isBehind && (!wasBehind || count > waiting)) lookAfter(SOON);
  waiting = count;
}

function lookAfter(milliseconds) {
  clearTimeout(timer);
  pause = milliseconds;
  timer = setTimeout(look, pause);
}

async function look() {
  try {
    const account = await session.unlocked();
    const rows = account ? await queue.rowsOf(account.owner) : [];
    const isAway = line !== "up" && document.visibilityState === "visible"; // who signs in elsewhere goes on here
    if (isAway || rows.some((row) => row.state === "waiting")) await desk.send();
    else if (!account) await desk.refresh();
  } finally {
    lookAfter(isBehind ? Math.min(2 * pause, LONGEST) : LONGEST);
  }
}

/** Send what waits; where the session or the form's token is another by now, ask once more who is signed in. */
async function sent(only, mine) {
  const all = { taken: [], refused: [], stopped: null };
  let owner, tries = 2;
  while (tries) {
    const asked = await session.ask(place.dataset.session);
    line = owner && asked.account && asked.account.owner !== owner ? "out" : asked.line;
    if (line !== "up") return { ...all, stopped: line };
    owner = asked.account.owner;
    for (const field of document.getElementsByName("csrf_token")) field.value = asked.token;
    const told = await sending.replay(asked.account, asked.token, only, mine).catch(failed);
    all.taken.push(...told.taken);
    all.refused.push(...told.refused);
    all.stopped = told.stopped === "anew" ? "busy" : told.stopped;
    const isOnward = told.taken.length || told.refused.length;
    tries = told.stopped !== "anew" ? 0 : isOnward ? 2 : tries - 1;
  }
  if (all.stopped === "out") await session.lock();
  if (["out", "down"].includes(all.stopped)) line = all.stopped;
  return all;
}

/** What is told where the device itself gives way: it is tried again. */
const failed = () => ({ taken: [], refused: [], stopped: "busy" });

/** What the service said of an entry, where the device could not note it. */
const wordsOf = ({ said, confirm }) => ({ said, confirm });

function show(form, entry) {
  form.closest("#form-place")?.removeAttribute("hidden"); // it was put away when the entry was kept
  forms.fill(form, entry);
  forms.tell(form, entry.said, entry.confirm);
}

function newsOf(entry) {
  if (entry.kind === "taken" && !entry.html) return [word("taken", { what: title(entry) }), ...entry.said].join(" ");
  return `${title(entry)}: ${entry.said.join(" ")}`;
}

async function tellLine(account, count) {
  const lines = [];
  if (isOffline && !account) document.getElementById("kept-list").replaceChildren(); // it was his alone
  if (line === "down") lines.push(element("p", word(account ? "offline" : "not_unlocked")));
  if (line === "up" && isOffline) lines.push(linked("online", home, word("desk")));
  if (line === "out") lines.push(linked("expired", `/sign-in?next=${encodeURIComponent(location.pathname)}`, word("sign_in")));
  const locked = account ? 0 : await queue.countAll();
  if (locked) lines.push(element("p", word("locked", { count: locked })));
  if (line !== heard) above.announce(lines[0]?.textContent ?? (heard && line === "up" ? word("online") : ""));
  heard = line;
  lines.push(...count.loud.map((text) => element("a", text, { href: "#queue", className: "loud" })));
  if (count.waiting) lines.push(element("a", word("waiting", { count: count.waiting }), { href: "#queue" }));
  if (count.refused) lines.push(element("a", word("not_recorded", { count: count.refused }), { href: "#not-recorded" }));
  above.show(lines, line === "down", count.waiting);
}

function linked(name, address, text) {
  const said = element("p", `${word(name)} `);
  said.append(element("a", text, { href: address }));
  return said;
}

/** Put one of the forms of the page without a line in its place. */
function openForm(name, card) {
  const template = document.querySelector(`template[data-form="${name}"]`);
  if (!template) return null;
  document.getElementById("form-title").textContent = template.dataset.title;
  document.getElementById("form-truck").replaceChildren(...(card ? [card.cloneNode(true)] : []));
  document.getElementById("form-body").replaceChildren(template.content.cloneNode(true));
  document.getElementById("form-place").hidden = false;
  const form = document.querySelector("#form-body form");
  if (card) {
    const known = (name, value) => element("input", undefined, { type: "hidden", name, value });
    const number = card.querySelector("h3 a").textContent;
    form.elements.which.closest(".field").replaceWith(known("which", card.dataset.id), known("label", number));
    form.elements.expected_version.value = card.dataset.version;
  }
  forms.take(form, desk);
  dress(form);
  document.getElementById("form-title").focus();
  return form;
}

async function openOffline() {
  if (location.pathname !== home) document.getElementById("not-recorded").open = false;
  document.getElementById("offline-tasks").addEventListener("click", (event) => {
    const button = event.target.closest("[data-open]");
    if (button) openForm(button.dataset.open);
  });
  await kept.recall(await session.unlocked(), home);
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    found(search.elements.q.value);
  });
  document.getElementById("kept-list").addEventListener("click", (event) => {
    const card = event.target.closest("h3 a")?.closest(".truck");
    if (!card) return;
    event.preventDefault();
    openForm("tick", card);
  });
  const [, wanted, id] = location.pathname.slice(home.length).split("/");
  const which = id ?? new URLSearchParams(location.search).get("which");
  const [card] = which ? kept.find(which) : [];
  if (document.querySelector(`[data-open="${wanted}"]`)) openForm(wanted, card);
  else if (card) openForm("tick", card);
}

/** Show which trucks of the kept list carry what was typed or scanned. */
function found(text) {
  const number = kept.numberIn(text.toUpperCase());
  const cards = kept.find(number ?? text);
  const said = number ? [kept.line(word("unchecked", { number }))] : [];
  if (cards.length === 1) openForm("tick", cards[0]);
  else if (!cards.length) said.push(kept.line(word("not_found")));
  document.getElementById("found-here").replaceChildren(...said);
}

async function correctWanted() {
  const wanted = Number(new URLSearchParams(location.search).get("correct"));
  const account = wanted && (await session.unlocked());
  const row = account && (await queue.rowsOf(account.owner)).find((one) => one.place === wanted);
  const form = document.querySelector("form.kept");
  if (row && form) show(form, await queue.openWhole(account, row));
}

async function canKeep() {
  return Boolean(window.crypto?.subtle && AbortSignal.timeout) && session.unlocked().then(() => true, () => false);
}

async function work() {
  if (!("serviceWorker" in navigator)) return;
  const { controller } = navigator.serviceWorker; // one of this version comes after an older one
  if (controller) navigator.serviceWorker.addEventListener("controllerchange", renew);
  const worker = await navigator.serviceWorker.register(place.dataset.worker, { scope: "/" });
  navigator.storage?.persist?.(); // so that nothing is thrown away where room is short
  await worker.update().catch(() => {});
  await renew();
}

/** Let the worker keep the page without a line anew. */
async function renew() {
  const { active } = await navigator.serviceWorker.ready;
  const channel = new MessageChannel();
  channel.port1.onmessage = ({ data }) => place.toggleAttribute("data-ready", data.is_kept);
  active.postMessage({ renew: home }, [channel.port2]);
}

const search = document.getElementById("find");
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done"); // what was just done is said once, and not again by loading the page anew
  history.replaceState(history.state, "", address);
}
above.whenOpened('[href="#not-recorded"]', unfold);
offer(decoder, (text) => {
  search.elements.q.value = text;
  search.requestSubmit();
});
// A browser that keeps nothing, or a page without TLS, has its plain forms, which need no script.
if (await canKeep()) await start();
else if (window.isSecureContext) above.show([element("p", word("keeps_nothing"))]);
document.body.dataset.desk = "ready";

async function start() {
  for (const form of document.querySelectorAll("form.kept")) forms.take(form, desk);
  for (const form of document.querySelectorAll("form.now")) now.take(form);
  document.getElementById("send-now").addEventListener("click", () => desk.send());
  addEventListener("online", () => desk.send());
  addEventListener("offline", () => { line = "down"; desk.refresh(); });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && desk.send());
  lookAfter(LONGEST);
  const account = await session.unlocked();
  if (isOffline) await openOffline();
  else if (account) await queue.putAway(account, location.pathname).catch(() => {});
  await desk.send().catch(() => {}); // whatever gives way in what is kept, the page is there
  if (isOffline) return;
  await correctWanted();
  await kept.remember(await session.unlocked(), home).catch(() => {}); // no room: the forms go on without
  await work();
}
