// The editor as an editor: hover, completion, lenses and marks with their fixes, all from the engine.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { example, launch, open, serve, write } from './support/page.js'

let browser
let server
before(async () => { [browser, server] = await Promise.all([launch(), serve()]) })
after(async () => { await browser?.close(); await server?.close() })

const CLUSTER = ['web', 'db'].map(name => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
---
`).join('')
const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
`
const line = (page, text) => page.locator('.cm-line', { hasText: text })

test('hover says what a selector matches', async () => {
  const { page, context, check } = await open(browser, server.url)
  await write(page, CLUSTER + POLICY)
  await page.getByText('2 workloads · 1 policy').waitFor()
  await line(page, 'podSelector').hover({ position: { x: 110, y: 8 } })
  await page.locator('.cm-tooltip', { hasText: 'shop/db[Pod]' }).waitFor()
  check()
  await context.close()
})

test('completion offers the labels that are there, and takes one', async () => {
  const { page, context, check } = await open(browser, server.url)
  await write(page, `${CLUSTER}${POLICY}  ingress:\n    - from:\n        - podSelector:\n            matchLabels:\n              app: `)
  await page.keyboard.press('Control+Space')
  const offered = page.getByRole('listbox').getByRole('option')
  await offered.filter({ hasText: 'web' }).waitFor()
  assert.deepEqual((await offered.allTextContents()).map(text => text.match(/^(web|db)/)?.[0]).sort(), ['db', 'web'])
  await page.keyboard.type('w')
  await page.keyboard.press('Enter')
  await line(page, 'app: web').last().waitFor()
  await page.locator('td[aria-label^="allowed"]').first().waitFor()
  check()
  await context.close()
})

test('a line above a policy says what it selects, and leads to it', async () => {
  const { page, context, check } = await open(browser, server.url)
  await write(page, CLUSTER + POLICY)
  await page.getByText('selects 1 pod · ingress isolated · no rules').click()
  await page.getByRole('heading', { name: '1 policy' }).waitFor()
  await page.locator('.policy.shown', { hasText: 'Allows' }).waitFor()
  check()
  await context.close()
})

test('a mark says what is wrong and mends it in place, and undo takes that back', async () => {
  const { page, context, check } = await open(browser, server.url)
  await example(page, /^Two dashes/)
  const mark = page.locator('.cm-lintRange-warning').first()
  await mark.hover()
  const tooltip = page.locator('.cm-tooltip')
  await tooltip.getByText('two peers, of which either suffices').waitFor()
  await tooltip.getByRole('link', { name: 'split-peer' }).waitFor()
  await tooltip.getByRole('button', { name: /remove the dash/ }).click()
  await mark.waitFor({ state: 'detached' })
  await line(page, 'podSelector').first().click()
  await page.keyboard.press('Control+z')
  await mark.waitFor()
  check()
  await context.close()
})
