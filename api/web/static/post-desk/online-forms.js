// Forms that make no sense later: sent only while there is a connection, and never stored.
import { showErrors } from "./forms.js";
import { element, message } from "./messages.js";

const TIMEOUT = 15_000;

/** Send a form by script, and show why that is not possible. */
export function attach(form) {
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
  let response, answer;
  try {
    response = await fetch(form.action, { ...options, signal: AbortSignal.timeout(TIMEOUT) });
    answer = await response.json();
  } catch {
    return showErrors(form, [message(response && response.status < 500 ? "busy" : "no_call")]);
  }
  if (response.ok) return location.assign(answer.address);
  showErrors(form, response.status === 401 ? [message("call_expired")] : answer.messages ?? [answer.detail]);
  if (response.status === 401) {
    const properties = { href: "/sign-in", target: "_blank", rel: "noopener" };
    form.previousElementSibling.append(element("a", message("sign_in"), properties));
  }
}
