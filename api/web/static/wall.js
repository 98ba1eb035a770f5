// A wall display reloads its page by itself, once the service answers.
const SOON = 3_000, RETRY = 5_000, MIN_INTERVAL = 60_000;
const KEY = "wall-reloaded";
let isWaiting = false;

async function load() {
  try {
    const response = await fetch(location.pathname, {cache: "no-store", signal: AbortSignal.timeout(SOON * 3)});
    if (response.ok) {
      sessionStorage.setItem(KEY, Date.now());
      return location.reload();
    }
  } catch { /* no connection: the page shows that, and stays */ }
  setTimeout(load, RETRY);
}

/** Reload at most once a minute: while two versions of the service answer by turns, each answer asks for it. */
function reload(soon) {
  if (isWaiting) return;
  isWaiting = true;
  const since = Date.now() - Number(sessionStorage.getItem(KEY));
  setTimeout(load, Math.max(soon, MIN_INTERVAL - since));
}

document.addEventListener("live-over", () => reload(SOON));
document.addEventListener("live-new", () => reload(0));
