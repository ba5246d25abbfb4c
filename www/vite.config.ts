// How the page is built: a static folder that works under any path, without a request to another host.
import { readFileSync } from 'node:fs'
import { defineConfig } from 'vite'
import { offline } from './build/offline.js'
import { ownModule } from './build/module.js'
import { policy } from './build/policy.js'

const { version } = JSON.parse(readFileSync(new URL('../pkg/package.json', import.meta.url), 'utf8'))

export default defineConfig({
  base: './',
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [ownModule(), policy(), offline()],
  worker: { format: 'es', plugins: () => [ownModule()] },
  optimizeDeps: { exclude: ['netpol-wasm'] },
  server: { fs: { allow: ['..'] } },
  build: {
    target: 'es2023', modulePreload: { polyfill: false }, assetsInlineLimit: 0, cssMinify: true, reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'examples', test: /\/examples\/.*\.yaml/ }] } } },
  },
})
