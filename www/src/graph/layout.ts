// Where everything goes: ends one below the other in the box of their group; boxes and folded groups in columns, from
// those that connect to those that are connected to, by dagre.
import { Graph, layout as dagre } from '@dagrejs/dagre'
import { type Column, type PlacedEdge, route } from './route'
import type { Scene, SceneBox, SceneEdge, SceneNode } from './scene'

export interface Point { x: number; y: number }
/** From its middle. */
export interface Frame extends Point { width: number; height: number }
export type PlacedNode = SceneNode & Frame
export type PlacedBox = SceneBox & Frame
export interface Drawing { nodes: PlacedNode[]; boxes: PlacedBox[]; edges: PlacedEdge[]; width: number; height: number }

export const NODE_HEIGHT = 26
const ROW = 36
/** For the name of a box, above what is in it. */
const HEAD = 28
const PAD = 12
const MARGIN = 20
/** Between boxes: the labels of arrows stand there. */
const GAP = 110
/** Between blocks of a column. */
const BESIDE = 34
/** What a drawing is to fit into, about: the width of a view and its height. */
const USUAL = { width: 760, height: 560 }
/** Of a character, at the sizes of graph.css. */
const CHARACTER = { name: 7.1, head: 7.6, edge: 6.1 }

export const labelWidth = (label: string): number => label.length * CHARACTER.edge + 8

const widthOf = ({ label, kind, detail, within }: SceneNode): number =>
  22 + label.length * (kind === 'folded' ? CHARACTER.head : CHARACTER.name) + (kind === 'folded' ? 22 + detail.length * 7 : 0) + (within === '' ? 0 : 16)

/** A box with its rows, or a folded group. */
interface Block { id: string; box: SceneBox | null; rows: SceneNode[]; row: number; width: number; height: number }

function blocks({ nodes, boxes, edges }: Scene): Block[] {
  const home = new Map(nodes.map(({ id, box }) => [id, box]))
  const inside = edges.filter(({ source, destination }) => home.get(source) !== null && home.get(source) === home.get(destination))
  const free = nodes.filter(({ box }) => box === null).map((node): Block => {
    const width = widthOf(node)
    return { id: node.id, box: null, rows: [node], row: width, width, height: NODE_HEIGHT }
  })
  const boxed = boxes.map((box): Block => {
    const rows = nodes.filter(node => node.box === box.id)
    const row = Math.max(70, ...rows.map(widthOf))
    const arcs = inside.filter(({ source }) => home.get(source) === box.id).map(({ label }) => 34 + labelWidth(label))
    const head = 44 + (box.label.length + String(box.count).length) * CHARACTER.head
    return { id: box.id, box, rows, row, width: Math.max(head, PAD * 2 + row + Math.max(0, ...arcs)), height: HEAD + rows.length * ROW + PAD - (ROW - NODE_HEIGHT) }
  })
  return [...boxed, ...free]
}

export function layout(scene: Scene): Drawing {
  const all = blocks(scene)
  const blockOf = new Map(all.flatMap(block => block.rows.map(({ id }) => [id, block])))
  const links = scene.edges.map(({ source, destination }): Link => [blockOf.get(source)!, blockOf.get(destination)!]).filter(([from, to]) => from !== to)
  const sorted = fromSourcesToSinks(all, links)
  const fits = sorted.map((_, at) => inColumns(sorted, links, at + 1))
  const best = fits.reduce((one, other) => (scaleOf(other) > scaleOf(one) * 1.02 ? other : one), fits[0] ?? { place: new Map<Block, Frame>(), columns: [], width: 1, height: 1 })
  const frameOf = (node: string): Frame => best.place.get(blockOf.get(node)!)!
  const order = rank(scene.edges, frameOf)
  const nodes = all.flatMap(block => rows(block, best.place.get(block)!, order))
  const boxes = all.flatMap((block): PlacedBox[] => (block.box === null ? [] : [{ ...block.box, ...best.place.get(block)! }]))
  const edges = route(scene.edges, nodes, best.columns, frameOf)
  return { nodes, boxes, edges, ...room(edges, best) }
}

type Link = readonly [from: Block, to: Block]

