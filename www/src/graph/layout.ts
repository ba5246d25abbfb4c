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
/** Between the ends in a box. */
const APART = 10
/** So many ends with so many connections among themselves are crowded. */
const CROWDED = 7
/** For the name of a box, above what is in it. */
const HEAD = 28
const PAD = 12
const MARGIN = 20
/** Between boxes: the labels of arrows stand there. */
const GAP = 110
const MOST_COLUMNS = 8
/** Between blocks of a column. */
const BESIDE = 34
/** What a drawing is to fit into, about: the width of a view and its height. */
const USUAL = { width: 760, height: 560 }
/** Of a character, at the sizes of graph.css. */
const CHARACTER = { name: 7.1, head: 7.6, edge: 6.1 }

export const labelWidth = (label: string): number => label.length * CHARACTER.edge + 8

const widthOf = ({ label, kind, detail, within }: SceneNode): number =>
  22 + label.length * (kind === 'folded' ? CHARACTER.head : CHARACTER.name) + (kind === 'folded' ? 22 + detail.length * 7 : 0) + (within === '' ? 0 : 16)

/** What is placed as one: a node, or a box with what is in it. */
export interface Block { id: string; width: number; height: number; inside: Fit | null; isFirst: boolean }

const leaf = (node: SceneNode): Block => ({ id: node.id, width: widthOf(node), height: NODE_HEIGHT, inside: null, isFirst: node.kind === 'all' })

/** A few ends stand one below the other; where many connect to each other, they stand in columns themselves. */
function boxed({ id, label, count }: SceneBox, nodes: readonly SceneNode[], edges: readonly SceneEdge[]): Block {
  const rows = nodes.map(leaf)
  const width = Math.max(70, ...rows.map(row => row.width))
  for (const row of rows) row.width = width
  const links = linksOf(edges, new Map(rows.map(row => [row.id, row])))
  const sorted = links.length === 0 ? rows : fromSourcesToSinks(rows, links)
  const isCrowded = rows.length >= CROWDED && links.length >= CROWDED
  const inside = inColumns(sorted, links, isCrowded ? Math.min(3, Math.ceil(rows.length / 4)) : 1, { gap: GAP, between: isCrowded ? 2 * APART : APART, margin: 0 })
  const arcs = edges.filter(({ source, destination }) => columnOf(inside, source) === columnOf(inside, destination)).map(one => 34 + labelWidth(one.label))
  const head = 44 + (label.length + String(count).length) * CHARACTER.head
  return { id, width: Math.max(head, PAD * 2 + inside.width + Math.max(0, ...arcs)), height: HEAD + inside.height + PAD, inside, isFirst: false }
}

const columnOf = ({ columns, place }: Fit, id: string): number => columns.findIndex(({ right }) => place.get(id)!.x < right)

export function layout({ nodes, boxes, edges }: Scene): Drawing {
  const home = new Map(nodes.map(({ id, box }) => [id, box ?? id]))
  const blocks = [
    ...boxes.map(box => {
      const own = edges.filter(({ source, destination }) => home.get(source) === box.id && home.get(destination) === box.id)
      return boxed(box, nodes.filter(node => node.box === box.id), own)
    }),
    ...nodes.filter(({ box }) => box === null).map(leaf),
  ]
  const byId = new Map(blocks.map(block => [block.id, block]))
  const links = linksOf(edges, new Map(nodes.map(({ id }) => [id, byId.get(home.get(id)!)!])))
  const sorted = fromSourcesToSinks(blocks, links)
  const fits = sorted.slice(0, MOST_COLUMNS).map((_, at) => inColumns(sorted, links, at + 1, { gap: GAP, between: BESIDE, margin: MARGIN }))
  const whole = fits.reduce((one, other) => (scaleOf(other) > scaleOf(one) * 1.02 ? other : one), fits[0] ?? { place: new Map(), columns: [], width: 1, height: 1 })
  const frames = new Map<string, Frame>()
  const inner = new Map<string, Column[]>()
  for (const { id, inside } of blocks) {
    const frame = whole.place.get(id)!
    if (inside === null) frames.set(id, frame)
    else inner.set(id, moved(inside, frame.x - frame.width / 2 + PAD, frame.y - frame.height / 2 + HEAD, frames))
  }
  const placed = nodes.map((node): PlacedNode => ({ ...node, ...frames.get(node.id)! }))
  const routed = route(edges, placed, {
    columnsOf: ({ source, destination }) => (home.get(source) === home.get(destination) ? inner.get(home.get(source)!)! : whole.columns),
    isInside: ({ source, destination }) => home.get(source) === home.get(destination),
  })
  return { nodes: placed, boxes: boxes.map((box): PlacedBox => ({ ...box, ...whole.place.get(box.id)! })), edges: routed, ...room(routed, whole) }
}

