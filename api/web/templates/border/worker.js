// Opens the desk without a connection. It stores files and pages without data, and no records.
importScripts({{ sign_out | tojson }});
const FILES = {{ files | tojson }};
const DECODER = {{ decoder | tojson }};
const SIGNED_OUT = {{ signed_out | tojson }};
const BUILT_OF = {{ folder | tojson }};  // in the pages of this version only
const FILE_CACHE = "post-desk-files-{{ version }}";
const PAGE_CACHE = "post-desk-pages-{{ version }}";
const PATIENCE = 8000;
const DESK = /^\/posts\/[a-z0-9_-]+\/desk(\/|$)/;

const shellOf = (path) => `${path.split("/").slice(0, 4).join("/")}/offline`;

self.addEventListener("install", (event) => {
  event.waitUntil(install().then(() => self.skipWaiting()));
});

async function install() {
  const wanted = "BarcodeDetector" in self ? FILES : [...FILES, DECODER];
  await (await caches.open(FILE_CACHE)).addAll(wanted);
  for (const address of await pagesOfFormerVersions()) {
    if ((await store(address)) === false) throw new Error("a page could not be fetched: the older version stays");
  }
  if (!(await store(SIGNED_OUT))) throw new Error("the page for a pending sign-out is missing");
}

/** The pages that older versions stored, to be fetched again. */
async function pagesOfFormerVersions() {
  const names = (await caches.keys()).filter((name) => name.startsWith("post-desk-pages") && name !== PAGE_CACHE);
  const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return new Set(requests.flat().map(({ url }) => new URL(url).pathname));
}

const GONE = [403, 404, 410];

/** Store a page of this version. Returns whether it was, and null if the account may not see it (any more). */
async function store(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
  const isOurs = answer.ok && !answer.redirected && (await answer.clone().text()).includes(BUILT_OF);
  if (isOurs) await (await caches.open(PAGE_CACHE)).put(address, answer);
  return isOurs || (answer.redirected || GONE.includes(answer.status) ? null : false);
}

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("post-desk-") && ![FILE_CACHE, PAGE_CACHE].includes(name))
        .map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// A page was opened with a connection: the offline pages are renewed, in its language.
self.addEventListener("message", (event) => {
  if (event.data?.renew) event.waitUntil(renew(event.data.renew, event.ports[0]));
});

async function renew(path, port) {
  let is_stored = false;
  try {
    is_stored = (await store(SIGNED_OUT)) && (await store(shellOf(path)));
  } finally {
    port?.postMessage({ is_stored });
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(opened(request, address.pathname));
  else if ([...FILES, DECODER].includes(address.pathname + address.search)) event.respondWith(file(request));
});

// The browser is online again: a pending sign-out is finished, even with no page open.
self.addEventListener("sync", (event) => event.waitUntil(end()));

async function end() {
  if (!(await self.signOut.finish())) throw new Error("the service did not answer: the browser asks again");
}

/** A page; a pending sign-out is finished before any is shown. */
async function opened(request, path) {
  if (path === SIGNED_OUT) return signedOut(request);
  if (!(await self.signOut.finish())) return signedOut();
  return DESK.test(path) ? page(request, path) : fetch(request);
}

const signedOut = async (request = SIGNED_OUT) => (await (await caches.open(PAGE_CACHE)).match(SIGNED_OUT)) ?? fetch(request);

async function page(request, path) {
  let answer, failed;
  try {
    answer = await Promise.race([fetch(request), new Promise((_, no) => setTimeout(no, PATIENCE))]);
    if (![502, 503, 504].includes(answer.status)) return answer;
  } catch (error) {
    failed = error;
  }
  const shell = await (await caches.open(PAGE_CACHE)).match(shellOf(path));
  if (shell) return shell;
  if (answer) return answer;
  throw failed;
}

// Each file has its version in its address, so the stored one is the requested one.
async function file(request) {
  return (await (await caches.open(FILE_CACHE)).match(request)) ?? fetch(request);
}
