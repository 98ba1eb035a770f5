// The sentences of the page's own language.
const words = document.getElementById("desk-words");

export function word(name, data = {}) {
  const said = words?.content.querySelector(`[data-word="${name}"]`)?.textContent ?? name;
  return said.replace(/\{(\w+)\}/g, (whole, key) => data[key] ?? whole);
}

export function element(kind, text, more = {}) {
  const made = document.createElement(kind);
  if (text !== undefined) made.textContent = text;
  return Object.assign(made, more);
}
