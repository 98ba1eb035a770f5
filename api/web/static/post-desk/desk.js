// The desk: stores what is recorded, sends it when there is a connection, and shows the queue.
import * as forms from "./forms.js";
import * as onlineForms from "./online-forms.js";
import * as queue from "./queue.js";
import * as session from "./session.js";
import * as status from "./status.js";
import * as storedList from "./stored-list.js";
import { draw, title, unfold } from "./list.js";
import { element, message } from "./messages.js";
import { enhance } from "./photos.js";
import "./scan.js";
import { sendQueue } from "./sending.js";

const MIN_PAUSE = 1000, MAX_PAUSE = 30_000;
const place = document.getElementById("desk");
const { home } = place.dataset;
const isOffline = "offline" in place.dataset;
let connection = null;
let announced = null;
let accepted = [];
let waiting = 0;
let isBehind = false;
let pause, timer;

const desk = {
  account: session.unlocked,
  results: new Map(),

  /** Send the queue if there is a connection; returns the results. The form of `mine` shows its own. */
  async send(only, mine) {
    const result = await sendUntilDone(only, mine);
    const entries = [...result.accepted, ...result.refused];
    const news = entries.filter((entry) => entry.id !== mine && !desk.results.has(entry.id)).map(newsOf);
    for (const entry of entries) desk.results.set(entry.id, entry);
    accepted.push(...result.accepted.filter((entry) => !entry.is_stored));
    if (connection === "online") document.dispatchEvent(new Event("live-again"));
    await desk.refresh();
    if (news.length) status.announce(news.join(" "));
    return result;
  },

  async refresh() {
    const account = await session.unlocked();
    const counts = await draw(account, desk, accepted);
    await showStatus(account, counts);
    watch(counts.waiting);
  },

  showProgress: status.showProgress,

  /** Hide the form of a stored entry, where a button opens another. */
  close() {
    if (isOffline) document.getElementById("form-place").hidden = true;
  },

  /** Show the whole answer to a queued check. */
  showAnswer(entry) {
    if (isOffline) {
      document.getElementById("form-title").textContent = title(entry);
      document.getElementById("form-truck").replaceChildren();
      document.getElementById("form-place").hidden = false;
    }
    forms.show(entry.html, desk);
  },

  /** Open the form of a refused entry, with its errors. */
  async correct(row) {
    const account = await session.unlocked();
    if (!account) return desk.refresh();
    const { messages, confirm } = row; // the device may have been unable to store them
    const entry = { ...(await queue.openWithPhoto(account, row)), messages, confirm };
    const which = Object.fromEntries(entry.fields).which ?? "";
    const [form] = document.querySelectorAll(`form.queued[data-task="${entry.task}"]`);
    const field = form?.elements.which;
    if (form && (field?.type !== "hidden" || field.value === which)) showEntry(form, entry);
    else if (isOffline) showEntry(openForm(entry.task, storedList.find(which)[0]), entry);
    else location.assign(`${entry.action}?${new URLSearchParams({ which, correct: entry.place })}`);
  },
};

/**
 * While there is no connection or something waits, retry after 1, 2, 4 ... 30 s, and again from 1 s with each
 * entry: no event tells a page opened offline that the connection is back, nor that an unsteady one works again.
 */
function watch(count) {
  const wasBehind = isBehind;
  isBehind = connection !== "online" || count > 0;
  if (isBehind && (!wasBehind || count > waiting)) retryAfter(MIN_PAUSE);
  waiting = count;
}

function retryAfter(milliseconds) {
  clearTimeout(timer);
  pause = milliseconds;
  timer = setTimeout(retry, pause);
}

async function retry() {
  try {
    const account = await session.unlocked();
    const rows = account ? await queue.rowsOf(account.owner) : [];
    const isAway = connection !== "online" && document.visibilityState === "visible"; // finds a sign-in in another tab
    if (isAway || rows.some((row) => row.state === "waiting")) await desk.send();
    else if (!account) await desk.refresh();
  } finally {
    retryAfter(isBehind ? Math.min(2 * pause, MAX_PAUSE) : MAX_PAUSE);
  }
}

