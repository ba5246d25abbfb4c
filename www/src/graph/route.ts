// The arrows: from the side of one node to the side of another, around the boxes between them, and labels that stand clear of each other.
import { labelWidth, type PlacedNode, type Point } from './layout'
import type { SceneEdge } from './scene'

/** Blocks one below the other, and where they are. */
export interface Column { left: number; right: number; blocks: { top: number; bottom: number }[] }
export type PlacedEdge = SceneEdge & {
  /** Of SVG. */
  path: string
  tip: Point
  /** Which way the head points: 1 is right. */
  towards: 1 | -1
  /** The middle of the label. */
  at: Point
}

type Curve = readonly [Point, Point, Point, Point]
interface Area { left: number; right: number; top: number; bottom: number }

const LABEL_HEIGHT = 14
/** Between an arrow and the block that it goes around. */
const CLEAR = 14
/** Where along an arrow its label may stand, best first. */
const PLACES = [0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.15, 0.85]

/** How an arrow goes: the columns that it goes through, and whether it stays in its box. */
export interface Ways { columnsOf(edge: SceneEdge): readonly Column[]; isInside(edge: SceneEdge): boolean }

export function route(edges: readonly SceneEdge[], nodes: readonly PlacedNode[], { columnsOf, isInside }: Ways): PlacedEdge[] {
  const byId = new Map(nodes.map(node => [node.id, node]))
  const taken: Area[] = nodes.map(({ x, y, width, height }) => ({ left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 }))
  const passed = new Map<string, number>()
  return edges.map((edge): PlacedEdge => {
    const [from, to] = [byId.get(edge.source)!, byId.get(edge.destination)!]
    const columns = columnsOf(edge)
    const [first, last] = [from, to].map(({ x }) => columns.findIndex(({ right }) => x < right)) as [number, number]
    const towards = first < last ? 1 : -1
    const between = first < last ? columns.slice(first + 1, last) : columns.slice(last + 1, first).reverse()
    const outside = isInside(edge) ? 0 : columns[first]!.right
    const curves = first === last ? beside(from, to, outside) : across(from, to, between, towards, passed)
    const [start] = curves[0]!
    const tip = curves.at(-1)![3]
    const path = `M${written(start)}${curves.map(([, one, other, end]) => ` C${written(one)} ${written(other)} ${written(end)}`).join('')}`
    return { ...edge, path, tip, towards, at: labelled(curves, labelWidth(edge.label), taken) }
  })
}

const written = ({ x, y }: Point): string => `${x.toFixed(1)},${y.toFixed(1)}`

/** Within a column: an arc at the right of what it connects, beyond `outside`. */
function beside(from: PlacedNode, to: PlacedNode, outside: number): Curve[] {
  const [start, end] = [{ x: from.x + from.width / 2, y: from.y + 4 }, { x: to.x + to.width / 2, y: to.y - 4 }]
  const far = Math.max(start.x, end.x, outside) + (outside === 0 ? 22 : 14) + Math.min(16, Math.abs(end.y - start.y) / 10)
  // The curve's furthest point is at three quarters of the way to its controls.
  const bulge = (far - Math.max(start.x, end.x)) / 0.75
  return [[start, { x: start.x + bulge, y: start.y }, { x: end.x + bulge, y: end.y }, end]]
}

/** Through the gaps of the columns between; arrows in one gap keep a little apart. */
function across(from: PlacedNode, to: PlacedNode, between: readonly Column[], towards: 1 | -1, passed: Map<string, number>): Curve[] {
  const start = { x: from.x + (towards * from.width) / 2, y: from.y + 3 * towards }
  const end = { x: to.x - (towards * to.width) / 2, y: to.y + 3 * towards }
  const bends = between.flatMap(column => {
    const share = ((column.left + column.right) / 2 - start.x) / (end.x - start.x)
    const gap = nearestGap(column, start.y + share * (end.y - start.y))
    const key = `${column.left} ${gap}`
    const before = passed.get(key) ?? 0
    passed.set(key, before + 1)
    // The first in the middle, the next ones beside it in turn.
    const y = gap + Math.ceil(before / 2) * 5 * (before % 2 === 0 ? 1 : -1)
    return towards === 1 ? [{ x: column.left, y }, { x: column.right, y }] : [{ x: column.right, y }, { x: column.left, y }]
  })
  const points = [start, ...bends, end]
  return points.slice(1).map((point, at): Curve => {
    const before = points[at]!
    const middle = (before.x + point.x) / 2
    return [before, { x: middle, y: before.y }, { x: middle, y: point.y }, point]
  })
}

/** Above the first block, below the last, or between two. */
function nearestGap({ blocks }: Column, y: number): number {
  const gaps = [blocks[0]!.top - CLEAR, ...blocks.slice(1).map(({ top }, at) => (top + blocks[at]!.bottom) / 2), blocks.at(-1)!.bottom + CLEAR]
  return gaps.reduce((best, gap) => (Math.abs(gap - y) < Math.abs(best - y) ? gap : best))
}

function along(curves: readonly Curve[], share: number): Point {
  const scaled = share * curves.length
  const at = Math.min(curves.length - 1, Math.floor(scaled))
  const [a, b, c, d] = curves[at]!
  const t = scaled - at
  const mix = (one: number, two: number, three: number, four: number): number =>
    (1 - t) ** 3 * one + 3 * (1 - t) ** 2 * t * two + 3 * (1 - t) * t ** 2 * three + t ** 3 * four
  return { x: mix(a.x, b.x, c.x, d.x), y: mix(a.y, b.y, c.y, d.y) }
}

function labelled(curves: readonly Curve[], width: number, taken: Area[]): Point {
  const area = ({ x, y }: Point): Area => ({ left: x - width / 2, right: x + width / 2, top: y - LABEL_HEIGHT / 2, bottom: y + LABEL_HEIGHT / 2 })
  const overlap = (one: Area): number => taken.reduce((sum, other) => {
    const [across, down] = [Math.min(one.right, other.right) - Math.max(one.left, other.left), Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)]
    return across > 0 && down > 0 ? sum + across * down : sum
  }, 0)
  let best = along(curves, PLACES[0]!)
  let least = Infinity
  for (const share of PLACES) {
    const point = along(curves, share)
    const covered = overlap(area(point))
    if (covered >= least) continue
    best = point
    least = covered
    if (covered === 0) break
  }
  taken.push(area(best))
  return best
}
