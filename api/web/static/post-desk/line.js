// What stands above the desk: whether there is a line, what waits, and what became of what was just recorded.
import { element, word } from "./words.js";

const place = document.getElementById("line-state");
const said = document.getElementById("desk-said");
const note = () => place.querySelector(".kept-now");

/** Tell who does not see it what happened without the page moving there. */
export const announce = (text) => said.replaceChildren(text);

/** Say what becomes of what was just recorded; who went elsewhere meanwhile stays there, and hears it. */
export function say(name, isFirst = false) {
  const isNew = note()?.dataset.name !== name;
  if (isNew) note()?.remove();
  if (name && isNew) place.append(noteOf(name));
  place.hidden = !place.childElementCount;
  if (!name) return;
  const { activeElement } = document;
  if (activeElement !== place && (isFirst || activeElement === document.body)) place.focus();
  else if (isNew) announce(word(name));
}

function noteOf(name) {
  const made = element("p", word(name), { className: "kept-now" });
  made.dataset.name = name;
  return made;
}

/** Show other lines where they differ; who is in them stays there. What was sent is kept no more, and not said to be. */
export function show(lines, isDown = false, waiting = 0) {
  const made = element("div");
  made.append(...lines, ...(waiting && note() ? [note().cloneNode(true)] : []));
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  if (made.innerHTML !== place.innerHTML) place.replaceChildren(...made.childNodes);
  place.hidden = !place.childElementCount;
  place.classList.toggle("down", isDown);
  if (focused && place.hidden) document.getElementById("main").focus({ preventScroll: true });
  else if (focused && !place.contains(document.activeElement)) again(focused.getAttribute("href"));
}

const again = (address) => (place.querySelector(`a[href="${address}"]`) ?? place).focus({ preventScroll: true });

/** Run something after a link of the lines was followed. */
export function whenOpened(link, run) {
  place.addEventListener("click", (event) => event.target.closest(link) && setTimeout(run));
}