/** Send the queue; if the session or the form's token changed meanwhile, ask once more who is signed in. */
async function sendUntilDone(only, mine) {
  const total = { accepted: [], refused: [], stopped: null };
  let owner, tries = 2;
  while (tries) {
    const answer = await session.ask(place.dataset.session);
    connection = owner && answer.account && answer.account.owner !== owner ? "signed_out" : answer.connection;
    if (connection !== "online") return { ...total, stopped: connection };
    owner = answer.account.owner;
    for (const field of document.getElementsByName("csrf_token")) field.value = answer.token;
    const result = await sendQueue(answer.account, answer.token, only, mine).catch(deviceFailed);
    total.accepted.push(...result.accepted);
    total.refused.push(...result.refused);
    const isChanged = result.stopped === "session_changed";
    total.stopped = isChanged ? "busy" : result.stopped;
    const hasProgress = result.accepted.length || result.refused.length;
    tries = !isChanged ? 0 : hasProgress ? 2 : tries - 1;
  }
  if (total.stopped === "signed_out") await session.lock();
  if (["signed_out", "offline"].includes(total.stopped)) connection = total.stopped;
  return total;
}

/** The result where the device's storage fails: it is retried. */
const deviceFailed = () => ({ accepted: [], refused: [], stopped: "busy" });

function showEntry(form, entry) {
  form.closest("#form-place")?.removeAttribute("hidden"); // it was hidden when the entry was stored
  forms.fill(form, entry);
  forms.showErrors(form, entry.messages, entry.confirm);
}

function newsOf(entry) {
  if (entry.kind === "accepted" && !entry.html) return [message("accepted", { what: title(entry) }), ...entry.messages].join(" ");
  return `${title(entry)}: ${entry.messages.join(" ")}`;
}

async function showStatus(account, counts) {
  const lines = [];
  if (isOffline && !account) document.getElementById("stored-list").replaceChildren(); // it is that account's alone
  if (connection === "offline") lines.push(element("p", message(account ? "offline" : "not_unlocked")));
  if (connection === "online" && isOffline) lines.push(withLink("online", home, message("desk")));
  if (connection === "signed_out") lines.push(withLink("expired", `/sign-in?next=${encodeURIComponent(location.pathname)}`, message("sign_in")));
  const locked = account ? 0 : await queue.countAll();
  if (locked) lines.push(element("p", message("locked", { count: locked })));
  if (connection !== announced) status.announce(lines[0]?.textContent ?? (announced && connection === "online" ? message("online") : ""));
  announced = connection;
  lines.push(...counts.urgent.map((text) => element("a", text, { href: "#queue", className: "urgent" })));
  if (counts.waiting) lines.push(element("a", message("waiting", { count: counts.waiting }), { href: "#queue" }));
  if (counts.refused) lines.push(element("a", message("not_recorded", { count: counts.refused }), { href: "#not-recorded" }));
  status.show(lines, connection === "offline", counts.waiting);
}

function withLink(name, address, text) {
  const line = element("p", `${message(name)} `);
  line.append(element("a", text, { href: address }));
  return line;
}

/** Show one of the forms of the offline page. */
function openForm(name, card) {
  const template = document.querySelector(`template[data-form="${name}"]`);
  if (!template) return null;
  document.getElementById("form-title").textContent = template.dataset.title;
  document.getElementById("form-truck").replaceChildren(...(card ? [card.cloneNode(true)] : []));
  document.getElementById("form-body").replaceChildren(template.content.cloneNode(true));
  document.getElementById("form-place").hidden = false;
  const form = document.querySelector("#form-body form");
  if (card) {
    const hidden = (name, value) => element("input", undefined, { type: "hidden", name, value });
    const number = card.querySelector("h3 a").textContent;
    form.elements.which.closest(".field").replaceWith(hidden("which", card.dataset.id), hidden("label", number));
    form.elements.expected_version.value = card.dataset.version;
    if (!card.dataset.seals) form.querySelector("[data-undo]")?.removeAttribute("data-undo");
  }
  forms.attach(form, desk);
  enhance(form);
  document.getElementById("form-title").focus();
  return form;
}

