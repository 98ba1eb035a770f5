// The sentences of the page's language, and elements that show them.
const messages = document.getElementById("desk-messages");

export function message(name, data = {}) {
  const text = messages?.content.querySelector(`[data-message="${name}"]`)?.textContent ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => data[key] ?? whole);
}

export function element(tag, text, properties = {}) {
  const created = document.createElement(tag);
  if (text !== undefined) created.textContent = text;
  return Object.assign(created, properties);
}
