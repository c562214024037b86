// A customer's wallet: shows the codes that the platform issues, renews them in time, also when the page has slept, and
// the points soon after a code was read. Without a network the customer's own device makes the codes.
const ANSWER_MAX_MS = 15_000;
const POLL_MS = 3_000;
// How long after a code was read points may still be given for it, while nobody has to ask.
const GIVEN_MAX_MS = 120_000;
const FAILED = "Failed to generate QR";
const LOST = "Connection error, retry";
const MAYBE_OPEN = "A code may be open all the same. Then it is under “Open codes” on this page.";
const PARTS = ["purse", "rewards", "history"];
const CACHE = "tessera-wallet";

const main = document.getElementById("main");
const part = (id) => document.getElementById(id);
const page = main.dataset;
const shows = (id, is) => { part(id).hidden = !is; };

// The form whose code is shown with that code, what makes codes without a network, what keeps the screen on, and what
// waits for points.
let shown;
let own;
let awake;
let given;

class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? "");
    Object.assign(this, { status, code: problem?.code });
  }
}

// No answer is told apart from a refusal: after it nobody knows what has happened.
const ask = async (path, fields) => {
  // The content network passes a query on, but not what a header accepts.
  const answer = await fetch(fields ? `${path}?as=json` : path, {
    method: fields ? "POST" : "GET", body: fields && new URLSearchParams(fields), cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_MAX_MS),
  });
  const read = await answer.json().catch(() => undefined);
  if (answer.ok && read) return read;
  // Who has signed out, and whose page is older than its forms, gets the page anew.
  if (answer.status === 401 || ["form_expired", "form_not_ours"].includes(read?.code)) location.reload();
  throw new Refused(answer.status, read);
};

const instant = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

// A detail begins in lower case and has no full stop; on a page it is a sentence, and its instants are read by people.
const sentence = (detail) => {
  const text = detail.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => instant.format(new Date(at)));
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;
};

