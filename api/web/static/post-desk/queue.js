// Entries that are kept: sealed, in order, each with a key of its own by which the service takes it once.
// A photograph is sealed by itself, aside of its entry: it is opened where it is sent or corrected alone.
import * as store from "./store.js";
import { seal, unseal } from "./sealing.js";
import { clock } from "./session.js";
import { word } from "./words.js";

export const MOST = 50;
export const DAYS = 7;
const MIB = 1024 * 1024;
export const PHOTO = 8 * MIB;
const PHOTOS = 100 * MIB;
const DAY = 86_400_000;
const SAFE = 28; // the service remembers its answers for thirty days

// Of another name where a photograph stands aside: a script of before would send it without.
const nameOf = (row) => [row.owner, row.id, row.is_aside && "aside"].filter(Boolean).join(" ");
const photoOf = (row) => `${row.owner} ${row.id} photograph`;
const isPast = (row, account, days) => clock(account) - row.at > days * DAY;
export const isOld = (row, account) => isPast(row, account, DAYS);
export const isStale = (row, account) => isPast(row, account, SAFE);
export { SAFE };

/** What the officer is told where nothing more can be kept. */
export class Limit extends Error {}

/** The rows of an account in their order, still sealed. */
export const rowsOf = async (owner) =>
  (await store.all("entries")).filter((row) => row.owner === owner);

/** How many entries of anybody wait on this device; what they hold is not known without a key. */
export const countAll = async () =>
  (await store.all("entries")).filter((row) => row.state !== "answered").length;

/** What an entry says, but for its photograph; one that no key opens any more has the state "unreadable". */
export async function open(account, row) {
  try {
    const { value, file } = await unseal(account.key, nameOf(row), row);
    return { ...row, ...value, file: file.length ? file : undefined }; // one of before has it in itself
  } catch {
    return { ...row, state: "unreadable", task: "unreadable", fields: [], said: [] };
  }
}

/** The same with its photograph, where it has one. */
export async function openWhole(account, row) {
  const entry = await open(account, row);
  if (!entry.is_aside || entry.state === "unreadable") return entry;
  try {
    return { ...entry, file: (await unseal(account.key, photoOf(row), await store.getAside(row.place))).file };
  } catch {
    return { ...entry, state: "unreadable" };
  }
}

/** Keep an entry; throws what the officer is told where that cannot be. Gives its row. */
export async function keep(account, { task, action, fields, photo }, replaces) {
  const rows = (await rowsOf(account.owner)).filter((row) => row.place !== replaces);
  const size = photo?.size ?? 0;
  if (rows.length >= MOST) throw new Limit(word("full", { count: MOST }));
  if (size > PHOTO) throw new Limit(word("large", { size: PHOTO / MIB }));
  if (rows.reduce((sum, row) => sum + row.size, size) > PHOTOS) {
    throw new Limit(word("heavy", { size: PHOTOS / MIB }));
  }
  const row = { id: crypto.randomUUID(), owner: account.owner, at: clock(account), state: "waiting", tried: false, size };
  const file = photo && (await bytesOf(photo));
  const value = { task, action, fields, photo: photo && { name: photo.name, type: photo.type }, said: [] };
  row.place = await write(account, row, value, file, replaces ? [replaces, -replaces] : []);
  return row;
}

/** What a photograph holds; one may be gone by now, where the device was short of memory. */
async function bytesOf(photo) {
  try {
    return new Uint8Array(await photo.arrayBuffer());
  } catch {
    throw new Limit(word("photo_gone"));
  }
}

/** Write an entry; a photograph of its own stands aside of it, and stays there where none is given. */
async function write(account, row, value, file, gone = []) {
  const kept = { ...row, is_aside: Boolean(row.is_aside || file) };
  const aside = file && (await seal(account.key, photoOf(row), {}, file));
  return store.exchange({ ...kept, ...(await seal(account.key, nameOf(kept), value)) }, aside, ...gone);
}

export const discard = (row) => store.removeWhole(row.place);

/** Note that an entry was sent: it may have been taken, whatever is heard of it. */
export const noteTried = (row) => store.put("entries", { ...row, tried: true });

/** Note why an entry was refused, in the words of the service. */
export async function noteRefused(account, entry, { said, confirm }) {
  const { place, id, owner, at, size, of, is_aside, task, action, fields, photo, file } = entry;
  const row = { place, id, owner, at, size, of, is_aside, state: "refused", tried: true };
  await write(account, row, { task, action, fields, photo, said, confirm }, is_aside ? undefined : file);
}

/** Note what the service told of an entry that it took; its photograph is there by now. */
export async function noteAnswer(account, entry, { said, html, address, is_loud }, isMine) {
  const { place, id, owner, at, task, action, fields } = entry;
  const row = { place, id, owner, at, state: "answered", tried: true, size: 0 };
  const main = html && (/<main[\s>][^]*<\/main>/.exec(html)?.[0] ?? html);
  const value = { task, action, fields, said, html: main, address, is_loud, is_mine: isMine };
  await write(account, row, value, undefined, [-place]);
}

/** Keep a photograph that was refused as an entry of its own, once: what it belongs to was taken without it. */
export async function setApart(account, entry, { action, fields, said }) {
  if ((await rowsOf(account.owner)).some((row) => row.of === entry.id)) return;
  const { photo, file, size, at, owner } = entry;
  const row = { id: crypto.randomUUID(), owner, at, state: "refused", tried: true, size, of: entry.id };
  await write(account, row, { task: "photo", action, fields: [...fields, ["label", nameIn(entry)]], photo, said }, file);
}

/** Put away what was told of the form by which this page was opened: all of it stands there. */
export async function putAway(account, path) {
  const rows = (await rowsOf(account.owner)).filter((row) => row.state === "answered");
  for (const entry of await Promise.all(rows.map((row) => open(account, row)))) {
    if (entry.is_mine && entry.address && new URL(entry.address, location.href).pathname === path) await discard(entry);
  }
}

/** What an entry is about, as it was typed. */
export function nameIn(entry) {
  const said = Object.fromEntries(entry.fields);
  return said.serial ?? said["items.0.serial"] ?? said.label ?? said.which ?? "";
}
