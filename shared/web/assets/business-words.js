// What a till says, and the few pieces that it draws with. Whatever comes from outside becomes text, never markup.
export const node = (name, properties = {}, ...children) => {
  const { dataset, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  Object.assign(made.dataset, dataset ?? {});
  made.append(...children.filter((child) => child !== undefined && child !== ""));
  return made;
};
export const byId = (id) => document.getElementById(id);
export const show = (element, seen = true) => { element.hidden = !seen; };

// A button that does something once at a time, and says so when that fails.
export const button = (label, className, work) => {
  const made = node("button", { type: "button", className, textContent: label });
  made.addEventListener("click", () => once(made, work));
  return made;
};
export const once = async (pressed, work) => {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    pressed.removeAttribute("aria-disabled");
  }
};

// A state as a word and a colour; the colour says nothing that the word does not.
export const tag = (word, className) => node("span", { className: `tag ${className}`, textContent: word });
export const facts = (rows) => rows.filter(([, text]) => text).map(([name, text]) => node("div", {},
  node("dt", { textContent: name }), node("dd", {}, text)));

const instant = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const when = (at) => (at && !Number.isNaN(Date.parse(at)) ? instant.format(new Date(at)) : "");
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

// How long ago, or how long still.
export const span = (milliseconds) => {
  const minutes = Math.round(Math.abs(milliseconds) / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 90) return plural(minutes, "minute");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? plural(hours, "hour") : plural(Math.round(hours / 24), "day");
};

const moneyOf = (currency) => new Intl.NumberFormat(undefined, { style: "currency", currency });
const digitsOf = (currency) => moneyOf(currency).resolvedOptions().maximumFractionDigits;
export const money = (minor, currency) => moneyOf(currency).format(minor / 10 ** digitsOf(currency));
// Thousands may be set apart as this browser's language does it: then they are whole groups of three digits.
const marks = new Intl.NumberFormat(undefined, { useGrouping: "always" }).formatToParts(1_234_567.8);
const [group, decimal] = ["group", "decimal"].map((type) => marks.find((part) => part.type === type)?.value.trim());
const ungrouped = (typed) => {
  const [whole, ...rest] = typed.split(decimal || ".");
  const [first, ...others] = group ? whole.split(group) : [whole];
  const grouped = others.length > 0 && /^\d{1,3}$/.test(first) && others.every((digits) => /^\d{3}$/.test(digits));
  return grouped ? [[first, ...others].join(""), ...rest].join(".") : typed;
};
// An amount as it is typed in minor units; nothing where it is none.
export const minorOf = (text, currency) => {
  const digits = digitsOf(currency);
  const [, whole, part = ""] = /^(\d{1,12})(?:[.,](\d+))?$/.exec(ungrouped(text.replace(/[\s_]/g, ""))) ?? [];
  if (!whole || part.length > digits) return undefined;
  const minor = Number(whole + part.padEnd(digits, "0"));
  return Number.isSafeInteger(minor) && minor > 0 ? minor : undefined;
};
export const benefit = ({ type, basis_points: points, minor, currency, item }) => ({
  percentage: () => `${points / 100} % off`,
  amount: () => `${money(minor, currency)} off`,
  gift_balance: () => `Gift balance of ${money(minor, currency)}`,
  free_item: () => `Free: ${item}`,
}[type]?.() ?? "");

export const FORMS = {
  short: "Short code", static: "Fixed code", standard: "The voucher's own QR code", user: "A customer's code",
  print: "Printed code",
};

