// What the device keeps, in IndexedDB: sealed entries, sealed pages, and the key of who is signed in.
const NAME = "salsa-post-desk";
let opening;

function open() {
  opening ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("entries", { keyPath: "place", autoIncrement: true });
      asked.result.createObjectStore("pages", { keyPath: "name" });
      asked.result.createObjectStore("keys", { keyPath: "owner" });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opening;
}

async function work(store, mode, run) {
  const opened = await open();
  return new Promise((done, failed) => {
    // strict: it is on the disk before anybody is told that it is kept
    const transaction = opened.transaction(store, mode, { durability: "strict" });
    const asked = run(transaction.objectStore(store));
    transaction.oncomplete = () => done(asked?.result);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

export const put = (store, value) => work(store, "readwrite", (place) => place.put(value));
export const get = (store, key) => work(store, "readonly", (place) => place.get(key));
export const all = (store) => work(store, "readonly", (place) => place.getAll());
export const remove = (store, key) => work(store, "readwrite", (place) => place.delete(key));
export const clear = (store) => work(store, "readwrite", (place) => place.clear());
