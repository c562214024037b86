// One customer after another: a code is read, or somebody is found by e-mail; points are given, or a reward is handed out.
// A request that changes something has its key, or its purchase's reference, before it is sent and keeps it until there is
// an answer: after a lost one the same request is sent again and gets the answer of the first.
const LINES_MAX = 10;
// What nobody has answered for so long is looked up in the customer's history and not sent again.
const WAITS_MAX_MS = 24 * 3_600_000;

// What keeps the camera away, in words; what a scanner says to those who type codes is not for here.
const CAMERA = {
  permission_refused: ["Camera access required", "Allow the camera for this page in the browser's settings and try again, or find the customer by e-mail."],
  no_camera: ["No camera was found", "Find the customer by e-mail."],
  camera_in_use: ["Another app uses the camera", "Close it and try again, or find the customer by e-mail."],
  insecure_page: ["The camera works on secure pages only", "Open this page with https, or find the customer by e-mail."],
  no_reader: ["Scanning is not available here", "Find the customer by e-mail."],
  camera_failed: ["The camera could not be started", "Try again, or find the customer by e-mail."],
};

export class Counter {
  #parts;
  #earning;
  #currency;
  // Whether the camera goes on for the next customer.
  #scanning = false;
  // The code of whoever was served last: it may still be held up when the camera goes on.
  #served;
  // The request whose answer is shown next; an answer to any other one comes too late.
  #job;
  #customer;
  #lines = [];

