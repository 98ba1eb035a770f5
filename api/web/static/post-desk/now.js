// Forms that are of no use later: sent while there is a line, and never kept.
import { tell } from "./forms.js";
import { element, word } from "./words.js";

const PATIENCE = 15_000;

/** Let a form be sent at once, and say in words where that cannot be. */
export function take(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    try {
      await send(form);
    } finally {
      delete form.dataset.busy;
    }
  });
}

async function send(form) {
  const options = { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } };
  let answer, told;
  try {
    answer = await fetch(form.action, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    told = await answer.json();
  } catch {
    return tell(form, [word(answer && answer.status < 500 ? "busy" : "no_call")]);
  }
  if (answer.ok) return location.assign(told.address);
  tell(form, answer.status === 401 ? [word("call_expired")] : told.said ?? [told.detail]);
  if (answer.status === 401) {
    const way = { href: "/sign-in", target: "_blank", rel: "noopener" };
    form.previousElementSibling.append(element("a", word("sign_in"), way));
  }
}