/** Puts what is in a box where the box is. */
function moved({ place, columns }: Fit, x: number, y: number, frames: Map<string, Frame>): Column[] {
  for (const [id, frame] of place) frames.set(id, { ...frame, x: frame.x + x, y: frame.y + y })
  return columns.map(({ left, right, blocks }) => ({
    left: left + x, right: right + x, blocks: blocks.map(({ top, bottom }) => ({ top: top + y, bottom: bottom + y })),
  }))
}

const linksOf = (edges: readonly SceneEdge[], blockOf: ReadonlyMap<string, Block>): Link[] =>
  edges.map(({ source, destination }): Link => [blockOf.get(source)!, blockOf.get(destination)!]).filter(([from, to]) => from !== to)

type Link = readonly [from: Block, to: Block]

/** By dagre: most arrows lead from one that comes before to one that comes after. */
function fromSourcesToSinks(all: readonly Block[], links: readonly Link[]): Block[] {
  const graph = new Graph({ directed: true })
  graph.setGraph({ rankdir: 'LR' })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id, width, height } of all) graph.setNode(id, { width, height })
  for (const [{ id: from }, { id: to }] of links) graph.setEdge(from, to, { weight: 1 + Number((graph.edge(from, to) as { weight?: number } | undefined)?.weight ?? 0) })
  // Where they stand one above the other is settled later.
  dagre(graph, { disableOptimalOrderHeuristic: true })
  const at = ({ id }: Block): Point => { const { x = 0, y = 0 } = graph.node(id) as Partial<Point>; return { x, y } }
  return [...all].sort((a, b) => at(a).x - at(b).x || at(a).y - at(b).y)
}

/** Where blocks are, by their ids. */
export interface Fit { place: Map<string, Frame>; columns: Column[]; width: number; height: number }
interface Spacing { gap: number; between: number; margin: number }

const scaleOf = ({ width, height }: Fit): number => Math.min(1, USUAL.width / width, USUAL.height / height)

/** The blocks one after the other in columns of about the same height. */
function inColumns(sorted: readonly Block[], links: readonly Link[], count: number, { gap, between, margin }: Spacing): Fit {
  const tall = (blocks: readonly Block[]): number => blocks.reduce((sum, { height }) => sum + height + between, -between)
  const target = tall(sorted) / count
  const piles: Block[][] = [[]]
  for (const block of sorted) {
    const pile = piles.at(-1)!
    const isFull = pile.length > 0 && piles.length < count && tall([...pile, block]) - block.height / 2 > target
    if (isFull) piles.push([block])
    else pile.push(block)
  }
  const height = Math.max(...piles.map(tall)) + 2 * margin
  const place = new Map<string, Frame>()
  const columns: Column[] = []
  let left = margin
  for (const pile of piles) {
    const width = Math.max(...pile.map(block => block.width))
    let top = (height - tall(pile)) / 2
    const near = new Map(pile.map(block => [block, block.isFirst ? -Infinity : neighbours(block, links, place)]))
    const blocks = [...pile].sort((a, b) => near.get(a)! - near.get(b)!).map(block => {
      place.set(block.id, { x: left + width / 2, y: top + block.height / 2, width: block.width, height: block.height })
      const span = { top, bottom: top + block.height }
      top = span.bottom + between
      return span
    })
    columns.push({ left, right: left + width, blocks })
    left += width + gap
  }
  return { place, columns, width: left - gap + margin, height }
}

/** How far down those are that are placed already, on average. */
function neighbours(block: Block, links: readonly Link[], place: ReadonlyMap<string, Frame>): number {
  const found = links.flatMap(([from, to]) => (from === block ? place.get(to.id)?.y : to === block ? place.get(from.id)?.y : undefined) ?? [])
  return found.length === 0 ? 0 : found.reduce((sum, y) => sum + y, 0) / found.length
}

/** Arrows and labels may stand out from the blocks. */
const room = (edges: readonly PlacedEdge[], { width, height }: { width: number; height: number }): { width: number; height: number } => ({
  width: Math.max(width, ...edges.map(({ at, label }) => at.x + labelWidth(label) / 2 + MARGIN)),
  height: Math.max(height, ...edges.map(({ at }) => at.y + MARGIN)),
})
