// Sends the queue in order; each entry is retried as needed and accepted once.
import * as queue from "./queue.js";
import * as store from "./store.js";
import { message } from "./messages.js";

const REFUSALS = [400, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428];
const FORBIDDEN = "forbidden"; // of this entry; another 403 is of the session, or of the form's token

/**
 * Send the queue in order, in one tab at a time. Returns `accepted` and `refused` entries, with
 * `is_stored` where they stay in the list, and `stopped`: why it ended early ("offline", "busy",
 * "signed_out", or "session_changed" where the session has to be asked first), or null. `only` is
 * the place of an old entry to be sent all the same, `mine` the id of the entry whose form waits.
 */
export const sendQueue = (account, token, only, mine) => alone(() => sendAll(account, token, only, mine));

/** Discard an entry that was never sent; return whether it was discarded. */
export const discardUnsent = (row) => alone(async () => {
  const current = await store.get("entries", row.place);
  if (current?.id !== row.id || current.state !== "waiting" || current.tried) return false;
  await queue.discard(row);
  return true;
});

/** Run while no other tab sends. */
const alone = (run) => (navigator.locks ? navigator.locks.request("salsa-post-desk", run) : run());

async function sendAll(account, token, only, mine) {
  const result = { accepted: [], refused: [], stopped: null };
  let busy = 0;
  for (const row of await queue.rowsOf(account.owner)) {
    const isLate = queue.isStale(row, account) || (queue.isOld(row, account) && row.place !== only);
    if (row.state !== "waiting" || isLate || (row.id !== mine && queue.isUndoable(row))) continue;
    const entry = await queue.openWithPhoto(account, row);
    if (entry.state === "unreadable") continue;
    const current = await store.get("entries", row.place);
    if (current?.id !== row.id || current.state !== "waiting") continue; // discarded meanwhile
    await queue.markTried(row).catch(() => {}); // a device without room sends it all the same
    const answer = await send(entry, token);
    if (result[answer.kind]) {
      const is_stored = await saveAnswer(account, entry, answer, row.id === mine);
      result[answer.kind].push({ ...entry, ...answer, is_stored, file: undefined });
    } else {
      result.stopped = answer.kind;
      if (answer.kind !== "busy" || ++busy > 1) break; // a single failure does not stop the others
    }
  }
  return result;
}

/**
 * Store the answer to an entry; return whether it stays in the list. Where the device refuses to
 * store it, the entry waits as before: it is sent again, and gets the same answer.
 */
async function saveAnswer(account, entry, answer, isMine) {
  try {
    if (answer.refused_photo) await queue.addRefusedPhoto(account, entry, answer.refused_photo);
    if (answer.kind === "refused") await queue.saveRefusal(account, entry, answer);
    else if (answer.html || answer.has_messages) await queue.saveAnswer(account, entry, answer, isMine);
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

/** Send an entry, again without its photograph if that is too large; `photoErrors` says why. */
async function send(entry, token, photoErrors) {
  let response, answer;
  try {
    response = await fetch(entry.action, {
      method: "POST",
      body: bodyOf(entry, token),
      redirect: "manual",
      headers: { Accept: "application/json", "Idempotency-Key": entry.id, "Salsa-Desk-Owner": entry.owner },
      signal: AbortSignal.timeout(entry.photo ? 600_000 : 60_000),
    });
  } catch {
    return { kind: "offline" }; // it may have been accepted all the same
  }
  try {
    answer = await response.json();
  } catch {
    return { kind: "busy" }; // not an answer of the service's
  }
  if (response.status === 401) return { kind: "signed_out" };
  if (response.status === 403 && answer.code !== FORBIDDEN) return { kind: "session_changed" };
  if (response.ok && (answer.address || answer.html)) return acceptedOf(answer, photoErrors);
  if (response.status === 413 && entry.photo && entry.task !== "photo") {
    return send({ ...entry, photo: undefined }, token, [answer.detail]); // larger than any request may be
  }
  if (!REFUSALS.includes(response.status) || answer.is_in_progress || answer.code === "in_flight") return { kind: "busy" };
  const errors = Object.values(answer.errors ?? {}).flat();
  return { kind: "refused", messages: answer.messages ?? [answer.detail, ...errors].filter(Boolean), confirm: answer.confirm };
}

/** The answer to an accepted entry; `has_messages` where the service sent more than a refused photograph. */
function acceptedOf({ photo, messages = [], ...answer }, photoErrors = []) {
  const why = [...photoErrors, ...(photo?.messages ?? [])];
  const refused_photo = photo && why.length ? { ...photo, messages: why } : undefined;
  const all = refused_photo ? [...messages, message("photo_refused", { why: why.join(" ") })] : messages;
  return { kind: "accepted", ...answer, messages: all, refused_photo, has_messages: messages.length > 0 };
}
