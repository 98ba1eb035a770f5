// Shows the answers to a trace when they come: waits until its version moves, then exchanges what changed.
const WAIT = 25, PAUSE = 2_000;
let shown = document.getElementById("answers");

const rest = () => new Promise(go => setTimeout(go, PAUSE));

/** Put in place what the page says now, but for what someone works in. */
async function show() {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = document.querySelector("main"), said = shown.dataset.said;
  const [before, now] = [main, page.querySelector("main")].map(each => [...each.children]);
  const isFree = part => !part.contains(document.activeElement);
  if (before.length === now.length) {
    before.forEach((part, at) => part.outerHTML !== now[at].outerHTML && isFree(part) && part.replaceWith(now[at]));
  } else if (isFree(main)) main.replaceChildren(...now);
  shown = document.getElementById("answers");
  shown.textContent = said;
  return "waiting" in shown.dataset;
}

async function follow() {
  for (let goesOn = true; goesOn;) {
    const query = new URLSearchParams({wait: WAIT, version: shown.dataset.version});
    const news = await fetch(`${location.pathname}/live?${query}`).catch(() => null);
    if (news?.status === 200) goesOn = await show().catch(() => true);
    else if (news && news.status >= 400 && news.status < 500) goesOn = false;
    else if (news?.status !== 204 || news.headers.has("Retry-After")) await rest();
    while (document.hidden) await rest();
  }
}

if ("waiting" in shown.dataset) follow();
