// Forms of the desk: each is stored on the device before it is sent, so that a lost connection loses nothing.
import * as queue from "./queue.js";
import { element, message } from "./messages.js";
import { discardUnsent } from "./sending.js";
import { currentTime } from "./session.js";
import { announce } from "./status.js";

const HIDDEN = ["csrf_token", "once", "photo"];

/** Store and send a form by script; `desk` knows the account, and sends the queue. */
export function attach(form, desk) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    try {
      await submit(form, event.submitter, desk);
    } finally {
      delete form.dataset.busy;
    }
  });
}

async function submit(form, button, desk) {
  const needed = button?.dataset.needs ? [form.elements.namedItem(button.dataset.needs)] : [];
  const missing = [...form.querySelectorAll("[required]"), ...needed].find((field) => !field.value.trim());
  form.querySelector("[data-missing]")?.remove();
  if (missing) {
    const text = message("missing", { name: form.querySelector(`label[for="${missing.id}"]`).firstChild.textContent.trim() });
    showErrors(form, [text]);
    const wrong = element("p", text, { className: "wrong" });
    wrong.dataset.missing = missing.id;
    missing.before(wrong); // on a telephone the field is far below the list of errors
    missing.focus();
    wrong.scrollIntoView({ block: "center" });
    return;
  }
  const unlocked = () => desk.account().catch(() => null); // a device may refuse to be read, too
  if (!(await unlocked())) await desk.send(); // which asks who is signed in
  const account = await unlocked();
  if (!account) {
    showErrors(form, [message("not_unlocked")]);
    const properties = { href: "/sign-in", target: "_blank", rel: "noopener" }; // the typed text stays here
    form.previousElementSibling.append(element("a", message("sign_in"), properties));
    return;
  }
  // a correction cannot be undone: what it replaces is gone
  const mayUndo = !replacedBy(form) && Boolean(button?.dataset.undo) && !form.elements.namedItem(button.dataset.undo).value.trim();
  let row;
  try {
    row = await queue.add(account, entryOf(form, button, account), replacedBy(form), mayUndo);
  } catch (error) {
    return showNotStored(form, button, error);
  }
  form.dataset.place = row.place;
  form.parentElement.querySelector(".summary")?.remove();
  form.inert = true;
  try {
    const next = mayUndo ? await offerUndo(form, row) : "";
    if (next === null && (await discardUnsent(row))) return await showUndone(form, button, desk);
    desk.showProgress(navigator.onLine ? "sending" : "stored", true); // it is stored before any connection is tried
    await showResult(form, row, await desk.send(undefined, row.id), desk, next);
  } finally {
    form.inert = false;
  }
}

/** Offer to undo for some seconds, or until a link is followed: its address is returned, null if undone. */
async function offerUndo(form, row) {
  const seconds = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "second", unitDisplay: "long" });
  const box = element("div", undefined, { className: "undo" });
  const left = element("span", seconds.format(queue.UNDO_TIME / 1000), { ariaHidden: "true" }); // read once, with the button
  const reason = element("p", message("undo_reason", { time: left.textContent }), { id: "undo-reason" });
  const button = element("button", message("undo"), { type: "button", className: "button second" });
  button.setAttribute("aria-describedby", reason.id);
  button.append(" ", left);
  box.append(reason, button);
  form.after(box);
  button.focus();
  const listening = new AbortController(), { signal } = listening;
  let timer;
  try {
    return await new Promise((decide) => {
      timer = setInterval(() => {
        left.textContent = seconds.format(Math.max(0, Math.ceil((row.undo_until - Date.now()) / 1000)));
        if (!queue.isUndoable(row)) decide("");
      }, 250);
      button.addEventListener("click", () => decide(null));
      document.addEventListener("click", (event) => {
        const link = event.target.closest("a[href]");
        if (link?.origin !== location.origin || link.target || event.defaultPrevented) return;
        event.preventDefault(); // it is sent before the page is left
        decide(link.href);
      }, { signal });
    });
  } finally {
    listening.abort();
    clearInterval(timer);
    box.remove();
  }
}

async function showUndone(form, button, desk) {
  delete form.dataset.place;
  await desk.refresh();
  form.inert = false;
  button.focus();
  announce(message("undone"));
}

