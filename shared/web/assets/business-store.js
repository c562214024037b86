// What a till keeps in the browser, one database for each business: the device's secret, the snapshot, redemptions that
// wait for a network, what was redeemed here, and what became of it. Nothing leaves it but through the page.
const VERSION = 1;
const FACTS = "facts";
const QUEUE = "queue";
const DONE = "done";
const OUTCOMES = "outcomes";
// How long it is remembered that a code was redeemed here; a code that lives longer is refused by the platform.
const DONE_MAX_DAYS = 120;
const DAY_MS = 86_400_000;

const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const upgrade = (database) => {
  database.createObjectStore(FACTS);
  database.createObjectStore(QUEUE, { keyPath: "id" });
  const done = database.createObjectStore(DONE, { keyPath: "id" });
  for (const index of ["code", "lease", "redemption"]) done.createIndex(index, index);
  database.createObjectStore(OUTCOMES, { keyPath: "id" });
};

export class Store {
  #database;

  constructor(database) { this.#database = database; }

  static async open(business) {
    const request = indexedDB.open(`tessera-${business}`, VERSION);
    request.onupgradeneeded = () => upgrade(request.result);
    const store = new Store(await asked(request));
    // A browser that runs out of space must not throw the queue away.
    navigator.storage?.persist?.().catch(() => {});
    await store.#forgetOld();
    return store;
  }

  // Works on these stores in one transaction: either all of it is kept, or nothing. Two tabs wait for each other.
  async #change(names, work) {
    const transaction = this.#database.transaction(names, "readwrite", { durability: "strict" });
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new Error("Nothing was kept."));
    });
    ended.catch(() => {});
    let answer;
    try {
      answer = await work(...names.map((name) => transaction.objectStore(name)));
    } catch (error) {
      transaction.abort();
      throw error;
    }
    await ended;
    return answer;
  }

  #read(name, work) { return asked(work(this.#database.transaction(name).objectStore(name))); }

  fact(name) { return this.#read(FACTS, (facts) => facts.get(name)); }

  keep(name, value) { return this.#change([FACTS], (facts) => asked(facts.put(value, name))); }

  forget(name) { return this.#change([FACTS], (facts) => asked(facts.delete(name))); }

  // Waiting redemptions, the oldest first.
  async queue() {
    const waiting = await this.#read(QUEUE, (queue) => queue.getAll());
    return waiting.sort((one, other) => one.at.localeCompare(other.at));
  }

  // What was redeemed here with this code.
  doneWith(code) { return this.#read(DONE, (done) => done.index("code").getAll(code)); }

  // How many were taken from a lease.
  drawn(lease) { return this.#read(DONE, (done) => done.index("lease").count(lease)); }

  // Redeems without a network. `check` gets what was done with the code and how many the lease has given, and throws
  // where it is refused; it decides in the very transaction that keeps the redemption.
  redeem(line, done, check) {
    return this.#change([QUEUE, DONE], async (queue, kept) => {
      const before = await asked(kept.index("code").getAll(done.code));
      const drawn = line.lease_id ? await asked(kept.index("lease").count(line.lease_id)) : 0;
      check(before, drawn);
      await asked(kept.put(done));
      await asked(queue.put(line));
    });
  }

  // Remembers what was redeemed with a network.
  note(done) { return this.#change([DONE], (kept) => asked(kept.put(done))); }

  unnote(id) { return this.#change([DONE], (kept) => asked(kept.delete(id))); }

  // A redemption was rolled back: its code is good again.
  rolledBack(redemption) {
    return this.#change([DONE], async (kept) => {
      const found = await asked(kept.index("redemption").getAll(redemption));
      // What was taken from a lease stays taken.
      for (const { code: _, ...rest } of found) await asked(kept.put(rest));
    });
  }

  // Takes a waiting redemption back that was never sent; answers whether it could.
  takeBack(id) {
    return this.#change([QUEUE, DONE], async (queue, kept) => {
      const line = await asked(queue.get(id));
      if (!line || line.sent) return false;
      await asked(queue.delete(id));
      await asked(kept.delete(id));
      return true;
    });
  }

  // From now on these may have arrived.
  sending(ids) {
    return this.#change([QUEUE], async (queue) => {
      const lines = [];
      for (const id of ids) {
        const line = await asked(queue.get(id));
        if (!line) continue;
        line.sent = true;
        lines.push(line);
        await asked(queue.put(line));
      }
      return lines;
    });
  }

  // What the platform says of redemptions that were sent. Only `retry` ones stay.
  settle(results) {
    return this.#change([QUEUE, DONE, OUTCOMES], async (queue, kept, outcomes) => {
      for (const result of results) {
        const line = await asked(queue.get(result.id));
        if (!line) continue;
        if (result.result === "retry") {
          await asked(queue.put({ ...line, retry: result.reason }));
          continue;
        }
        await asked(queue.delete(result.id));
        const done = await asked(kept.get(result.id));
        if (done && result.redemption_id) await asked(kept.put({ ...done, redemption: result.redemption_id }));
        if (["accepted", "duplicate"].includes(result.result)) continue;
        const { title, at } = line;
        await asked(outcomes.put({ ...result, title, redeemed_here_at: at }));
      }
    });
  }

  // Conflicts and refusals that somebody should read.
  outcomes() { return this.#read(OUTCOMES, (outcomes) => outcomes.getAll()); }

  tell(outcome) { return this.#change([OUTCOMES], (outcomes) => asked(outcomes.put(outcome))); }

  seen(id) { return this.#change([OUTCOMES], (outcomes) => asked(outcomes.delete(id))); }

  #forgetOld() {
    const before = new Date(Date.now() - DONE_MAX_DAYS * DAY_MS).toISOString();
    return this.#change([QUEUE, DONE], async (queue, kept) => {
      const waiting = new Set(await asked(queue.getAllKeys()));
      for (const { id, at } of await asked(kept.getAll())) {
        if (at < before && !waiting.has(id)) await asked(kept.delete(id));
      }
    });
  }
}
