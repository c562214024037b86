// The page of a restaurant's staff: who has signed in, and for what there are points here. What happens at the counter is
// in a module of its own.
const { restaurant, ...addresses } = document.getElementById("main").dataset;
const [calls, words, { Scanner, signal }, { Counter }] = await Promise.all(
  [addresses.calls, addresses.words, addresses.scanner, addresses.counter].map((path) => import(path)));
const { ask, Refused, Unreachable } = calls;
const { byId, once, sentence, show } = words;

const MUTED = "tessera-muted";
// Set where somebody has signed in on this page: nobody else's browser asks for what it would be refused.
const SIGNED_IN = "tessera-staff-signed-in";
const NO_ANSWER = "Connection error, retry";

// What a browser may keep, where it lets us.
const kept = {
  read: (store, name) => { try { return globalThis[store].getItem(name); } catch { return null; } },
  write: (store, name, text) => { try { globalThis[store].setItem(name, text); } catch { /* It is kept until the page goes. */ } },
  drop: (store, name) => { try { globalThis[store].removeItem(name); } catch { /* Nothing was kept. */ } },
};

const sound = {
  get on() { return byId("mute").getAttribute("aria-pressed") !== "true"; },
  set on(wanted) {
    byId("mute").setAttribute("aria-pressed", String(!wanted));
    kept.write("localStorage", MUTED, wanted ? "no" : "yes");
  },
};
if (kept.read("localStorage", MUTED) === "yes") sound.on = false;
byId("mute").addEventListener("click", () => { sound.on = !sound.on; });

const counter = new Counter({
  restaurant, ask, words, kept, NO_ANSWER, Refused, Unreachable,
  scanner: new Scanner({ reader: addresses.reader, module: addresses.module }),
  signal: (good) => signal(good, sound.on),
  signedOut: () => door("Your session has ended. Sign in again; what waits for an answer is kept."),
});

const wrong = (text = "") => {
  byId("sign-in-error").textContent = text;
  show(byId("sign-in-error"), Boolean(text));
};

// Nothing but signing in.
const door = (text) => {
  kept.drop("localStorage", SIGNED_IN);
  counter.close();
  show(byId("sign-out"), false);
  show(byId("door"));
  wrong(text);
  byId("api-key").focus();
};

const enter = async () => {
  const { read } = await ask("GET", `/staff/${encodeURIComponent(restaurant)}/programme`);
  byId("owner").textContent = read.restaurant;
  document.title = `${read.restaurant} · Scan Customer QR`;
  show(byId("door"), false);
  show(byId("sign-out"));
  kept.write("localStorage", SIGNED_IN, "yes");
  counter.open(read);
};

// What somebody with a key reads who may not work here.
const refused = (error) => {
  if (error instanceof Unreachable) return NO_ANSWER;
  if (!(error instanceof Refused)) throw error;
  if (error.status === 404) return "This key is not for this restaurant, or there is no such restaurant. Sign in with another one.";
  return `${sentence(error.message)} Sign in with another one.`;
};

byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  once(event.target.querySelector("button"), async () => {
    wrong();
    try {
      await ask("POST", "/session", { body: { api_key: byId("api-key").value.trim() } });
      byId("api-key").value = "";
    } catch (error) {
      wrong(error.status === 401 ? "The API key is not valid. Compare it, and try again." : refused(error));
      return;
    }
    await enter().catch((error) => wrong(refused(error)));
  });
});

byId("sign-out").addEventListener("click", () => once(byId("sign-out"), async () => {
  await ask("DELETE", "/session").catch(() => {});
  kept.drop("localStorage", SIGNED_IN);
  location.reload();
}));

const begin = async () => {
  if (kept.read("localStorage", SIGNED_IN) !== "yes") {
    door();
    return;
  }
  try {
    await enter();
  } catch (error) {
    if (error instanceof Unreachable) counter.unreachable(begin);
    else door(error.status === 401 ? "" : refused(error));
  }
};
await begin();
document.body.dataset.ready = "yes";
