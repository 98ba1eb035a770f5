// Forms of the desk: each is kept on the device first, and then sent; so no answer that is lost loses it.
import * as queue from "./queue.js";
import { momentOf } from "./session.js";
import { element, word } from "./words.js";

const HIDDEN = ["csrf_token", "once", "photo"];

/** Let a form be kept and sent; `desk` gives the account, and sends what waits. */
export function take(form, desk) {
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
  if (missing) {
    tell(form, [word("missing", { name: form.querySelector(`label[for="${missing.id}"]`).firstChild.textContent.trim() })]);
    missing.focus();
    return;
  }
  const known = () => desk.account().catch(() => null); // a device may refuse to be read, too
  if (!(await known())) await desk.send(); // which asks who is signed in
  const account = await known();
  if (!account) {
    tell(form, [word("not_unlocked")]);
    const way = { href: "/sign-in", target: "_blank", rel: "noopener" }; // what was typed stays here
    form.previousElementSibling.append(element("a", word("sign_in"), way));
    return;
  }
  let row;
  try {
    row = await queue.keep(account, entryOf(form, button, account), replaced(form));
  } catch (error) {
    return notKept(form, button, error);
  }
  form.dataset.place = row.place;
  form.parentElement.querySelector(".summary")?.remove();
  desk.say(navigator.onLine ? "sending" : "kept", true); // it is kept: that is true before any line is tried
  form.inert = true;
  try {
    await settled(form, row, await desk.send(undefined, row.id), desk);
  } finally {
    form.inert = false;
  }
}

/** Say why nothing was kept; what was typed stays, and may be sent as it is where there is a line. */
function notKept(form, button, error) {
  const why = error?.name === "QuotaExceededError" ? "no_room" : "not_kept";
  tell(form, [error instanceof queue.Limit ? error.message : word(why)]);
  if (!form.elements.once) return; // the page without a line: it is sent by the device alone
  const send = element("button", word("send_unkept"), { type: "button", className: "button second" });
  send.addEventListener("click", () => {
    const said = element("input", undefined, { type: "hidden", name: button?.name || "button", value: button?.value ?? "" });
    form.append(said); // which button it was
    form.submit();
  });
  form.previousElementSibling.append(send);
}

const replaced = (form) => (form.dataset.place ? Number(form.dataset.place) : undefined);

function entryOf(form, button, account) {
  const data = new FormData(form, button);
  if (button?.name && !data.has(button.name)) data.append(button.name, button.value); // older browsers
  const photo = data.get("photo");
  const fields = [...data].filter(([name, text]) => !HIDDEN.includes(name) && text !== "");
  if (!fields.some(([name]) => name === "occurred_at")) {
    fields.push(["occurred_at", form.dataset.moment ?? momentOf(account)]);
  }
  return { task: form.dataset.task, action: new URL(form.action).pathname, fields, photo: photo?.size ? photo : undefined };
}

async function settled(form, row, told, desk) {
  const became = desk.became.get(row.id); // by this sending, or by one that was under way already
  if (became?.kind === "refused") {
    form.inert = false;
    desk.say(null);
    return tell(form, became.said, became.confirm);
  }
  const taken = became?.kind === "taken" ? became : null;
  delete form.dataset.place;
  delete form.dataset.moment;
  if (taken?.html) {
    await queue.discard(row);
    desk.say(null);
    show(taken.html, desk);
  } else if (taken) {
    location.assign(taken.address); // which puts away what was told of it
  } else {
    form.reset();
    desk.close();
    desk.say({ out: "expired", busy: "busy" }[told.stopped] ?? "kept");
  }
  await desk.refresh();
}

/** Show the answer to a check in the place of the form. */
export function show(html, desk) {
  const answer = new DOMParser().parseFromString(html, "text/html").querySelector("main");
  const place = document.getElementById("form-body") ?? document.getElementById("work");
  place.replaceChildren(...answer.childNodes);
  place.querySelector(".answer")?.focus();
  desk.refresh();
}

/** Say above a form what is wrong; the words are the service's where it refused, and may be confirmed. */
export function tell(form, said, confirm) {
  const asked = form.querySelector(`[data-confirm="${confirm}"]`);
  if (asked) asked.hidden = false;
  form.parentElement.querySelector(".summary")?.remove();
  const summary = element("div", undefined, { className: "summary", tabIndex: -1 });
  const list = element("ul");
  list.append(...said.map((text) => element("li", text)));
  summary.append(list);
  form.before(summary);
  summary.focus(); // by which it is heard, once
}

/** Fill a form with what an entry says, so that it is corrected; a photograph is chosen anew. */
export function fill(form, entry) {
  form.dataset.place = entry.place;
  for (const [name, text] of entry.fields) {
    const field = form.elements.namedItem(name);
    const told = form.querySelector(`[data-tells="${name}"]`);
    if (told) told.textContent = text;
    if (!field || field instanceof RadioNodeList || field.type === "submit") continue;
    if (name === "expected_version" && field.value) continue; // what is corrected is so in the light of how it stands now
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
    file.dispatchEvent(new Event("change")); // what stands beside it says which
  }
}