// Puts what has changed into the page: the same markup as a new page has.
const renew = async () => {
  const answer = await fetch(page.self, { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of PARTS) {
    const found = fresh.getElementById(id);
    if (found) part(id).replaceWith(document.adoptNode(found));
  }
  page.version = fresh.getElementById("main")?.dataset.version ?? page.version;
};

const stops = () => {
  clearTimeout(shown?.timer);
  clearTimeout(shown?.poll);
  own?.();
  own = undefined;
  awake?.then((lock) => lock?.release()).catch(() => {});
  awake = undefined;
};

// What the sheet says, and what one can do there.
const tells = (heading, words, { error = "", code = false, again = "" } = {}) => {
  part("sheet-head").textContent = heading;
  part("sheet-words").textContent = words;
  part("sheet-error").textContent = error;
  part("retry").textContent = again || "Retry";
  shows("pass", code);
  shows("sheet-error", Boolean(error));
  shows("retry", Boolean(error || again));
};

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

const isEarning = () => shown.form.dataset.code === "earn";

// A reward's code has simply run out. The platform's time for it began somewhat before ours.
const over = () => {
  stops();
  shown.code = undefined;
  tells("This code is over", "Its time has run out. Its points are yours again.");
  renew().catch(() => {});
};

const tick = () => {
  clearTimeout(shown.timer);
  if (!shown.code) return;
  const { life_s: lifeS, renew_s: renewS } = shown.code;
  const goneS = (Date.now() - shown.began) / 1000;
  // A clock that was set back says nothing; then a new code is the safe answer.
  if (goneS < 0 || goneS >= (renewS ?? lifeS)) {
    if (renewS) {
      // Nobody looks; the next look gets a new one.
      if (!document.hidden) show(shown.form, shown.path);
    } else {
      over();
    }
    return;
  }
  const rest = Math.max(0, Math.round(lifeS - goneS));
  part("left").textContent = clock(rest);
  part("life").value = rest;
  shown.timer = setTimeout(tick, 1000);
};

const finished = ({ awarded, balance }) => {
  stops();
  shown.code = undefined;
  const points = (number) => `${number} ${Math.abs(number) === 1 ? "point" : "points"}`;
  const more = awarded ? `You got ${points(awarded)}. ` : "";
  tells("Success!", `${more}You have ${points(balance)} now.`);
  part("said").textContent = "Your code was read.";
};

// The staff has only learned who is there. Points that are given right after appear by themselves, also on the page
// without the sheet.
const awaits = (mine, version) => {
  stops();
  mine.code = undefined;
  tells("Thank you", "The staff has read your code.");
  const until = Date.now() + GIVEN_MAX_MS;
  const look = async () => {
    if (Date.now() > until) return;
    try {
      const state = document.hidden ? undefined : await ask(page.state);
      if (state && state.version !== version) {
        renew().catch(() => {});
        if (shown === mine && part("sheet").open) finished({ balance: state.balance });
        return;
      }
    } catch { /* The next look may get an answer. */ }
    given = setTimeout(look, POLL_MS);
  };
  clearTimeout(given);
  given = setTimeout(look, POLL_MS);
};

// What is said of a code that is not good any more.
const ended = ({ code, began }) => {
  if (!isEarning() && Date.now() - began >= code.life_s * 1000 - ANSWER_MAX_MS) return over();
  stops();
  shown.code = undefined;
  const why = isEarning() ? "Another screen of yours shows a newer one." : "It was given up. Its points are yours again.";
  tells("This code is over", why, { again: isEarning() ? "Refresh QR Code" : "" });
};

// Looks whether the code was read, as long as somebody looks at it.
const poll = async () => {
  clearTimeout(shown.poll);
  const { code } = shown;
  if (!code || document.hidden) return;
  try {
    const state = await ask(`${page.state}?code=${code.id}`);
    if (shown.code !== code) return;
    if (String(state.version) !== page.version) renew().catch(() => {});
    code.version ??= state.version;
    if (state.code?.state === "used") {
      const isAwaited = isEarning() && state.code.awarded === undefined && state.version === code.version;
      if (isAwaited) awaits(shown, state.version);
      else finished({ awarded: state.code.awarded, balance: state.balance });
      return;
    }
    if (state.code?.state === "expired") {
      ended(shown);
      return;
    }
  } catch { /* The code on the screen is good all the same. */ }
  if (shown.code === code) shown.poll = setTimeout(poll, POLL_MS);
};

const draws = (code) => {
  shown.code = code;
  shown.began = Date.now();
  const svg = new DOMParser().parseFromString(code.svg, "image/svg+xml").documentElement;
  part("code").replaceChildren(document.adoptNode(svg));
  part("life").max = code.life_s;
  shows("life", true);
  part("valid").textContent = `Valid for ${Math.round(code.life_s / 60)} minutes`;
  shows("refresh", isEarning());
  shows("give-up", !isEarning());
  const words = isEarning() ? "Show this to the staff." : "Show this to the staff to get it.";
  tells(isEarning() ? "Earn points" : code.reward, words, { code: true });
  tick();
  poll();
  // The screen stays on while the code is shown, where the device allows that.
  awake ??= navigator.wakeLock?.request("screen").catch(() => { /* The device decides. */ });
};

// The customer's own device makes the codes, until the network is back.
const signs = async () => {
  const [kept, signed, { Drawing }] = await Promise.all([page.kept, page.signed, page.drawingScript].map((path) => import(path)));
  const [place, key] = await Promise.all([kept.placeOf(page.restaurant), kept.keyOf(page.owner)]);
  const { form } = shown;
  if (!place || !key || shown.code) return;
  const drawing = await Drawing.load(page.drawing);
  if (shown.form !== form || shown.code || !part("sheet").open) return;
  const parts = { ...key, key: key.id, customer: place.customer, restaurant: page.restaurant, aheadMs: place.aheadMs };
  for (const id of ["life", "refresh", "give-up"]) shows(id, false);
  part("valid").textContent = "Made by this phone, a new one every 30 seconds";
  tells("Earn points", "There is no network. Show this to the staff.", { error: LOST, code: true });
  own?.();
  own = signed.showSigned(drawing, parts, part("code"), {
    left: (seconds) => { part("left").textContent = `${seconds} s`; },
    failed: () => tells("Earn points", "", { error: LOST }),
  });
};

const fails = (error) => {
  const heading = isEarning() ? "Earn points" : "No code";
  const isRefused = error instanceof Refused && error.status < 500;
  const words = isEarning() || isRefused ? "" : MAYBE_OPEN;
  if (error instanceof Refused) {
    tells(heading, words, { error: isRefused && error.message ? sentence(error.message) : FAILED });
    return;
  }
  tells(heading, words, { error: LOST });
  if (isEarning() && page.drawing) signs().catch(() => { /* It is told already. */ });
};

// The path is that of the button, where one form has several.
const show = async (form, path) => {
  if (shown) stops();
  const mine = { form, path };
  shown = mine;
  const sheet = part("sheet");
  if (!sheet.open) sheet.showModal();
  tells("One moment…", "");
  try {
    const code = await ask(path, new FormData(form));
    if (shown === mine && sheet.open) draws(code);
  } catch (error) {
    if (shown === mine && sheet.open) fails(error);
  } finally {
    // A reward's code holds points, also if nobody has waited for it, or its answer was lost.
    if (form.dataset.code !== "earn") renew().catch(() => {});
  }
};

const givesUp = async (form) => {
  const { code } = shown;
  if (!code) return;
  try {
    await ask(form.action, { csrf: page.csrf, hold: code.id });
    shown.code = undefined;
    part("sheet").close();
    part("said").textContent = "The code was given up. Its points are yours again.";
    await renew();
  } catch (error) {
    const words = error instanceof Refused && error.message ? sentence(error.message) : LOST;
    part("sheet-error").textContent = words;
    shows("sheet-error", true);
  }
};

// What is needed without a network: a key that only this browser has, and the page's shell.
const prepares = async () => {
  const { keyOf, keepKey, keepPlace, keepsForOthers, forget } = await import(page.kept);
  // Whoever had this browser before shows no codes any more.
  if (await keepsForOthers(page.owner)) await forget();
  const enrolled = page.keys.split(" ");
  const before = await keyOf(page.owner);
  if (!before || !enrolled.includes(before.id)) {
    const { pair, publicKey } = await (await import(page.signed)).newKey();
    const { key_id: id } = await ask(page.enrol, { csrf: page.csrf, public_key: publicKey });
    await keepKey(page.owner, { id, pair });
  }
  const aheadMs = Number(page.now) - performance.timeOrigin - performance.getEntriesByType("navigation")[0].responseStart;
  await keepPlace(page.restaurant, { owner: page.owner, customer: page.customer, name: page.name, aheadMs: Math.round(aheadMs) });
  await navigator.serviceWorker.register(page.worker, { scope: "/wallet/" });
  const cache = await caches.open(CACHE);
  const wanted = [page.shell, ...page.files.split(" ")];
  const kept = (await cache.keys()).map(({ url }) => new URL(url).pathname);
  await cache.addAll(wanted.filter((path) => path === page.shell || !kept.includes(path)));
  await Promise.all(kept.filter((path) => !wanted.includes(path)).map((path) => cache.delete(path)));
  shows("without-network", true);
};

const forgets = async () => {
  await (await import(page.kept)).forget();
  await caches?.delete(CACHE);
};

const submits = (event) => {
  const form = event.target;
  if (form.dataset.code) {
    event.preventDefault();
    show(form, event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action);
  } else if (form.id === "give-up") {
    event.preventDefault();
    givesUp(form);
  } else if (form.id === "sign-out") {
    event.preventDefault();
    forgets().catch(() => {}).finally(() => form.submit());
  }
};

const begin = () => {
  document.addEventListener("submit", submits);
  part("refresh").addEventListener("click", () => show(shown.form, shown.path));
  part("retry").addEventListener("click", () => show(shown.form, shown.path));
  part("close").addEventListener("click", () => part("sheet").close());
  part("sheet").addEventListener("close", () => {
    stops();
    if (shown) shown.code = undefined;
    part("code").replaceChildren();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !part("sheet").open || !shown?.code) return;
    tick();
    poll();
  });
  addEventListener("online", () => { if (own) show(shown.form, shown.path); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
};

if (page.door !== undefined) {
  // Nobody has signed in here, so nobody shows codes here.
  forgets().catch(() => {});
} else {
  begin();
  const can = isSecureContext && page.drawing && navigator.serviceWorker && crypto.subtle;
  const prepared = can ? prepares().catch(() => { /* With a network all of it works. */ }) : Promise.resolve();
  prepared.finally(() => { document.body.dataset.ready = "yes"; });
}
