// The tip page, made quicker: it counts the scan, sends the tip at once, and opens the payment inside the page where the
// tenant wants that. Without this script the form leads to a page that repeats the tip and sends it.
const place = document.querySelector("[data-token]");
const token = place?.dataset.token;

// A page that is drawn in advance is no visit yet.
const count = () => {
  const report = JSON.stringify({ referrer: document.referrer.slice(0, 500) });
  navigator.sendBeacon(`/g/${token}/scan`, new Blob([report], { type: "application/json" }));
};
if (place && "counts" in place.dataset) {
  if (document.prerendering) document.addEventListener("prerenderingchange", count, { once: true });
  else count();
}

const SIGNS = { GHS: ["gh₵", "ghs", "₵"], KES: ["kshs", "ksh", "kes"], NGN: ["naira", "ngn", "₦", "n"],
  USD: ["us$", "usd", "$"], ZAR: ["zar", "r"] };
const GROUPED = /^(\d+|\d{1,3}(?:([, \u00a0\u2009\u202f])\d{3})(?:\2\d{3})*)(?:\.(\d+))?$/;

// The minor units of a typed amount, by the rules that the server has; a text for a person when it is none.
export const minorUnits = (typed, currency, digits) => {
  let text = typed.trim().toLowerCase();
  for (const sign of SIGNS[currency] ?? []) {
    if (text.startsWith(sign)) { text = text.slice(sign.length).trim(); break; }
    if (text.endsWith(sign)) { text = text.slice(0, -sign.length).trim(); break; }
  }
  if (text === "") return "Enter an amount.";
  const parts = GROUPED.exec(text);
  if (!parts) return "Write the amount in digits, for example 1,000 or 1,000.50.";
  const decimals = parts[3] ?? "";
  if (decimals.length > digits) return "An amount has at most two digits after the point.";
  const minor = Number(parts[1].replace(/\D/g, "") + decimals.padEnd(digits, "0"));
  return Number.isSafeInteger(minor) ? minor : "This amount is too large.";
};

// One tip has one key, also after a reload: it is thrown away when the outcome is known. Storage may be forbidden.
const store = {
  read: (name) => { try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; } },
  write: (name, value) => { try { sessionStorage.setItem(name, JSON.stringify(value)); } catch { /* kept in memory */ } },
  drop: (name) => { try { sessionStorage.removeItem(name); } catch { /* nothing was kept */ } },
};
const randomKey = () => crypto.randomUUID?.() ??
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const wait = (seconds) => new Promise((resume) => { setTimeout(resume, seconds * 1000); });

// Paystack's script, asked for once: it opens the payment inside this page. Nothing where it does not come.
let popups;
const loadPopup = (address) => popups ??= new Promise((resolve) => {
  const script = document.createElement("script");
  script.src = address;
  script.onload = () => resolve(window.PaystackPop ?? null);
  script.onerror = () => resolve(null);
  document.head.append(script);
});
// Seconds that the patron waits for the script, and then for the first word of the payment's frame.
const SCRIPT_MAX_S = 8;
const FRAME_MAX_S = 20;

// Leads to the payment of a tip that is there: inside this page, or at Paystack's own where that cannot be. What the
// payment says about its outcome is not believed: our own page tells what has become of the tip.
const pay = async ({ tip_id, access_code, authorization_url }, address) => {
  const leave = () => { location.assign(authorization_url); };
  const inside = address && access_code;
  const Popup = inside ? await Promise.race([loadPopup(address), wait(SCRIPT_MAX_S)]) : null;
  if (!Popup) { leave(); return; }
  const ask = () => { location.assign(`/tips/${tip_id}/status`); };
  // A frame that was blocked never says a word, and nobody can have paid in it.
  const silence = setTimeout(leave, FRAME_MAX_S * 1000);
  const { origin } = new URL(authorization_url);
  addEventListener("message", (event) => { if (event.origin === origin) clearTimeout(silence); });
  try {
    new Popup().resumeTransaction(access_code, { onSuccess: ask, onCancel: ask, onError: ask });
  } catch {
    clearTimeout(silence);
    leave();
  }
};

const form = place?.tagName === "FORM" ? place : null;
if (form) enhance(form);

