// The service worker: it keeps the files of one build, so that the page works without a network, and forgets those of others.
const FILES = __FILES__
const NAME = `netpol-${self.registration.scope}-`
const CACHE = NAME + __VERSION__

self.addEventListener('install', event => {
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(FILES.map(path => new Request(path, { cache: 'no-cache' })))))
})

self.addEventListener('activate', event => {
  const forget = async () => {
    for (const name of await caches.keys()) if (name.startsWith(NAME) && name !== CACHE) await caches.delete(name)
    await self.clients.claim()
  }
  event.waitUntil(forget())
})

// `netpol playground` answers under api/, and is never kept.
self.addEventListener('fetch', event => {
  const { request } = event
  const url = new URL(request.url)
  const scope = new URL(self.registration.scope)
  if (request.method !== 'GET' || url.origin !== scope.origin || url.pathname.startsWith(`${scope.pathname}api/`)) return
  const answer = async () => (await (await caches.open(CACHE)).match(request, { ignoreSearch: true, ignoreVary: true })) ?? fetch(request)
  event.respondWith(answer())
})
