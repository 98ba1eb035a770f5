// The list of what is due as this device last saw it: kept sealed, shown again without a line.
import * as store from "./store.js";
import { seal, unseal } from "./sealing.js";
import { element, word } from "./words.js";

const language = document.documentElement.lang;
const nameOf = (account, home) => `${account.owner} list of ${home}`;

/** Keep what the page shows, with the moment of the service at which it was so. */
export async function remember(account, home) {
  const seen = document.getElementById("last-seen");
  const at = document.getElementById("as-of")?.dateTime;
  if (!account || !seen || !at) return;
  const name = nameOf(account, home);
  await store.put("pages", { name, ...(await seal(account.key, name, { html: seen.innerHTML, at })) });
}

/** Show the list that is kept, and how old it is; gives it. */
export async function recall(account, home) {
  const place = document.getElementById("kept-list");
  const age = document.getElementById("kept-age");
  const row = account && (await store.get("pages", nameOf(account, home)));
  if (!row) {
    age.textContent = word("nothing_kept");
    place.replaceChildren();
    return;
  }
  const { html, at } = await unseal(account.key, row.name, row).then((held) => held.value, () => ({ html: "" }));
  place.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  age.textContent = word("as_of", { age: ago(Date.now() + account.ahead - Date.parse(at)) });
}

function ago(span) {
  const said = new Intl.RelativeTimeFormat(language);
  const minutes = Math.max(0, Math.round(span / 60_000));
  if (minutes < 60) return said.format(-minutes, "minute");
  return minutes < 2880 ? said.format(-Math.round(minutes / 60), "hour") : said.format(-Math.round(minutes / 1440), "day");
}

const bare = (text) => text.toUpperCase().replace(/[\s-]/g, "");

/** The cards of the list that carry a number, a plate or an id. */
export function find(text) {
  const wanted = bare(text);
  return [...document.querySelectorAll("#kept-list .truck")].filter((card) =>
    wanted && (bare(card.dataset.id) === wanted || card.dataset.keys.split("|").some((key) => bare(key) === wanted)));
}

/** What a code of a paper says of itself, unchecked: its number; null for another text. */
export function numberIn(token) {
  const payload = /^SALSA1\.[A-Z0-9-]+\.([A-Z2-7]+)\.[A-Z2-7]+$/.exec(token)?.[1];
  if (!payload) return null;
  let bits = 0, held = 0;
  const bytes = [];
  for (const letter of payload) {
    held = (held << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter);
    bits += 5;
    if (bits >= 8) bytes.push((held >> (bits -= 8)) & 255);
  }
  try {
    return String(JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes))).n);
  } catch {
    return null;
  }
}

export const line = (text) => element("p", text, { className: "notable" });
