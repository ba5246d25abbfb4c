// Prints what the first load of the built page weighs with brotli and gzip, file by file. Fails when it is too much.
// @ts-check
import { readdirSync, readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url)
const html = readFileSync(new URL('index.html', dist), 'utf8')
const all = readdirSync(new URL('assets/', dist)).map(name => `assets/${name}`)
/** What the page asks for before anything is clicked. */
const isFirst = (/** @type {string} */ name) => html.includes(name) || /\/(worker-host|netpol|editor|matrix|views)-/.test(name)

let total = 0
let own = 0
for (const name of ['index.html', ...all]) {
  const bytes = readFileSync(new URL(name, dist))
  const brotli = brotliCompressSync(bytes).length
  const first = name === 'index.html' || isFirst(name)
  if (first) total += brotli
  if (first && !name.endsWith('.wasm')) own += brotli
  const kb = (/** @type {number} */ size) => (size / 1000).toFixed(1).padStart(8)
  console.log(`${first ? 'first' : 'later'} ${name.padEnd(44)}${kb(bytes.length)} kB${kb(gzipSync(bytes).length)} gzip${kb(brotli)} brotli`)
}
console.log(`first load: ${(total / 1000).toFixed(1)} kB with brotli, ${(own / 1000).toFixed(1)} kB of it without the module`)
