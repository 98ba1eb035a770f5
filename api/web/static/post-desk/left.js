// A session that was signed out without a line: the device remembers it, and ends it at the service first of all.
// Neither imports nor exports: the worker runs it as a script, and pages as a module.
self.left = (() => {
  const CACHE = "salsa-signed-out";
  const NAME = "/signed-out/held";
  const PATIENCE = 10_000;

  const UNKNOWN = "?";

  async function held() {
    let kept;
    try {
      kept = self.caches && (await caches.match(NAME, { cacheName: CACHE }));
    } catch {
      return null; // the browser keeps nothing
    }
    return kept ? kept.json().catch(() => ({ owner: UNKNOWN })) : null; // a mark that is damaged is one
  }

  const put = async (said) => (await caches.open(CACHE)).put(NAME, new Response(JSON.stringify(said)));

  const ask = (address, how) => fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...how });

  /**
   * Remember that a session is to be ended: whose and until when it lasts, neither of which opens anything.
   * Where this is not known, since the session never opened the desk, it is the one that stands.
   */
  const mark = ({ owner = UNKNOWN, ends } = {}) => put({ owner, ends });

  const forget = () => (self.caches ? caches.delete(CACHE) : false);

  /** Whether a session waits to be ended. */
  const waits = async () => Boolean((await held())?.owner);

  /** Whether one that waited was ended; told once. */
  async function ended() {
    const is = Boolean((await held())?.is_ended);
    if (is) await forget();
    return is;
  }

  /** End the session that waits, where there is a line. Gives whether none waits any more. */
  async function settle() {
    if (!(await waits())) return true;
    return navigator.locks ? navigator.locks.request(CACHE, end) : end(); // one at a time: the next may be another's
  }

  async function end() {
    const waiting = await held();
    if (!waiting?.owner) return true;
    try {
      const standing = await ask("/posts/session", { headers: { Accept: "application/json" }, redirect: "error" });
      const isOurs = standing.headers.get("Content-Type")?.startsWith("application/problem+json"); // not a portal's
      if (!(isOurs && [401, 403].includes(standing.status))) {
        const said = await standing.json();
        if (!said.owner) return false;
        const isAnother = waiting.owner !== UNKNOWN && said.owner !== waiting.owner;
        if (isAnother || (waiting.ends && said.ends_at !== waiting.ends)) return await forget(); // another one by now
        const body = new URLSearchParams({ csrf_token: said.token });
        const answer = await ask("/sign-out", { method: "POST", body, redirect: "manual" });
        if (answer.type !== "opaqueredirect") return false;
      }
    } catch {
      return false; // no line, or nothing that the service said
    }
    await put({ is_ended: true });
    return true;
  }

  return { ended, forget, mark, settle, waits };
})();
