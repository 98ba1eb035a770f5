// Shows each date in words of the page's language: the browser's own format depends on its settings.
const language = document.documentElement.lang.replace(/^en$/, "en-GB");
const dates = "input[type=date], input[type=datetime-local]";

function write(field) {
  if (!field.nextElementSibling?.matches("output")) {
    field.after(Object.assign(document.createElement("output"), { className: "hint" }));
  }
  const timeStyle = field.type === "date" ? undefined : "short";
  const written = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle, hourCycle: "h23", timeZone: "UTC" });
  field.nextElementSibling.value = field.value ? written.format(field.valueAsNumber) : "";
  field.toggleAttribute("data-empty", !field.value);
}

document.querySelectorAll(dates).forEach(write);
document.addEventListener("input", ({ target }) => target.matches(dates) && write(target));

// A file has the rows of what is typed in the filters, also before they are shown.
document.addEventListener("click", ({ target }) => {
  const link = target.closest?.(".files a"), form = document.querySelector("form.filters");
  if (!link || !form) return;
  const url = new URL(link.href);
  for (const { name } of form.elements) url.searchParams.delete(name);
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.append(name, value);
  link.href = url;
});
