// Signing out, and pages for who is not signed in: the key of what this device keeps goes; the entries stay.
import * as queue from "./queue.js";
import { lock, unlocked } from "./session.js";

const { warning, offline } = document.querySelector("script[data-leaving]").dataset;
const form = document.querySelector('form[action="/sign-out"]');

if (form) form.addEventListener("submit", leave);
else await lock();

async function leave(event) {
  event.preventDefault();
  const account = await unlocked();
  const rows = account ? await queue.rowsOf(account.owner) : [];
  const waiting = rows.filter((row) => row.state !== "answered").length;
  if (waiting && !confirm(warning.replace("{count}", waiting))) return;
  await lock();
  if (navigator.onLine) form.submit(); // which asks nobody again
  else alert(offline);
}
