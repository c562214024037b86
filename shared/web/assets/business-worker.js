// Keeps the business page's shell for a reload without a network. It reads what the page has put into the cache, and
// keeps nothing itself: no answer of the API, and no page of somebody who has signed in.
const CACHE = "tessera-business";
const PAGE = /^\/business\/[A-Za-z0-9_]+$/;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

const kept = async (path) => (await caches.open(CACHE)).match(path);

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && PAGE.test(pathname)) {
    event.respondWith(fetch(request).catch(async (error) => (await kept(pathname)) ?? Promise.reject(error)));
  } else if (pathname.startsWith("/assets/")) {
    event.respondWith(kept(pathname).then((found) => found ?? fetch(request)));
  }
});