// A refusal's word, and what to do.
const REFUSALS = {
  voucher_already_redeemed: ["Already redeemed", "It is good once only. Do not give it again."],
  customer_limit_reached: ["Used up by this customer", "This customer has redeemed it as often as one may."],
  voucher_limit_reached: ["All gone", "The voucher was redeemed as often as it may be."],
  voucher_day_limit_reached: ["All gone for today", "The customer may come again tomorrow."],
  gift_too_little_left: ["Too little is left", "Take a smaller amount, and let the customer pay the rest."],
  voucher_expired: ["Expired", "The voucher is over. It cannot be redeemed any more."],
  code_expired: ["This code has expired", "Ask the customer for a new one, if there is one."],
  voucher_token_expired: ["This code has expired", "A customer's code is good for five minutes: ask for a new one."],
  claim_expired: ["Expired", "The customer's voucher is over."],
  voucher_not_yet_valid: ["Not yet valid", "The customer may come again when it has begun."],
  voucher_token_not_yet_valid: ["Not yet valid", "Look whether this device's clock is right."],
  voucher_not_published: ["Not open", "The voucher is paused, has ended or is not published. Ask whoever made it."],
  code_revoked: ["Taken back", "This code was revoked. Do not accept it."],
  voucher_token_revoked: ["Taken back", "This code was revoked. Do not accept it."],
  code_busy: ["Too many codes at once", "Others are typing codes in at this business. Try again in a moment, or scan the QR code."],
  code_unknown: ["Not known", "Compare the symbols with the code. If they are right, do not accept it."],
  voucher_unknown: ["Not known", "It is none of your vouchers. Do not accept it."],
  code_too_many_tries: ["Too many wrong codes", "Wait until the time is over, or scan the QR code."],
  short_code_mistyped: ["Mistyped", "One of the symbols is wrong: compare them with the code."],
  short_code_unreadable: ["Not a code", "A code has eight letters and digits, without 0, O, 1, I and L. A fixed one has 4 to 20."],
  static_code_unreadable: ["Not a code", "A code has eight letters and digits; a fixed one has 4 to 20, and dashes."],
  voucher_other_business: ["Another business's", "It is not redeemed here. Its page tells the customer where."],
  code_other_customer: ["Somebody else's", "The code belongs to another customer. Ask for the right customer id."],
  voucher_not_claimed: ["Not claimed", "The customer has to claim the voucher first, on its page."],
  claim_needed: ["Not claimed", "The customer has to claim the voucher first, on its page. Compare the customer id."],
  customer_needed: ["Which customer?", "Ask for the customer id, and type it below."],
  amount_needed: ["How much?", "Type the amount that is taken from the balance."],
  amount_refused: ["Not this amount", "Only gift balances take an amount, and more than nothing."],
  voucher_token_not_ours: ["Not genuine", "The signature is wrong. Do not accept it."],
  voucher_token_key_unknown: ["Cannot be verified", "It is signed with a key that is not known here. With a network this list is renewed."],
  voucher_token_of_others: ["Another organisation's", "It is not one of your vouchers. Do not accept it."],
  voucher_token_wrong_kind: ["Not a voucher", "This code is for something else."],
  voucher_token_unreadable: ["Not a voucher", "There is something else in this code, or it is damaged."],
  redemption_too_old: ["Too late", "The time for rolling back is over."],
  redemption_rolled_back: ["Rolled back already", "Nothing is left to do."],
  redemption_changed: ["Changed meanwhile", "Load the list again and look."],
  lease_too_many: ["Too much taken along", "This device has taken along as often as it may. Give back what it does not need."],
  lease_nothing_left: ["Nothing left to take along", "What is not redeemed may be with other devices. Take fewer, or none."],
  device_needed: ["Not a device", "Make this browser a device first."],
  device_not_enrolled: ["This device is not enrolled any more", "Enrol it again. What waits here stays here and is sent then."],
  session_ended: ["Signed out", "Sign in again. Nothing was redeemed."],
  api_key_missing: ["Signed out", "Sign in again. Nothing was redeemed."],
  scope_missing: ["Not allowed", "Your key may not do this. Ask whoever manages your keys."],
  enrolment_code_wrong: ["This code does not enrol", "It was used, is too old, or has a wrong letter. Ask for a new one."],
  offline_no_snapshot: ["No network, and nothing to check with", "This browser has to be online once, as a device, before it can work without a network."],
  offline_snapshot_old: ["No network for too long", "What this device knows is too old to decide with. Go online first."],
  offline_snapshot_unusable: ["Cannot be checked", "What this device knows cannot be used. Go online once."],
  offline_no_verifier: ["Cannot be checked here", "This browser cannot verify codes without a network. Wait for the network."],
  offline_code_unknown: ["Cannot be checked without a network", "What a typed code means is known only online. Scan the QR code instead, or wait for the network."],
  offline_voucher_unknown: ["Not on this device's list", "It is another business's voucher, or newer than the list. Wait for the network."],
  offline_claim_needed: ["Cannot be checked without a network", "Whether a customer has claimed it is known only online. Ask the customer for the code of five minutes."],
  offline_no_lease: ["None taken along", "The voucher has a limit, and this device has none of it left. Take some along when there is a network."],
  offline_not_a_device: ["No network", "Only an enrolled device redeems without a network. Wait for the network."],
};
// A printed code, or a voucher's own, lives as long as its signature: the voucher itself may be good for longer.
const PRINTED_OVER = ["This printed code is over", "Ask for a new one, if the voucher is still good."];
export const refusal = (code, detail, form = "user") => {
  const printed = form !== "user" && (code === "code_expired" || code === "voucher_token_expired");
  const [word, advice] = printed ? PRINTED_OVER : REFUSALS[code] ?? ["Refused", "Nothing was redeemed."];
  return { word, advice, detail: sentence(detail) };
};

// A detail begins in lower case and has no full stop; on a page it is a sentence, and its instants and amounts are read
// by people.
export const sentence = (detail) => {
  if (!detail) return "";
  const local = (_, amount, currency) => moneyOf(currency).format(Number(amount.replaceAll(",", "")));
  const read = detail.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, when).replace(/(\d[\d,]*(?:\.\d+)?) ([A-Z]{3})\b/g, local);
  const text = read[0].toUpperCase() + read.slice(1);
  return /[.?!]$/.test(text) ? text : `${text}.`;
};
