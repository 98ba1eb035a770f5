// What is half typed stays when the language of the page is changed: for that moment the tab keeps it.
const KEY = "salsa-typed";
const { photo } = document.querySelector("script[data-typed]").dataset;
const chooser = document.querySelector('form[action="/language"]');
const forms = () => [...document.querySelectorAll("main form[method=post]")];
const fields = (form) => [...form.elements].filter((field) => field.name && !["hidden", "password", "file", "submit"].includes(field.type));
const isTick = (field) => ["checkbox", "radio"].includes(field.type);
const here = location.pathname + location.search;

const kept = sessionStorage.getItem(KEY);
sessionStorage.removeItem(KEY);
if (kept) fill(JSON.parse(kept));
chooser?.addEventListener("submit", keep);

function keep(event) {
  const files = [...document.querySelectorAll("main input[type=file]")].filter((field) => field.files.length);
  if (files.length && !confirm(photo)) return event.preventDefault();
  const typed = forms().map((form) => ({
    action: form.getAttribute("action"),
    values: fields(form).map((field) => [field.name, field.value, isTick(field) ? field.checked : null]),
  })).filter(({ values }) => values.some(([, text, isTicked]) => (isTicked === null ? text : isTicked)));
  if (!typed.length) return;
  chooser.elements.next.value = here; // also where the page came as the answer to a form
  sessionStorage.setItem(KEY, JSON.stringify({ at: here, typed }));
}

function fill({ at, typed }) {
  if (at !== here) return;
  for (const { action, values } of typed) {
    const form = forms().find((one) => one.getAttribute("action") === action);
    if (form) for (const [name, text, isTicked] of values) put(form, name, text, isTicked);
  }
}

function put(form, name, text, isTicked) {
  const field = fields(form).find((one) => one.name === name && (!isTick(one) || one.value === text));
  if (!field) return;
  const stood = isTicked === null ? field.value : field.checked;
  if (isTicked === null) field.value = text;
  else field.checked = isTicked;
  if (stood !== (isTicked ?? text)) field.closest("details")?.setAttribute("open", "");
}
