// One code after another: read, shown, redeemed. Each decision has a key that stays until there is an answer, so that a
// request whose answer was lost is repeated and not made twice.
export class Till {
  #parts;
  #scanner;
  #signal = () => {};
  // Whether the camera goes on for the next customer.
  #scanning = false;
  // What lies on the counter: the code, what it is good for, and the decision about it.
  #case;

  constructor(parts) { this.#parts = parts; }

  async open() {
    const { addresses, words: { byId, once, show } } = this.#parts;
    const { Scanner, signal } = await import(addresses.scanner);
    const { typed, isToken } = await import(addresses.offline);
    this.#signal = signal;
    this.#scanner = new Scanner({ reader: addresses.reader, module: addresses.module });
    const press = (id, work) => byId(id).addEventListener("click", () => once(byId(id), work));
    press("camera-start", () => this.#scan());
    press("camera-stop", async () => {
      this.#scanning = false;
      await this.#stop();
      byId("camera-start").focus();
    });
    press("camera-next", () => this.#scanner.switchCamera().then(() => this.#camera(true), (error) => this.#cameraFailed(error)));
    press("torch", async () => {
      const on = byId("torch").getAttribute("aria-pressed") !== "true";
      if (await this.#scanner.torch(on)) byId("torch").setAttribute("aria-pressed", String(on));
    });
    press("next", () => this.#next());
    byId("voucher-form").addEventListener("submit", (event) => {
      event.preventDefault();
      once(byId("redeem"), () => this.#redeem());
    });
    press("not-now", async () => this.#clear(byId("camera-start")));
    byId("picture").addEventListener("change", () => this.#picture());
    byId("code").addEventListener("input", () => this.#typing(typed, isToken));
    byId("typed").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = byId("code").value;
      if (isToken(text.trim())) return this.look(text.trim());
      const { kind, code } = typed(text);
      const wrong = { mistyped: "short_code_mistyped", unreadable: "short_code_unreadable" }[kind];
      this.#wrong(wrong);
      return wrong ? byId("code").focus() : this.look(code);
    });
    show(byId("read"));
  }

  // Groups a short code as soon as it is whole, and says at once when its check symbol is wrong.
  #grouped = "";

  #typing(typed, isToken) {
    const { byId } = this.#parts.words;
    const field = byId("code");
    // An address that was pasted stays as it is.
    if (isToken(field.value.trim())) return this.#wrong();
    let text = field.value.toUpperCase();
    if (this.#grouped && text !== this.#grouped && text.startsWith(this.#grouped.slice(0, 5))) text = text.replace("-", "");
    const { kind, shown } = typed(text);
    this.#grouped = ["short", "mistyped"].includes(kind) ? shown : "";
    const next = this.#grouped || text;
    if (field.value !== next) field.value = next;
    return this.#wrong(kind === "mistyped" ? "short_code_mistyped" : undefined);
  }

  #wrong(code) {
    const { byId, refusal, show } = this.#parts.words;
    const said = byId("code-error");
    show(said, Boolean(code));
    byId("code").toggleAttribute("aria-invalid", Boolean(code));
    if (code) {
      byId("code").setAttribute("aria-invalid", "true");
      const { word, advice } = refusal(code);
      said.textContent = `${word}. ${advice}`;
    }
  }

  async #scan() {
    const { words: { byId, show } } = this.#parts;
    show(byId("camera"));
    byId("camera-words").textContent = "The camera starts…";
    try {
      await this.#scanner.start(byId("video"), (text) => { if (!this.#case) this.look(text); });
      byId("camera-words").textContent = "Hold the code into the picture.";
      this.#scanning = true;
      await this.#camera(true);
    } catch (error) {
      this.#cameraFailed(error);
    }
  }

  #cameraFailed(error) {
    this.#scanning = false;
    this.#stop();
    this.#parts.words.byId("camera-words").textContent = error.message;
  }

  #stop() {
    this.#scanner.stop();
    this.#parts.words.byId("camera-words").textContent = "";
    return this.#camera(false);
  }

  async #camera(on) {
    const { byId, show } = this.#parts.words;
    show(byId("camera"), on);
    show(byId("camera-start"), !on);
    show(byId("camera-stop"), on);
    show(byId("torch"), on && this.#scanner.hasTorch);
    byId("torch").setAttribute("aria-pressed", "false");
    const several = on && (await this.#scanner.cameras()).length > 1;
    show(byId("camera-next"), several);
  }

  async #picture() {
    const { byId } = this.#parts.words;
    const [file] = byId("picture").files;
    if (!file) return;
    byId("camera-words").textContent = "The picture is read…";
    try {
      const [text] = await this.#scanner.readFile(file);
      byId("camera-words").textContent = text ? "" : "There is no code in this picture, or it is blurred. Take it again from nearer, or type the code.";
      if (text) await this.look(text);
    } catch (error) {
      byId("camera-words").textContent = error.message;
    } finally {
      byId("picture").value = "";
    }
  }

  // Looks a code up and shows what it is. Nothing is redeemed.
  async look(code) {
    const { calls, network, Unreachable } = this.#parts;
    const mine = { code, key: crypto.randomUUID() };
    this.#case = mine;
    this.#stop();
    this.#verdict("wait", "…", "Looking it up", "", []);
    try {
      if (!network.up && !navigator.onLine) return await this.#lookOffline(mine);
      const seen = await calls.validate({ code });
      network.set(true);
      if (this.#case === mine) this.#seen(mine, seen);
    } catch (error) {
      if (this.#case !== mine) return undefined;
      if (!(error instanceof Unreachable)) return this.#refused(error.code, error.message, { retryAfterS: error.retryAfterS });
      if (error.network) network.set(false);
      await this.#lookOffline(mine).catch((failed) => this.#refused(failed.code, failed.message, failed));
    }
    return undefined;
  }

  async #lookOffline(mine) {
    const { shelf } = this.#parts;
    try {
      const found = await shelf.look(mine.code);
      Object.assign(mine, { offline: found.meaning, needs: found.needs, customer: found.customer });
      this.#offer(mine, found.meaning.voucher, found);
    } catch (error) {
      if (!error.code) throw error;
      this.#refused(error.code, error.message, { at: error.at, form: error.form, offline: true });
    }
  }

  #seen(mine, { redeemable, needs = [], reason, voucher, form, customer_id: customer, gift_left: left }) {
    if (!redeemable && needs.length === 0) {
      return this.#refused(reason.code, reason.detail, { at: reason.at, retryAfterS: reason.retry_after_s, voucher, form });
    }
    Object.assign(mine, { needs, customer, form });
    return this.#offer(mine, voucher, { form, customer, left, needs });
  }

  // The voucher before it is redeemed.
  #offer(mine, voucher, { form = mine.offline?.form, customer, left, needs, notes = [] }) {
    const { byId, show, facts, when, benefit, money, node, FORMS } = this.#parts.words;
    mine.voucher = voucher;
    show(byId("verdict"), false);
    byId("voucher-title").textContent = voucher.title;
    byId("voucher-benefit").textContent = benefit(voucher.benefit);
    byId("voucher-description").textContent = voucher.description ?? "";
    byId("voucher-terms").textContent = voucher.terms ?? "";
    show(byId("voucher-terms-fold"), Boolean(voucher.terms));
    const currency = voucher.benefit.currency;
    byId("voucher-facts").replaceChildren(...facts([
      ["Read as", FORMS[form] ?? ""], ["Customer", customer ?? ""], ["Good until", when(voucher.expires_at)],
      ["Left of the balance", left === undefined ? "" : money(left, currency)],
    ]));
    const asks = (name) => needs.includes(name);
    show(byId("amount-input"), asks("amount"));
    show(byId("customer-input"), asks("customer_id"));
    byId("amount").value = "";
    byId("customer").value = "";
    byId("amount-label").textContent = `Amount that is taken${currency ? `, in ${currency}` : ""}`;
    byId("voucher-notes").replaceChildren(...notes.map((text) => node("p", { className: "hint", textContent: text })));
    show(byId("voucher-error"), false);
    show(byId("voucher"));
    show(byId("read"), false);
    byId("redeem").textContent = mine.offline ? "Redeem without a network" : "Redeem";
    (asks("amount") ? byId("amount") : asks("customer_id") ? byId("customer") : byId("redeem")).focus();
    byId("voucher").scrollIntoView({ block: "nearest" });
    this.#signal(true);
  }

  // What was typed beside the voucher; nothing where something is missing.
  #fields(mine) {
    const { byId, minorOf, show } = this.#parts.words;
    const wrong = (id, text) => {
      byId("voucher-error").textContent = text;
      show(byId("voucher-error"));
      byId(id).focus();
    };
    show(byId("voucher-error"), false);
    const fields = {};
    if (mine.needs?.includes("amount")) {
      fields.amount = minorOf(byId("amount").value, mine.voucher.benefit.currency);
      if (!fields.amount) return wrong("amount", "Type an amount, like 1500 or 12.50.");
    }
    if (mine.needs?.includes("customer_id")) {
      fields.customer_id = byId("customer").value.trim();
      if (!fields.customer_id) return wrong("customer", "Type the customer id.");
    }
    return fields;
  }

  async #redeem() {
    const mine = this.#case;
    const fields = this.#fields(mine);
    if (!fields) return;
    if (mine.offline) await this.#redeemOffline(mine, fields);
    else await this.#redeemOnline(mine, { code: mine.code, ...fields });
  }