/** By dagre: most arrows lead from one that comes before to one that comes after. */
function fromSourcesToSinks(all: readonly Block[], links: readonly Link[]): Block[] {
  const graph = new Graph({ directed: true })
  graph.setGraph({ rankdir: 'LR' })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id, width, height } of all) graph.setNode(id, { width, height })
  for (const [{ id: from }, { id: to }] of links) graph.setEdge(from, to, { weight: 1 + Number((graph.edge(from, to) as { weight?: number } | undefined)?.weight ?? 0) })
  dagre(graph)
  const at = ({ id }: Block): Point => { const { x = 0, y = 0 } = graph.node(id) as Partial<Point>; return { x, y } }
  return [...all].sort((a, b) => at(a).x - at(b).x || at(a).y - at(b).y)
}

interface Fit { place: Map<Block, Frame>; columns: Column[]; width: number; height: number }

const scaleOf = ({ width, height }: Fit): number => Math.min(1, USUAL.width / width, USUAL.height / height)

/** The blocks one after the other in columns of about the same height. */
function inColumns(sorted: readonly Block[], links: readonly Link[], count: number): Fit {
  const tall = (blocks: readonly Block[]): number => blocks.reduce((sum, { height }) => sum + height + BESIDE, -BESIDE)
  const target = tall(sorted) / count
  const piles: Block[][] = [[]]
  for (const block of sorted) {
    const pile = piles.at(-1)!
    const isFull = pile.length > 0 && piles.length < count && tall([...pile, block]) - block.height / 2 > target
    if (isFull) piles.push([block])
    else pile.push(block)
  }
  const height = Math.max(...piles.map(tall)) + 2 * MARGIN
  const place = new Map<Block, Frame>()
  const columns: Column[] = []
  let left = MARGIN
  for (const pile of piles) {
    const width = Math.max(...pile.map(block => block.width))
    let top = (height - tall(pile)) / 2
    const blocks = [...pile].sort((a, b) => neighbours(a, links, place) - neighbours(b, links, place)).map(block => {
      place.set(block, { x: left + width / 2, y: top + block.height / 2, width: block.width, height: block.height })
      const span = { top, bottom: top + block.height }
      top = span.bottom + BESIDE
      return span
    })
    columns.push({ left, right: left + width, blocks })
    left += width + GAP
  }
  return { place, columns, width: left - GAP + MARGIN, height }
}

/** How far down those are that are placed already, on average. */
function neighbours(block: Block, links: readonly Link[], place: ReadonlyMap<Block, Frame>): number {
  const found = links.flatMap(([from, to]) => (from === block ? place.get(to)?.y : to === block ? place.get(from)?.y : undefined) ?? [])
  return found.length === 0 ? 0 : found.reduce((sum, y) => sum + y, 0) / found.length
}

/** Arrows and labels may stand out from the blocks. */
const room = (edges: readonly PlacedEdge[], { width, height }: { width: number; height: number }): { width: number; height: number } => ({
  width: Math.max(width, ...edges.map(({ at, label }) => at.x + labelWidth(label) / 2 + MARGIN)),
  height: Math.max(height, ...edges.map(({ at }) => at.y + MARGIN)),
})

/** How far down the blocks are that a node is connected to, on average: rows in this order cross less. */
function rank(edges: readonly SceneEdge[], frameOf: (node: string) => Frame): (node: SceneNode) => number {
  const sums = new Map<string, { sum: number; count: number }>()
  for (const { source, destination } of edges) {
    for (const [own, other] of [[source, destination], [destination, source]] as const) {
      if (frameOf(own) === frameOf(other)) continue
      const known = sums.get(own) ?? { sum: 0, count: 0 }
      sums.set(own, { sum: known.sum + frameOf(other).y, count: known.count + 1 })
    }
  }
  return ({ id, kind }) => {
    const known = sums.get(id)
    return kind === 'all' ? -Infinity : known === undefined ? Infinity : known.sum / known.count
  }
}

function rows({ box, rows, row }: Block, { x, y, width, height }: Frame, order: (node: SceneNode) => number): PlacedNode[] {
  if (box === null) return rows.map(node => ({ ...node, x, y, width, height }))
  const sorted = rows.map(node => ({ node, at: order(node) })).sort((a, b) => (a.at === b.at ? 0 : a.at - b.at))
  return sorted.map(({ node }, at) => ({
    ...node, x: x - width / 2 + PAD + row / 2, y: y - height / 2 + HEAD + at * ROW + NODE_HEIGHT / 2, width: row, height: NODE_HEIGHT,
  }))
}
