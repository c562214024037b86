// The platform's routes as a till calls them: as its device where it is one, else with the session of whoever has signed
// in. A lost answer is told apart from a refusal, because after one nobody knows what has happened.
const ANSWER_MAX_MS = 15_000;

// No answer, or none that says what has happened: the same request may be sent again.
export class Unreachable extends Error {
  constructor(cause, network = true) {
    super("There is no answer.", { cause });
    this.network = network;
  }
}

// A problem as the platform tells it.
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `The answer was ${status}.`);
    Object.assign(this, { status, code: problem?.code ?? "unknown", retryAfterS: undefined });
  }
}

// One request and its answer; `secret` is a device's, without it the session of whoever has signed in counts.
export const ask = async (method, path, { body, key, headers = {}, secret } = {}) => {
  const sent = {
    accept: "application/json",
    ...(body ? { "content-type": "application/json" } : {}),
    ...(key ? { "idempotency-key": key } : {}),
    // Not as `Authorization`: the content network lets ten headers through, and that is none of them.
    ...(secret ? { "x-api-key": secret } : {}),
    ...headers,
  };
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      method, headers: sent, body: body ? JSON.stringify(body) : undefined, cache: "no-store",
      credentials: secret ? "omit" : "same-origin", signal: AbortSignal.timeout(ANSWER_MAX_MS),
    });
    text = await answer.text();
  } catch (error) {
    throw new Unreachable(error);
  }
  if (answer.status >= 500) throw new Unreachable(new Error(`${answer.status}`), false);
  let read;
  try {
    read = text ? JSON.parse(text) : undefined;
  } catch (error) {
    // A hotel's or a shop's network answers in our place.
    if (answer.ok) throw new Unreachable(error);
  }
  if (!answer.ok && answer.status !== 304) {
    const refused = new Refused(answer.status, read);
    refused.retryAfterS = Number(answer.headers.get("retry-after")) || undefined;
    if (refused.code === "idempotency_key_in_use") throw new Unreachable(refused, false);
    throw refused;
  }
  return { answer, read };
};

// Codes that are typed in at the same moment wait for each other: then the same request is sent again.
const BUSY_MAX = 8;
const patiently = async (work) => {
  for (let again = 1; ; again += 1) {
    try {
      return await work();
    } catch (error) {
      if (error.code !== "code_busy" || again > BUSY_MAX) throw error;
      const wait = (error.retryAfterS ?? 1) * 1_000 * (1 + Math.random() / 2);
      await new Promise((resolve) => { setTimeout(resolve, wait); });
    }
  }
};

export class Calls {
  #business;
  #device;

  constructor(business, device) {
    this.#business = business;
    this.#device = device;
  }

  get isDevice() { return Boolean(this.#device); }

  #ask(method, path, { session = false, ...options } = {}) {
    const asDevice = this.#device && !session;
    const secret = asDevice ? this.#device.authorization.replace(/^Device /, "") : undefined;
    return ask(method, path, { ...options, secret });
  }

  async #json(method, path, options) { return (await this.#ask(method, path, options)).read; }

  get #of() { return `business_id=${encodeURIComponent(this.#business)}`; }

  // What a code is worth; nothing is redeemed.
  validate(wanted) {
    const body = { ...wanted, business_id: this.#business };
    return patiently(() => this.#json("POST", "/api/v1/redemptions/validate", { body }));
  }

  redeem(wanted, key) {
    const body = { ...wanted, business_id: this.#business };
    return patiently(() => this.#json("POST", "/api/v1/redemptions", { body, key }));
  }

  rollBack(id, key) {
    return this.#json("POST", `/api/v1/redemptions/${encodeURIComponent(id)}/rollback`, { body: {}, key });
  }

  last(limit) { return this.#json("GET", `/api/v1/redemptions?${this.#of}&limit=${limit}`); }

  // The snapshot, or nothing where it is still the one with this tag; with the platform's clock.
  async snapshot(etag) {
    const headers = etag ? { "if-none-match": etag } : {};
    const { answer, read } = await this.#ask("GET", `/api/v1/redemptions/snapshot?${this.#of}`, { headers });
    const clock = Date.parse(answer.headers.get("date") ?? "");
    return { body: answer.status === 304 ? undefined : read, etag: answer.headers.get("etag"), clock };
  }

  lease(wanted, key) { return this.#json("POST", "/api/v1/redemptions/leases", { body: wanted, key }); }

  giveBack(id) { return this.#json("DELETE", `/api/v1/redemptions/leases/${encodeURIComponent(id)}`); }

  sync(redemptions) { return this.#json("POST", "/api/v1/redemptions/sync", { body: { redemptions } }); }

  enrol(code) { return this.#json("POST", "/api/v1/devices/enrol", { body: { code } }); }

  // A device that somebody with a key makes; its code is for `enrol`.
  invite(name, key) {
    const body = { business_id: this.#business, name };
    return this.#json("POST", "/api/v1/devices", { body, key, session: true });
  }

  signIn(apiKey) { return this.#json("POST", "/session", { body: { api_key: apiKey }, session: true }); }

  signOut() { return this.#json("DELETE", "/session", { session: true }); }
}
