// The worker of the graph: keeps the index of the table that it was given, and makes a drawing of it, or lists the pairs behind an edge.
import type { AllowedPorts, ReachTable } from 'netpol-wasm'
import { foldedAtFirst } from '../matrix/axis'
import { type Filter, portsText, ReachIndex, type Span } from '../matrix/reach'
import { type Drawing, layout } from './layout'
import { scene } from './scene'

/** More than this nobody can follow, and it takes long to lay out. */
const MOST_EDGES = 400
const MOST_UNFOLDED = 40
const MOST_PAIRS = 200

export interface Shown { folded: readonly string[] | null; focus: string | null }
export interface Group { key: string; label: string }
/** `drawing` is null where there is too much to draw. */
export interface Drawn { drawing: Drawing | null; edges: number; folded: string[]; groups: Group[] }
export interface Pair { source: string; destination: string; ports: string }
export interface Pairs { pairs: Pair[]; count: number }

export type Question =
  | { id: number; table: ReachTable; filter: Filter }
  | { id: number; show: Shown }
  | { id: number; from: Span; to: Span }

let index: ReachIndex | null = null

function draw(from: ReachIndex, { folded, focus }: Shown): Drawn {
  const closed = new Set(folded ?? foldedAtFirst(from, MOST_UNFOLDED))
  const position = from.endpoints.findIndex(({ id }) => id === focus)
  // An end that is looked at is not hidden in its group.
  const home = from.groups.find(({ start, end }) => start <= position && position < end)
  if (home) closed.delete(home.key)
  const drawn = scene(from, closed, focus)
  return {
    drawing: drawn.edges.length > MOST_EDGES ? null : layout(drawn), edges: drawn.edges.length,
    folded: [...closed], groups: from.groups.map(({ key, label }) => ({ key, label })),
  }
}

function pairs(of: ReachIndex, from: Span, to: Span): Pairs {
  const found: Pair[] = []
  let count = 0
  for (let source = from.start; source < from.end; source += 1) {
    for (let destination = to.start; destination < to.end; destination += 1) {
      const ports: AllowedPorts[] = of.ports(source, destination)
      if (ports.length === 0) continue
      count += 1
      if (found.length < MOST_PAIRS) found.push({ source: of.endpoints[source]!.id, destination: of.endpoints[destination]!.id, ports: portsText(ports) })
    }
  }
  return { pairs: found, count }
}

function answer(question: Question): Drawn | Pairs | null {
  if ('table' in question) {
    index = new ReachIndex(question.table, question.filter)
    return null
  }
  if (index === null) return null
  return 'show' in question ? draw(index, question.show) : pairs(index, question.from, question.to)
}

onmessage = ({ data }: MessageEvent<Question>) => {
  try {
    postMessage({ id: data.id, answer: answer(data) })
  } catch (error) {
    postMessage({ id: data.id, failure: String(error) })
  }
}
