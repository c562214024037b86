// The wallet without a network: the customer's own device signs a code every half a minute.
const place = document.getElementById("main");
const part = (id) => document.getElementById(id);
const says = (words) => { part("words").textContent = words; };
// The page stands for whatever wallet was asked for.
const restaurant = location.pathname.split("/")[2];

const begin = async ({ drawing, drawingScript, kept, signed }) => {
  const { keyOf, placeOf } = await import(kept);
  const known = await placeOf(restaurant);
  const key = known && await keyOf(known.owner);
  if (!key) {
    says("This phone has kept nothing for this restaurant. Open its page once while there is a network; from then on it shows a code without one too.");
    return;
  }
  part("name").textContent = known.name;
  document.title = `${known.name} · Without a network`;
  says("This phone makes a code of its own, a new one every 30 seconds. Points that it brings are on the page once there is a network.");
  const [{ Drawing }, { showSigned }] = await Promise.all([import(drawingScript), import(signed)]);
  const { customer, aheadMs } = known;
  showSigned(await Drawing.load(drawing), { ...key, key: key.id, customer, restaurant, aheadMs }, part("code"), {
    left: (seconds) => { part("left").textContent = `${seconds} s`; },
    failed: () => says("Failed to generate QR"),
  });
  part("pass").hidden = false;
};

part("retry").addEventListener("click", () => location.reload());
// It is not loaded again by itself: somebody may be reading the code at this moment.
addEventListener("online", () => says("There is a network again. Retry shows your points."));
begin(place.dataset)
  .catch(() => says("Failed to generate QR"))
  .finally(() => { document.body.dataset.ready = "yes"; });
