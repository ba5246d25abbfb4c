// Prints what the built page weighs with brotli and gzip, file by file: what the first load asks for, and what comes with first use.
// @ts-check
import { readdirSync, readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url)
const names = readdirSync(new URL('assets/', dist))
const read = (/** @type {string} */ name) => readFileSync(new URL(name, dist))
const html = read('index.html').toString()

// The editor and the matrix are asked for as soon as the page draws, with all that they import.
const first = new Set(names.filter(name => html.includes(name) || /^(worker-host|netpol|editor|matrix)-/.test(name)))
for (const name of first) {
  if (!name.endsWith('.js')) continue
  for (const [, imported = ''] of read(`assets/${name}`).toString().matchAll(/(?:from|import)\s*["']\.\/([^"']+)["']/g)) first.add(imported)
}

let [total, own] = [0, 0]
const kilo = (/** @type {number} */ size) => `${(size / 1000).toFixed(1).padStart(8)} kB`
for (const name of ['index.html', ...names.map(one => `assets/${one}`)]) {
  const bytes = read(name)
  const brotli = brotliCompressSync(bytes).length
  const isFirst = name === 'index.html' || first.has(name.slice('assets/'.length))
  if (isFirst) total += brotli
  if (isFirst && !name.endsWith('.wasm')) own += brotli
  console.log(`${isFirst ? 'first' : 'later'}  ${name.padEnd(40)}${kilo(bytes.length)}${kilo(gzipSync(bytes).length)} gzip${kilo(brotli)} brotli`)
}
console.log(`first load: ${kilo(total).trim()} with brotli, ${kilo(own).trim()} of it without the module`)