  async #redeemOnline(mine, wanted) {
    const { shelf, words: { byId, show } } = this.#parts;
    show(byId("voucher"), false);
    this.#verdict("wait", "…", "Redeeming", "Keep the customer here for a moment.", []);
    const pending = { id: mine.key, wanted, title: mine.voucher.title, at: new Date().toISOString() };
    const said = await shelf.redeem(pending);
    if (this.#case !== mine) return;
    if (said.redemption) this.#redeemed(said.redemption);
    else if (said.refused) this.#refusedAfter(mine, said.refused);
    else {
      mine.pending = pending;
      this.#verdict("wait", "?", "No answer yet",
        "It may be redeemed already. Ask again: the same request is repeated, and counted once. It is repeated by itself when there is a network.",
        [], ["Ask again", () => this.#redeemOnline(mine, wanted)]);
      this.#signal(false);
    }
  }

  // An amount or a customer can be changed; anything else is the end.
  #refusedAfter(mine, { code, message, retryAfterS }) {
    const { byId, refusal, show } = this.#parts.words;
    const needs = { amount_needed: "amount", amount_refused: "amount", gift_too_little_left: "amount", customer_needed: "customer_id", code_other_customer: "customer_id" }[code];
    // What was not known to be needed is asked for now; its words are the page's own, which needs no minor units.
    const asks = code.endsWith("_needed") && !mine.offline;
    if (!needs || !(asks || mine.needs?.includes(needs))) {
      return this.#refused(code, message, { retryAfterS, voucher: mine.voucher, form: mine.form });
    }
    mine.needs = [...new Set([...mine.needs ?? [], needs])];
    show(byId("amount-input"), mine.needs.includes("amount"));
    show(byId("customer-input"), mine.needs.includes("customer_id"));
    mine.key = crypto.randomUUID();
    const { word, advice, detail } = refusal(code, message);
    show(byId("verdict"), false);
    show(byId("voucher"));
    byId("voucher-error").textContent = asks ? `${word} ${advice}` : `${word}: ${detail} ${advice}`;
    show(byId("voucher-error"));
    byId(needs === "amount" ? "amount" : "customer").focus();
    this.#signal(false);
    return undefined;
  }

