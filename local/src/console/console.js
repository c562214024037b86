// Refreshes the console's figures. The page is complete without it.
const PERIOD_MS = 2000;
const CHART_HEIGHT = 100;
const BAR_MIN = 2;

const find = (selector) => document.querySelector(selector);
const lost = find("[data-lost]");
const image = find("[data-code]");
let shown = "";

function row(cells) {
  const line = document.createElement("tr");
  for (const { text, kind } of cells) {
    const cell = document.createElement("td");
    cell.textContent = text;
    if (kind) cell.className = kind;
    line.append(cell);
  }
  return line;
}

function show(figures) {
  for (const element of document.querySelectorAll("[data-figure]")) {
    const text = String(figures[element.dataset.figure]);
    if (element.textContent !== text) element.textContent = text;
  }
  const source = `${image.dataset.code}?v=${figures.version}`;
  if (image.getAttribute("src") !== source) image.src = source;
  const most = Math.max(1, ...figures.hours.map((hour) => hour.scans));
  document.querySelectorAll(".plot rect").forEach((bar, at) => {
    const { label, scans } = figures.hours[at];
    const height = scans > 0 ? Math.max(BAR_MIN, Math.floor((scans * CHART_HEIGHT) / most)) : 0;
    bar.setAttribute("y", CHART_HEIGHT - height);
    bar.setAttribute("height", height);
    bar.firstElementChild.textContent = `${label} UTC: ${scans}`;
  });
  document.querySelectorAll(".axis span").forEach((label, at) => {
    label.textContent = figures.hours[at * 6].label;
  });
  const hours = figures.hours.map((hour) =>
    row([{ text: hour.label }, { text: hour.scans, kind: "number" }]));
  find("[data-hours]").replaceChildren(...hours);
  if (figures.latest.length > 0) {
    const scans = figures.latest.map((scan) =>
      row([scan.time, scan.class, scan.device, scan.country, scan.source].map((text) => ({ text }))));
    find("[data-latest]").replaceChildren(...scans);
  }
}

async function refresh() {
  try {
    const answer = await fetch("/console/state", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    // What has not changed is not drawn again, so that a selection stays.
    if (text !== shown) show(JSON.parse(text));
    shown = text;
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
}

async function run() {
  if (!document.hidden) await refresh();
  setTimeout(run, PERIOD_MS);
}
setTimeout(run, PERIOD_MS);
