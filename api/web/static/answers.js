// Shows new answers to a trace: waits until its version changes, then replaces the changed parts.
const WAIT = 25, PAUSE = 2_000;
let place = document.getElementById("answers");

const sleep = () => new Promise(resolve => setTimeout(resolve, PAUSE));

/** Replace the changed parts of the page, but not one with the focus. Returns whether more answers are due. */
async function update() {
  const response = await fetch(location.href);
  if (!response.ok || response.redirected) return false;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const main = document.querySelector("main"), message = place.dataset.message;
  const [before, now] = [main, page.querySelector("main")].map(each => [...each.children]);
  const isUnfocused = part => !part.contains(document.activeElement);
  if (before.length === now.length) {
    before.forEach((part, at) => part.outerHTML !== now[at].outerHTML && isUnfocused(part) && part.replaceWith(now[at]));
  } else if (isUnfocused(main)) main.replaceChildren(...now);
  place = document.getElementById("answers");
  place.textContent = message;
  return "waiting" in place.dataset;
}

async function follow() {
  for (let isWaiting = true; isWaiting;) {
    const query = new URLSearchParams({wait: WAIT, version: place.dataset.version});
    const response = await fetch(`${location.pathname}/live?${query}`).catch(() => null);
    if (response?.status === 200) isWaiting = await update().catch(() => true);
    else if (response && response.status >= 400 && response.status < 500) isWaiting = false;
    else if (response?.status !== 204 || response.headers.has("Retry-After")) await sleep();
    while (document.hidden) await sleep();
  }
}

if ("waiting" in place.dataset) follow();
