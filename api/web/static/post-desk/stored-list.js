// The latest list of expected shipments: stored encrypted, and shown without a connection.
import * as store from "./store.js";
import { decrypt, encrypt } from "./encryption.js";
import { element, message } from "./messages.js";

const language = document.documentElement.lang;
const nameOf = (account, home) => `${account.owner} list of ${home}`;

/** Store the list on the page, with its time by the service's clock. */
export async function save(account, home) {
  const list = document.getElementById("expected-list");
  const at = document.getElementById("as-of")?.dateTime;
  if (!account || !list || !at) return;
  const name = nameOf(account, home);
  await store.put("pages", { name, ...(await encrypt(account.key, name, { html: list.innerHTML, at })) });
}

/** Show the stored list and its age. */
export async function show(account, home) {
  const place = document.getElementById("stored-list");
  const age = document.getElementById("stored-age");
  const row = account && (await store.get("pages", nameOf(account, home)));
  if (!row) {
    age.textContent = message("no_list");
    place.replaceChildren();
    return;
  }
  const { html, at } = await decrypt(account.key, row.name, row).then(({ value }) => value, () => ({ html: "" }));
  place.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  age.textContent = message("as_of", { age: ago(Date.now() + account.ahead - Date.parse(at)) });
}

function ago(milliseconds) {
  const format = new Intl.RelativeTimeFormat(language);
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  if (minutes < 60) return format.format(-minutes, "minute");
  return minutes < 2880 ? format.format(-Math.round(minutes / 60), "hour") : format.format(-Math.round(minutes / 1440), "day");
}

const normalise = (text) => text.toUpperCase().replace(/[\s-]/g, "");

/** The cards of the list with a number, a plate or an id. */
export function find(text) {
  const wanted = normalise(text);
  return [...document.querySelectorAll("#stored-list .truck")].filter((card) => wanted
    && (normalise(card.dataset.id) === wanted || card.dataset.keys.split("|").some((key) => normalise(key) === wanted)));
}

/** The number in a paper's code, its signature unchecked; null for another text. */
export function readNumber(token) {
  const payload = /^SALSA1\.[A-Z0-9-]+\.([A-Z2-7]+)\.[A-Z2-7]+$/.exec(token)?.[1];
  if (!payload) return null;
  let bits = 0, buffer = 0;
  const bytes = [];
  for (const letter of payload) {
    buffer = (buffer << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter);
    bits += 5;
    if (bits >= 8) bytes.push((buffer >> (bits -= 8)) & 255);
  }
  try {
    return String(JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes))).n);
  } catch {
    return null;
  }
}

export const notice = (text) => element("p", text, { className: "notable" });
