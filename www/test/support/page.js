// The built page in a real browser: served as plain files, with everything that it says and asks for written down.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium } from 'playwright-core'

const dist = new URL('../../dist/', import.meta.url)
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', wasm: 'application/wasm', svg: 'image/svg+xml' }

/** Serves www/dist under a path, as a static host does; `answer` may take a request first. */
export async function serve(base = '/', answer = () => false) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x')
    if (answer(pathname, response)) return undefined
    const name = pathname.startsWith(base) ? pathname.slice(base.length) || 'index.html' : '..'
    const file = new URL(name, dist)
    if (!file.href.startsWith(dist.href) || !existsSync(file)) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': TYPES[name.split('.').at(-1)] ?? 'text/plain' }).end(readFileSync(file))
  })
  await new Promise(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address()
  return { url: `http://127.0.0.1:${port}${base}`, close: () => new Promise(resolve => { server.closeAllConnections(); server.close(resolve) }) }
}

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})

/** A page of its own, which has loaded; `said` has what went wrong in it, `asked` what it asked for. */
export async function open(browser, url, { fragment = '', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const [said, asked] = [[], []]
  page.on('console', message => {
    if (message.type() === 'error' && !message.location().url.endsWith('/api/sources')) said.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', error => said.push(String(error)))
  context.on('request', request => asked.push(request.url()))
  await page.goto(url + fragment)
  await page.getByRole('textbox', { name: 'Manifests', includeHidden: true }).waitFor({ state: 'attached' })
  return { page, context, said, asked, check: () => { assert.deepEqual(said, []) } }
}

export const example = async (page, name) => {
  await page.getByRole('button', { name: 'Examples' }).click()
  await page.getByRole('menuitem', { name }).click()
}

/** Shows one of the two panes of a narrow page. */
export async function pane(page, name) {
  const button = page.getByRole('button', { name, exact: true })
  if (await button.isVisible()) await button.click()
}

/** Puts a text into the editor, as a paste does. */
export async function write(page, text) {
  const editor = page.getByRole('textbox', { name: 'Manifests' })
  await editor.click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

export const view = (page, name) => page.getByRole('tab', { name, exact: false }).click()
