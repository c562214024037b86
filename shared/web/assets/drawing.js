// The module that draws codes, from our own origin: any text as a QR code, and the bytes of codes that a customer's own
// device signs.
const LEVELS = ["L", "M", "Q", "H"];

export class Drawing {
  #exports;

  // Loads the module once. Its address is in the page.
  static async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`The drawing could not be loaded: ${answer.status}.`);
    const drawing = new Drawing();
    drawing.#exports = (await WebAssembly.instantiate(await answer.arrayBuffer(), {})).instance.exports;
    return drawing;
  }

  // Calls the module with bytes; nothing where it has no answer to them.
  #call(bytes, work) {
    const { memory, reserve, output } = this.#exports;
    const place = reserve(bytes.length) >>> 0;
    if (place === 0) return undefined;
    new Uint8Array(memory.buffer, place, bytes.length).set(bytes);
    const length = work(this.#exports) >>> 0;
    return length === 0 ? undefined : new Uint8Array(memory.buffer, output() >>> 0, length).slice();
  }

  #text(text, work) { return this.#call(new TextEncoder().encode(text), work); }

  // The code of a text, as an SVG element that is as large as its place.
  draw(text, level = "L") {
    const drawn = this.#text(text, ({ draw }) => draw(LEVELS.indexOf(level)));
    if (!drawn) throw new RangeError("No code holds so much.");
    const [side, path] = new TextDecoder().decode(drawn).split(/ (.*)/s);
    const element = (name, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      return made;
    };
    const svg = element("svg", { viewBox: `0 0 ${side} ${side}`, "shape-rendering": "crispEdges" });
    svg.append(element("rect", { width: side, height: side, fill: "#fff" }), element("path", { stroke: "#000", d: path }));
    return svg;
  }

  // What a device signs for a code, of its five parts.
  message({ customer, key, restaurant, nowS, nonce }) {
    const message = this.#text([customer, key, restaurant, nowS, nonce].join("\n"), ({ message: make }) => make());
    if (!message) throw new RangeError("A part of the code does not fit.");
    return message;
  }

  // The code of a message and its signature.
  code(message, signature) {
    const code = this.#call(new Uint8Array([...message, ...signature]), ({ code: make }) => make());
    if (!code) throw new RangeError("The signature does not fit.");
    return new TextDecoder().decode(code);
  }
}
