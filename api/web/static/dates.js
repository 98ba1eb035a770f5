// Shows each date in words of the page's language: the browser's own format depends on its settings.
const written = new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), { dateStyle: "long", timeZone: "UTC" });

function write(field) {
  if (!field.nextElementSibling?.matches("output")) {
    field.after(Object.assign(document.createElement("output"), { className: "hint" }));
  }
  field.nextElementSibling.value = field.valueAsDate ? written.format(field.valueAsDate) : "";
  field.toggleAttribute("data-empty", !field.value);
}

document.querySelectorAll("input[type=date]").forEach(write);
document.addEventListener("input", ({ target }) => target.matches("input[type=date]") && write(target));

// A file has the rows of what is typed in the filters, also before they are shown.
document.addEventListener("click", ({ target }) => {
  const link = target.closest?.(".files a"), form = document.querySelector("form.filters");
  if (!link || !form) return;
  const url = new URL(link.href);
  for (const { name } of form.elements) url.searchParams.delete(name);
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.append(name, value);
  link.href = url;
});
