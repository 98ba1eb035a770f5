// Who is signed in, by which key his work is sealed, and whether there is a line.
import "./left.js";
import * as store from "./store.js";
import { keyOf } from "./sealing.js";

const PATIENCE = 15_000;
let here = null; // the account, on a device that refuses to store its key

/** What time it is by the service's clock, as far as the device knows: its own may be wrong, and be put right. */
export const clock = (account) => Date.now() + (account?.ahead ?? 0);
const isOpen = (held) => held?.until > clock(held);

/** The account whose work this device may open now: {owner, key, until, ahead}; null when nobody's. */
export async function unlocked() {
  for (const held of await store.all("keys")) {
    if (isOpen(held)) return held;
    await store.remove("keys", held.owner);
  }
  return isOpen(here) ? here : null;
}

/** Take the key from this device, and the list that it opens; what waits stays, sealed. */
export async function lock() {
  here = null;
  await store.clear("keys");
  await store.clear("pages");
}

/**
 * Ask the service who is signed in. Gives {line, account, token}: `line` is "up", "down", or "out"
 * where nobody is signed in any more; then the key is gone from this device. A session that was signed
 * out here is ended before anything else is asked.
 */
export async function ask(address) {
  let answer;
  if (await self.left.waits()) return { line: (await self.left.settle()) ? "out" : "down", account: null };
  try {
    const how = { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE), redirect: "error" };
    answer = await fetch(address, how);
  } catch {
    return { line: "down", account: await unlocked() };
  }
  const isOurs = answer.headers.get("Content-Type")?.startsWith("application/problem+json"); // not a portal's
  if (isOurs && (answer.status === 401 || answer.status === 403)) {
    await lock();
    return { line: "out", account: null };
  }
  const said = answer.ok ? await answer.json().catch(() => null) : null;
  if (!said?.owner) return { line: "down", account: await unlocked() };
  const account = await hold(said);
  return account ? { line: "up", account, token: said.token } : { line: "out", account };
}

async function hold(said) {
  const account = {
    owner: said.owner,
    ends: said.ends_at,
    key: await keyOf(said.key),
    until: Date.parse(said.ends_at),
    ahead: Date.parse(said.now) - Date.now(),
  };
  const others = (await store.all("keys")).some((held) => held.owner !== account.owner);
  if (others) await lock();
  await store.put("keys", account).catch(() => { here = account; });
  if (!(await self.left.waits())) return account;
  await lock(); // it was signed out while this was asked
  return null;
}

export const momentOf = (account) => new Date(clock(account)).toISOString();
