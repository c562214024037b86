// The module for browsers, outside of one: it reads frames, refuses what is none, survives noise, and its verdicts on
// tokens are those of the corpus.
//
// usage: node tests/outside/browser.mjs MODULE.wasm [FRAMES] [CORPUS.jsonl]
//   FRAMES: a folder of `frames.py make`. CORPUS: what `VOUCHER_CORPUS=… cargo test -p tessera-domain corpus` writes.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const [path, frames, corpus] = process.argv.slice(2);
const bytes = readFileSync(path);
const module = await WebAssembly.compile(bytes);
assert.deepEqual(WebAssembly.Module.imports(module), [], "the module asks for nothing");
console.log(`${path}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} compressed`);

// The page's own reader, with the module given instead of fetched.
globalThis.fetch = async () => new Response(bytes);
const source = readFileSync(new URL("../../shared/web/assets/reader.js", import.meta.url));
const { Reader } = await import(`data:text/javascript;base64,${source.toString("base64")}`);
const reader = await Reader.load("reader.wasm");

// What is no frame has no code, and what is too large is refused before it is stored.
for (const [length, width, height] of [[1, 0, 0], [1, 1, 1], [400, 20, 20], [441, 21, 22], [441, 2 ** 31, 2 ** 31]]) {
  assert.deepEqual(reader.read(new Uint8Array(length), width, height), []);
}
assert.throws(() => reader.read(new Uint8Array(2 ** 23 + 1), 4096, 4096), RangeError);

// Noise, with a fixed seed.
let state = 20_261_121;
const random = (most) => { state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; return (state >>> 8) % most; };
for (let round = 0; round < 200; round += 1) {
  const [width, height, coarse] = [21 + random(300), 21 + random(300), 1 + random(10)];
  const noise = new Uint8Array(width * height);
  for (let y = 0; y < height; y += coarse) {
    for (let x = 0; x < width; x += coarse) {
      const grey = random(2) * 200 + random(56);
      for (let line = y; line < Math.min(y + coarse, height); line += 1) {
        noise.fill(grey, line * width + x, line * width + Math.min(x + coarse, width));
      }
    }
  }
  assert.deepEqual(reader.read(noise, width, height), []);
}
console.log("200 frames of noise: no code, no trap");

assert.deepEqual(reader.verify({}), { verdict: "bad_question" });
if (frames && existsSync(frames)) {
  let [right, all, slowest, sum] = [0, 0, 0, 0];
  for (const line of readFileSync(join(frames, "frames.csv"), "utf8").trim().split(/\r?\n/).slice(1)) {
    const [file, , text] = line.split(",");
    const pgm = readFileSync(join(frames, file));
    const [head, width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(pgm.subarray(0, 64).toString("latin1"));
    const started = performance.now();
    const texts = reader.read(pgm.subarray(head.length), Number(width), Number(height));
    const milliseconds = performance.now() - started;
    [all, sum, slowest] = [all + 1, sum + milliseconds, Math.max(slowest, milliseconds)];
    if (texts.includes(text)) right += 1;
    else assert.deepEqual(texts, [], `${file} is read as another text`);
  }
  console.log(`frames: ${right} of ${all} read, ${(sum / all).toFixed(0)} ms each, at most ${slowest.toFixed(0)} ms`);
  // The share that was measured is four fifths; fewer means that the reader has become worse.
  assert.ok(right * 100 >= all * 78, "fewer frames are read than when the reader was chosen");
}
if (corpus) {
  const lines = readFileSync(corpus, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const verdicts = new Set();
  for (const { name, question, expected } of lines) {
    const { jwks, iss, aud, status, ...rest } = question;
    const asked = { ...rest, status: status ?? undefined, keys: jwks, issuer: iss, audience: aud };
    assert.equal(reader.verify(asked).verdict, expected, name);
    verdicts.add(expected);
  }
  console.log(`tokens: ${lines.length} verdicts (${[...verdicts].sort().join(", ")}) are those of the functions' verifier`);
}
