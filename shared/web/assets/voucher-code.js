// A customer's code: says how long it is good, and gets a new one before it ends, also when the page has slept meanwhile.
// Without this script the page loads itself again in time.
const place = document.querySelector("[data-life]");

const watch = ({ life, renew }) => {
  const began = Date.now();
  const left = document.getElementById("left");
  const bar = document.getElementById("life");
  const [life_s, renew_s] = [Number(life), Number(renew)];
  let timer;
  const tick = () => {
    clearTimeout(timer);
    const gone_s = (Date.now() - began) / 1000;
    // A clock that was set back says nothing; then a new code is the safe answer.
    if (gone_s >= renew_s || gone_s < 0) {
      place.classList.add("over");
      location.reload();
      return;
    }
    const rest = Math.max(0, Math.round(life_s - gone_s));
    left.textContent = `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
    bar.value = rest;
    timer = setTimeout(tick, 1000);
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  left.parentElement.hidden = false;
  bar.hidden = false;
  tick();
  // The screen stays on while the code is shown, where the device allows that.
  navigator.wakeLock?.request("screen").catch(() => { /* the device decides */ });
};
if (place) watch(place.dataset);
