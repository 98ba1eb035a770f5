// Entries that wait: sealed, in order, each with a key of its own by which the service takes it once.
import * as store from "./store.js";
import { seal, unseal } from "./sealing.js";
import { word } from "./words.js";

export const MOST = 50;
export const DAYS = 7;
const MIB = 1024 * 1024;
export const PHOTO = 8 * MIB;
const PHOTOS = 100 * MIB;
const DAY = 86_400_000;
const SAFE = 28; // the service remembers its answers for thirty days
const REFUSALS = [400, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428];

const nameOf = (row) => `${row.owner} ${row.id}`;
export const isOld = (row) => Date.now() - row.at > DAYS * DAY;
export const isStale = (row) => Date.now() - row.at > SAFE * DAY;
export { SAFE };

/** What the officer is told where nothing more can be kept. */
export class Limit extends Error {}

/** The rows of an account in their order, still sealed. */
export const rowsOf = async (owner) =>
  (await store.all("entries")).filter((row) => row.owner === owner);

/** How many entries of anybody wait on this device; what they hold is not known without a key. */
export const countAll = async () =>
  (await store.all("entries")).filter((row) => row.state !== "answered").length;

/** What an entry says; one that no key opens any more has the state "unreadable". */
export async function open(account, row) {
  try {
    const { value, file } = await unseal(account.key, nameOf(row), row);
    return { ...row, ...value, file };
  } catch {
    return { ...row, state: "unreadable", task: "unreadable", fields: [], said: [] };
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
  const row = { id: crypto.randomUUID(), owner: account.owner, at: Date.now(), state: "waiting", tried: false, size };
  const file = photo ? await bytesOf(photo) : undefined;
  const value = { task, action, fields, photo: photo && { name: photo.name, type: photo.type }, said: [] };
  Object.assign(row, await seal(account.key, nameOf(row), value, file));
  row.place = await store.put("entries", row);
  if (replaces !== undefined) await store.remove("entries", replaces);
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

export const discard = (row) => store.remove("entries", row.place);

/** Note what became of an entry, with the words of the service. */
async function note(account, entry, state, { said, confirm }) {
  const { task, action, fields, photo, file, size } = entry;
  await write(account, entry, { state, size }, { task, action, fields, photo, said, confirm }, file);
}

/** Note the answer to a check, all of it; the photograph is with the service by now. */
async function noteAnswer(account, entry, { said, html, is_loud }) {
  const { task, action, fields } = entry;
  const [main] = /<main[\s>][^]*<\/main>/.exec(html) ?? [html];
  await write(account, entry, { state: "answered", size: 0 }, { task, action, fields, said, html: main, is_loud });
}

/** Keep a photograph that was refused as an entry of its own, once: what it belongs to was taken without it. */
async function setApart(account, entry, { action, fields, said }) {
  if ((await rowsOf(account.owner)).some((row) => row.of === entry.id)) return;
  const { photo, file, size, at } = entry;
  const row = { id: crypto.randomUUID(), owner: account.owner, at, state: "refused", tried: true, size, of: entry.id };
  const value = { task: "photo", action, fields: [...fields, ["label", nameIn(entry)]], photo, said };
  await store.put("entries", { ...row, ...(await seal(account.key, nameOf(row), value, file)) });
}

/** What an entry is about, as it was typed. */
export function nameIn(entry) {
  const said = Object.fromEntries(entry.fields);
  return said.serial ?? said["items.0.serial"] ?? said.label ?? said.which ?? "";
}

async function write(account, { place, id, owner, at }, standing, value, file) {
  const row = { place, id, owner, at, tried: true, ...standing };
  await store.put("entries", { ...row, ...(await seal(account.key, nameOf(row), value, file)) });
}

/**
 * Send what waits, in order, in one tab at a time. Gives what became of it: `taken` and `refused`
 * entries, and `stopped`: why it did not go on ("down", "busy", "out"), or null.
 */
export async function replay(account, token, only) {
  const run = () => sendAll(account, token, only);
  if (!navigator.locks) return run();
  return navigator.locks.request("salsa-post-desk", run);
}

async function sendAll(account, token, only) {
  const told = { taken: [], refused: [], stopped: null };
  let busy = 0;
  for (const row of await rowsOf(account.owner)) {
    if (row.state !== "waiting" || isStale(row) || (isOld(row) && row.place !== only)) continue;
    const entry = await open(account, row);
    if (entry.state === "unreadable") continue;
    const standing = (await rowsOf(account.owner)).find((one) => one.place === row.place);
    if (standing?.id !== row.id || standing.state !== "waiting") continue; // discarded meanwhile
    await store.put("entries", { ...row, tried: true });
    const answer = await send(entry, token);
    if (answer.kind === "taken") {
      if (answer.apart) await setApart(account, entry, answer.apart);
      if (answer.html) await noteAnswer(account, entry, answer);
      else await discard(row);
      told.taken.push({ ...entry, ...answer });
    } else if (answer.kind === "refused") {
      await note(account, entry, "refused", answer);
      told.refused.push({ ...entry, ...answer });
    } else {
      told.stopped = answer.kind;
      if (answer.kind !== "busy" || ++busy > 1) break; // one that fails alone keeps no other back
    }
  }
  return told;
}

function bodyOf(entry, token) {
  const body = new FormData();
  for (const [name, text] of entry.fields) body.append(name, text);
  if (entry.photo) body.append("photo", new File([entry.file], entry.photo.name, { type: entry.photo.type }));
  body.set("csrf_token", token);
  return body;
}

/** Send an entry; where its photograph alone keeps it back, `apart` says why that was refused. */
async function send(entry, token, without) {
  let answer, said;
  try {
    answer = await fetch(entry.action, {
      method: "POST",
      body: bodyOf(entry, token),
      redirect: "manual",
      headers: { Accept: "application/json", "Idempotency-Key": entry.id, "Salsa-Desk-Owner": entry.owner },
      signal: AbortSignal.timeout(entry.photo ? 600_000 : 60_000),
    });
  } catch {
    return { kind: "down" }; // no answer: it may have been taken
  }
  try {
    said = await answer.json();
  } catch {
    return { kind: "busy" }; // not an answer of the service's
  }
  if (answer.status === 401) return { kind: "out" };
  if (answer.ok && (said.address || said.html)) return taken(said, without);
  if (answer.status === 413 && entry.photo && entry.task !== "photo") {
    return send({ ...entry, photo: undefined }, token, [said.detail]); // larger than the service takes at all
  }
  if (!REFUSALS.includes(answer.status) || said.is_under_way || said.code === "in_flight") return { kind: "busy" };
  const more = Object.values(said.errors ?? {}).flat();
  return { kind: "refused", said: said.said ?? [said.detail, ...more].filter(Boolean), confirm: said.confirm };
}

function taken({ photo, ...said }, without = []) {
  const why = [...without, ...(photo?.said ?? [])];
  const apart = photo && why.length ? { ...photo, said: why } : undefined;
  const told = apart ? [...(said.said ?? []), word("photo_refused", { why: why.join(" ") })] : said.said;
  return { kind: "taken", ...said, said: told ?? [], apart };
}
