// Whether a code is good without asking the platform: what was typed, what the snapshot says, and what was done here.
// Pure but for the verifier that it is given; the page keeps the snapshot and the time.
const ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const SYMBOLS = 8;
const BETWEEN = /[\s\u2010-\u2015\u2212-]/gu;
const FIXED = /^[A-Z0-9](?:[A-Z0-9-]{2,18})[A-Z0-9]$/;
const KINDS = ["standard", "user", "print"];

const symbols = (text) => text.replace(BETWEEN, "").toUpperCase();
const looksShort = (code) => code.length === SYMBOLS && [...code].every((symbol) => ALPHABET.includes(symbol));
// The weighted sum of the symbols (8 for the first, 1 for the last) is divisible by 31.
const isRight = (code) => [...code].reduce((sum, symbol, at) => sum + ALPHABET.indexOf(symbol) * (SYMBOLS - at), 0) % 31 === 0;

// What a typed text is: `short`, `fixed`, `mistyped` or `unreadable`, with the code as it is sent and as it is shown.
export const typed = (text) => {
  const code = symbols(text);
  if (looksShort(code)) {
    const shown = `${code.slice(0, 4)}-${code.slice(4)}`;
    return { kind: isRight(code) ? "short" : "mistyped", code, shown };
  }
  const fixed = text.trim().toUpperCase();
  return { kind: FIXED.test(fixed) ? "fixed" : "unreadable", code: fixed, shown: fixed };
};

// A token, or an address with one.
export const isToken = (text) => text.includes("://") || text.length > 64 || text.split(".").length === 3;

const base64url = (text) => {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

// The status list as the verifier takes it: its claims travel as text, because that packs better.
const statusToken = ({ protected: head, payload, signature }) => `${head}.${base64url(payload)}.${signature}`;

// Why a code is refused here. `code` is one of the platform's, or `offline_…` for what only a till says.
export class Refusal extends Error {
  constructor(code, detail, at) {
    super(detail);
    Object.assign(this, { code, at });
  }
}

const VERDICTS = {
  expired: "voucher_token_expired", not_yet_valid: "voucher_token_not_yet_valid", revoked: "voucher_token_revoked",
  unknown_key: "voucher_token_key_unknown", bad_signature: "voucher_token_not_ours",
  wrong_audience: "voucher_token_of_others", wrong_kind: "voucher_token_wrong_kind",
  malformed: "voucher_token_unreadable", bad_question: "offline_snapshot_unusable",
};

// What the verifier says of a token with the keys of the snapshot.
const claimsOf = (text, { snapshot, reader, now }) => {
  if (!reader) throw new Refusal("offline_no_verifier", "codes cannot be checked in this browser without a network");
  const { jwks, issuer, tenant_id: audience, status_list: list } = snapshot;
  const status = list ? statusToken(list) : undefined;
  const question = { token: text.trim(), keys: jwks, status, audience, issuer, now: Math.floor(now / 1000), kinds: KINDS };
  const { verdict, claims } = reader.verify(question);
  if (verdict !== "valid") {
    throw Object.assign(new Refusal(VERDICTS[verdict] ?? "voucher_token_unreadable", ""), { form: claims?.kind });
  }
  return claims;
};

// Typed codes are not in the snapshot: only the platform knows what they mean.
const refuseTyped = (text) => {
  const { kind } = typed(text);
  throw new Refusal({ mistyped: "short_code_mistyped", unreadable: "short_code_unreadable" }[kind] ?? "offline_code_unknown", "");
};

const batchOf = (voucher, { kind, idx, btc }) => {
  if (kind !== "print") return undefined;
  const holds = ({ batch_id: id, first, count }) => id === btc || (idx >= first && idx < first + count);
  return voucher.batches?.find(holds);
};

const inTime = ({ valid_from: from, expires_at: until, state }, batch, now) => {
  if (!["published", "exhausted"].includes(state)) throw new Refusal("voucher_not_published", "");
  if (Date.parse(from) > now) throw new Refusal("voucher_not_yet_valid", `it is good from ${from}`, from);
  if (Date.parse(until) <= now) throw new Refusal("voucher_expired", "", until);
  if (batch?.expires_at && Date.parse(batch.expires_at) <= now) throw new Refusal("code_expired", "", batch.expires_at);
};

// What a code means: the voucher, the form, and whether each redemption of it is another one (`shared`) or the code is
// good once (`unique`). `now` is in milliseconds. Refused with a `Refusal`.
export const meaning = (text, from) => {
  const { snapshot, now } = from;
  if (!snapshot) throw new Refusal("offline_no_snapshot", "");
  if (Date.parse(snapshot.valid_until) <= now) throw new Refusal("offline_snapshot_old", "");
  if (!isToken(text)) refuseTyped(text);
  const claims = claimsOf(text, from);
  const voucher = snapshot.vouchers.find(({ voucher_id: id }) => id === claims.vid);
  if (!voucher) throw new Refusal("offline_voucher_unknown", "");
  const batch = batchOf(voucher, claims);
  inTime(voucher, batch, now);
  const unique = claims.kind !== "standard";
  const code = unique ? `code:${claims.idx}` : `shared:${voucher.voucher_id}`;
  return { voucher, batch, form: claims.kind, customer: claims.uid, unique, code };
};

// What has to be asked before it is redeemed, and what cannot be known here. Refused with a `Refusal`.
export const wanted = ({ voucher, unique, form, customer }) => {
  const isGift = voucher.benefit.type === "gift_balance";
  // A gift whose code many people have is spent from its customer's own balance.
  if (!unique && (voucher.claim_required || isGift)) throw new Refusal("offline_claim_needed", "");
  const needs = isGift ? ["amount"] : [];
  if (!unique && voucher.per_customer) needs.push("customer_id");
  if (form === "user" && customer) return { needs: needs.filter((name) => name !== "customer_id"), customer };
  return { needs, customer };
};

// The lease that pays for a redemption: nothing where none is needed. `drawn` counts what was taken from each here.
export const leaseFor = ({ voucher, batch }, leases, drawn, now) => {
  if (!voucher.counted && !batch?.limited) return undefined;
  const printed = batch?.limited ? batch.batch_id : undefined;
  const fits = (lease) => lease.voucher_id === voucher.voucher_id && lease.batch_id === printed
    && lease.status === "open" && Date.parse(lease.expires_at) > now && leftOf(lease, drawn) > 0;
  const found = leases.filter(fits).sort((one, other) => one.expires_at.localeCompare(other.expires_at))[0];
  if (!found) throw new Refusal("offline_no_lease", "");
  return found;
};

// What a device may still take: never more than the platform says is left, nor than it was granted.
export const leftOf = (lease, drawn) => Math.max(0, Math.min(lease.left, lease.granted - (drawn.get(lease.lease_id) ?? 0)));

// Whether what was done here allows one more. `before` is what was redeemed with the code.
export const again = ({ voucher, unique, form }, { customer, amount }, before) => {
  const is = voucher.benefit;
  const first = before[0]?.at;
  if (is.type === "gift_balance" && unique) {
    const spent = before.reduce((sum, { amount: part }) => sum + (part ?? 0), 0);
    if (spent + amount > is.minor) throw new Refusal("gift_too_little_left", "");
    return;
  }
  if (unique) {
    const most = form === "user" ? voucher.per_customer ?? 1 : 1;
    if (before.length >= most) throw new Refusal("voucher_already_redeemed", "", first);
    return;
  }
  const own = before.filter(({ customer: of }) => of === customer);
  if (voucher.per_customer && own.length >= voucher.per_customer) {
    throw new Refusal("customer_limit_reached", "", own[0].at);
  }
};
