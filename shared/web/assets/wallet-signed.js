// Codes that the customer's own device signs where there is no network, each for a window of half a minute. The private
// half of the key cannot be read, not even by this script.
const WINDOW_S = 30;
const NONCE_BYTES = 8;
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// A new key: `{ pair, publicKey }`, the public half as the platform takes it.
export const newKey = async () => {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  return { pair, publicKey: base64url(await crypto.subtle.exportKey("raw", pair.publicKey)) };
};

// A code of now, and for how many seconds it is shown. `aheadMs` is by how much the platform's clock is ahead of ours.
export const signedCode = async (drawing, { pair, key, customer, restaurant, aheadMs }) => {
  const nowS = Math.floor((Date.now() + aheadMs) / 1000);
  const random = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const nonce = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const message = drawing.message({ customer, key, restaurant, nowS, nonce });
  const signature = await crypto.subtle.sign(SIGNATURE, pair.privateKey, message);
  return { text: drawing.code(message, new Uint8Array(signature)), lastsS: WINDOW_S - (nowS % WINDOW_S) };
};

// Shows one code after the other in `place`, until the answer is called. `left` gets the seconds of each.
export const showSigned = (drawing, kept, place, { left, failed }) => {
  let timer;
  let ended = false;
  let signing = false;
  let until = 0;
  const tick = async () => {
    clearTimeout(timer);
    if (signing) return;
    const rest = Math.ceil((until - Date.now()) / 1000);
    // A clock that was set back says nothing; then a new code is the safe answer.
    if (rest <= 0 || rest > WINDOW_S) {
      signing = true;
      try {
        const code = await signedCode(drawing, kept);
        if (ended) return;
        until = Date.now() + code.lastsS * 1000;
        place.replaceChildren(drawing.draw(code.text, "L"));
        place.dataset.signed = code.text;
      } catch (error) {
        if (!ended) failed(error);
        return;
      } finally {
        signing = false;
      }
    }
    if (ended) return;
    left(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    timer = setTimeout(tick, 500);
  };
  const looked = () => { if (!document.hidden) tick(); };
  document.addEventListener("visibilitychange", looked);
  tick();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", looked);
    delete place.dataset.signed;
  };
};
