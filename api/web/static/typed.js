// Stores typed text in the tab while the language of the page is changed, and drafts for a day.
const KEY = "salsa-typed";
const { photo, account } = document.querySelector("script[data-typed]").dataset;
const chooser = document.querySelector('form[action="/language"]');
const forms = () => [...document.querySelectorAll("main form[method=post]")];
const fields = (form) => [...form.elements].filter((field) => field.name && !["hidden", "password", "file", "submit"].includes(field.type));
const isTick = (field) => ["checkbox", "radio"].includes(field.type);
const here = location.pathname + location.search;

const typedIn = (form) => {
  const values = fields(form).map((field) => [field.name, field.value, isTick(field) ? field.checked : null]);
  return values.some(([, text, isTicked]) => (isTicked === null ? text : isTicked)) ? values : [];
};

const stored = sessionStorage.getItem(KEY);
sessionStorage.removeItem(KEY);
if (stored) fill(JSON.parse(stored));
chooser?.addEventListener("submit", save);

function save(event) {
  const files = [...document.querySelectorAll("main input[type=file]")].filter((field) => field.files.length);
  if (files.length && !confirm(photo)) return event.preventDefault();
  const typed = forms().map((form) => ({ action: form.getAttribute("action"), values: typedIn(form) }))
    .filter(({ values }) => values.length);
  if (!typed.length) return;
  chooser.elements.next.value = here; // also if the page is the answer to a form
  sessionStorage.setItem(KEY, JSON.stringify({ at: here, typed }));
}

function fill({ at, typed }) {
  if (at !== here) return;
  for (const { action, values } of typed) {
    const form = forms().find((candidate) => candidate.getAttribute("action") === action);
    if (form) for (const [name, text, isTicked] of values) put(form, name, text, isTicked);
  }
}

function put(form, name, text, isTicked) {
  const field = fields(form).find((candidate) => candidate.name === name && (!isTick(candidate) || candidate.value === text));
  if (!field) return;
  const before = isTicked === null ? field.value : field.checked;
  if (isTicked === null) field.value = text;
  else field.checked = isTicked;
  if (before !== (isTicked ?? text)) field.closest("details")?.setAttribute("open", "");
}

// An unfinished form is stored on this device for a day, for its account, and offered when the form is opened again.
// Signing out or signing in as someone else removes it, as does the page after the form was accepted.
const DRAFT = "salsa-draft ", OWN = `${DRAFT}${account} `, DAY = 864e5;
const store = (key, draft) => { try { localStorage[key] = JSON.stringify(draft); } catch { /* no room: no draft */ } };
const key = OWN + here, form = document.querySelector("form[data-draft]");
for (const name of Object.keys(localStorage).filter((name) => name.startsWith(DRAFT) && account !== "unknown")) {
  const { since, isSent } = JSON.parse(localStorage[name]);
  if (!account || !name.startsWith(OWN) || Date.now() - since > DAY || (isSent && name !== key)) localStorage.removeItem(name);
}
const offer = document.querySelector("[data-offer]"), draft = offer && localStorage[key] && JSON.parse(localStorage[key]);
if (draft) offer.hidden = false;
document.addEventListener("input", ({ target }) => {
  if (account && offer?.hidden !== false && target.form?.matches("[data-draft]")) store(key, { since: Date.now(), values: typedIn(target.form) });
});
document.addEventListener("submit", ({ target }) => {
  if (target.matches("[data-draft]") && localStorage[key]) store(key, { ...JSON.parse(localStorage[key]), isSent: true });
});
offer?.addEventListener("click", ({ target }) => {
  if (!target.closest("button")) return;
  offer.hidden = true;
  if (target.matches("[data-discard]")) return localStorage.removeItem(key);
  for (const [name, text, isTicked] of [...draft.values, ["change", "true", null]]) {
    if (fields(form).some((field) => field.name === name)) put(form, name, text, isTicked);
    else if (isTicked !== false && text) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: text }));
  }
  form.requestSubmit();
});