function enhance(form) {
  const { currency, digits, inline } = form.dataset;
  const name = `tip:${token}`;
  const button = form.querySelector("button");
  const label = button.textContent;
  const progress = document.getElementById("progress");
  const summary = document.getElementById("errors");
  let kept = store.read(name);
  let busy = false;

  const rest = (text = "") => {
    busy = false;
    button.disabled = false;
    button.textContent = label;
    progress.textContent = text;
  };

  // What is wrong, beside its field and in the list above; a text for no field stands in the list alone.
  const show = (errors) => {
    for (const line of form.querySelectorAll(".error")) { line.hidden = true; line.textContent = ""; }
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    const list = summary.querySelector("ul");
    list.replaceChildren();
    for (const { field, text } of errors) {
      const item = list.appendChild(document.createElement("li"));
      const line = field && document.getElementById(`${field}-error`);
      if (!line) { item.textContent = text; continue; }
      line.textContent = text;
      line.hidden = false;
      if (field !== "amount") document.getElementById(field).setAttribute("aria-invalid", "true");
      const folded = line.closest("details");
      if (folded) folded.open = true;
      const link = item.appendChild(document.createElement("a"));
      link.href = `#${field}`;
      link.textContent = text;
    }
    summary.hidden = errors.length === 0;
    if (errors.length) summary.focus();
  };

  const chosen = () => {
    const amount = form.elements.amount.value;
    const typed = form.elements.custom.value.trim();
    if (amount && amount !== "other") return { amount: Number(amount) };
    if (!typed) return { field: amount ? "custom" : "amount", text: "Choose an amount, or type one." };
    const minor = minorUnits(typed, currency, Number(digits));
    return typeof minor === "number" ? { amount: minor } : { field: "custom", text: minor };
  };

  const sentence = (text) => text ? text[0].toUpperCase() + text.slice(1).replace(/([^.?!])$/, "$1.") : "";

  // Sends the tip; while an earlier sending is at work, a few times.
  const send = async (body, key) => {
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch("/tips", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body,
      });
      const told = await answer.json().catch(() => ({}));
      if (told.code !== "idempotency_key_in_use" || tries === 4) return { answer, told };
      await wait(Number(answer.headers.get("retry-after")) || 2);
    }
  };

  const refuse = ({ answer, told }, typed) => {
    // A refusal is an outcome; of what is still under way, or unclear, the key is kept.
    if (answer.status < 500 && answer.status !== 409 && answer.status !== 429) store.drop(name);
    if (told.code === "payment_not_started") store.drop(name);
    kept = store.read(name);
    const place = (field) => (field === "amount" && typed ? "custom" : field);
    const errors = (told.errors ?? []).map(({ field, detail }) => ({ field: place(field), text: sentence(detail) }));
    const words = told.code === "idempotency_key_in_use"
      ? "Your tip is still being prepared. Please try again in a moment."
      : sentence(told.detail) || "Something went wrong. Please try again.";
    show(errors.length ? errors : [{ text: words }]);
    rest();
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    const choice = chosen();
    if (choice.text) { show([choice]); return; }
    const text = (field) => form.elements[field].value.trim();
    const body = JSON.stringify({
      guard_token: token, amount: choice.amount, currency,
      patron_alias: text("patron_alias"), message: text("message"), email: text("email"),
    });
    if (kept?.body !== body) kept = { key: randomKey(), body };
    store.write(name, kept);
    busy = true;
    button.disabled = true;
    button.textContent = "One moment…";
    progress.textContent = "Opening the payment page.";
    show([]);
    try {
      const outcome = await send(body, kept.key);
      if (outcome.answer.status !== 201) { refuse(outcome, form.elements.amount.value === "other"); return; }
      store.write(name, { ...kept, tip: outcome.told.tip_id });
      await pay(outcome.told, inline);
    } catch {
      show([{ text: "The connection was lost. Please try again: nothing is paid twice." }]);
      rest();
    }
  });

  // Paystack learns of nobody who only looks: its script is asked for when somebody begins to fill the form in.
  for (const sign of inline ? ["focusin", "change"] : []) {
    form.addEventListener(sign, () => { loadPopup(inline); }, { once: true });
  }

  // Whoever types an amount means it; whoever chooses one does not mean what was typed.
  form.elements.custom.addEventListener("input", () => {
    if (form.elements.custom.value.trim()) form.elements.amount.value = "other";
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "amount") return;
    if (target.value === "other") form.elements.custom.focus();
    else form.elements.custom.value = "";
  });
  // A page that comes back from the browser's memory was left in the middle of sending, and may lie behind a payment.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted && popups) location.reload();
    else if (persisted) rest();
  });
}
