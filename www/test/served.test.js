// The page as `netpol playground` serves it: with manifests that change on the disk, and what was edited here kept.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, open, serve, view, write } from './support/page.js'

const pod = name => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop }\n`
let browser
let server
let sources = []
const listeners = new Set()
before(async () => {
  browser = await launch()
  server = await serve('/', (path, response) => {
    if (path === '/api/sources') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(sources))
    else if (path === '/api/events') {
      listeners.add(response)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: sources\ndata: 1\n\n')
    } else return false
    return true
  })
})
after(async () => { await browser?.close(); await server?.close() })
const change = now => {
  sources = now
  for (const listener of listeners) listener.write('event: sources\ndata: 2\n\n')
}
const inEditor = (page, text) => page.waitForFunction(wanted => document.querySelector('.editor').shadowRoot.textContent.includes(wanted), text)

test('manifests are loaded, and followed as they change', async () => {
  sources = [{ path: 'a.yaml', text: pod('one') }]
  const { page, context, check } = await open(browser, server.url)
  await inEditor(page, 'name: one')
  await page.getByText('1 workload ·').waitFor()
  change([{ path: 'a.yaml', text: pod('other') }, { path: 'b.yaml', text: pod('two') }])
  await page.getByText('2 workloads ·').waitFor()
  await inEditor(page, 'name: other')
  change([{ path: 'a.yaml', text: pod('other') }])
  await page.getByText('1 workload ·').waitFor()
  assert.equal(await page.getByRole('tab', { name: 'b.yaml' }).count(), 0)
  check()
  await context.close()
})

test('what has been edited stays, until the disk’s is taken', async () => {
  sources = [{ path: 'a.yaml', text: pod('one') }]
  const { page, context, check } = await open(browser, server.url)
  await inEditor(page, 'name: one')
  await write(page, pod('mine'))
  await page.getByText('1 workload ·').waitFor()
  change([{ path: 'a.yaml', text: pod('theirs') }])
  await page.getByText('Changed on the disk, and edited here: a.yaml').waitFor()
  await inEditor(page, 'name: mine')
  await page.getByRole('button', { name: 'Take what is on the disk' }).click()
  await inEditor(page, 'name: theirs')
  check()
  await context.close()
})

test('parts of the input that are not modelled are told, and make what is denied unknown', async () => {
  sources = []
  const { page, context, check } = await open(browser, server.url)
  const denied = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: closed, namespace: shop }\nspec: { podSelector: {} }\n'
  const unread = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: broken, namespace: shop }\nspec: { podSelector: 7 }\n'
  await write(page, [pod('a'), pod('b'), denied].join('---\n'))
  await page.locator('td.denied').first().waitFor()
  assert.equal(await page.locator('.banner').count(), 0)
  await write(page, [pod('a'), pod('b'), denied, unread].join('---\n'))
  await page.getByText('A part of the input is not in the answers.').click()
  await page.locator('td.unknown').first().waitFor()
  assert.equal(await page.locator('td.denied').count(), 0)
  await page.locator('.banner').getByRole('button', { name: /untitled.yaml:\d+/ }).first().waitFor()
  await view(page, 'Findings')
  await page.getByText('1 error').first().waitFor()
  check()
  await context.close()
})
