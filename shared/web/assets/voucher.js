// The voucher's page: counts the scan, shares with the device's own means, and copies the address. Without this script the
// address can be copied by hand.
const place = document.querySelector("[data-voucher]");

// A page that is drawn in advance is no visit yet.
const count = () => {
  const source = document.referrer ? "LINK" : "CAMERA";
  const report = new Blob([JSON.stringify({ source })], { type: "application/json" });
  navigator.sendBeacon(`/api/v1/vouchers/${place.dataset.voucher}/scan`, report);
};
if (place) {
  if (document.prerendering) document.addEventListener("prerenderingchange", count, { once: true });
  else count();
}

const share = document.getElementById("share");
const address = document.getElementById("address");
const said = document.getElementById("said");
if (share && address) {
  const { title, text } = share.dataset;
  const url = address.value;
  share.hidden = false;
  share.textContent = navigator.share ? "Share with a friend" : "Copy the link";
  share.addEventListener("click", async () => {
    try {
      if (navigator.share) {
        await navigator.share({ title, text, url });
        return;
      }
      await navigator.clipboard.writeText(url);
      said.textContent = "The link is copied.";
    } catch (error) {
      // Whoever closes the list of apps has not failed.
      if (error.name === "AbortError") return;
      address.focus();
      address.select();
      said.textContent = "Copy the link from the field.";
    }
  });
}
