// The page after the payment: asks for the tip's status until it is known, ever more seldom, and then shows it. Without
// this script the page loads itself again.
const place = document.querySelector("[data-tip]");
const FINAL = ["succeeded", "settled", "refunded", "disputed", "failed", "abandoned"];
// Seconds between questions: two and a half minutes in all.
const PAUSES = [1, 1, 2, 2, 3, 3, 5, 5, 8, 8, 13, 13, 21, 21, 34];

// The key of a tip whose outcome is known is thrown away, so that the next one is a new tip.
const forget = (tip) => {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith("tip:") && JSON.parse(sessionStorage.getItem(name))?.tip === tip) sessionStorage.removeItem(name);
    }
  } catch { /* nothing was kept */ }
};

const watch = async ({ tip, status }) => {
  if (FINAL.includes(status)) { forget(tip); return; }
  for (const pause of PAUSES) {
    await new Promise((resume) => { setTimeout(resume, pause * 1000); });
    const answer = await fetch(`/tips/${tip}`, { cache: "no-store" }).catch(() => null);
    const told = answer?.ok ? await answer.json().catch(() => null) : null;
    if (told && told.status !== status) {
      // Without what the payment page has put into the address: it proves nothing.
      location.replace(location.pathname);
      return;
    }
  }
  document.getElementById("later").hidden = false;
};
if (place) watch(place.dataset);