  constructor(parts) {
    this.#parts = parts;
    const { words: { byId, once }, scanner } = parts;
    const press = (id, work) => byId(id).addEventListener("click", () => once(byId(id), work));
    const send = (id, work) => byId(id).addEventListener("submit", (event) => {
      event.preventDefault();
      once(event.target.querySelector("button[type=submit]"), work);
    });
    press("camera-start", () => {
      this.#served = undefined;
      return this.#scan();
    });
    press("camera-stop", async () => {
      this.#scanning = false;
      await this.#stop();
      byId("camera-start").focus();
    });
    press("camera-next", () => scanner.switchCamera().then(() => this.#camera(true), (error) => this.#cameraFailed(error)));
    press("torch", async () => {
      const on = byId("torch").getAttribute("aria-pressed") !== "true";
      if (await scanner.torch(on)) byId("torch").setAttribute("aria-pressed", String(on));
    });
    press("not-now", () => this.#next());
    send("giving", () => this.#give());
    send("finding", () => this.#find());
    addEventListener("online", () => { if (this.#job?.waits) this.#run(this.#job); });
  }

  // Here, for these points. A request that was left without an answer comes first.
  open({ earning }) {
    const { words: { byId, money, plural, show } } = this.#parts;
    this.#earning = earning;
    this.#currency = earning.currency;
    const per = earning.per === "amount" ? ` for each ${money(earning.minor, earning.currency)}` : " for a visit";
    const points = `${plural(earning.points, "point")}${per}`;
    for (const [input, label] of [["amount-input", "amount-label"], ["giving-input", "giving-label"]]) {
      show(byId(input), earning.per === "amount");
      if (this.#currency) byId(label).textContent = `Amount of the purchase, in ${this.#currency}`;
    }
    byId("amount-hint").textContent = `${points}. Leave it empty to see first who it is, and for a reward.`;
    byId("giving-hint").textContent = points;
    byId("visit-label").textContent = `Give ${points}`;
    show(byId("visit-input"), earning.per === "visit");
    show(byId("last"));
    show(byId("counter"));
    this.#draw();
    this.#clear();
    const waits = this.#kept();
    if (waits) this.#run(waits);
  }

  close() {
    const { words: { byId, show } } = this.#parts;
    this.#job = undefined;
    this.#stop();
    for (const id of ["verdict", "customer", "read", "last"]) show(byId(id), false);
  }

  // Nobody has answered, and nothing was asked for but the page's own facts.
  unreachable(again) {
    this.#verdict("stop", "!", this.#parts.NO_ANSWER, "", { keys: [["Retry", again]] });
  }

  // --- Reading a code.

  async #scan() {
    const { scanner, words: { byId, show } } = this.#parts;
    if (this.#wanted("amount") === null) return;
    this.#clear();
    show(byId("camera"));
    show(byId("camera-start"), false);
    show(byId("camera-stop"));
    byId("camera-words").textContent = "The camera starts…";
    scanner.forget();
    this.#scanning = true;
    try {
      await scanner.start(byId("video"), (text) => this.#read(text));
    } catch (error) {
      this.#cameraFailed(error);
      return;
    }
    // Somebody has pressed Stop, or a code was read at once.
    if (!scanner.runs) return;
    byId("camera-words").textContent = "Hold the customer's code into the frame.";
    await this.#camera(true);
  }

  #cameraFailed(error) {
    this.#scanning = false;
    this.#stop();
    const [word, advice] = CAMERA[error.name] ?? CAMERA.camera_failed;
    this.#parts.signal(false);
    this.#verdict("stop", "!", word, advice, { keys: [["Try again", () => this.#scan()]], reads: true });
  }

  #stop() {
    this.#parts.scanner.stop();
    this.#parts.words.byId("camera-words").textContent = "";
    return this.#camera(false);
  }

  async #camera(on) {
    const { scanner, words: { byId, show } } = this.#parts;
    show(byId("camera"), on);
    show(byId("camera-start"), !on);
    show(byId("camera-stop"), on);
    show(byId("torch"), on && scanner.hasTorch);
    byId("torch").setAttribute("aria-pressed", "false");
    show(byId("camera-next"), on && (await scanner.cameras()).length > 1);
  }

  #read(text) {
    const { restaurant, words: { byId } } = this.#parts;
    if (this.#job || text === this.#served) return;
    this.#stop();
    const award = this.#wanted("amount", this.#earning.per === "amount" || byId("visit").checked);
    this.#run({
      kind: "verify", key: crypto.randomUUID(), at: Date.now(),
      body: { payload: text, restaurant_id: restaurant, ...(award ? { award } : {}) },
    });
  }

  // What there are points for: an amount from this field, or a visit; nothing where none is wanted, and null where it
  // cannot be read.
  #wanted(id, visit = false, needed = false) {
    const { words: { byId, minorOf, show } } = this.#parts;
    if (this.#earning.per === "visit") return visit ? { visit: true } : undefined;
    const field = byId(id);
    const error = byId(`${id === "amount" ? "amount" : "giving"}-error`);
    const text = field.value.trim();
    const minor = minorOf(text, this.#currency);
    const wrong = text ? !minor : needed;
    show(error, wrong);
    field.toggleAttribute("aria-invalid", wrong);
    if (wrong) {
      field.setAttribute("aria-invalid", "true");
      error.textContent = "Type an amount, like 1500 or 12.50.";
      field.focus();
      return null;
    }
    return minor ? { amount: { minor, currency: this.#currency } } : undefined;
  }

  // --- By e-mail.

  async #find() {
    const { words: { byId, show } } = this.#parts;
    const field = byId("email");
    const email = field.value.trim();
    const wrong = !/^[^\s@]+@[^\s@]+$/.test(email);
    show(byId("email-error"), wrong);
    field.toggleAttribute("aria-invalid", wrong);
    if (wrong) {
      field.setAttribute("aria-invalid", "true");
      byId("email-error").textContent = "Type an e-mail address, like ada@example.com.";
      field.focus();
      return;
    }
    if (this.#wanted("amount") === null) return;
    this.#scanning = false;
    this.#stop();
    await this.#run({ kind: "search", body: { email } });
  }

  // Somebody who is known, before there are points.
  #identified({ id, name, balance }) {
    const { words: { byId, facts, show } } = this.#parts;
    // The purchase has its name from here on, however often it is sent.
    this.#customer = { id, name, reference: `staff-${crypto.randomUUID()}` };
    this.#clear("customer");
    byId("customer-name").textContent = name ?? id;
    byId("customer-facts").replaceChildren(...facts([
      ["Customer id", name ? id : ""], ["Points", balance === undefined ? "" : String(balance)],
    ]));
    byId("giving-amount").value = byId("amount").value;
    byId("said").textContent = `${name ?? id}.`;
    (this.#earning.per === "amount" ? byId("giving-amount") : byId("give")).focus();
    byId("customer").scrollIntoView({ block: "nearest" });
  }

  async #give() {
    const award = this.#wanted("giving-amount", true, true);
    if (!award) return;
    const { id, name, reference } = this.#customer;
    await this.#run({
      kind: "purchase", at: Date.now(), name,
      body: { restaurant_id: this.#parts.restaurant, customer_id: id, ...award, reference },
    });
  }

  // --- Asking, and asking again.

  #send({ kind, body, key }) {
    const { ask } = this.#parts;
    if (kind === "verify") return ask("POST", "/api/v1/loyalty/verify", { body, key });
    if (kind === "search") return ask("POST", "/api/v1/loyalty/customers/search", { body });
    return ask("POST", "/api/v1/loyalty/purchases", { body });
  }

  async #run(job) {
    const { Refused, Unreachable } = this.#parts;
    this.#job = { ...job, waits: false };
    const mine = this.#job;
    this.#keep(job);
    this.#verdict("wait", "…", "Processing...", "");
    try {
      const { read } = await this.#send(job);
      this.#keep();
      if (this.#job === mine) this.#answered(job, read);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      if (this.#job !== mine) return;
      if (error instanceof Unreachable) this.#unanswered(job);
      else this.#refused(job, error);
    }
  }

  // Nobody knows what has happened. The same request gets the answer of the first one.
  #unanswered(job) {
    const { NO_ANSWER, signal } = this.#parts;
    this.#job = { ...job, waits: true };
    signal(false);
    const counted = job.kind === "search" ? "" : "The same request is sent again, and counted once.";
    const giveUp = () => {
      this.#keep();
      this.#job = undefined;
      if (job.kind !== "search") this.#note({ failed: "No answer: look whether the points have come", unknown: true });
      return this.#next();
    };
    this.#verdict("stop", "!", NO_ANSWER, counted, { keys: [["Retry", () => this.#run(job)], ["Next customer", giveUp]] });
  }

  #refused(job, error) {
    const { signal, signedOut, words: { byId, show } } = this.#parts;
    if (error.status === 401) {
      signedOut();
      return;
    }
    this.#keep();
    if (error.code === "loyalty_award_for_reward") {
      const { award, ...body } = job.body;
      this.#run({ ...job, key: crypto.randomUUID(), body });
      return;
    }
    this.#job = undefined;
    signal(false);
    if (job.kind === "purchase" && this.#customer) this.#customer.reference = `staff-${crypto.randomUUID()}`;
    this.#note({ failed: error.message });
    const wait = error.retryAfterS ? `Try again in ${error.retryAfterS} seconds.` : "";
    // Whoever was found stays, so that an amount can be changed.
    const back = job.kind === "purchase" && this.#customer
      ? ["Change the amount", () => { this.#clear("customer"); byId("giving-amount").focus(); }] : undefined;
    this.#verdict("stop", "✕", `Error: ${error.message}`, wait, { keys: [...(back ? [back] : []), ["Try again", () => this.#next()]] });
    show(byId("customer"), false);
  }

  #answered(job, read) {
    const { signal, words: { byId } } = this.#parts;
    this.#job = undefined;
    this.#served = job.body.payload;
    signal(true);
    if (job.kind === "search") {
      this.#identified({ id: read.customer_id ?? read.id, name: read.name, balance: read.balance });
      return;
    }
    const customer = read.customer ?? { id: job.body.customer_id, name: job.name };
    const points = read.awarded ?? read.points;
    if (job.kind === "verify" && !read.reward && points === undefined) {
      this.#identified({ ...customer, balance: read.balance });
      return;
    }
    byId("amount").value = "";
    this.#customer = undefined;
    this.#note({ customer, points, reward: read.reward, balance: read.balance });
    this.#succeeded(customer, points, read);
  }

  #succeeded(customer, points, { reward, balance }) {
    const { words: { plural } } = this.#parts;
    this.#verdict("fine", "✓", "Success!", reward ? "Hand out the reward." : "", {
      large: reward?.name ?? (points === undefined ? "" : `+ ${plural(points, "point")}`),
      rows: [
        ["Customer", customer.name ?? customer.id], ["Paid with", reward?.price === undefined ? "" : plural(reward.price, "point")],
        ["Balance", balance === undefined ? "" : plural(balance, "point")],
      ],
      keys: [["Next customer", () => this.#next()]],
    });
  }

  // What waits for an answer outlives a reload; an address does not wait there.
  #keep(job) {
    const { kept, restaurant } = this.#parts;
    const name = `tessera-staff:${restaurant}`;
    if (job && job.kind !== "search") kept.write("sessionStorage", name, JSON.stringify(job));
    else kept.drop("sessionStorage", name);
  }

  #kept() {
    const { kept, restaurant } = this.#parts;
    try {
      const job = JSON.parse(kept.read("sessionStorage", `tessera-staff:${restaurant}`));
      return job && Date.now() - job.at < WAITS_MAX_MS ? job : undefined;
    } catch {
      return undefined;
    }
  }

  // --- What one sees.

  // Colour, word and sign; the sign and the colour say nothing that the word does not.
  #verdict(kind, sign, word, text, { large = "", rows = [], keys = [], reads = false } = {}) {
    const { words: { button, byId, facts, show } } = this.#parts;
    const panel = byId("verdict");
    panel.className = `card verdict ${kind}`;
    for (const [id, said] of [["sign", sign], ["word", word], ["text", text], ["large", large]]) {
      byId(`verdict-${id}`).textContent = said;
      show(byId(`verdict-${id}`), Boolean(said));
    }
    byId("verdict-facts").replaceChildren(...facts(rows));
    const buttons = keys.map(([label, work], at) => button(label, `button big-button${at ? "" : " main"}`, work));
    byId("verdict-keys").replaceChildren(...buttons);
    show(byId("customer"), false);
    show(byId("read"), reads);
    show(panel);
    byId("said").textContent = [word, text, large].filter(Boolean).join(" ");
    buttons[0]?.focus();
    panel.scrollIntoView({ block: "nearest" });
  }

  #note(line) {
    this.#lines = [{ ...line, at: new Date().toISOString() }, ...this.#lines].slice(0, LINES_MAX);
    this.#draw();
  }

