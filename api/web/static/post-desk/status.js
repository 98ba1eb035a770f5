// The status above the desk: the connection, how many entries wait, and the latest entry's progress.
import { element, message } from "./messages.js";

const place = document.getElementById("connection");
const announcement = document.getElementById("desk-message");
const progress = () => place.querySelector(".progress");

/** Read a text to screen readers without moving the page. */
export const announce = (text) => announcement.replaceChildren(text);

/** Show the progress of the latest entry; someone who works elsewhere on the page hears it instead. */
export function showProgress(name, isFirst = false) {
  const isNew = progress()?.dataset.name !== name;
  if (isNew) progress()?.remove();
  if (name && isNew) place.append(createProgress(name));
  place.hidden = !place.childElementCount;
  if (!name) return;
  const { activeElement } = document;
  if (activeElement !== place && (isFirst || activeElement === document.body)) place.focus();
  else if (isNew) announce(message(name));
}

function createProgress(name) {
  const created = element("p", message(name), { className: "progress" });
  created.dataset.name = name;
  return created;
}

/** Show other lines where they differ, without losing the focus; progress goes once nothing waits. */
export function show(lines, isOffline = false, waiting = 0) {
  const created = element("div");
  created.append(...lines, ...(waiting && progress() ? [progress().cloneNode(true)] : []));
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  if (created.innerHTML !== place.innerHTML) place.replaceChildren(...created.childNodes);
  place.hidden = !place.childElementCount;
  place.classList.toggle("offline", isOffline);
  if (focused && place.hidden) document.getElementById("main").focus({ preventScroll: true });
  else if (focused && !place.contains(document.activeElement)) focusLink(focused.getAttribute("href"));
}

const focusLink = (address) => (place.querySelector(`a[href="${address}"]`) ?? place).focus({ preventScroll: true });

/** Call a function after a link of the status was followed. */
export function onFollowed(link, run) {
  place.addEventListener("click", (event) => event.target.closest(link) && setTimeout(run));
}
