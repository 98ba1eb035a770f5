// Signing out, and pages for who is not signed in: the key of what this device keeps goes; the entries stay.
import "./left.js";
import * as queue from "./queue.js";
import { lock, unlocked } from "./session.js";

const PAGE = "/signed-out";
const AGAIN = 15_000;
const PATIENCE = 2000;
const { warning, offline, ended, left: refusal } = document.querySelector("script[data-leaving]").dataset;
const form = document.querySelector('form[action="/sign-out"]');
const refusing = document.getElementById("signed-out");
const others = new BroadcastChannel("salsa-signed-out");
const { left } = self;
let isRefused = false;

if (refusing) await wait();
else if (await left.waits()) refuse(); // where no worker stood before the page
else if (form) watch();
else await tell();

function watch() {
  form.addEventListener("submit", leave);
  others.addEventListener("message", refuse);
  addEventListener("pageshow", async (event) => event.persisted && (await left.waits()) && refuse());
}

async function leave(event) {
  event.preventDefault();
  const account = await unlocked().catch(() => null);
  const rows = account ? await queue.rowsOf(account.owner) : [];
  const waiting = rows.filter((row) => row.state !== "answered").length;
  const asked = [waiting && warning.replace("{count}", waiting), !navigator.onLine && offline].filter(Boolean);
  if (asked.length && !confirm(asked.join(" "))) return;
  const isMarked = self.caches && (await left.mark(account ?? {}).then(() => true, () => false));
  await lock().catch(() => {});
  if (!isMarked) return form.submit(); // the browser keeps nothing; and nobody is asked again
  others.postMessage("left");
  await endLater();
  const late = setTimeout(refuse, PATIENCE); // which goes on with it, and says so
  const isOver = navigator.onLine && (await left.settle());
  clearTimeout(late);
  if (!isOver || isRefused) return refuse();
  await left.forget();
  location.assign("/");
}

/** Have the browser end it when there is a line, though no page is open, where it can. */
async function endLater() {
  const worker = await navigator.serviceWorker?.getRegistration("/").catch(() => null);
  await worker?.sync?.register("leave").catch(() => {});
}

/** Show nothing of the service any more, but that it is so: where no worker keeps the page for it, here. */
async function refuse() {
  if (isRefused) return;
  isRefused = true;
  if (navigator.serviceWorker?.controller) {
    return location.replace(`${PAGE}?next=${encodeURIComponent(location.pathname)}`);
  }
  const main = Object.assign(document.createElement("main"), { id: "main", tabIndex: -1 });
  main.append(told(refusal, "lead"));
  document.body.replaceChildren(main);
  main.focus();
  await goOn();
}

/** Show nothing until the session is ended, and then go on to where a page was wanted. */
async function wait() {
  if (!(await left.waits())) return;
  await lock();
  for (const one of refusing.querySelectorAll("p")) one.hidden = !one.hidden;
  await goOn();
}

async function goOn() {
  const end = async () => {
    if (!(await left.settle())) return;
    const wanted = location.pathname === PAGE ? new URLSearchParams(location.search).get("next") : location.pathname;
    location.replace(`/sign-in?next=${encodeURIComponent(wanted ?? "/")}`);
  };
  addEventListener("online", end);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && end());
  setInterval(end, AGAIN);
  await end();
}

/** Take the key away where nobody is signed in, and tell once of a session that was ended by itself. */
async function tell() {
  await lock().catch(() => {}); // a browser that keeps nothing holds no key
  if (!(await left.ended())) return;
  document.getElementById("main").prepend(told(ended, "done"));
}

function told(textContent, className) {
  return Object.assign(document.createElement("p"), { className, role: "status", textContent });
}
