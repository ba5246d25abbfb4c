// The index, the lines of the matrix, the nodes and edges of the graph, and exports, compared with the engine's own list of connections.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Engine } from '../../pkg/lib/node.js'

const { buildSync } = createRequire(new URL('../../pkg/package.json', import.meta.url))('esbuild')
const entry = ['matrix/reach', 'matrix/axis', 'export/matrix', 'graph/scene', 'graph/layout'].map(name => `export * from './${name}'`).join('\n')
const { outputFiles } = buildSync({
  stdin: { contents: entry, resolveDir: new URL('../src', import.meta.url).pathname, loader: 'ts' },
  bundle: true, format: 'esm', write: false,
})
const { ReachIndex, axis, foldedAtFirst, windowOf, matrixCsv, matrixMarkdown, scene, layout } =
  await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`)

const shop = new URL('../../examples/shop/', import.meta.url)
const engine = new Engine()
for (const name of readdirSync(shop).filter(name => name.endsWith('.yaml'))) engine.setSource(name, readFileSync(new URL(name, shop), 'utf8'))
const index = new ReachIndex(engine.reachTable(), { port: '', protocol: '', isComplete: true })
const unfolded = { folded: new Set(), filter: '', sort: 'name' }

test('every pair has the ports that the engine lists, and no other pair has any', () => {
  const reach = engine.reach()
  const listed = new Map(reach.connections.map(({ source, destination, allowed }) => [`${source} ${destination}`, allowed]))
  assert.ok(listed.size > 50)
  const ends = index.endpoints.map(({ id }) => id)
  assert.deepEqual([...ends].sort(), reach.endpoints.map(({ id }) => id).sort())
  for (const [row, source] of ends.entries()) {
    for (const [column, destination] of ends.entries()) {
      assert.deepEqual(index.ports(row, column), listed.get(`${source} ${destination}`) ?? [], `${source} ${destination}`)
    }
  }
})

test('a folded cell counts the pairs that it holds', () => {
  const lines = axis(index, { ...unfolded, folded: new Set(index.groups.map(({ key }) => key)) })
  assert.deepEqual(lines.map(({ label }) => label).slice(-1), ['External addresses'])
  let allowed = 0
  for (const row of lines) for (const column of lines) allowed += index.cell(row, column).allowed
  assert.equal(allowed, engine.reach().connections.length)
})

test('a filter leaves the ends that have each of its words', () => {
  assert.deepEqual(axis(index, { ...unfolded, filter: 'DATA stateful' }).map(({ label }) => label), ['shop-data', 'postgres', 'redis'])
})

test('many ends are folded at first', () => {
  assert.equal(foldedAtFirst(index, 10).size, index.groups.length)
  assert.deepEqual([...foldedAtFirst(index, 60)], ['external'])
})

test('a window stays within the lines', () => {
  assert.deepEqual(windowOf(3000, 300, 30, 5000), { start: 98, end: 112 })
  assert.deepEqual(windowOf(3000, 300, 30, 5000, 8), { start: 96, end: 112 })
  assert.deepEqual(windowOf(9999, 300, 30, 20), { start: 18, end: 20 })
})

test('what is not modelled makes denied pairs unknown', () => {
  const unsure = new ReachIndex(engine.reachTable(), { port: '', protocol: '', isComplete: false })
  const lines = axis(unsure, unfolded)
  const states = new Set(lines.flatMap(row => lines.map(column => unsure.cell(row, column).state)))
  assert.ok(states.has('unknown') && !states.has('denied'))
})

test('exports have a row for each line that is shown', () => {
  const lines = axis(index, { ...unfolded, filter: 'data' })
  assert.equal(matrixMarkdown(index, lines, lines).trim().split('\n').length, 5)
  const csv = matrixCsv(index, lines, lines)
  assert.equal(csv.trim().split('\r\n').length, 1 + 3 * 2)
  assert.ok(csv.startsWith('source,destination,state,ports,allowed,pairs\r\n'))
})

/** What an arrow or a node stands for, pair by pair. */
const pairsOf = (from, to) => {
  const found = []
  for (let source = from.start; source < from.end; source += 1) {
    for (let destination = to.start; destination < to.end; destination += 1) {
      if (index.ports(source, destination).length > 0) found.push(`${index.endpoints[source].id} ${index.endpoints[destination].id}`)
    }
  }
  return found
}

for (const [what, folded] of Object.entries({ unfolded: [], folded: index.groups.map(({ key }) => key), 'half folded': index.groups.filter((_, at) => at % 2).map(({ key }) => key) })) {
  test(`every connection is behind one arrow, or within one node, and nothing else is: ${what}`, () => {
    const { nodes, edges } = scene(index, new Set(folded), null)
    const members = new Map(nodes.map(({ id, members }) => [id, members]))
    const drawn = edges.flatMap(({ source, destination, connections, label }) => {
      const pairs = pairsOf(members.get(source), members.get(destination))
      assert.equal(pairs.length, connections, `${source} ${destination}`)
      assert.notEqual(label, '')
      return pairs
    })
    const within = nodes.filter(({ within }) => within !== '').flatMap(({ members }) => pairsOf(members, members))
    const listed = engine.reach().connections.map(({ source, destination }) => `${source} ${destination}`)
    assert.deepEqual([...drawn, ...within].sort(), listed.sort())
  })
}

test('what all ends of a namespace have in common is one arrow', () => {
  const { edges } = scene(index, new Set(), null)
  const dns = edges.filter(({ destination }) => destination === 'kube-system/coredns[Deployment]')
  assert.deepEqual(dns.map(({ source }) => source).filter(source => source.startsWith('all ')).sort(),
    ['external', ...['monitoring', 'shop-backend', 'shop-data', 'shop-frontend'].map(name => `namespace ${name}`)].map(group => `all ${group}`))
})

test('connections whose many ports differ at the end only are not one arrow', () => {
  const list = Array.from({ length: 30 }, (_, number) => 10_000 + 2 * number)
  const pod = name => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }\n---\n`
  const rule = (name, ports) => `    - { from: [{ podSelector: { matchLabels: { app: ${name} } } }], ports: [${ports.map(port => `{ port: ${port} }`).join(', ')}] }\n`
  const text = `${['a', 'b', 'target'].map(pod).join('')}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p, namespace: shop }\nspec:\n`
    + `  podSelector: {}\n  policyTypes: [Ingress]\n  ingress:\n${rule('a', [...list, 20_000])}${rule('b', [...list, 20_001])}${rule('target', list)}`
  const own = new Engine({ sources: [{ path: 'p.yaml', text }] })
  const { edges } = scene(new ReachIndex(own.reachTable(), { port: '', protocol: '', isComplete: true }), new Set(['external']), null)
  const arrows = edges.filter(({ destination }) => destination.includes('shop')).map(({ source, destination }) => `${source} ${destination}`)
  assert.deepEqual(arrows.sort(), ['a', 'b', 'target'].map(name => `shop/${name}[Pod] all namespace shop`))
  own.free()
})

