// Sending what waits: in order, each as often as it needs, and taken once.
import * as queue from "./queue.js";
import * as store from "./store.js";
import { word } from "./words.js";

const REFUSALS = [400, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428];
const FORBIDDEN = "forbidden"; // this entry is; another 403 is of the session, or of the form's token

/**
 * Send what waits, in order, in one tab at a time. Gives what became of it: `taken` and `refused`
 * entries, which are `kept` where they stay in the list; and `stopped`: why it did not go on ("down",
 * "busy", "out", or "anew" where one has to ask first who is signed in), or null. `only` is the place
 * of one that is sent though it is old, `mine` the id of the one whose form waits for its answer.
 */
export async function replay(account, token, only, mine) {
  const run = () => sendAll(account, token, only, mine);
  if (!navigator.locks) return run();
  return navigator.locks.request("salsa-post-desk", run);
}

async function sendAll(account, token, only, mine) {
  const told = { taken: [], refused: [], stopped: null };
  let busy = 0;
  for (const row of await queue.rowsOf(account.owner)) {
    const isLate = queue.isStale(row, account) || (queue.isOld(row, account) && row.place !== only);
    if (row.state !== "waiting" || isLate) continue;
    const entry = await queue.openWhole(account, row);
    if (entry.state === "unreadable") continue;
    const standing = await store.get("entries", row.place);
    if (standing?.id !== row.id || standing.state !== "waiting") continue; // discarded meanwhile
    await queue.noteTried(row).catch(() => {}); // a device without room sends it all the same
    const answer = await send(entry, token);
    if (told[answer.kind]) {
      const kept = await noted(account, entry, answer, row.id === mine);
      told[answer.kind].push({ ...entry, ...answer, kept, file: undefined });
    } else {
      told.stopped = answer.kind;
      if (answer.kind !== "busy" || ++busy > 1) break; // one that fails alone keeps no other back
    }
  }
  return told;
}

/**
 * Note what became of an entry, and tell whether it stays in the list. Where the device refuses to note
 * it, it waits there as it was: it is sent again, and answered as before.
 */
async function noted(account, entry, answer, isMine) {
  try {
    if (answer.apart) await queue.setApart(account, entry, answer.apart);
    if (answer.kind === "refused") await queue.noteRefused(account, entry, answer);
    else if (answer.html || answer.tells) await queue.noteAnswer(account, entry, answer, isMine);
    else {
      await queue.discard(entry);
      return false;
    }
  } catch {
    // nothing was changed
  }
  return true;
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
  if (answer.status === 403 && said.code !== FORBIDDEN) return { kind: "anew" };
  if (answer.ok && (said.address || said.html)) return taken(said, without);
  if (answer.status === 413 && entry.photo && entry.task !== "photo") {
    return send({ ...entry, photo: undefined }, token, [said.detail]); // larger than the service takes at all
  }
  if (!REFUSALS.includes(answer.status) || said.is_under_way || said.code === "in_flight") return { kind: "busy" };
  const more = Object.values(said.errors ?? {}).flat();
  return { kind: "refused", said: said.said ?? [said.detail, ...more].filter(Boolean), confirm: said.confirm };
}

/** What was taken; it `tells` something where more was said of it than that its photograph was refused. */
function taken({ photo, ...said }, without = []) {
  const why = [...without, ...(photo?.said ?? [])];
  const apart = photo && why.length ? { ...photo, said: why } : undefined;
  const tells = Boolean(said.said?.length);
  const told = apart ? [...(said.said ?? []), word("photo_refused", { why: why.join(" ") })] : said.said;
  return { kind: "taken", ...said, said: told ?? [], apart, tells };
}
