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
    let asked;
    transaction.oncomplete = () => done(asked?.result);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
    try {
      asked = run(transaction.objectStore(store));
    } catch (error) {
      failed(error);
      transaction.abort(); // of several changes none is made
    }
  });
}

export const put = (store, value) => work(store, "readwrite", (place) => place.put(value));
export const get = (store, key) => work(store, "readonly", (place) => place.get(key));
/** All but what stands aside of an entry, behind its place. */
export const all = (store) => work(store, "readonly", (place) => place.getAll(IDBKeyRange.lowerBound(0)));
export const remove = (store, key) => work(store, "readwrite", (place) => place.delete(key));
export const clear = (store) => work(store, "readwrite", (place) => place.clear());

/** What stands aside of an entry: large, and read where it is needed alone. */
export const getAside = (place) => get("entries", -place);

/** Put an entry with what stands aside of it, and take others away, with theirs: all of it or nothing. Gives its place. */
export const exchange = (row, aside, ...gone) => work("entries", "readwrite", (entries) => {
  const asked = entries.put(row);
  if (aside) asked.onsuccess = () => entries.put({ ...aside, place: -asked.result });
  for (const one of gone) entries.delete(one);
  return asked;
});

/** Take an entry away, with what stands aside of it. */
export const removeWhole = (place) => work("entries", "readwrite", (entries) => {
  entries.delete(place);
  return entries.delete(-place);
});