/** Show why nothing was stored; the form can still be sent without it if there is a connection. */
function showNotStored(form, button, error) {
  const why = error?.name === "QuotaExceededError" ? "no_room" : "not_stored";
  showErrors(form, [error instanceof queue.Limit ? error.message : message(why)]);
  if (!form.elements.once) return; // the offline page cannot send its forms itself
  const send = element("button", message("send_unstored"), { type: "button", className: "button second" });
  send.addEventListener("click", () => {
    const pressed = element("input", undefined, { type: "hidden", name: button?.name || "button", value: button?.value ?? "" });
    form.append(pressed);
    form.submit();
  });
  form.previousElementSibling.append(send);
}

const replacedBy = (form) => (form.dataset.place ? Number(form.dataset.place) : undefined);

function entryOf(form, button, account) {
  const data = new FormData(form, button);
  if (button?.name && !data.has(button.name)) data.append(button.name, button.value); // older browsers
  const photo = data.get("photo");
  const fields = [...data].filter(([name, text]) => !HIDDEN.includes(name) && text !== "");
  if (!fields.some(([name]) => name === "occurred_at")) {
    fields.push(["occurred_at", form.dataset.moment ?? currentTime(account)]);
  }
  return { task: form.dataset.task, action: new URL(form.action).pathname, fields, photo: photo?.size ? photo : undefined };
}

async function showResult(form, row, sent, desk, next) {
  if (!form.isConnected) return desk.refresh(); // another form is open; the list shows the result
  const result = desk.results.get(row.id); // of this sending, or of one that had begun before
  if (result?.kind === "refused") {
    form.inert = false;
    desk.showProgress(null);
    return showErrors(form, result.messages, result.confirm);
  }
  const accepted = result?.kind === "accepted" ? result : null;
  delete form.dataset.place;
  delete form.dataset.moment;
  if (accepted?.html) {
    await queue.discard(row);
    desk.showProgress(null);
    show(accepted.html, desk);
  } else if (accepted) {
    location.assign(next || accepted.address); // whose page discards the stored answer
  } else {
    form.reset();
    desk.close();
    desk.showProgress({ signed_out: "expired", busy: "busy" }[sent.stopped] ?? "stored");
  }
  await desk.refresh();
}

/** Show the answer to a check in place of the form. */
export function show(html, desk) {
  const answer = new DOMParser().parseFromString(html, "text/html").querySelector("main");
  const place = document.getElementById("form-body") ?? document.getElementById("work");
  place.replaceChildren(...answer.childNodes);
  place.querySelector(".answer")?.focus();
  desk.refresh();
}

/** Show errors above a form, and the tick box by which a doubtful entry is confirmed. */
export function showErrors(form, messages, confirm) {
  const box = form.querySelector(`[data-confirm="${confirm}"]`);
  if (box) box.hidden = false;
  form.parentElement.querySelector(".summary")?.remove();
  const summary = element("div", undefined, { className: "summary", tabIndex: -1 });
  const list = element("ul");
  list.append(...messages.map((text) => element("li", text)));
  summary.append(list);
  form.before(summary);
  summary.focus(); // screen readers read it once
}

/** Fill a form with a stored entry, to correct it. */
export function fill(form, entry) {
  form.dataset.place = entry.place;
  for (const [name, text] of entry.fields) {
    const field = form.elements.namedItem(name);
    const shown = form.querySelector(`[data-shows="${name}"]`);
    if (shown) shown.textContent = text;
    if (!field || field instanceof RadioNodeList || field.type === "submit") continue;
    if (name === "expected_version" && field.value) continue; // a correction is made against the current version
    if (field.type === "datetime-local" && /[Z+]/.test(text)) form.dataset.moment = text;
    else if (field.type === "checkbox") field.checked = text === "true";
    else if (field.tagName !== "BUTTON") field.value = text;
    field.closest?.("details")?.setAttribute("open", "");
  }
  const file = form.elements.namedItem("photo");
  if (entry.photo && file) {
    const chosen = new DataTransfer();
    chosen.items.add(new File([entry.file], entry.photo.name, { type: entry.photo.type }));
    file.files = chosen.files;
    file.dispatchEvent(new Event("change")); // shows its name
  }
}
