// The module that reads codes and verifies vouchers' tokens, from our own origin. Imported by a page it is the verifier;
// started as a worker it reads the frames that the scanner sends. Neither asks anybody anything but for the module.
const TOO_LARGE = "There is more to read than a phone should hold.";

export class Reader {
  #module;
  #exports;

  // Loads the module once. Its address is in the page: `data-module`.
  static async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`The reader could not be loaded: ${answer.status}.`);
    const reader = new Reader();
    reader.#module = await WebAssembly.compile(await answer.arrayBuffer());
    return reader;
  }

  // Calls the module with bytes. What stops it, stops this call only: the next one gets a new instance.
  #call(bytes, work) {
    this.#exports ??= new WebAssembly.Instance(this.#module, {}).exports;
    const { memory, reserve, output } = this.#exports;
    try {
      const place = reserve(bytes.length) >>> 0;
      if (place === 0) throw new RangeError(TOO_LARGE);
      new Uint8Array(memory.buffer, place, bytes.length).set(bytes);
      const length = work(this.#exports) >>> 0;
      return JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, output() >>> 0, length)));
    } catch (error) {
      this.#exports = undefined;
      throw error;
    }
  }

  // The texts of the codes in a greyscale picture. `looks` are bits: 1 quick, 2 sharpened, 4 doubled, 8 smoothed.
  read(grey, width, height, looks = 15) {
    return this.#call(grey, ({ read_frame }) => read_frame(width, height, looks));
  }

  // The verdict on a voucher's token, or on the page's address with the token in it: `{ verdict, claims? }`. `keys` is
  // the JWK set, `status` the signed status list where there is one, `audience` the tenant, `now` in Unix seconds.
  verify({ token, keys, status, audience, issuer, now, kinds }) {
    const question = { jwks: keys, iss: issuer, aud: audience, kinds, token, now, status };
    return this.#call(new TextEncoder().encode(JSON.stringify(question)), ({ verify }) => verify());
  }
}

const works = typeof WorkerGlobalScope !== "undefined" && globalThis instanceof WorkerGlobalScope;
if (works) {
  let loaded;
  globalThis.addEventListener("message", async ({ data }) => {
    const { id, module, grey, width, height, looks } = data;
    try {
      loaded ??= Reader.load(module);
      const reader = await loaded;
      postMessage({ id, texts: grey ? reader.read(new Uint8Array(grey), width, height, looks) : [] });
    } catch (error) {
      if (!grey) loaded = undefined;
      postMessage({ id, failed: String(error?.message ?? error) });
    }
  });
}