async function openOffline() {
  if (location.pathname !== home) document.getElementById("not-recorded").open = false;
  document.getElementById("offline-tasks").addEventListener("click", (event) => {
    const button = event.target.closest("[data-open]");
    if (button) openForm(button.dataset.open);
  });
  await storedList.show(await session.unlocked(), home);
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    findTruck(search.elements.q.value);
  });
  document.getElementById("stored-list").addEventListener("click", (event) => {
    const card = event.target.closest("h3 a, .button")?.closest(".truck");
    if (!card) return;
    event.preventDefault();
    openForm("tick", card);
  });
  const [, task, id] = location.pathname.slice(home.length).split("/");
  const which = id ?? new URLSearchParams(location.search).get("which");
  const [card] = which ? storedList.find(which) : [];
  if (document.querySelector(`[data-open="${task}"]`)) openForm(task, card);
  else if (card) openForm("tick", card);
}

/** Open the truck of the stored list by what was typed or scanned. */
function findTruck(text) {
  const number = storedList.readNumber(text.toUpperCase());
  const cards = storedList.find(number ?? text);
  const notices = number ? [storedList.notice(message("unchecked", { number }))] : [];
  if (cards.length === 1) openForm("tick", cards[0]);
  else if (!cards.length) notices.push(storedList.notice(message("not_found")));
  document.getElementById("found-here").replaceChildren(...notices);
}

async function openCorrection() {
  const wanted = Number(new URLSearchParams(location.search).get("correct"));
  const account = wanted && (await session.unlocked());
  const row = account && (await queue.rowsOf(account.owner)).find((candidate) => candidate.place === wanted);
  const form = document.querySelector("form.queued");
  if (row && form) showEntry(form, await queue.openWithPhoto(account, row));
}

async function canStore() {
  return Boolean(window.crypto?.subtle && AbortSignal.timeout) && session.unlocked().then(() => true, () => false);
}

async function registerWorker() {
  if (!("serviceWorker" in navigator)) return;
  const { controller } = navigator.serviceWorker; // a worker of this version replaces an older one
  if (controller) navigator.serviceWorker.addEventListener("controllerchange", renew);
  const worker = await navigator.serviceWorker.register(place.dataset.worker, { scope: "/" });
  navigator.storage?.persist?.(); // the browser deletes nothing when disk space is low
  await worker.update().catch(() => {});
  await renew();
}

/** Let the worker fetch the offline page again. */
async function renew() {
  const { active } = await navigator.serviceWorker.ready;
  const channel = new MessageChannel();
  channel.port1.onmessage = ({ data }) => place.toggleAttribute("data-ready", data.is_stored);
  active.postMessage({ renew: home }, [channel.port2]);
}

const search = document.getElementById("find");
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done"); // a reload does not show the confirmation again
  history.replaceState(history.state, "", address);
}
status.onFollowed('[href="#not-recorded"]', unfold);
// A browser without storage, or a page without TLS, has its plain forms, which need no script.
if (await canStore()) await start();
else if (window.isSecureContext) status.show([element("p", message("no_storage"))]);
document.body.dataset.desk = "ready";

async function start() {
  for (const form of document.querySelectorAll("form.queued")) forms.attach(form, desk);
  for (const form of document.querySelectorAll("form.online-only")) onlineForms.attach(form);
  document.getElementById("send-now").addEventListener("click", () => desk.send());
  addEventListener("online", () => desk.send());
  addEventListener("offline", () => { connection = "offline"; desk.refresh(); });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && desk.send());
  retryAfter(MAX_PAUSE);
  const account = await session.unlocked();
  if (isOffline) await openOffline();
  else if (account) await queue.discardShown(account, location.pathname).catch(() => {});
  await desk.send().catch(() => {}); // the page works even if the storage fails
  if (isOffline) return;
  await openCorrection();
  await storedList.save(await session.unlocked(), home).catch(() => {}); // no room: the forms go on without
  await registerWorker();
}
