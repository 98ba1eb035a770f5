// A sign-out without a connection: the device stores it, and ends the session at the service before all else.
// Neither imports nor exports: the worker runs it as a script, and pages as a module.
self.signOut = (() => {
  const CACHE = "salsa-signed-out";
  const NAME = "/signed-out/pending";
  const TIMEOUT = 10_000;
  const UNKNOWN = "?";

  async function read() {
    let response;
    try {
      response = self.caches && (await caches.match(NAME, { cacheName: CACHE }));
    } catch {
      return null; // the browser stores nothing
    }
    return response ? response.json().catch(() => ({ owner: UNKNOWN })) : null; // a damaged note counts
  }

  const write = async (note) => (await caches.open(CACHE)).put(NAME, new Response(JSON.stringify(note)));

  const request = (address, options) =>
    fetch(address, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT), ...options });

  /**
   * Store that a session is to be ended: its owner and its end, neither of them secret.
   * If unknown, because the session never opened the desk, it is the current one.
   */
  const add = ({ owner = UNKNOWN, ends } = {}) => write({ owner, ends });

  const clear = () => (self.caches ? caches.delete(CACHE) : false);

  /** Whether a session is still to be ended. */
  const isPending = async () => Boolean((await read())?.owner);

  /** Whether a pending sign-out was finished; true once. */
  async function wasFinished() {
    const isFinished = Boolean((await read())?.is_ended);
    if (isFinished) await clear();
    return isFinished;
  }

  /** End the pending session if the service can be reached. Returns whether none is pending any more. */
  async function finish() {
    if (!(await isPending())) return true;
    return navigator.locks ? navigator.locks.request(CACHE, end) : end(); // one at a time: the next may be another's
  }

  async function end() {
    const pending = await read();
    if (!pending?.owner) return true;
    try {
      const response = await request("/posts/session", { headers: { Accept: "application/json" }, redirect: "error" });
      const isOurs = response.headers.get("Content-Type")?.startsWith("application/problem+json"); // not a portal's
      if (!(isOurs && [401, 403].includes(response.status))) {
        const session = await response.json();
        if (!session.owner) return false;
        const isOther = pending.owner !== UNKNOWN && session.owner !== pending.owner;
        if (isOther || (pending.ends && session.ends_at !== pending.ends)) return await clear(); // a later session
        const body = new URLSearchParams({ csrf_token: session.token });
        const answer = await request("/sign-out", { method: "POST", body, redirect: "manual" });
        if (answer.type !== "opaqueredirect") return false;
      }
    } catch {
      return false; // no connection, or no answer of the service
    }
    await write({ is_ended: true });
    return true;
  }

  return { add, clear, finish, isPending, wasFinished };
})();
