// IndexedDB of the device: encrypted entries and pages, and the key of the signed-in account.
const NAME = "salsa-post-desk";
const VERSION = 2;
let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const name of [...request.result.objectStoreNames]) request.result.deleteObjectStore(name);
      request.result.createObjectStore("entries", { keyPath: "place", autoIncrement: true });
      request.result.createObjectStore("pages", { keyPath: "name" });
      request.result.createObjectStore("keys", { keyPath: "owner" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function run(name, mode, operation) {
  const database = await open();
  return new Promise((resolve, reject) => {
    // strict: it is on the disk before the officer reads that it is stored
    const transaction = database.transaction(name, mode, { durability: "strict" });
    let request;
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
    try {
      request = operation(transaction.objectStore(name));
    } catch (error) {
      reject(error);
      transaction.abort(); // all changes or none
    }
  });
}

export const put = (name, value) => run(name, "readwrite", (store) => store.put(value));
export const get = (name, key) => run(name, "readonly", (store) => store.get(key));
/** All rows but photographs, which have negative places. */
export const all = (name) => run(name, "readonly", (store) => store.getAll(IDBKeyRange.lowerBound(0)));
export const remove = (name, key) => run(name, "readwrite", (store) => store.delete(key));
export const clear = (name) => run(name, "readwrite", (store) => store.clear());

/** The photograph of an entry: large, so it is read only where it is needed. */
export const getPhoto = (place) => get("entries", -place);

/** Write an entry with its photograph and delete others, in one transaction. Returns its place. */
export const putEntry = (row, photo, ...removed) => run("entries", "readwrite", (entries) => {
  const request = entries.put(row);
  if (photo) request.onsuccess = () => entries.put({ ...photo, place: -request.result });
  for (const place of removed) entries.delete(place);
  return request;
});

/** Delete an entry with its photograph. */
export const removeEntry = (place) => run("entries", "readwrite", (entries) => {
  entries.delete(place);
  return entries.delete(-place);
});
