// What the device has for the time without a network: the snapshot, leases, the queue, and sending it.
const CHUNK_MAX = 100;
// As many as one lease gives at most.
const LEASE_MAX = 500;
const SNAPSHOT_MAX_AGE_MS = 300_000;
// How long a request without an answer is repeated. The platform remembers its key for a day.
const PENDING_MAX_MS = 12 * 3_600_000;

const takeId = (voucher, batch = "") => `take-${voucher}-${batch}`;

export class Shelf {
  #parts;
  #offline;
  #reader;
  #snapshot;
  #drawn = new Map();
  #pending = [];
  #leaseKeys = new Map();
  #isNotEnrolled = false;
  #isAsked = false;

  constructor(parts) {
    this.#parts = parts;
    const { byId, once } = parts.words;
    byId("sync").addEventListener("click", () => once(byId("sync"), () => this.refresh(true)));
  }

  // Whoever wants to know when something was sent says so here.
  sent = async () => {};

  // The platform's time, as far as it is known.
  get now() { return Date.now() + (this.#snapshot?.skew_ms ?? 0); }

  titleOf(id) { return this.#snapshot?.body.vouchers.find(({ voucher_id: of }) => of === id)?.title ?? ""; }

  async open() {
    const { addresses, store, words: { byId, show }, device } = this.#parts;
    this.#offline = await import(addresses.offline);
    this.#snapshot = await store.fact("snapshot");
    this.#pending = await store.fact("pending") ?? [];
    show(byId("shelf-none"), !device);
    show(byId("shelf-parts"), Boolean(device));
    if (device) byId("device-name-shown").textContent = device.id;
    await this.#load();
    await this.draw();
  }

  // The verifier; a page that is loaded without a network has it from the cache.
  async #load() {
    const { addresses, device } = this.#parts;
    if (this.#reader || !addresses.module || !device) return;
    try {
      const { Reader } = await import(addresses.reader);
      this.#reader = await Reader.load(addresses.module);
    } catch { /* Codes cannot be checked without a network; whoever tries is told. */ }
  }

  // What a code means without the platform.
  async look(code) {
    const { meaning, wanted, leaseFor, again, Refusal } = this.#offline;
    const { device, store } = this.#parts;
    if (!device) throw new Refusal("offline_not_a_device", "");
    await this.#load();
    const found = meaning(code, { snapshot: this.#snapshot?.body, reader: this.#reader, now: this.now });
    const { needs, customer } = wanted(found);
    const before = await store.doneWith(found.code);
    again(found, { customer, amount: 0 }, needs.includes("customer_id") ? [] : before);
    leaseFor(found, this.#leases, this.#drawn, this.now);
    const notes = ["There is no network: this is what the device knew at its last contact."];
    if (needs.includes("amount")) notes.push("The balance is known only online. A redemption above it is refused when it is sent.");
    return { meaning: found, needs, customer, notes };
  }

  // Redeems on this device; what decides is read in the transaction that keeps it.
  async redeemOffline(found, { code, amount, customer }) {
    const { store } = this.#parts;
    const { again, leaseFor, leftOf, Refusal } = this.#offline;
    await this.#count();
    const lease = leaseFor(found, this.#leases, this.#drawn, this.now);
    const [id, at] = [crypto.randomUUID(), new Date(this.now).toISOString()];
    const lease_id = lease?.lease_id;
    const sent = { id, code, at, ...(lease_id ? { lease_id } : {}), ...(amount ? { amount } : {}), ...(customer ? { customer_id: customer } : {}) };
    const done = { id, code: found.code, at, voucher: found.voucher.voucher_id, customer, amount, ...(lease_id ? { lease: lease_id } : {}) };
    await store.redeem({ ...sent, title: found.voucher.title }, done, (before, drawn) => {
      again(found, { customer, amount: amount ?? 0 }, before);
      if (lease && leftOf(lease, new Map([[lease_id, drawn]])) === 0) throw new Refusal("offline_no_lease", "");
    });
    await this.draw();
  }

  // Redeems with the platform: a redemption, a refusal, or nothing where there was no answer. Then the request is kept
  // and repeated with its key.
  async redeem(pending) {
    const { calls, network, store } = this.#parts;
    await this.#note(pending);
    try {
      const redemption = await calls.redeem(pending.wanted, pending.id);
      network.set(true);
      await this.#answered(pending);
      const known = await this.#codeOf(pending.wanted.code);
      if (known) await store.note({ ...this.#doneOf(pending, known), redemption: redemption.redemption_id });
      return { redemption };
    } catch (error) {
      if (error.code) {
        await this.#answered(pending);
        await store.unnote(pending.id);
        return { refused: error };
      }
      if (error.network) network.set(false);
      return {};
    } finally {
      await this.draw();
    }
  }

  // Before it is sent: whatever becomes of it, this device does not redeem the code again by itself.
  async #note(pending) {
    const { store } = this.#parts;
    this.#pending = [...this.#pending.filter(({ id }) => id !== pending.id), pending];
    await store.keep("pending", this.#pending);
    const known = await this.#codeOf(pending.wanted.code);
    if (known) await store.note(this.#doneOf(pending, known));
  }

  #doneOf({ id, at, wanted }, { code, voucher }) {
    return { id, code, at, voucher: voucher.voucher_id, customer: wanted.customer_id, amount: wanted.amount };
  }

  async #codeOf(code) {
    try {
      return this.#offline.meaning(code, { snapshot: this.#snapshot?.body, reader: this.#reader, now: this.now });
    } catch {
      return undefined;
    }
  }

  async #answered({ id }) {
    this.#pending = this.#pending.filter((one) => one.id !== id);
    await this.#parts.store.keep("pending", this.#pending);
  }

  get #leases() { return this.#snapshot?.body.leases ?? []; }

  async #count() {
    const { store } = this.#parts;
    for (const { lease_id: id } of this.#leases) this.#drawn.set(id, await store.drawn(id));
  }

  tick() { return this.#isOld ? this.refresh() : this.draw(); }

  get #isOld() { return Date.now() - (this.#snapshot?.fetched_at ?? 0) > SNAPSHOT_MAX_AGE_MS; }

  // Sends what waits, then asks for a new snapshot. One tab does it at a time.
  async refresh(pressed = false) {
    const { device, network, words: { byId } } = this.#parts;
    if (!navigator.onLine) {
      // Nothing could arrive, so nothing is marked as sent.
      network.set(false);
      await this.draw();
      return;
    }
    try {
      await navigator.locks.request(`tessera-${byId("main").dataset.business}`, async () => {
        await this.#repeat();
        // Whoever is no device has the list for the vouchers' names.
        if (device) await this.#send();
        await this.#renew(pressed);
        return network.set(true);
      });
      this.#isNotEnrolled = false;
      this.#say("");
    } catch (error) {
      this.#failed(error);
    }
    await this.draw();
  }

  #failed(error) {
    const { network, words: { refusal } } = this.#parts;
    if (error.code) {
      this.#isNotEnrolled = error.status === 401;
      const { word, advice } = refusal(error.code, error.message);
      return this.#say(`${word}. ${advice}`);
    }
    if (error.network) network.set(false);
    return this.#say(error.network ? "" : "The platform does not answer at the moment. It is tried again by itself.");
  }

  #say(text) {
    const { byId, show } = this.#parts.words;
    byId("sync-error").textContent = text;
    show(byId("sync-error"), Boolean(text));
    show(byId("enrolment"), this.#isNotEnrolled || !byId("enrolment").hidden);
  }

  // Requests without an answer. The ones that are too old to repeat are told.
  async #repeat() {
    const { store } = this.#parts;
    for (const pending of [...this.#pending]) {
      if (Date.now() - Date.parse(pending.at) > PENDING_MAX_MS) {
        await this.#answered(pending);
        await store.tell({ id: pending.id, result: "unknown", title: pending.title, redeemed_here_at: pending.at });
        continue;
      }
      const { refused, redemption } = await this.redeem(pending);
      if (refused) await store.tell({ id: pending.id, result: "refused", reason: refused.code, detail: refused.message, title: pending.title, redeemed_here_at: pending.at });
      if (!refused && !redemption) return;
    }
  }

  async #send() {
    const { calls, store } = this.#parts;
    const waiting = await store.queue();
    let any = false;
    for (let from = 0; from < waiting.length; from += CHUNK_MAX) {
      const lines = await store.sending(waiting.slice(from, from + CHUNK_MAX).map(({ id }) => id));
      if (lines.length === 0) continue;
      const asked = lines.map(({ title: _, sent: __, retry: ___, ...line }) => line);
      const { results } = await calls.sync(asked);
      await store.settle(results);
      this.#isAsked = false;
      any = true;
      await this.draw();
    }
    if (any) await this.sent();
  }

  async #renew(pressed) {
    const { calls, network, store } = this.#parts;
    // Where nobody knows whether there is a network, this is what tries it.
    if (!pressed && this.#isAsked && !this.#isOld && network.up) return;
    const { body, etag, clock } = await calls.snapshot(this.#snapshot?.etag);
    const skew_ms = Number.isNaN(clock) ? 0 : clock - Date.now();
    const kept = body ?? this.#snapshot.body;
    this.#snapshot = { body: kept, etag: etag ?? this.#snapshot?.etag, fetched_at: Date.now(), skew_ms };
    this.#isAsked = true;
    await store.keep("snapshot", this.#snapshot);
  }

  // After a lease was taken or given back, before the next snapshot says so too.
  async #leased(lease) {
    const { body } = this.#snapshot;
    body.leases = [...body.leases.filter(({ lease_id: id }) => id !== lease.lease_id), lease];
    await this.#parts.store.keep("snapshot", { ...this.#snapshot, etag: undefined });
    this.#snapshot.etag = undefined;
    document.activeElement?.blur();
    await this.draw();
    this.#parts.words.byId(takeId(lease.voucher_id, lease.batch_id))?.focus();
  }

  async #take(voucher, batch, count, place) {
    const name = `${voucher.voucher_id}/${batch?.batch_id ?? ""}/${count}`;
    const key = this.#leaseKeys.get(name) ?? crypto.randomUUID();
    this.#leaseKeys.set(name, key);
    const wanted = { voucher_id: voucher.voucher_id, ...(batch ? { batch_id: batch.batch_id } : {}), count };
    await this.#try(place, async () => {
      const lease = await this.#parts.calls.lease(wanted, key);
      this.#leaseKeys.delete(name);
      await this.#leased(lease);
    }, () => this.#leaseKeys.delete(name));
  }

  // What was redeemed from it is sent first, so that nothing is given back twice.
  async #giveBack(lease, place) {
    const { calls, store, words: { node } } = this.#parts;
    await this.refresh();
    if ((await store.queue()).some(({ lease_id: id }) => id === lease.lease_id)) {
      place.append(node("p", { className: "error", role: "alert", textContent: "Some redemptions of it are not sent yet. Send them first." }));
      return;
    }
    await this.#try(place, async () => this.#leased(await calls.giveBack(lease.lease_id)));
  }

  async #try(place, work, refused = () => {}) {
    const { words: { node, refusal } } = this.#parts;
    try {
      await work();
    } catch (error) {
      if (error.code) refused();
      const { word, advice } = error.code ? refusal(error.code) : { word: "There is no answer", advice: "Press it again when there is a network." };
      place.append(node("p", { className: "error", role: "alert", textContent: `${word}. ${advice}` }));
    }
  }

  async draw() {
    const { device, store, words } = this.#parts;
    const { byId, show, span, when, plural } = words;
    const [queue, outcomes] = [await store.queue(), await store.outcomes()];
    await this.#count();
    const waiting = queue.length + this.#pending.length;
    byId("waiting").textContent = waiting ? `${plural(waiting, "redemption")} to send` : "";
    show(byId("waiting"), waiting > 0);
    show(byId("outcomes-part"), outcomes.length > 0);
    byId("outcomes").replaceChildren(...outcomes.map((outcome) => this.#outcome(outcome)));
    if (!device) return;
    const { body, fetched_at: at } = this.#snapshot ?? {};
    const isOver = body && Date.parse(body.valid_until) <= this.now;
    byId("snapshot").textContent = body
      ? `The list of vouchers and keys is ${span(Date.now() - at)} old. ${isOver ? "It is too old to redeem with: go online." : `It is good until ${when(body.valid_until)}.`}`
      : "There is no list of vouchers and keys yet: this device has to be online once.";
    byId("snapshot").className = isOver || !body ? "error" : "hint";
    byId("queue-words").textContent = queue.length === 0 ? "Everything is sent."
      : `${plural(queue.length, "redemption")} to send, the oldest from ${span(this.now - Date.parse(queue[0].at))} ago.`;
    const isBusy = (id) => byId(id).contains(document.activeElement);
    if (!isBusy("queue")) byId("queue").replaceChildren(...queue.map((line) => this.#line(line)));
    if (!isBusy("leases")) byId("leases").replaceChildren(...this.#rows());
    show(byId("leases-none"), byId("leases").childElementCount === 0);
  }

  #line(line) {
    const { store, words: { node, tag, when, button } } = this.#parts;
    const state = line.retry ? tag("Sent again later", "wait") : line.sent ? tag("Sent, no answer yet", "wait") : tag("To send", "over");
    const back = line.sent ? "" : button("Take it back", "quiet-button", async () => {
      await store.takeBack(line.id);
      document.activeElement?.blur();
      await this.draw();
    });
    return node("li", { className: "line" },
      node("p", { className: "line-head" }, state, node("span", { className: "quiet", textContent: when(line.at) })),
      node("p", { textContent: line.title }), back);
  }

  // What became of a redemption that the platform did not take.
  #outcome({ id, result, title, reason, detail, at, by, redeemed_here_at: here }) {
    const { store, words: { node, tag, when, button, refusal } } = this.#parts;
    const said = refusal(reason, detail);
    const other = by?.device ? `the device ${by.device}` : by?.key ? `the key ${by.key}` : "somebody else";
    const text = {
      conflict: `Redeemed here at ${when(here)}, and at ${when(at)} by ${other}. The first one counts.`,
      refused: `Redeemed here at ${when(here)}, and refused when it was sent: ${said.word}. ${said.detail}`,
      unknown: `Sent at ${when(here)}; there was never an answer. Look in the list whether it is there.`,
    }[result] ?? said.detail;
    return node("li", { className: "line" },
      node("p", { className: "line-head" }, tag(result === "conflict" ? "Redeemed twice" : result === "refused" ? "Not counted" : "Not known", "stop")),
      node("p", { textContent: title }), node("p", { textContent: text }),
      button("I have read this", "quiet-button", async () => {
        await store.seen(id);
        document.activeElement?.blur();
        await this.draw();
      }));
  }

  // One row for each voucher or printing that has a limit.
  #rows() {
    const limited = (this.#snapshot?.body.vouchers ?? []).filter(({ state }) => state === "published" || state === "exhausted").flatMap((voucher) => [
      ...(voucher.counted ? [[voucher]] : []), ...(voucher.batches ?? []).filter((batch) => batch.limited).map((batch) => [voucher, batch]),
    ]);
    return limited.map(([voucher, batch]) => this.#leaseRow(voucher, batch));
  }

  #leaseRow(voucher, batch) {
    const { words: { node, button, when } } = this.#parts;
    const { leftOf } = this.#offline;
    const title = batch ? `${voucher.title}, ${batch.name}` : voucher.title;
    const place = node("li", { className: "line" });
    const own = this.#leases.filter((lease) => lease.voucher_id === voucher.voucher_id && lease.batch_id === batch?.batch_id && lease.status === "open");
    const input = node("input", { className: "field", type: "number", min: "1", max: String(LEASE_MAX), value: "10", id: takeId(voucher.voucher_id, batch?.batch_id), inputMode: "numeric" });
    const take = button("Take along", "button", async () => {
      const count = Number(input.value);
      if (!Number.isInteger(count) || count < 1 || count > LEASE_MAX) {
        place.querySelector(".error")?.remove();
        place.append(node("p", { className: "error", role: "alert", textContent: `Type a number from 1 to ${LEASE_MAX}.` }));
        input.focus();
        return;
      }
      await this.#take(voucher, batch, count, place);
    });
    take.setAttribute("aria-label", `Take some of ${title} along`);
    place.append(node("p", { className: "line-title", textContent: title }));
    for (const lease of own) {
      const back = button("Give back", "quiet-button", () => this.#giveBack(lease, place));
      back.setAttribute("aria-label", `Give ${title} back`);
      place.append(node("p", {}, node("strong", { textContent: `${leftOf(lease, this.#drawn)} left` }), ` of ${lease.granted}, until ${when(lease.expires_at)} `), back);
    }
    place.append(node("div", { className: "take" }, node("label", { htmlFor: input.id, className: "unseen", textContent: `How many of ${title}` }), input, take));
    return place;
  }
}
