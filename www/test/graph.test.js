// The graph in a real browser: drawn from the engine's answer, walked with the arrow keys, folded, narrowed to one end, saved.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { example, launch, open, serve, view } from './support/page.js'

let browser
let server
before(async () => { [browser, server] = await Promise.all([launch(), serve()]) })
after(async () => { await browser?.close(); await server?.close() })

async function shown() {
  const opened = await open(browser, server.url)
  await example(opened.page, /A shop/)
  await view(opened.page, 'Graph')
  const node = name => opened.page.getByRole('button', { name: new RegExp(`^${name}`) })
  await node('postgres StatefulSet').waitFor()
  return { ...opened, node, arrow: words => opened.page.getByRole('button', { name: words }) }
}

test('arrows name their ends and ports, and one leads to its explanation', async () => {
  const { page, context, arrow, check } = await shown()
  await arrow('From catalog to postgres: 5432').dispatchEvent('click')
  await page.getByText('Into the destination').waitFor()
  assert.equal(await page.getByLabel('From').inputValue(), 'shop-backend/catalog[Deployment]')
  assert.equal(await page.getByLabel('To', { exact: true }).inputValue(), 'shop-data/postgres[StatefulSet]')
  check()
  await context.close()
})

test('arrow keys go along connections, Enter lists what an arrow stands for', async () => {
  const { page, context, node, check } = await shown()
  const focused = words => page.waitForFunction(wanted => document.activeElement.getAttribute('aria-label')?.startsWith(wanted), words)
  await node('all 4 of shop-backend').focus()
  await page.keyboard.press('ArrowRight')
  await focused('From all of shop-backend to coredns: 53, UDP 53')
  await page.keyboard.press('Enter')
  await page.getByRole('list', { name: 'Connections of the arrow' }).getByRole('button', { name: 'shop-backend/cart[Deployment] → kube-system/coredns[Deployment]' }).waitFor()
  assert.equal(await page.getByRole('list', { name: 'Connections of the arrow' }).getByRole('listitem').count(), 4)
  await page.keyboard.press('ArrowRight')
  await focused('coredns Deployment in kube-system')
  await page.keyboard.press('ArrowLeft')
  await page.waitForFunction(() => /^From .* to coredns/.test(document.activeElement.getAttribute('aria-label') ?? ''))
  check()
  await context.close()
})

test('a namespace folds and unfolds, and one end is looked at alone', async () => {
  const { page, context, node, check } = await shown()
  await node('shop-data 3 ends, unfolded').dispatchEvent('click')
  await node('shop-data 3 ends, folded').waitFor()
  assert.equal(await node('postgres StatefulSet').count(), 0)
  await page.getByLabel('Only around').fill('shop-data/postgres[StatefulSet]')
  await node('postgres StatefulSet').waitFor()
  await page.waitForFunction(() => !document.querySelector('.graph-canvas').textContent.includes('grafana'))
  assert.equal(await node('prometheus StatefulSet').count(), 1)
  await page.getByLabel('Only around').fill('')
  await page.getByRole('button', { name: 'Fold all' }).click()
  await node('shop-backend 4 ends, folded').waitFor()
  assert.equal(await page.locator('.graph-canvas .node').count(), await page.locator('.graph-canvas .node.folded').count())
  check()
  await context.close()
})

test('a drag moves the picture and chooses nothing, plus and minus zoom', async () => {
  const { page, context, node, check } = await shown()
  const box = await node('catalog Deployment').boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2 + 40, box.y + box.height / 2 - 60, { steps: 5 })
  await page.mouse.up()
  const moved = await node('catalog Deployment').boundingBox()
  assert.ok(Math.abs(moved.x - box.x - 40) < 2 && Math.abs(moved.y - box.y + 60) < 2)
  assert.equal(await page.locator('.graph-canvas .chosen').count(), 0)
  await node('catalog Deployment').focus()
  await page.keyboard.press('+')
  await page.waitForFunction(before => document.querySelector('.graph-canvas [aria-label^="catalog"]').getBoundingClientRect().width > before * 1.2, moved.width)
  await page.keyboard.press('0')
  await page.waitForFunction(before => Math.abs(document.querySelector('.graph-canvas [aria-label^="catalog"]').getBoundingClientRect().width - before) < 4, box.width)
  check()
  await context.close()
})

test('a port leaves the arrows that it may take', async () => {
  const { page, context, arrow, check } = await shown()
  await page.getByLabel('Port', { exact: true }).fill('6379')
  await arrow('From cart to redis').waitFor()
  await page.waitForFunction(() => document.querySelectorAll('.graph-canvas .edge').length < 12)
  assert.equal(await arrow('From catalog to postgres').count(), 0)
  check()
  await context.close()
})

test('the picture is saved as SVG and PNG, whole and with its looks', async () => {
  const { page, context, check } = await shown()
  const save = async name => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
    return readFileSync(await download.path())
  }
  const edges = await page.locator('.graph-canvas .edge').count()
  const svg = (await save('Save SVG')).toString()
  const counted = await page.evaluate(text => {
    const { documentElement } = new DOMParser().parseFromString(text, 'image/svg+xml')
    const lines = [...documentElement.querySelectorAll('path')].filter(path => path.getAttribute('fill') === 'none')
    return { name: documentElement.localName, lines: lines.length, colour: lines[0].getAttribute('stroke'), roles: documentElement.querySelectorAll('[role=button], [tabindex]').length }
  }, svg)
  assert.deepEqual(counted, { name: 'svg', lines: edges, colour: 'rgb(18, 103, 58)', roles: 0 })
  const png = await save('Save PNG')
  assert.equal(png.subarray(1, 4).toString(), 'PNG')
  assert.ok(png.readUInt32BE(16) > 1000 && png.length > 50_000, `${png.readUInt32BE(16)} wide, ${png.length} bytes`)
  check()
  await context.close()
})

test('a worker that fails is told of', async () => {
  const broken = await serve('/', (path, response) => {
    if (!/\/worker-(?!host)[^/]*\.js$/.test(path)) return false
    response.writeHead(200, { 'content-type': 'text/javascript' }).end('throw new Error("out of order")')
    return true
  })
  const { page, context } = await open(browser, broken.url)
  await example(page, /A shop/)
  await view(page, 'Graph')
  await page.getByText(/The graph cannot be drawn \(.*out of order.*\); the matrix shows the same/).waitFor()
  await context.close()
  await broken.close()
})
