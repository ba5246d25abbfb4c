// The tutorial: every step begins wrong and can be mended, says the engine; and a reader gets through it on the page.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { Engine } from '../../pkg/lib/node.js'
import { launch, open, serve, write } from './support/page.js'

const { buildSync } = createRequire(new URL('../../pkg/package.json', import.meta.url))('esbuild')
const entry = new URL('../src/tutorial/steps.ts', import.meta.url).pathname
const { outputFiles } = buildSync({ entryPoints: [entry], bundle: true, format: 'esm', write: false })
const { steps, cluster } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`)

let browser
let server
before(async () => { [browser, server] = await Promise.all([launch(), serve()]) })
after(async () => { await browser?.close(); await server?.close() })

const judge = (text, goals) => {
  const engine = new Engine({ sources: [{ path: 'policy.yaml', text }, { path: 'cluster.yaml', text: cluster }] })
  const met = goals.map(({ flow, wanted }) => engine.verdict(flow) === wanted)
  const errors = engine.diagnostics().filter(({ severity }) => severity === 'error')
  engine.free()
  return { met, errors }
}

test('there are eight steps', () => { assert.equal(steps.length, 8) })

for (const [number, { title, start, solution, goals }] of steps.entries()) {
  test(`step ${number + 1} begins wrong and its solution is right: ${title}`, () => {
    assert.ok(judge(start, goals).met.includes(false), 'nothing is wrong at first')
    assert.deepEqual(judge(solution, goals), { met: goals.map(() => true), errors: [] })
  })
}

test('a reader gets through all steps, and comes back to the own files', async () => {
  const { page, context, check } = await open(browser, server.url)
  await write(page, 'kind: Namespace\napiVersion: v1\nmetadata: { name: mine }\n')
  await page.getByRole('button', { name: 'Tutorial' }).click()
  for (const [number, { title, solution }] of steps.entries()) {
    await page.getByRole('heading', { name: title }).waitFor()
    await page.locator('.tutorial .met').first().waitFor()
    assert.equal(await page.getByRole('button', { name: 'Next step' }).count(), 0)
    assert.equal(await page.getByRole('navigation', { name: 'Steps' }).getByText('✓').count(), number)
    if (number === 1) {
      await page.getByRole('button', { name: 'Hint' }).click()
      await page.getByRole('button', { name: 'Show a solution' }).click()
    } else await write(page, solution)
    if (number < steps.length - 1) await page.getByRole('button', { name: 'Next step' }).click()
  }
  await page.getByText('That was the last step').waitFor()
  await page.reload()
  await page.getByText('That was the last step').waitFor()
  assert.equal(await page.getByRole('navigation', { name: 'Steps' }).getByText('✓').count(), 8)
  await page.getByRole('button', { name: 'Leave' }).click()
  await page.waitForFunction(() => document.querySelector('.editor').shadowRoot.textContent.includes('name: mine'))
  check()
  await context.close()
})
