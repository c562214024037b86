// The last redemptions and refusals at this business, with rolling back while there is time.
const LINES_MAX = 20;
const TICK_MS = 15_000;

export class Lines {
  #parts;
  #lines = [];
  // When the list was loaded; nothing before that.
  #at;
  #keys = new Map();
  #asked;

  constructor(parts) {
    this.#parts = parts;
    const { byId, once } = parts.words;
    byId("lines-again").addEventListener("click", () => once(byId("lines-again"), () => this.refresh()));
    // A time to roll back passes.
    setInterval(() => { if (this.#lines.some(({ rollback_until: until }) => until)) this.draw(); }, TICK_MS);
  }

  async refresh() {
    const { calls, words: { byId, show } } = this.#parts;
    try {
      this.#lines = (await calls.last(LINES_MAX)).lines;
      this.#at = new Date();
      show(byId("lines-error"), false);
      this.draw();
    } catch (error) {
      this.draw();
      byId("lines-error").textContent = "The list could not be loaded. Look whether there is a network, and press the button below.";
      show(byId("lines-error"));
    }
  }

  draw() {
    const { network, words: { byId, show, when } } = this.#parts;
    byId("lines-none").textContent = network.up
      ? this.#at ? "Nothing was redeemed here yet." : "The list is being loaded."
      : this.#at ? `There is no network: this is the list of ${when(this.#at)}.`
        : "There is no network: what was redeemed here is not known now.";
    show(byId("lines-none"), this.#lines.length === 0 || !network.up);
    // Nothing is drawn anew below somebody's finger.
    if (byId("lines").contains(document.activeElement)) return;
    byId("lines").replaceChildren(...this.#lines.map((line) => this.#row(line)));
  }

  #row(line) {
    const { shelf, words: { node, tag, when, money, FORMS, refusal } } = this.#parts;
    const isRefusal = line.kind === "refusal";
    const back = line.status === "rolled_back";
    const title = shelf.titleOf(line.voucher_id);
    const { word } = isRefusal ? refusal(line.reason, undefined, line.form) : {};
    const mark = isRefusal ? tag("Refused", "stop") : back ? tag("Rolled back", "over") : tag("Redeemed", "fine");
    const what = [isRefusal ? word : "", title, FORMS[line.form], line.customer_id ? `customer ${line.customer_id}` : "",
      line.amount ? money(line.amount, line.currency) : "", line.offline ? "without a network" : ""].filter(Boolean);
    const open = !isRefusal && !back && Date.parse(line.rollback_until) > Date.now();
    return node("li", { className: "line" },
      node("p", { className: "line-head" }, mark, node("span", { className: "quiet", textContent: when(line.redeemed_at ?? line.at) })),
      node("p", { textContent: what.join(" · ") }),
      open ? this.#rollback(line, title) : "");
  }

  // Asks once more before it is done.
  #rollback(line, title) {
    const { words: { node, button } } = this.#parts;
    const place = node("div", { className: "links" });
    const first = button("Roll back", "quiet-button", async () => {
      const sure = button("Yes, roll it back", "button danger", () => this.#back(line.redemption_id, place));
      const not = button("No", "quiet-button", async () => { place.replaceChildren(first); first.focus(); });
      place.replaceChildren(sure, not);
      sure.focus();
    });
    first.setAttribute("aria-label", `Roll back ${title || "this redemption"}`);
    place.append(first);
    return place;
  }

  async #back(id, place) {
    const { calls, store, words: { node, refusal } } = this.#parts;
    const key = this.#keys.get(id) ?? crypto.randomUUID();
    this.#keys.set(id, key);
    try {
      await calls.rollBack(id, key);
      await store.rolledBack(id);
      document.activeElement?.blur();
      await this.refresh();
    } catch (error) {
      const { word, advice } = error.code ? refusal(error.code) : { word: "There is no answer", advice: "Press it again when there is a network." };
      if (error.code) this.#keys.delete(id);
      place.append(node("p", { className: "error", role: "alert", textContent: `${word}. ${advice}` }));
    }
  }
}
