// Signing out, and pages for visitors who are not signed in: the key on this device goes; entries stay.
import "./pending-sign-out.js";
import * as queue from "./queue.js";
import { lock, unlocked } from "./session.js";

const PAGE = "/signed-out";
const INTERVAL = 15_000;
const TIMEOUT = 2000;
const { warning, offline, ended, pending } = document.querySelector("script[data-sign-out]").dataset;
const form = document.querySelector('form[action="/sign-out"]');
const waitingPage = document.getElementById("signed-out");
const otherTabs = new BroadcastChannel("salsa-signed-out");
const { signOut } = self;
let isBlocked = false;

if (waitingPage) await wait();
else if (await signOut.isPending()) block(); // where no worker caught the page
else if (form) watch();
else await showFinished();

function watch() {
  form.addEventListener("submit", leave);
  otherTabs.addEventListener("message", block);
  addEventListener("pageshow", async (event) => event.persisted && (await signOut.isPending()) && block());
}

async function leave(event) {
  event.preventDefault();
  const account = await unlocked().catch(() => null);
  const rows = account ? await queue.rowsOf(account.owner) : [];
  const count = rows.filter((row) => row.state !== "answered").length;
  const warnings = [count && warning.replace("{count}", count), !navigator.onLine && offline].filter(Boolean);
  if (warnings.length && !confirm(warnings.join(" "))) return;
  const isStored = self.caches && (await signOut.add(account ?? {}).then(() => true, () => false));
  await lock().catch(() => {});
  if (!isStored) return form.submit(); // a browser that stores nothing; no second question
  otherTabs.postMessage("signed out");
  await finishInBackground();
  const late = setTimeout(block, TIMEOUT); // which goes on with it, and says so
  const isFinished = navigator.onLine && (await signOut.finish());
  clearTimeout(late);
  if (!isFinished || isBlocked) return block();
  await signOut.clear();
  location.assign("/");
}

/** Let the browser finish it when it is online, even with no page open, where it can. */
async function finishInBackground() {
  const worker = await navigator.serviceWorker?.getRegistration("/").catch(() => null);
  await worker?.sync?.register("sign-out").catch(() => {});
}

/** Replace the page by a notice, on the page for it where a worker has it, else here. */
async function block() {
  if (isBlocked) return;
  isBlocked = true;
  if (navigator.serviceWorker?.controller) {
    return location.replace(`${PAGE}?next=${encodeURIComponent(location.pathname)}`);
  }
  const main = Object.assign(document.createElement("main"), { id: "main", tabIndex: -1 });
  main.append(paragraph(pending, "lead"));
  document.body.replaceChildren(main);
  main.focus();
  await finishAndSignIn();
}

/** Show nothing until the session is ended, and then go on to the wanted page. */
async function wait() {
  if (!(await signOut.isPending())) return;
  await lock();
  for (const text of waitingPage.querySelectorAll("p")) text.hidden = !text.hidden;
  await finishAndSignIn();
}

async function finishAndSignIn() {
  const attempt = async () => {
    if (!(await signOut.finish())) return;
    const next = location.pathname === PAGE ? new URLSearchParams(location.search).get("next") : location.pathname;
    location.replace(`/sign-in?next=${encodeURIComponent(next ?? "/")}`);
  };
  addEventListener("online", attempt);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && attempt());
  setInterval(attempt, INTERVAL);
  await attempt();
}

/** Delete the key where nobody is signed in; report once that a pending sign-out was finished. */
async function showFinished() {
  await lock().catch(() => {}); // a browser that stores nothing has no key
  if (await signOut.wasFinished()) document.getElementById("main").prepend(paragraph(ended, "done"));
}

function paragraph(textContent, className) {
  return Object.assign(document.createElement("p"), { className, role: "status", textContent });
}
