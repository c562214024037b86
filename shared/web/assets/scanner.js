// Reads codes with the camera or from a picture: with the browser's own detector where it has one for QR codes, else
// with our module in a worker. What is done with a text is the page's.

// How long the same code has to be out of sight before it is told again.
const AGAIN_AFTER_MS = 3_000;
const PAUSE_MS = 40;
const AGAIN_AFTER_FAILURE_MS = 1_000;
const LOAD_MAX_MS = 20_000;
const READ_MAX_MS = 8_000;
const FRAME_SIDE_MAX_PX = 960;
const PICTURE_SIDES_PX = [2_048, 1_000];
const ALL_LOOKS = 15;

const WORDS = {
  no_camera: "No camera was found. You can type the code, or choose a picture of it.",
  permission_refused: "The camera may not be used here. Allow it in the browser's settings for this page, or type the code.",
  camera_in_use: "Another app uses the camera. Close it and try again, or type the code.",
  insecure_page: "The camera works on secure pages (https) only. You can type the code.",
  camera_failed: "The camera could not be started. Try again, or type the code.",
  no_reader: "Scanning is not available here. You can type the code.",
  bad_picture: "This file is not a picture that can be read.",
};

// Its `name` is for the page, its `message` for a person.
export class ScannerError extends Error {
  constructor(name, cause) {
    super(WORDS[name], { cause });
    this.name = name;
  }
}

const CAUSES = {
  NotFoundError: "no_camera", OverconstrainedError: "no_camera", NotAllowedError: "permission_refused",
  SecurityError: "permission_refused", NotReadableError: "camera_in_use", AbortError: "camera_in_use",
};
const wait = (milliseconds) => new Promise((resume) => { setTimeout(resume, milliseconds); });

// A short vibration, and a tone where one is wanted: high for good, low and twice for bad. Silence where the browser has
// neither.
let audio;
export const signal = (good = true, sound = true) => {
  try {
    navigator.vibrate?.(good ? 80 : [120, 80, 120]);
    if (!sound) return;
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume().catch(() => {});
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = good ? 1_320 : 300;
    volume.gain.setValueAtTime(0.2, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + (good ? 0.15 : 0.4));
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.4);
  } catch { /* A scan without a tone is a scan. */ }
};

// The worker with our module. It is made anew after it has failed.
class WorkerReader {
  #addresses;
  #worker;
  #waiting = new Map();
  #last = 0;

  constructor(addresses) { this.#addresses = addresses; }

  #ask(message, most, moved = []) {
    const id = this.#last += 1;
    if (!this.#worker) {
      this.#worker = new Worker(this.#addresses.reader, { type: "module" });
      this.#worker.onmessage = ({ data }) => { this.#waiting.get(data.id)?.(data); this.#waiting.delete(data.id); };
      this.#worker.onerror = () => this.stop("The reader has stopped.");
    }
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.stop("The reader does not answer."), most);
      this.#waiting.set(id, ({ texts, failed }) => {
        clearTimeout(late);
        if (texts) resolve(texts);
        else reject(new Error(failed));
      });
      this.#worker.postMessage({ id, module: this.#addresses.module, ...message }, moved);
    });
  }

  load() { return this.#ask({}, LOAD_MAX_MS); }

  read({ grey, width, height }, looks) {
    return this.#ask({ grey: grey.buffer, width, height, looks }, READ_MAX_MS, [grey.buffer]);
  }

  stop(failed = "The reader was stopped.") {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const answer of this.#waiting.values()) answer({ failed });
    this.#waiting.clear();
  }
}

// Brightness of a video's frame or a picture, at most so many pixels on the longer side.
const grey = (source, [fullWidth, fullHeight], most, canvas = document.createElement("canvas")) => {
  const scale = Math.min(1, most / Math.max(fullWidth, fullHeight));
  const [width, height] = [fullWidth, fullHeight].map((side) => Math.max(1, Math.round(side * scale)));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height);
  for (let at = 0, from = 0; at < pixels.length; at += 1, from += 4) {
    pixels[at] = (data[from] * 77 + data[from + 1] * 151 + data[from + 2] * 28) >> 8;
  }
  return { grey: pixels, width, height };
};

const detector = async () => {
  try {
    const formats = await globalThis.BarcodeDetector?.getSupportedFormats() ?? [];
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : undefined;
  } catch {
    return undefined;
  }
};

export class Scanner {
  #addresses;
  #native;
  #worker;
  #turn = 0;
  #running;
  #seen = new Map();
  #canvas = document.createElement("canvas");