test('labels of arrows cover no node and hardly each other', () => {
  const { nodes, edges } = layout(scene(index, new Set(), null))
  const area = (x, y, width, height) => ({ left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 })
  const meets = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
  const labels = edges.map(({ at, label }) => area(at.x, at.y, label.length * 5.5, 10))
  const ends = nodes.map(({ x, y, width, height }) => area(x, y, width, height))
  for (const [at, end] of ends.entries()) for (const other of ends.slice(at + 1)) assert.ok(!meets(end, other))
  assert.equal(labels.filter(label => ends.some(end => meets(label, end))).length, 0)
  const crowded = labels.filter((label, at) => labels.some((other, place) => place !== at && meets(label, other)))
  assert.ok(crowded.length <= labels.length / 5, `${crowded.length} of ${labels.length}`)
})

test('the graph of one end has only its neighbours', () => {
  const id = 'shop-data/postgres[StatefulSet]'
  const wanted = new Set([id])
  for (const { source, destination } of engine.reach().connections) {
    if (source === id) wanted.add(destination)
    if (destination === id) wanted.add(source)
  }
  const shown = scene(index, new Set(), id).nodes.flatMap(({ members }) => index.endpoints.slice(members.start, members.end).map(end => end.id))
  assert.deepEqual([...new Set(shown)].filter(end => !wanted.has(end) && !end.startsWith('shop-data/')), [])
  for (const end of wanted) assert.ok(shown.includes(end), end)
})
