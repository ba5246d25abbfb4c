// The index of the matrix, its lines and its exports, against the pairs that the engine lists for the shop.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Engine } from 'netpol-wasm'
import { rolldown } from 'rolldown'

async function load(path) {
  const bundle = await rolldown({ input: new URL(path, import.meta.url).pathname })
  const { output } = await bundle.generate({ format: 'esm' })
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`)
}
const { ReachIndex } = await load('../src/matrix/reach.ts')
const { axis, foldedAtFirst, windowOf } = await load('../src/matrix/axis.ts')
const { matrixCsv, matrixMarkdown } = await load('../src/export/matrix.ts')

const shop = new URL('../../examples/shop/', import.meta.url)
const engine = new Engine({
  sources: readdirSync(shop).filter(path => path.endsWith('.yaml')).map(path => ({ path, text: readFileSync(new URL(path, shop), 'utf8') })),
})
const table = engine.reachTable()
const index = new ReachIndex(table, { port: '', protocol: '', isComplete: true })
const none = new Set()
const lines = (options = {}) => axis(index, { folded: none, filter: '', sort: 'name', ...options })

test('each pair has the ports that the engine lists', () => {
  const listed = new Map(engine.reach().connections.map(({ source, destination, allowed }) => [`${source} ${destination}`, allowed]))
  assert.ok(listed.size > 50)
  for (const [source, from] of index.endpoints.entries()) {
    for (const [destination, to] of index.endpoints.entries()) {
      assert.deepEqual(index.ports(source, destination), listed.get(`${from.id} ${to.id}`) ?? [])
    }
  }
})

test('a folded cell says what its pairs say', () => {
  for (const rows of index.groups) {
    for (const columns of index.groups) {
      const states = []
      for (let row = rows.start; row < rows.end; row += 1) {
        for (let column = columns.start; column < columns.end; column += 1) {
          states.push(index.cell({ start: row, end: row + 1 }, { start: column, end: column + 1 }).state)
        }
      }
      const judged = states.filter(state => state !== 'same')
      const expected = judged.length === 0 ? 'same'
        : judged.every(state => state === 'denied') ? 'denied'
        : judged.includes('denied') ? 'mixed'
        : judged.every(state => state === 'all') ? 'all' : 'some'
      assert.equal(index.cell(rows, columns).state, expected, `${rows.label} -> ${columns.label}`)
    }
  }
})

test('what is denied is unknown where parts are not modelled', () => {
  const unsure = new ReachIndex(table, { port: '', protocol: '', isComplete: false })
  const states = unsure.groups.flatMap(rows => unsure.groups.map(columns => unsure.cell(rows, columns).state))
  assert.ok(states.includes('unknown') && !states.includes('denied'))
})

test('lines fold and filter; external ranges stand last', () => {
  assert.equal(lines().length, index.endpoints.length + index.groups.length)
  assert.equal(lines({ folded: new Set(index.groups.map(({ key }) => key)) }).length, index.groups.length)
  assert.deepEqual(lines({ filter: 'REDIS' }).map(({ label }) => label), ['shop-data', 'redis'])
  assert.equal(index.groups.at(-1).kind, 'external')
  assert.deepEqual([...foldedAtFirst(index, 60)], ['external'])
})

test('the window has what is in view and a little more, within the lines', () => {
  assert.deepEqual(windowOf(0, 300, 30, 5000), { start: 0, end: 14 })
  assert.deepEqual(windowOf(3000, 300, 30, 5000), { start: 96, end: 114 })
  assert.deepEqual(windowOf(149_700, 300, 30, 5000), { start: 4986, end: 5000 })
  assert.deepEqual(windowOf(900, 300, 30, 3), { start: 0, end: 3 })
})

test('the exports have what is shown, with names that mean nothing to their readers', () => {
  const rows = lines({ filter: 'storefront' })
  const columns = lines({ filter: 'redis' })
  assert.deepEqual(matrixCsv({ index, rows, columns }).split('\r\n')[0], '"from \\ to","shop-data","shop-data/redis[StatefulSet]"')
  const markdown = matrixMarkdown({ index, rows, columns }).split('\n')
  assert.equal(markdown.length, rows.length + 3)
  assert.match(markdown[3], /storefront\\\[Deployment\\\] \| .*denied \|$/)
  const formula = [{ ...rows[1], id: '=1+1' }]
  assert.match(matrixCsv({ index, rows: formula, columns }), /"'=1\+1"/)
})
