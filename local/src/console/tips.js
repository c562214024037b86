// Draws the parts of the page anew that the server has drawn anew. The page is complete without it.
const PERIOD_MS = 2000;

async function refresh() {
  const answer = await fetch("/console/tips", { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    // What has not changed stays, with its selection.
    if (next && next.innerHTML !== part.innerHTML) part.replaceChildren(...next.childNodes);
  }
}

async function run() {
  if (!document.hidden) {
    try { await refresh(); } catch { /* It answers again, or the reader reloads. */ }
  }
  setTimeout(run, PERIOD_MS);
}
setTimeout(run, PERIOD_MS);
