// A stand-in for Paystack's own script of this name, as far as it resumes a charge that was begun elsewhere: a full-window
// frame with the checkout, and a callback for what the checkout says. It places both through the object model, as the real
// one does, so that a page's content policy lets it through or not for the same reasons.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  const WHOLE = "position:fixed;inset:0;border:0;margin:0;padding:0;z-index:2147483647;";

  window.PaystackPop = class PaystackPop {
    resumeTransaction(accessCode, callbacks = {}) {
      const behind = document.createElement("div");
      behind.style.cssText = `${WHOLE}background:rgba(0,0,0,.75)`;
      const frame = document.createElement("iframe");
      frame.style.cssText = `${WHOLE}width:100%;height:100%;max-width:26rem;max-height:44rem;margin:auto;background:#fff`;
      frame.title = "Payment";
      frame.allow = "payment; clipboard-read; clipboard-write";
      frame.src = `${origin}/popup/${encodeURIComponent(accessCode)}`;
      const hear = ({ origin: from, source, data: message }) => {
        if (from !== origin || source !== frame.contentWindow) return;
        const { event, data } = message ?? {};
        if (event === "loaded:transaction") callbacks.onLoad?.(data);
        if (event === "error" && data.type === "setup") callbacks.onError?.(data);
        if (event !== "success" && event !== "close") return;
        removeEventListener("message", hear);
        frame.remove();
        behind.remove();
        if (event === "success") callbacks.onSuccess?.(data);
        else callbacks.onCancel?.();
      };
      addEventListener("message", hear);
      document.body.append(behind, frame);
    }
  };
})();
