// Queued entries: encrypted, in order, each with an idempotency key. A photograph is encrypted by itself,
// and read only where it is sent or corrected.
import * as store from "./store.js";
import { decrypt, encrypt } from "./encryption.js";
import { message } from "./messages.js";
import { clock } from "./session.js";

export const MAXIMUM = 50;
export const OLD_DAYS = 7;
export const UNDO_TIME = 10_000;
export const STALE_DAYS = 28; // the service remembers its answers for thirty days
const MIB = 1024 * 1024;
const PHOTO_SIZE = 8 * MIB;
const PHOTOS_SIZE = 100 * MIB;
const DAY = 86_400_000;

const nameOf = (row) => `${row.owner} ${row.id}`;
const photoNameOf = (row) => `${row.owner} ${row.id} photograph`;
const isPast = (row, account, days) => clock(account) - row.at > days * DAY;
export const isOld = (row, account) => isPast(row, account, OLD_DAYS);
export const isStale = (row, account) => isPast(row, account, STALE_DAYS);

/** Whether an entry can still be undone; by the device's clock, which may have been set back since. */
export function isUndoable(row) {
  const left = row.undo_until - Date.now();
  return left > 0 && left <= UNDO_TIME;
}

/** Why nothing more can be stored, as a message for the officer. */
export class Limit extends Error {}

/** The rows of an account in their order, still encrypted. */
export const rowsOf = async (owner) =>
  (await store.all("entries")).filter((row) => row.owner === owner);

/** How many entries of all accounts wait on this device; their content needs a key. */
export const countAll = async () =>
  (await store.all("entries")).filter((row) => row.state !== "answered").length;

/** An entry without its photograph; its state is "unreadable" if the key does not open it. */
export async function open(account, row) {
  try {
    return { ...row, ...(await decrypt(account.key, nameOf(row), row)).value };
  } catch {
    return { ...row, state: "unreadable", task: "unreadable", fields: [], messages: [] };
  }
}

/** An entry with its photograph, where it has one. */
export async function openWithPhoto(account, row) {
  const entry = await open(account, row);
  if (!entry.has_photo || entry.state === "unreadable") return entry;
  try {
    return { ...entry, file: (await decrypt(account.key, photoNameOf(row), await store.getPhoto(row.place))).file };
  } catch {
    return { ...entry, state: "unreadable" };
  }
}

/** Store an entry, which may be undone for some seconds, and return its row; throws Limit with a message for the officer. */
export async function add(account, { task, action, fields, photo }, replaces, may_undo = false) {
  const rows = (await rowsOf(account.owner)).filter((row) => row.place !== replaces);
  const size = photo?.size ?? 0;
  if (rows.length >= MAXIMUM) throw new Limit(message("full", { count: MAXIMUM }));
  if (size > PHOTO_SIZE) throw new Limit(message("large", { size: PHOTO_SIZE / MIB }));
  if (rows.reduce((sum, row) => sum + row.size, size) > PHOTOS_SIZE) {
    throw new Limit(message("heavy", { size: PHOTOS_SIZE / MIB }));
  }
  const row = { id: crypto.randomUUID(), owner: account.owner, at: clock(account), state: "waiting", tried: false, size };
  if (may_undo) row.undo_until = Date.now() + UNDO_TIME;
  const file = photo && (await bytesOf(photo));
  const value = { task, action, fields, photo: photo && { name: photo.name, type: photo.type }, messages: [] };
  row.place = await write(account, row, value, file, replaces ? [replaces, -replaces] : []);
  return row;
}

/** The bytes of a photograph, which a device short of memory may have dropped. */
async function bytesOf(photo) {
  try {
    return new Uint8Array(await photo.arrayBuffer());
  } catch {
    throw new Limit(message("photo_gone"));
  }
}

/** Write an entry; its stored photograph stays where no new one is given. */
async function write(account, row, value, file, removed = []) {
  const stored = { ...row, has_photo: Boolean(row.has_photo || file) };
  const photo = file && (await encrypt(account.key, photoNameOf(row), {}, file));
  return store.putEntry({ ...stored, ...(await encrypt(account.key, nameOf(row), value)) }, photo, ...removed);
}

export const discard = (row) => store.removeEntry(row.place);

/** Note that an entry was sent: it may be accepted even if no answer comes. */
export const markTried = (row) => store.put("entries", { ...row, tried: true });

/** Store why an entry was refused. */
export async function saveRefusal(account, entry, { messages, confirm }) {
  const { place, id, owner, at, size, of, has_photo, task, action, fields, photo } = entry;
  const row = { place, id, owner, at, size, of, has_photo, state: "refused", tried: true };
  await write(account, row, { task, action, fields, photo, messages, confirm });
}

/** Store the answer to an accepted entry; the service has its photograph by now. */
export async function saveAnswer(account, entry, { messages, html, address, is_urgent }, isMine) {
  const { place, id, owner, at, task, action, fields } = entry;
  const row = { place, id, owner, at, state: "answered", tried: true, size: 0 };
  const main = html && (/<main[\s>][^]*<\/main>/.exec(html)?.[0] ?? html);
  const value = { task, action, fields, messages, html: main, address, is_urgent, is_mine: isMine };
  await write(account, row, value, undefined, [-place]);
}

/** Queue a refused photograph as its own entry, once; the document was accepted without it. */
export async function addRefusedPhoto(account, entry, { action, fields, messages }) {
  if ((await rowsOf(account.owner)).some((row) => row.of === entry.id)) return;
  const { photo, file, size, at, owner } = entry;
  const row = { id: crypto.randomUUID(), owner, at, state: "refused", tried: true, size, of: entry.id };
  await write(account, row, { task: "photo", action, fields: [...fields, ["label", subjectOf(entry)]], photo, messages }, file);
}

/** Discard the answer to the form that opened this page, which shows all of it. */
export async function discardShown(account, path) {
  const rows = (await rowsOf(account.owner)).filter((row) => row.state === "answered");
  for (const entry of await Promise.all(rows.map((row) => open(account, row)))) {
    if (entry.is_mine && entry.address && new URL(entry.address, location.href).pathname === path) await discard(entry);
  }
}

/** The serial, number or label that an entry is about, as typed. */
export function subjectOf(entry) {
  const values = Object.fromEntries(entry.fields);
  return values.serial ?? values["items.0.serial"] ?? values.label ?? values.which ?? "";
}
