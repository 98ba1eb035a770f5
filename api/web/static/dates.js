// Shows each date in words of the page's language: the browser's own format depends on its settings.
const written = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeZone: "UTC" });

function write(field) {
  if (!field.nextElementSibling?.matches("output")) {
    field.after(Object.assign(document.createElement("output"), { className: "hint" }));
  }
  field.nextElementSibling.value = field.valueAsDate ? written.format(field.valueAsDate) : "";
}

document.querySelectorAll("input[type=date]").forEach(write);
document.addEventListener("input", ({ target }) => target.matches("input[type=date]") && write(target));
