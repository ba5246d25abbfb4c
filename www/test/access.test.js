// Every view in both themes and on a phone: no violation that axe knows, nothing wider than the screen, and a path by keyboard.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { example, launch, open, pane, serve, view } from './support/page.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let browser
let server
before(async () => { [browser, server] = await Promise.all([launch(), serve()]) })
after(async () => { await browser?.close(); await server?.close() })

const VIEWS = {
  empty: async () => {},
  matrix: async page => { await example(page, /A shop/); await page.locator('table').waitFor() },
  connection: async page => {
    await view(page, 'Connection')
    await page.getByLabel('From').fill('shop-backend/cart[Deployment]')
    await page.getByRole('heading', { name: 'What shop-backend/cart[Deployment] may reach' }).waitFor()
  },
  explanation: async page => {
    await page.getByLabel('To', { exact: true }).fill('shop-data/postgres[StatefulSet]')
    await page.getByLabel('Port').fill('5432')
    await page.getByText('Into the destination').waitFor()
  },
  policies: async page => { await view(page, 'Policies'); await page.getByRole('heading', { name: '25 policies' }).waitFor() },
  findings: async page => {
    await example(page, /^Two dashes/)
    await view(page, 'Findings')
    await page.getByText('1 warning, 1 note').waitFor()
  },
  compare: async page => {
    await example(page, /A change that/)
    await page.locator('.change summary').first().click()
    await page.getByRole('region', { name: 'After' }).getByText('Allowed').first().waitFor()
  },
  graph: async page => { await view(page, 'Graph'); await page.locator('.graph-canvas .node').first().waitFor() },
  manifests: async page => { await pane(page, 'Manifests'); await page.getByRole('textbox', { name: 'Manifests' }).waitFor(); await pane(page, 'Answers') },
  menu: async page => { await page.getByRole('button', { name: 'File', exact: true }).click() },
  share: async page => { await page.keyboard.press('Escape'); await page.getByRole('button', { name: 'Share' }).click(); await page.getByRole('dialog').waitFor() },
  tutorial: async page => {
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Tutorial' }).click()
    await page.getByText('web still reaches api').waitFor()
  },
}

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
for (const [name, options] of Object.entries({ light: { colorScheme: 'light' }, dark: { colorScheme: 'dark' }, phone })) {
  test(`no view has a violation: ${name}`, async () => {
    const { page, context, check } = await open(browser, server.url, { ...options, bypassCSP: true, reducedMotion: 'reduce' })
    await page.evaluate(axe)
    const violations = []
    for (const [shown, show] of Object.entries(VIEWS)) {
      await show(page)
      const result = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }))
      for (const { id, nodes } of result.violations) {
        violations.push(...nodes.map(node => `${shown}: ${id}: ${node.target.flat().join(' ')}: ${node.any[0]?.message ?? node.failureSummary}`))
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.equal(wide, 0, `${shown} is wider than the screen`)
    }
    assert.deepEqual(violations, [])
    check()
    await context.close()
  })
}

test('the page is gone through by keyboard: skip links, views, files', async () => {
  const { page, context, check } = await open(browser, server.url)
  await example(page, /A shop/)
  await page.evaluate(() => { document.activeElement.blur() })
  await page.getByRole('link', { name: 'To the answers' }).focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.activeElement.id === 'answers')
  await page.keyboard.press('Tab')
  await page.waitForFunction(() => document.activeElement.id === 'view-matrix')
  for (let presses = 0; presses < 3; presses += 1) {
    await page.keyboard.press('ArrowRight')
    await page.waitForTimeout(50)
  }
  await page.waitForFunction(() => document.activeElement.id === 'view-policies')
  await page.getByRole('heading', { name: '25 policies' }).waitFor()
  const names = () => page.getByRole('tablist', { name: 'Files' }).getByRole('tab').allTextContents()
  const before = await names()
  await page.getByRole('tab', { name: before[0] }).focus()
  await page.keyboard.press('Alt+ArrowRight')
  assert.deepEqual((await names()).slice(0, 2), [before[1], before[0]])
  await page.getByRole('tab', { name: before[0] }).focus()
  await page.keyboard.press('F2')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('renamed.yaml')
  await page.keyboard.press('Enter')
  await page.getByRole('tab', { name: 'renamed.yaml' }).waitFor()
  await page.getByRole('tab', { name: 'renamed.yaml' }).focus()
  await page.keyboard.press('Delete')
  await page.getByText('Closed renamed.yaml').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('tab', { name: 'renamed.yaml' }).waitFor()
  check()
  await context.close()
})
