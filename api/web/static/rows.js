// A button adds or removes rows without a reload; without a script or a connection it sends the form.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[name=add], button[name=remove]");
  if (!button) return;
  event.preventDefault();
  const { form } = button, body = new FormData(form), main = document.querySelector("main");
  const files = [...form.querySelectorAll("input[type=file]")];
  for (const { name } of files) body.delete(name); // they stay on the page
  body.append(button.name, button.value);
  const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
  if (!answer?.ok || answer.redirected) return form.requestSubmit(button);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = page.querySelector("main");
  for (const file of files) fresh.querySelector(`#${file.id}`)?.closest(".photo").replaceWith(file.closest(".photo"));
  main.replaceWith(fresh);
  for (const date of fresh.querySelectorAll("input[type=date]")) date.dispatchEvent(new Event("input", { bubbles: true })); // in words
  (fresh.querySelector("button[autofocus]") ?? fresh.querySelector("[autofocus]"))?.focus();
});

// A sent form is disabled until the answer comes, so that it is sent once; going back enables it again.
const setBusy = (form, isBusy) => form.querySelectorAll("button").forEach((button) => {
  button.disabled = isBusy;
  button.ariaBusy = isBusy;
});
document.addEventListener("submit", ({ target }) => {
  if (target.matches("main form.form")) setTimeout(() => setBusy(target, true)); // once its button's value is sent
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) document.querySelectorAll("main form.form").forEach((form) => setBusy(form, false));
});
