// The business page: who is at the till, and which parts of the page there are. Without a network it is the device that
// counts, so the page is drawn the same for everybody and begins here.
const { business, signedIn, ...addresses } = document.getElementById("main").dataset;
const [{ Store }, { Calls, Refused, Unreachable }, words, { Till }, { Shelf }, { Lines }] = await Promise.all(
  [addresses.store, addresses.calls, addresses.words, addresses.till, addresses.shelf, addresses.lines].map((path) => import(path)));
const { byId, once, refusal, show } = words;

const PROBE_MS = 5_000;
const CACHE = "tessera-business";

const store = await Store.open(business);
const device = await store.fact("device");
const calls = new Calls(business, device);
const isOpen = Boolean(device || signedIn);

// Whether the last call has arrived. A browser's word that there is no network is believed; its word that there is one
// is tried.
const network = {
  up: navigator.onLine,
  set(up) {
    if (this.up === up && byId("network").dataset.told) return;
    this.up = up;
    const tag = byId("network");
    tag.dataset.told = "yes";
    tag.className = `tag ${up ? "fine" : "wait"}`;
    tag.textContent = up ? "Online" : "No network";
    this.changed();
  },
  changed() {},
};

const failed = (id, error) => {
  const { word, advice } = error instanceof Refused ? refusal(error.code, error.message)
    : { word: "There is no answer.", advice: "Look whether there is a network, and try again." };
  byId(id).textContent = error.status === 401 && id === "sign-in-error" ? "The API key is not valid. Compare it, and try again."
    : `${word.replace(/[.?!]?$/, ".")} ${advice}`;
  show(byId(id));
  if (!(error instanceof Refused || error instanceof Unreachable)) console.warn(error);
};

const form = (id, error, work) => byId(id).addEventListener("submit", (event) => {
  event.preventDefault();
  const pressed = event.target.querySelector("button[type=submit]");
  once(pressed, async () => {
    show(byId(error), false);
    try { await work(); } catch (problem) { failed(error, problem); }
  });
});

const enrol = async (code) => {
  const made = await calls.enrol(code);
  const { device_id: id, authorization, business: of, tenant } = made;
  if (of.business_id !== business) {
    // The secret is kept where it belongs.
    const other = await Store.open(of.business_id);
    await other.keep("device", { id, authorization, business: of, tenant });
    location.assign(`/business/${encodeURIComponent(of.business_id)}`);
    return;
  }
  await store.keep("device", { id, authorization, business: of, tenant });
  location.reload();
};

// A code in the address enrols only when somebody presses the button, and does not stay in the address.
const invited = new URLSearchParams(location.hash.slice(1)).get("enrol");
if (invited) {
  history.replaceState(null, "", location.pathname);
  byId("enrol-code").value = invited;
}

let key = crypto.randomUUID();
form("enrol", "enrol-error", () => enrol(byId("enrol-code").value));
form("sign-in", "sign-in-error", async () => {
  await calls.signIn(byId("api-key").value.trim());
  location.reload();
});
form("invite", "invite-error", async () => {
  const { code } = await calls.invite(byId("device-name").value.trim(), key);
  key = crypto.randomUUID();
  await enrol(code);
});
byId("sign-out").addEventListener("click", () => once(byId("sign-out"), async () => {
  await calls.signOut();
  location.reload();
}));

if (device) {
  byId("owner").textContent = device.business.name;
  document.title = `${device.business.name} · Redeem vouchers`;
}
show(byId("door"), !isOpen);
show(byId("enrolment"), !isOpen || Boolean(invited));
show(byId("sign-out"), Boolean(signedIn));
show(byId("invitation"), Boolean(signedIn) && !device);
show(byId("counter"), isOpen);
if (invited) byId("enrol-code").focus();

// The page and its files stay for a reload without a network: as somebody who has not signed in sees it.
const keepShell = async () => {
  if (!navigator.serviceWorker || !globalThis.caches) return false;
  await navigator.serviceWorker.register(addresses.worker, { scope: "/business/", updateViaCache: "none" });
  const cache = await caches.open(CACHE);
  const wanted = [addresses.stylesheet, ...document.querySelector("#main").dataset.files.split(" ")].filter(Boolean);
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/assets/") && !wanted.includes(pathname)) await cache.delete(request);
  }
  for (const path of wanted) if (!(await cache.match(path))) await cache.add(path);
  const page = await fetch(location.pathname, { credentials: "omit", cache: "no-store" });
  if (page.ok) await cache.put(location.pathname, page);
  return true;
};

if (isOpen) {
  const shelf = new Shelf({ store, calls, network, words, device, addresses });
  const lines = new Lines({ calls, words, network, shelf, store });
  network.changed = () => lines.draw();
  shelf.sent = () => lines.refresh();
  const till = new Till({ store, calls, network, words, shelf, lines, addresses, Refused, Unreachable });
  await shelf.open();
  await till.open();
  const turn = async () => {
    await shelf.refresh();
    if (network.up) await lines.refresh();
  };
  addEventListener("online", turn);
  addEventListener("offline", () => { network.set(false); shelf.draw(); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") turn(); });
  setInterval(() => { if (!network.up) turn(); else shelf.tick(); }, PROBE_MS);
  network.set(navigator.onLine);
  // Somebody may look at a code before the list is here.
  document.body.dataset.ready = "yes";
  await turn();
  const stays = await keepShell().catch(async () => Boolean(await globalThis.caches?.match(location.pathname)));
  byId("stays").textContent = stays ? "This page can be loaded again without a network."
    : "Leave this page open while there is no network: it cannot be loaded again without one.";
  byId("stays").dataset.stays = stays ? "yes" : "no";
} else {
  network.set(navigator.onLine);
  document.body.dataset.ready = "yes";
}
