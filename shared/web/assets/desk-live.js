// Keeps a page's figures up to date: loads the page again every few seconds, and puts its live part in the place of the
// one before. Without this script the page loads itself again.
const PAUSE_MS = 8000;
const PAUSE_MAX_MS = 120000;
const state = document.getElementById("live-state");
const words = state?.textContent;

const renew = async () => {
  const answer = await fetch(location.href, { cache: "no-store", redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const loaded = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = loaded.getElementById("live");
  const here = document.getElementById("live");
  // Whoever is reading on with the keyboard is not moved.
  if (fresh && here && !here.contains(document.activeElement)) here.replaceWith(document.adoptNode(fresh));
};

const keep = async () => {
  let pause = PAUSE_MS;
  for (;;) {
    await new Promise((resume) => { setTimeout(resume, pause); });
    if (document.hidden) continue;
    try {
      await renew();
      pause = PAUSE_MS;
      if (state) state.textContent = words;
    } catch {
      pause = Math.min(2 * pause, PAUSE_MAX_MS);
      if (state) state.textContent = "Not up to date: the last try got no answer. Load the page again.";
    }
  }
};
if (state) keep();
