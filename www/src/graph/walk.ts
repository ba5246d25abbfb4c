// The path of the arrow keys through a drawing: to the right along what goes out, to the left along what comes in, up and down beside.
import type { Drawing } from './layout'
import { edgeId } from './picture'

/** Boxes, nodes and edges as they are read: a box, then what is in it, then the edges. */
export function order({ boxes, nodes, edges }: Drawing): string[] {
  const free = nodes.filter(({ box }) => box === null).sort((a, b) => a.x - b.x || a.y - b.y)
  const inside = boxes.flatMap(({ id }) => [id, ...nodes.filter(({ box }) => box === id).sort((a, b) => a.y - b.y || a.x - b.x).map(node => node.id)])
  return [...inside, ...free.map(({ id }) => id), ...edges.map(edgeId)]
}

export type Key = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight' | 'Home' | 'End'

/** Where a key leads to from an element; null: nowhere. */
export function step(drawing: Drawing, from: string | null, key: Key): string | null {
  const all = order(drawing)
  const at = from === null ? -1 : all.indexOf(from)
  if (at < 0 || key === 'Home') return all[0] ?? null
  if (key === 'End') return all.at(-1) ?? null
  const edge = drawing.edges.find(one => edgeId(one) === from)
  if (edge !== undefined) {
    if (key === 'ArrowRight') return edge.destination
    if (key === 'ArrowLeft') return edge.source
    const beside = drawing.edges.filter(({ source }) => source === edge.source).map(edgeId)
    return beside[beside.indexOf(from!) + (key === 'ArrowDown' ? 1 : -1)] ?? null
  }
  if (key === 'ArrowRight' || key === 'ArrowLeft') {
    const side = key === 'ArrowRight' ? 'source' : 'destination'
    const next = drawing.edges.find(one => one[side] === from)
    return next === undefined ? null : edgeId(next)
  }
  const ends = all.slice(0, all.length - drawing.edges.length)
  return ends[at + (key === 'ArrowDown' ? 1 : -1)] ?? null
}
