// Reads the frames of `frames.py` with zxing-wasm: `file milliseconds text` for each. See there for the command.
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const library = join(folder, "node_modules/zxing-wasm/dist");
const { prepareZXingModule, readBarcodes } = await import(pathToFileURL(join(library, "es/reader/index.js")));
const wasmBinary = readFileSync(join(library, "reader/zxing_reader.wasm"));
await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });

// A binary PGM as the picture that a canvas would give.
export const picture = (path) => {
  const bytes = readFileSync(path);
  const [head, width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 64).toString("latin1"));
  const grey = bytes.subarray(head.length);
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < grey.length; at += 1) data.fill(grey[at], at * 4, at * 4 + 3).fill(255, at * 4 + 3, at * 4 + 4);
  return { data, width: Number(width), height: Number(height), colorSpace: "srgb" };
};

for (const file of readdirSync(folder).filter((name) => name.endsWith(".pgm")).sort()) {
  const frame = picture(join(folder, file));
  const started = performance.now();
  const found = await readBarcodes(frame, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
  const milliseconds = performance.now() - started;
  console.log(`${file} ${milliseconds.toFixed(1)} ${found.find((one) => one.text)?.text ?? ""}`.trimEnd());
}
