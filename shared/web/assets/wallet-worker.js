// Keeps the wallet's shell for a time without a network: one page that is the same for everybody, and its files. It reads
// what the page has put into the cache, and keeps nothing itself: no page of a customer, no points, no code.
const CACHE = "tessera-wallet";
const SHELL = "/wallet/offline";
const PAGE = /^\/wallet\/rst_[0-9a-z]+(\/.*)?$/;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

const kept = async (path) => (await caches.open(CACHE)).match(path);

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && PAGE.test(pathname)) {
    event.respondWith(fetch(request).catch(async (error) => (await kept(SHELL)) ?? Promise.reject(error)));
  } else if (pathname.startsWith("/assets/")) {
    event.respondWith(kept(pathname).then((found) => found ?? fetch(request)));
  }
});
