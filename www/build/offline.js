// The service worker of the built page: src/offline.js with the list of files that it keeps, and a version made of their contents.
// @ts-check
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** @returns {import('vite').Plugin} */
export function offline() {
  return {
    name: 'offline',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const hash = createHash('sha256')
        const files = ['./', 'icon.svg']
        for (const [name, file] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
          hash.update(name).update('code' in file ? file.code : file.source)
          if (name !== 'index.html') files.push(name)
        }
        const source = readFileSync(new URL('../src/offline.js', import.meta.url), 'utf8')
          .replace('__FILES__', () => JSON.stringify(files))
          .replace('__VERSION__', () => JSON.stringify(hash.digest('hex').slice(0, 16)))
        this.emitFile({ type: 'asset', fileName: 'offline.js', source })
      },
    },
  }
}
