// The content security policy of the page, as a meta element: a static host sets no headers.
// @ts-check

const BUILT = {
  'default-src': "'none'", 'script-src': "'self' 'wasm-unsafe-eval'", 'style-src': "'self'", 'worker-src': "'self'",
  'connect-src': "'self'", 'img-src': "'self' data: blob:", 'manifest-src': "'self'", 'base-uri': "'none'", 'form-action': "'none'",
}
/** Vite's own server puts styles into the page and talks over a socket. */
const SERVED = { ...BUILT, 'style-src': "'self' 'unsafe-inline'", 'connect-src': "'self' ws:" }

/** @returns {import('vite').Plugin} */
export function policy() {
  let content = ''
  return {
    name: 'content-security-policy',
    configResolved({ command }) {
      content = Object.entries(command === 'build' ? BUILT : SERVED).map(parts => parts.join(' ')).join('; ')
    },
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content }, injectTo: 'head-prepend' },
    ],
  }
}
