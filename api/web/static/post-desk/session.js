// The signed-in account, the key of its stored data, and whether the service can be reached.
import "./pending-sign-out.js";
import * as store from "./store.js";
import { importKey } from "./encryption.js";

const TIMEOUT = 15_000;
let unstored = null; // the account, on a device that refuses to store its key

/** The service's time as far as the device knows; the device's own clock may be wrong. */
export const clock = (account) => Date.now() + (account?.ahead ?? 0);
const isValid = (account) => account?.until > clock(account);

/** The account whose data this device may decrypt now: {owner, key, until, ahead}, or null. */
export async function unlocked() {
  for (const account of await store.all("keys")) {
    if (isValid(account)) return account;
    await store.remove("keys", account.owner);
  }
  return isValid(unstored) ? unstored : null;
}

/** Delete the key and the list that it opens; queued entries stay, encrypted. */
export async function lock() {
  unstored = null;
  await store.clear("keys");
  await store.clear("pages");
}

/**
 * Ask the service who is signed in. Returns {connection, account, token}: `connection` is "online",
 * "offline", or "signed_out", after which this device has no key. A pending sign-out is finished first.
 */
export async function ask(address) {
  let response;
  if (await self.signOut.isPending()) {
    return { connection: (await self.signOut.finish()) ? "signed_out" : "offline", account: null };
  }
  try {
    const options = { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT), redirect: "error" };
    response = await fetch(address, options);
  } catch {
    return { connection: "offline", account: await unlocked() };
  }
  const isOurs = response.headers.get("Content-Type")?.startsWith("application/problem+json"); // not a portal's
  if (isOurs && (response.status === 401 || response.status === 403)) {
    await lock();
    return { connection: "signed_out", account: null };
  }
  const answer = response.ok ? await response.json().catch(() => null) : null;
  if (!answer?.owner) return { connection: "offline", account: await unlocked() };
  const account = await storeAccount(answer);
  return account ? { connection: "online", account, token: answer.token } : { connection: "signed_out", account };
}

async function storeAccount(answer) {
  const account = {
    owner: answer.owner,
    ends: answer.ends_at,
    key: await importKey(answer.key),
    until: Date.parse(answer.ends_at),
    ahead: Date.parse(answer.now) - Date.now(),
  };
  const hasOther = (await store.all("keys")).some(({ owner }) => owner !== account.owner);
  if (hasOther) await lock();
  await store.put("keys", account).catch(() => { unstored = account; });
  if (!(await self.signOut.isPending())) return account;
  await lock(); // signed out during this request
  return null;
}

export const currentTime = (account) => new Date(clock(account)).toISOString();
