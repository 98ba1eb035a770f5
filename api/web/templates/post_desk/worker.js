// Opens the desk without a line. It keeps files and a page without data, and nothing that anybody recorded.
const VERSION = "post-desk-{{ version }}";
const FILES = {{ files | tojson }};
const DECODER = {{ decoder | tojson }};
const pathOf = (address) => address.split("?")[0];  // scripts import each other without a version
const PATHS = [...FILES, DECODER].map(pathOf);
const PAGES = "post-desk-pages";
const PATIENCE = 8000;
const DESK = /^\/posts\/[a-z0-9_-]+\/desk(\/|$)/;

const shellOf = (path) => `${path.split("/").slice(0, 4).join("/")}/offline`;

self.addEventListener("install", (event) => {
  const wanted = "BarcodeDetector" in self ? FILES : [...FILES, DECODER];
  event.waitUntil(
    caches.open(VERSION).then((cache) => cache.addAll(wanted)).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => ![VERSION, PAGES].includes(name))
        .filter((name) => name.startsWith("post-desk-")).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// The page tells that it was opened with a line: the page without one is renewed, in its language.
self.addEventListener("message", (event) => {
  if (event.data?.renew) event.waitUntil(renew(event.data.renew, event.ports[0]));
});

async function renew(path, port) {
  let is_kept = false;
  try {
    const answer = await fetch(shellOf(path), { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      await (await caches.open(PAGES)).put(shellOf(path), answer);
      is_kept = true;
    }
  } finally {
    port?.postMessage({ is_kept });
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate" && DESK.test(address.pathname)) {
    event.respondWith(page(request, address.pathname));
  } else if (PATHS.includes(address.pathname)) {
    event.respondWith(file(request));
  }
});

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

// The service's own while there is a line, so that no page runs scripts of another version.
async function file(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await (await caches.open(VERSION)).match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}
