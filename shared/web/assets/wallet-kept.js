// What a wallet keeps in the browser for a time without a network: the customer's key, which never leaves it, and for
// each restaurant whose wallet was opened who shows a code there. No points, no codes.
const NAME = "tessera-wallet";
const VERSION = 1;
const KEYS = "keys";
const PLACES = "places";

const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const opened = () => {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    for (const store of [KEYS, PLACES]) request.result.createObjectStore(store);
  };
  return asked(request);
};

const inStore = async (store, mode, work) => {
  const database = await opened();
  try {
    return await asked(work(database.transaction(store, mode).objectStore(store)));
  } finally {
    database.close();
  }
};

// The key of a customer: `{ id, pair }`.
export const keyOf = (customer) => inStore(KEYS, "readonly", (keys) => keys.get(customer));
export const keepKey = (customer, key) => inStore(KEYS, "readwrite", (keys) => keys.put(key, customer));

// Who shows a code at a restaurant: `{ owner, customer, name, aheadMs }`; `owner` names the key.
export const placeOf = (restaurant) => inStore(PLACES, "readonly", (places) => places.get(restaurant));
export const keepPlace = (restaurant, place) => inStore(PLACES, "readwrite", (places) => places.put(place, restaurant));

// Whether anything is kept for another customer than this one.
export const keepsForOthers = async (owner) => {
  const owners = await inStore(KEYS, "readonly", (keys) => keys.getAllKeys());
  const places = await inStore(PLACES, "readonly", (kept) => kept.getAll());
  return owners.some((of) => of !== owner) || places.some((place) => place.owner !== owner);
};

// Forgets all of it: whoever has signed out shows no codes.
export const forget = async () => {
  await inStore(KEYS, "readwrite", (keys) => keys.clear());
  await inStore(PLACES, "readwrite", (places) => places.clear());
};