  // `reader` and `module` are the addresses of our reader and its WebAssembly; without them only the browser's own
  // detector works. `native: false` leaves that one out.
  constructor({ reader, module, native = true } = {}) {
    this.#addresses = reader && module ? { reader, module } : undefined;
    this.#native = native ? null : undefined;
    document.addEventListener("visibilitychange", () => this.#visible());
  }

  // What reads: `native` or `module`, known after `start` or `readFile`.
  get reads() { return this.#native ? "native" : "module"; }

  // Starts the rear camera, or the one that was chosen last, and tells each text once while its code is in sight.
  // Refused with a `ScannerError`.
  async start(video, onText) {
    this.stop();
    const running = { video, onText, device: this.device };
    this.#running = running;
    try {
      await this.#prepare();
      await this.#open(running);
    } catch (error) {
      if (this.#running === running) this.stop();
      this.device = undefined;
      throw error instanceof ScannerError ? error : new ScannerError("camera_failed", error);
    }
    if (this.#running === running) this.#loop(running);
  }

  // Tells a code again that is still in sight: somebody wants to have it read once more.
  forget() { this.#seen.clear(); }

  // Whether the camera is on, or about to be.
  get runs() { return Boolean(this.#running); }

  // Lets the camera go.
  stop() {
    const { stream, video } = this.#running ?? {};
    this.#running = undefined;
    for (const track of stream?.getTracks() ?? []) track.stop();
    if (video) video.srcObject = null;
  }

  // Whether there is a lamp to switch.
  get hasTorch() { return Boolean(this.#track?.getCapabilities?.().torch); }

  // Switches the lamp; answers whether it could.
  async torch(on) {
    if (!this.hasTorch) return false;
    return this.#track.applyConstraints({ advanced: [{ torch: on }] }).then(() => true, () => false);
  }

  // The cameras, once the camera may be used.
  async cameras() {
    const devices = await navigator.mediaDevices?.enumerateDevices() ?? [];
    return devices.filter(({ kind }) => kind === "videoinput");
  }

  // Goes on with the next camera.
  async switchCamera() {
    const { video, onText } = this.#running ?? {};
    if (!video) return;
    const ids = (await this.cameras()).map(({ deviceId }) => deviceId).filter(Boolean);
    const now = this.#track?.getSettings().deviceId;
    this.device = ids[(ids.indexOf(now) + 1) % ids.length];
    await this.start(video, onText);
  }

  // The texts of the codes in a picture of any size; an empty list when there is none.
  async readFile(file) {
    await this.#prepare();
    let picture;
    try {
      // A picture that is too large to unpack whole is unpacked smaller.
      picture = await createImageBitmap(file)
        .catch(() => createImageBitmap(file, { resizeWidth: PICTURE_SIDES_PX[0], resizeQuality: "high" }));
    } catch (error) {
      throw new ScannerError("bad_picture", error);
    }
    try {
      const texts = await this.#detect(picture);
      if (texts?.length || !this.#addresses) return texts ?? [];
      for (const side of PICTURE_SIDES_PX) {
        const found = await this.#read(grey(picture, [picture.width, picture.height], side), ALL_LOOKS);
        if (found.length) return found;
        if (Math.max(picture.width, picture.height) <= PICTURE_SIDES_PX.at(-1)) break;
      }
      return [];
    } finally {
      picture.close();
    }
  }

  get #track() { return this.#running?.stream?.getVideoTracks()[0]; }

  async #prepare() {
    if (this.#native === null) this.#native = await detector();
    if (!this.#native) await this.#load();
  }

  async #load() {
    if (this.#worker) return;
    if (!this.#addresses || !globalThis.WebAssembly) throw new ScannerError("no_reader");
    const worker = new WorkerReader(this.#addresses);
    try {
      await worker.load();
    } catch (error) {
      worker.stop();
      throw new ScannerError("no_reader", error);
    }
    this.#worker = worker;
  }

  async #open(running) {
    if (!isSecureContext || !navigator.mediaDevices?.getUserMedia) throw new ScannerError("insecure_page");
    const size = { width: { ideal: 1_280 }, height: { ideal: 720 } };
    const which = running.device ? { deviceId: { exact: running.device } } : { facingMode: { ideal: "environment" } };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...size, ...which } })
      .catch((error) => { throw new ScannerError(CAUSES[error.name] ?? "camera_failed", error); });
    if (this.#running !== running) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    running.stream = stream;
    Object.assign(running.video, { muted: true, playsInline: true, srcObject: stream });
    await running.video.play();
  }

  // One frame at a time, as quickly as they are read; none while nobody looks.
  async #loop(running) {
    const { video, onText } = running;
    while (this.#running === running) {
      if (document.visibilityState === "visible" && video.readyState >= 2 && video.videoWidth) {
        const texts = await this.#frame(video).catch(() => wait(AGAIN_AFTER_FAILURE_MS).then(() => []));
        if (this.#running !== running) return;
        for (const text of texts) if (this.#isNew(text)) onText(text);
      }
      await wait(PAUSE_MS);
    }
  }

  async #frame(video) {
    const native = await this.#detect(video);
    if (native) return native;
    // The quick look each time, and the others in turn.
    this.#turn = (this.#turn + 1) % 3;
    const frame = grey(video, [video.videoWidth, video.videoHeight], FRAME_SIDE_MAX_PX, this.#canvas);
    return this.#read(frame, 1 | (2 << this.#turn));
  }

  async #read(frame, looks) {
    await this.#load();
    return this.#worker.read(frame, looks);
  }

  // What the browser's own detector finds; nothing at all when there is none. One that fails is not asked again.
  async #detect(source) {
    if (!this.#native) return undefined;
    try {
      return (await this.#native.detect(source)).map(({ rawValue }) => rawValue).filter(Boolean);
    } catch (error) {
      if (error.name === "InvalidStateError" && source.readyState < 2) return [];
      if (this.#addresses) this.#native = undefined;
      return undefined;
    }
  }

  #isNew(text) {
    const now = performance.now();
    for (const [old, last] of this.#seen) if (now - last > AGAIN_AFTER_MS) this.#seen.delete(old);
    const told = this.#seen.has(text);
    this.#seen.set(text, now);
    return !told;
  }

  // A phone may have taken the camera away while the page was hidden.
  async #visible() {
    const running = this.#running;
    if (document.visibilityState !== "visible" || !running?.stream) return;
    const ended = this.#track?.readyState !== "live";
    await (ended ? this.#open(running) : running.video.play()).catch(() => {});
  }
}
