// Suggests names for a text field with a list, despite typing errors; without a script the browser shows the list.
const { places, hint, found, none, chosen } = document.querySelector("script[data-suggestions]").dataset;
const MAXIMUM = 8;
const fold = (text) => text.normalize("NFKD").replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);

const enhance = (target) => target?.matches("input[list], input[data-places]") && window.accessibleAutocomplete && replace(target);
document.addEventListener("focusin", ({ target }) => enhance(target));
enhance(document.activeElement); // someone may be faster than the script

function replace(input) {
  const holder = document.createElement("div");
  const typed = input.value !== input.defaultValue; // before the script came: searched below
  const options = [...(input.list?.options ?? [])].map(({ value, text }) => ({ value, label: text === value ? "" : text }));
  input.replaceWith(holder);
  window.accessibleAutocomplete({
    element: holder,
    id: input.id,
    name: input.name,
    defaultValue: typed ? "" : input.value,
    source: input.hasAttribute("data-places") ? suggestPlaces : (text, show) => show(fitting(options, text)),
    templates: { // the library's first option is the default value itself, a text
      inputValue: (option) => option?.value ?? option ?? "",
      suggestion: (option) => `${escaped(option.value ?? option)}${option.label ? ` <small>${escaped(option.label)}</small>` : ""}`,
    },
    confirmOnBlur: false,
    showNoOptionsFound: false,
    tAssistiveHint: () => hint,
    tStatusNoResults: () => none,
    tStatusQueryTooShort: () => "",
    tStatusResults: (count, current) => `${filled(found, { count })} ${current}`,
    tStatusSelectedOption: (name, count, index) => filled(chosen, { name, place: index + 1, count }),
  });
  const field = holder.querySelector("input");
  for (const { name, value } of input.attributes) {
    if (!["list", "data-places"].includes(name) && !field.hasAttribute(name)) field.setAttribute(name, value);
  }
  field.focus();
  if (!typed) return;
  field.value = input.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

let latest = "";
async function suggestPlaces(typed, show) {
  latest = typed;
  await new Promise((resolve) => { setTimeout(resolve, 150); }); // one request a word, not a letter
  if (typed !== latest) return;
  const answer = await fetch(`${places}?q=${encodeURIComponent(typed)}`).catch(() => null);
  if (typed === latest) show(answer?.ok ? (await answer.json()).map((value) => ({ value, label: "" })) : []);
}

function fitting(options, typed) {
  const text = fold(typed);
  const rank = (name) => (name.startsWith(text) ? 0 : name.includes(text) ? 1 : 2 + edits(name.slice(0, text.length), text));
  const least = text.length < 4 ? 1 : text.length < 7 ? 3 : 4; // one error, two in a longer name
  const nearest = ({ value, label }) => Math.min(...[value, label].filter(Boolean).map((name) => rank(fold(name))));
  return options.map((option) => [nearest(option), option]).filter(([place]) => place <= least)
    .sort(([first], [second]) => first - second).slice(0, MAXIMUM).map(([, option]) => option);
}

function edits(first, second) {
  let row = [...Array(second.length + 1).keys()];
  for (let i = 1; i <= first.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= second.length; j += 1) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (first[i - 1] !== second[j - 1]));
    }
    row = next;
  }
  return row.at(-1);
}

function escaped(text) {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder.innerHTML;
}
