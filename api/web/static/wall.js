// Nobody stands at a wall display to load its page anew: it does so itself, once the service answers.
const SOON = 3_000, AGAIN = 5_000, SELDOM = 60_000;
const LAST = "wall-loaded-anew";
let isWaiting = false;

async function load() {
  try {
    const answer = await fetch(location.pathname, {cache: "no-store", signal: AbortSignal.timeout(SOON * 3)});
    if (answer.ok) {
      sessionStorage.setItem(LAST, Date.now());
      return location.reload();
    }
  } catch { /* there is no line: what is shown says so, and stays */ }
  setTimeout(load, AGAIN);
}

/** While two versions of the service answer by turns, a page that came anew each time would show nothing. */
function anew(soon) {
  if (isWaiting) return;
  isWaiting = true;
  const since = Date.now() - Number(sessionStorage.getItem(LAST));
  setTimeout(load, Math.max(soon, SELDOM - since));
}

document.addEventListener("live-over", () => anew(SOON));
document.addEventListener("live-new", () => anew(0));