  async #redeemOffline(mine, fields) {
    const { shelf, words: { byId, show } } = this.#parts;
    try {
      await shelf.redeemOffline(mine.offline, { ...fields, code: mine.code, customer: fields.customer_id ?? mine.customer });
      show(byId("voucher"), false);
      this.#verdict("fine", "✓", "Redeemed",
        "Without a network. It is kept on this device and sent when there is one.", [["Voucher", mine.voucher.title]]);
      this.#signal(true);
    } catch (error) {
      if (!error.code) throw error;
      if (error.code === "gift_too_little_left") this.#refusedAfter(mine, error);
      else this.#refused(error.code, error.message, { at: error.at, voucher: mine.voucher });
    }
  }

  #redeemed(redemption) {
    const { lines, words: { when, money, FORMS } } = this.#parts;
    const { gift_left: left, amount, currency, redeemed_at: at, voucher, form, customer_id: customer, rollback_until: until } = redemption;
    this.#verdict("fine", "✓", "Redeemed", "", [
      ["Voucher", voucher?.title ?? this.#case.voucher.title], ["At", when(at)],
      ["Taken", amount ? money(amount, currency) : ""], ["Left of the balance", left === undefined ? "" : money(left, currency)],
      ["Read as", FORMS[form] ?? ""], ["Customer", customer ?? ""], ["Can be rolled back until", when(until)],
    ]);
    this.#signal(true);
    lines.refresh();
  }

  #refused(code, detail, { at, retryAfterS, voucher, offline, form } = {}) {
    const { lines, words: { refusal, when, plural, byId, show } } = this.#parts;
    const said = refusal(code, detail, form);
    const already = code === "voucher_already_redeemed";
    const time = at ?? /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(detail ?? "")?.[0];
    show(byId("voucher"), false);
    this.#verdict(already ? "wait" : "stop", already ? "!" : "✕", said.word, said.advice, [
      [already ? "Redeemed at" : "Since", already || at ? when(time) : ""], ["Voucher", voucher?.title ?? ""],
      ["Reason", already && time ? "" : said.detail], ["Try again in", retryAfterS ? plural(retryAfterS, "second") : ""],
    ]);
    this.#signal(false);
    if (!offline && this.#parts.network.up) lines.refresh();
  }

  // Colour, word and sign; the sign and the colour say nothing that the word does not.
  #verdict(kind, sign, word, text, rows, [label, work] = []) {
    const { byId, show, facts, button } = this.#parts.words;
    const panel = byId("verdict");
    panel.className = `card verdict ${kind}`;
    byId("verdict-sign").textContent = sign;
    byId("verdict-word").textContent = word;
    byId("verdict-text").textContent = text;
    byId("verdict-facts").replaceChildren(...facts(rows));
    byId("verdict-more").replaceChildren(...(work ? [button(label, "button main big-button", work)] : []));
    show(byId("verdict-text"), Boolean(text));
    show(byId("next"), sign !== "…");
    show(byId("read"), false);
    show(panel);
    if (sign === "…") return;
    byId("said").textContent = `${word}. ${text}`;
    (work ? byId("verdict-more").firstElementChild : byId("next")).focus();
    panel.scrollIntoView({ block: "nearest" });
  }

  #clear(focused) {
    const { byId, show } = this.#parts.words;
    this.#case = undefined;
    this.#grouped = "";
    for (const id of ["verdict", "voucher"]) show(byId(id), false);
    show(byId("read"));
    byId("code").value = "";
    this.#wrong();
    byId("said").textContent = "";
    focused.focus();
  }

  // The next customer. Whoever has scanned goes on scanning.
  async #next() {
    const { byId } = this.#parts.words;
    this.#clear(byId("camera-start"));
    if (!this.#scanning) return;
    await this.#scan();
    byId("camera-stop").focus();
  }
}
