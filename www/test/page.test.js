// The built page in a real browser, as a reader uses it: edit, explain, compare, share, drop, go offline. Nothing is asked of another host.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Engine } from '../../pkg/lib/node.js'
import { example, launch, open, serve, view, write } from './support/page.js'

const examples = new URL('../../examples/', import.meta.url)
const BASE = '/a/deep/path/'
let browser
let server
before(async () => { [browser, server] = await Promise.all([launch(), serve(BASE)]) })
after(async () => { await browser?.close(); await server?.close() })

const POLICY = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: web } } }]
      ports: [{ port: 5432 }]
`

/** A tab's name also says what is found in the file. */
const tab = (page, name) => page.getByRole('tab', { name: new RegExp(`^${name.replaceAll('.', '\\.')}( ?,|$)`) })

const cell = (page, row, column) => page.evaluate(([from, to]) => {
  const table = document.querySelector('table')
  const heads = [...table.querySelectorAll('thead th')].map(head => head.title)
  const line = [...table.querySelectorAll('tbody tr')].find(one => one.querySelector('th')?.title === from)
  return line?.children[heads.indexOf(to)]?.ariaLabel ?? null
}, [row, column])

test('an empty page says what to do', async () => {
  const { page, context, check } = await open(browser, server.url)
  await page.getByRole('heading', { name: 'Who can reach whom, and why' }).waitFor()
  check()
  await context.close()
})

test('what is pasted is in the matrix, and an edit changes it', async () => {
  const { page, context, check } = await open(browser, server.url)
  await write(page, POLICY)
  await page.getByRole('gridcell').or(page.getByRole('cell')).first().waitFor()
  assert.match(await cell(page, 'shop/web[Pod]', 'shop/db[Pod]'), /TCP 5432/)
  await write(page, POLICY.replace('5432', '6379'))
  await page.waitForFunction(() => document.querySelector('td[aria-label*="TCP 6379"]'))
  check()
  await context.close()
})

test('a denied flow is explained, and a step leads to its line', async () => {
  const { page, context, check } = await open(browser, server.url)
  await write(page, POLICY)
  await view(page, 'Connection')
  await page.getByLabel('From').fill('shop/web[Pod]')
  await page.getByLabel('To', { exact: true }).fill('shop/db[Pod]')
  await page.getByLabel('Port').fill('80')
  await page.getByText('port 80/TCP is not among TCP 5432').waitFor()
  await page.getByRole('button', { name: 'untitled.yaml:19' }).click()
  const line = await page.evaluate(() => document.querySelector('.editor').shadowRoot.querySelector('.cm-activeLine').textContent)
  assert.match(line, /- from:/)
  check()
  await context.close()
})

test('a pinned state shows only what an edit gains or loses, explained before and after', async () => {
  const { page, context, check } = await open(browser, server.url)
  await write(page, POLICY)
  await view(page, 'Before and after')
  await page.getByRole('button', { name: 'Pin this state' }).click()
  await page.getByRole('heading', { name: 'No flow has changed' }).waitFor()
  await write(page, POLICY.replace('5432', '6379'))
  await page.getByText('1 flow gained, 1 flow lost').waitFor()
  await page.locator('.change summary').click()
  await page.getByRole('region', { name: 'Before' }).getByText('Denied').first().waitFor()
  await page.getByRole('region', { name: 'After' }).getByText('Allowed').first().waitFor()
  check()
  await context.close()
})

test('a link brings back files, view and filter, and a broken one says so', async () => {
  const first = await open(browser, server.url)
  await write(first.page, POLICY)
  await view(first.page, 'Policies')
  await first.page.getByRole('button', { name: 'Share' }).click()
  await first.page.waitForFunction(() => document.querySelector('[aria-label="Link"]')?.value.includes('#v1/'))
  const link = await first.page.getByLabel('Link').inputValue()
  await first.context.close()
  const fragment = link.slice(link.indexOf('#'))
  const second = await open(browser, server.url, { fragment })
  await second.page.getByRole('heading', { name: '1 policy' }).waitFor()
  const text = await second.page.evaluate(() => JSON.parse(localStorage.getItem('netpol-playground-1') ?? '{}').files?.[0].text ?? '')
  assert.ok(text === '' || text === POLICY)
  assert.equal(new URL(second.page.url()).hash, '')
  second.check()
  await second.context.close()
  const third = await open(browser, server.url, { fragment: fragment.slice(0, 60) })
  await third.page.getByText('This link is damaged').waitFor()
  third.check()
  await third.context.close()
})

test('what has been edited is there after loading again', async () => {
  const { page, context, check } = await open(browser, server.url)
  await write(page, POLICY)
  await page.reload()
  await page.getByText('2 workloads · 1 policy').waitFor()
  check()
  await context.close()
})

test('a folder that is dropped is read with what is in it', async () => {
  const { page, context, check } = await open(browser, server.url)
  await page.evaluate(text => {
    const entry = (path, isDirectory, inside) => ({ fullPath: path, isDirectory, file: done => { done(new File([text], path)) }, createReader: () => {
      let rest = inside
      return { readEntries: done => { done(rest); rest = [] } }
    } })
    const folder = entry('/k8s', true, [entry('/k8s/base', true, [entry('/k8s/base/shop.yaml', false)]), entry('/k8s/notes.txt', false)])
    const event = new Event('drop', { bubbles: true, cancelable: true })
    event.dataTransfer = { types: ['Files'], items: [{ webkitGetAsEntry: () => folder }] }
    dispatchEvent(event)
  }, POLICY)
  await page.getByRole('tab', { name: 'base/shop.yaml' }).waitFor()
  await page.getByText('2 workloads · 1 policy').waitFor()
  assert.equal(await page.getByRole('tab', { name: 'notes.txt' }).count(), 0)
  check()
  await context.close()
})

test('after the first load it works without a network, and asks no other host', async () => {
  const { page, context, asked, check } = await open(browser, server.url)
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated')
  await context.setOffline(true)
  await page.reload()
  await write(page, POLICY)
  await page.getByText('2 workloads · 1 policy').waitFor()
  await example(page, /A shop/)
  await page.getByText('14 workloads · 25 policies').waitFor()
  await page.getByRole('button', { name: 'Tutorial' }).click()
  await page.getByRole('heading', { name: 'Choose whom a policy is about' }).waitFor()
  assert.deepEqual(asked.filter(url => !url.startsWith(server.url) && !url.startsWith('data:') && !url.startsWith('blob:')), [])
  check()
  await context.close()
})

test('a mistake is marked in the text, and its fix mends it', async () => {
  const { page, context, check } = await open(browser, server.url)
  await example(page, /^Two dashes/)
  await view(page, 'Findings')
  await page.getByRole('button', { name: 'remove the dash' }).click()
  await page.getByText('Nothing to find fault with').waitFor()
  check()
  await context.close()
})

test('answers on the page are those of the engine, for every example', async () => {
  const { page, context, check } = await open(browser, server.url)
  const folders = ['shop', ...readdirSync(new URL('recipes/', examples)).map(name => `recipes/${name}`)]
  const mistakes = readdirSync(new URL('mistakes/', examples)).filter(name => name.endsWith('.yaml') && name !== 'cluster.yaml')
  const all = [
    ...folders.map(id => [id, readdirSync(new URL(`${id}/`, examples)).filter(name => name.endsWith('.yaml')).map(name => `${id}/${name}`)]),
    ...mistakes.map(name => [`mistakes/${name.slice(0, -5)}`, [`mistakes/${name}`, 'mistakes/cluster.yaml']]),
  ]
  assert.ok(all.length > 35)
  for (const [id, paths] of all) {
    const engine = new Engine({ sources: paths.map(path => ({ path: path.split('/').at(-1), text: readFileSync(new URL(path, examples), 'utf8') })) })
    const { connections } = engine.reach()
    const found = engine.diagnostics().length
    engine.free()
    await page.evaluate(hash => { location.hash = hash }, `#example/${id}`)
    await tab(page, paths.length === 1 ? 'manifests.yaml' : paths[0].split('/').at(-1)).waitFor()
    await page.getByRole('button', { name: found === 1 ? /^1 finding/ : new RegExp(`^${found} findings`) }).waitFor()
    await page.getByRole('button', { name: 'Share' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download the matrix as CSV' }).click()])
    await page.keyboard.press('Escape')
    const rows = readFileSync(await download.path(), 'utf8').trim().split('\r\n').slice(1).map(row => row.match(/("([^"]|"")*"|[^,]*)(,|$)/g).map(field => field.replace(/,$/, '').replace(/^"|"$/g, '')))
    const shown = rows.filter(row => Number(row[4]) > 0).map(row => `${row[0]} ${row[1]} ${row[3]}`).sort()
    const words = ({ allowed }) => allowed.map(one => `${one.protocol} ${one.ports.map(port => (port === '1-65535' ? 'all' : port)).join(', ')}`).join('; ')
    assert.deepEqual(shown, connections.map(one => `${one.source} ${one.destination} ${words(one)}`).sort(), id)
  }
  check()
  await context.close()
})

