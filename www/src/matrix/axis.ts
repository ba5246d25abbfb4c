// The lines of one axis of the matrix: groups, and the ends in those that are unfolded, filtered and sorted; and which of them are in view.
import { type Group, nameOf, type ReachIndex, type Span } from './reach'

export type Sort = 'name' | 'kind' | 'reach'

export interface Line extends Span {
  id: string
  label: string
  detail: string
  group: Group
  isGroup: boolean
  isFolded: boolean
}

export interface AxisOptions { folded: ReadonlySet<string>; filter: string; sort: Sort }

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

export function axis(index: ReachIndex, { folded, filter, sort }: AxisOptions): Line[] {
  const words = filter.toLowerCase().split(/\s+/).filter(word => word !== '')
  return index.groups.flatMap(group => {
    const inside: number[] = []
    for (let position = group.start; position < group.end; position += 1) {
      const { id, kind } = index.endpoints[position]!
      const text = `${id} ${kind} ${group.label}`.toLowerCase()
      if (words.every(word => text.includes(word))) inside.push(position)
    }
    if (inside.length === 0) return []
    const isFolded = folded.has(group.key)
    const count = group.end - group.start
    const head: Line = {
      id: group.key, label: group.label, detail: String(count), group, isGroup: true, isFolded, start: group.start, end: group.end,
    }
    if (isFolded) return [head]
    const order = (a: number, b: number): number => {
      const [one, other] = [index.endpoints[a]!, index.endpoints[b]!]
      const first = sort === 'kind' ? compare(one.kind, other.kind) : sort === 'reach' ? index.degree(b) - index.degree(a) : 0
      return first || compare(one.name, other.name) || a - b
    }
    if (sort !== 'name' || group.kind === 'namespace') inside.sort(order)
    return [head, ...inside.map((position): Line => {
      const end = index.endpoints[position]!
      return { id: end.id, label: nameOf(end), detail: end.kind === 'External' ? '' : end.kind, group, isGroup: false, isFolded: false, start: position, end: position + 1 }
    })]
  })
}

/** The lines to draw: some beyond each edge so that a scroll finds them there, and `step` at a time so that few scrolls draw. */
export function windowOf(scroll: number, size: number, line: number, count: number, step = 1): Span {
  const beyond = 2
  const start = Math.max(0, Math.min(count, Math.floor(scroll / line)) - beyond)
  const end = Math.ceil((scroll + size) / line) + beyond
  return { start: Math.floor(start / step) * step, end: Math.min(count, Math.ceil(end / step) * step) }
}

/** Which groups are folded at first: all of them where there are many ends. */
export const foldedAtFirst = (index: ReachIndex, most: number): Set<string> =>
  new Set(index.endpoints.length > most
    ? index.groups.map(({ key }) => key)
    : index.groups.filter(({ kind, start, end }) => kind === 'external' && end - start > 3).map(({ key }) => key))
