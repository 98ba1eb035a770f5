// Opens the desk without a line. It keeps files and pages without data, and nothing that anybody recorded.
importScripts({{ left | tojson }});
const FILES = {{ files | tojson }};
const DECODER = {{ decoder | tojson }};
const SIGNED_OUT = {{ signed_out | tojson }};
const BUILT_OF = {{ folder | tojson }};  // stands in each page that is of this version, and in no other
const KEPT = "post-desk-files-{{ version }}";
const PAGES = "post-desk-pages-{{ version }}";
const PATIENCE = 8000;
const DESK = /^\/posts\/[a-z0-9_-]+\/desk(\/|$)/;

const shellOf = (path) => `${path.split("/").slice(0, 4).join("/")}/offline`;

self.addEventListener("install", (event) => {
  event.waitUntil(install().then(() => self.skipWaiting()));
});

async function install() {
  const wanted = "BarcodeDetector" in self ? FILES : [...FILES, DECODER];
  await (await caches.open(KEPT)).addAll(wanted);
  for (const address of await keptBefore()) {
    if ((await keep(address)) === false) throw new Error("a page does not come: the older version stays until it does");
  }
  if (!(await keep(SIGNED_OUT))) throw new Error("who signed out is told so: not without this page");
}

/** The pages that an older version keeps: each is fetched anew, with the files that it needs. */
async function keptBefore() {
  const names = (await caches.keys()).filter((name) => name.startsWith("post-desk-pages") && name !== PAGES);
  const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return new Set(kept.flat().map(({ url }) => new URL(url).pathname));
}

const GONE = [403, 404, 410];

/** Keep a page, if it is of this version. Gives whether it was, and null where nobody who is signed in has it (any more). */
async function keep(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
  const isOurs = answer.ok && !answer.redirected && (await answer.clone().text()).includes(BUILT_OF);
  if (isOurs) await (await caches.open(PAGES)).put(address, answer);
  return isOurs || (answer.redirected || GONE.includes(answer.status) ? null : false);
}

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("post-desk-") && ![KEPT, PAGES].includes(name))
        .map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// The page tells that it was opened with a line: the pages without one are renewed, in its language.
self.addEventListener("message", (event) => {
  if (event.data?.renew) event.waitUntil(renew(event.data.renew, event.ports[0]));
});

async function renew(path, port) {
  let is_kept = false;
  try {
    is_kept = (await keep(SIGNED_OUT)) && (await keep(shellOf(path)));
  } finally {
    port?.postMessage({ is_kept });
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(opened(request, address.pathname));
  else if ([...FILES, DECODER].includes(address.pathname + address.search)) event.respondWith(file(request));
});

// The browser tells that there is a line: a session that was signed out is ended, though no page is open.
self.addEventListener("sync", (event) => event.waitUntil(end()));

async function end() {
  if (!(await self.left.settle())) throw new Error("the service did not answer: the browser asks again");
}

/** A page; before any, a session that was signed out here is ended. */
async function opened(request, path) {
  if (path === SIGNED_OUT) return signedOut(request);
  if (!(await self.left.settle())) return signedOut();
  return DESK.test(path) ? page(request, path) : fetch(request);
}

const signedOut = async (request = SIGNED_OUT) => (await (await caches.open(PAGES)).match(SIGNED_OUT)) ?? fetch(request);

async function page(request, path) {
  let answer, failed;
  try {
    answer = await Promise.race([fetch(request), new Promise((_, no) => setTimeout(no, PATIENCE))]);
    if (![502, 503, 504].includes(answer.status)) return answer;
  } catch (error) {
    failed = error;
  }
  const shell = await (await caches.open(PAGES)).match(shellOf(path));
  if (shell) return shell;
  if (answer) return answer;
  throw failed;
}

// Each file has its version in its address: what is kept is what is asked for.
async function file(request) {
  return (await (await caches.open(KEPT)).match(request)) ?? fetch(request);
}