test('a matrix that has been scrolled far and is folded shows its rows', async () => {
  const { page, context, check } = await open(browser, server.url)
  const pods = Array.from({ length: 300 }, (_, number) => `apiVersion: v1\nkind: Pod\nmetadata: { name: p${number}, namespace: n${number % 3} }\n---\n`).join('')
  await write(page, pods)
  await page.getByText('300 workloads').waitFor()
  await page.getByRole('button', { name: 'Unfold all' }).click()
  await page.locator('th[title^="n0/p"]').first().waitFor()
  await page.locator('.matrix-scroll').evaluate(element => { element.scrollTo(99_999, 99_999) })
  await page.locator('tbody th[title^="n2/p"]').first().waitFor()
  const lines = Number(await page.locator('table').getAttribute('aria-rowcount'))
  assert.equal(await page.locator('tbody tr').last().getAttribute('aria-rowindex'), String(lines), 'the end is the last row')
  const beyond = await page.locator('.matrix-scroll').evaluate(element => element.scrollHeight - element.querySelector('.matrix-size').offsetHeight)
  assert.equal(beyond, 0)
  await page.getByRole('button', { name: 'Fold all', exact: true }).click()
  await page.locator('tbody th', { hasText: 'n0' }).waitFor()
  await page.waitForFunction(() => {
    const [cell, around] = [document.querySelector('tbody th'), document.querySelector('.matrix-scroll')].map(element => element.getBoundingClientRect())
    return cell.top >= around.top && cell.bottom <= around.bottom && cell.left >= around.left
  })
  check()
  await context.close()
})