  #draw() {
    const { words: { byId, node, plural, sentence, show, tag, when } } = this.#parts;
    byId("lines").replaceChildren(...this.#lines.map(({ customer, points, reward, balance, failed, unknown, at }) => {
      const what = reward?.name ?? (points === undefined ? "" : `+ ${plural(points, "point")}`);
      const left = balance === undefined ? "" : `Balance: ${plural(balance, "point")}. `;
      return node("li", { className: "line" },
        node("p", { className: "line-head" },
          node("span", { className: "line-title", textContent: failed ? sentence(failed) : customer.name ?? customer.id }),
          failed ? tag(unknown ? "Not known" : "Refused", unknown ? "wait" : "stop") : tag(what, "fine")),
        node("p", { className: "hint", textContent: `${left}${when(at)}` }));
    }));
    show(byId("lines-none"), this.#lines.length === 0);
  }

  // The way back to reading, or to whoever was found.
  #clear(shown = "read") {
    const { words: { byId, show } } = this.#parts;
    for (const id of ["verdict", "customer", "read"]) show(byId(id), id === shown);
    for (const id of ["giving", "email", "amount"]) show(byId(`${id}-error`), false);
    for (const id of ["giving-amount", "email", "amount"]) byId(id).removeAttribute("aria-invalid");
    if (shown === "read") byId("email").value = "";
    byId("said").textContent = "";
  }

  // The next customer. Whoever has scanned goes on scanning.
  async #next() {
    const { words: { byId } } = this.#parts;
    this.#customer = undefined;
    this.#clear();
    if (!this.#scanning) {
      byId("camera-start").focus();
      return;
    }
    await this.#scan();
    byId("camera-stop").focus();
  }
}
