// The index of a reach table: which ports a source has towards a destination, and how much of one group another one reaches.
import type { AllowedPorts, ReachEndpoint, ReachTable } from 'netpol-wasm'

/** Positions from `start` to before `end`. */
export interface Span { start: number; end: number }
export interface Group extends Span { key: string; label: string; kind: 'namespace' | 'node' | 'external' }

/** `same`: an end towards itself, or pairs outside the cluster, which no policy judges. */
export type State = 'all' | 'some' | 'mixed' | 'denied' | 'unknown' | 'same'

export interface Cell { state: State; allowed: number; pairs: number; ports: AllowedPorts[] }

export interface Filter { port: string; protocol: string; isComplete: boolean }

export const portsText = (ports: readonly AllowedPorts[]): string =>
  ports.map(({ protocol, ports }) => `${protocol} ${ports.map(port => (port === '1-65535' ? 'all' : port)).join(', ')}`).join('; ')

const WHOLE: Record<string, string> = { '0.0.0.0-255.255.255.255': 'all IPv4', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff': 'all IPv6' }

/** What an end is called within its group. */
export const nameOf = ({ id, name }: ReachEndpoint): string => (name === '' ? WHOLE[id] ?? id : WHOLE[name] ?? name)

const KINDS = { namespace: 0, node: 1, external: 2 }

function groupOf(endpoint: ReachEndpoint): Omit<Group, 'start' | 'end'> {
  if (endpoint.namespace !== '') return { key: `namespace ${endpoint.namespace}`, label: endpoint.namespace, kind: 'namespace' }
  return endpoint.kind === 'External'
    ? { key: 'external', label: 'External addresses', kind: 'external' }
    : { key: 'node', label: 'Nodes', kind: 'node' }
}

/** Stable: elements of equal keys keep their order. */
function orderBy(order: Uint32Array, keys: Uint32Array, size: number): Uint32Array {
  const next = new Uint32Array(size + 1)
  for (const key of keys) next[key + 1]! += 1
  for (let key = 0; key < size; key += 1) next[key + 1]! += next[key]!
  const sorted = new Uint32Array(order.length)
  for (const element of order) sorted[next[keys[element]!]!++] = element
  return sorted
}

export class ReachIndex {
  readonly endpoints: ReachEndpoint[]
  readonly groups: Group[] = []
  readonly #starts: Uint32Array
  readonly #destinations: Uint32Array
  readonly #connections: Uint32Array
  readonly #allowed: AllowedPorts[][]
  readonly #isFull: boolean[]
  readonly #isComplete: boolean
  readonly #cells = new Map<string, Cell>()

  constructor(table: ReachTable, filter: Filter) {
    const listed = table.endpoints.flatMap((endpoint, handle) => (endpoint ? [{ endpoint, handle, group: groupOf(endpoint) }] : []))
    listed.sort((a, b) => KINDS[a.group.kind] - KINDS[b.group.kind] || (a.group.key < b.group.key ? -1 : Number(a.group.key > b.group.key)))
    this.endpoints = listed.map(({ endpoint }) => endpoint)
    const positions = new Uint32Array(table.endpoints.length)
    for (const [position, { handle, group }] of listed.entries()) {
      positions[handle] = position
      const last = this.groups.at(-1)
      if (last?.key === group.key) last.end = position + 1
      else this.groups.push({ ...group, start: position, end: position + 1 })
    }
    const sources = table.sources.map(handle => positions[handle]!)
    const destinations = table.destinations.map(handle => positions[handle]!)
    const order = orderBy(orderBy(sources.map((_, pair) => pair), destinations, listed.length), sources, listed.length)
    this.#starts = new Uint32Array(listed.length + 1)
    for (const source of sources) this.#starts[source + 1]! += 1
    for (let row = 0; row < listed.length; row += 1) this.#starts[row + 1]! += this.#starts[row]!
    this.#destinations = order.map(pair => destinations[pair]!)
    this.#connections = order.map(pair => table.connections[pair]!)
    this.#allowed = table.allowed
    this.#isComplete = filter.isComplete
    const protocols = filter.protocol === '' ? ['TCP', 'UDP', 'SCTP'] : [filter.protocol.toUpperCase()]
    this.#isFull = table.allowed.map(ports => filter.port !== ''
      || protocols.every(protocol => ports.some(some => some.protocol === protocol && some.ports.includes('1-65535'))))
  }

  /** Where in the row the first destination of `position` or after it stands. */
  #seek(row: number, position: number): number {
    let low = this.#starts[row]!
    let high = this.#starts[row + 1]!
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#destinations[middle]! < position) low = middle + 1
      else high = middle
    }
    return low
  }

  ports(source: number, destination: number): AllowedPorts[] {
    const at = this.#seek(source, destination)
    const isThere = at < this.#starts[source + 1]! && this.#destinations[at] === destination
    return isThere ? this.#allowed[this.#connections[at]!]! : []
  }

  /** How many pairs of a row are allowed. */
  degree(row: number): number { return this.#starts[row + 1]! - this.#starts[row]! }

  /** Each allowed pair: source, destination, ports. */
  forEach(visit: (source: number, destination: number, ports: AllowedPorts[]) => void): void {
    for (let row = 0; row < this.endpoints.length; row += 1) {
      for (let at = this.#starts[row]!; at < this.#starts[row + 1]!; at += 1) {
        visit(row, this.#destinations[at]!, this.#allowed[this.#connections[at]!]!)
      }
    }
  }

  #pairs(rows: Span, columns: Span): number {
    if (this.#isOutside(rows.start) && this.#isOutside(columns.start)) return 0
    const shared = Math.max(0, Math.min(rows.end, columns.end) - Math.max(rows.start, columns.start))
    return (rows.end - rows.start) * (columns.end - columns.start) - shared
  }

  #isOutside(position: number): boolean { return this.endpoints[position]?.kind === 'External' }

  #isAllFull(rows: Span, columns: Span): boolean {
    let isFull = true
    for (let row = rows.start; isFull && row < rows.end; row += 1) {
      const end = this.#seek(row, columns.end)
      for (let at = this.#seek(row, columns.start); isFull && at < end; at += 1) isFull = this.#isFull[this.#connections[at]!]!
    }
    return isFull
  }

  /** What the rows may do towards the columns; a single pair comes with its ports. */
  cell(rows: Span, columns: Span): Cell {
    if (rows.end - rows.start === 1 && columns.end - columns.start === 1) return this.#cell(rows, columns)
    const key = `${rows.start} ${rows.end} ${columns.start} ${columns.end}`
    const known = this.#cells.get(key) ?? this.#cell(rows, columns)
    this.#cells.set(key, known)
    return known
  }

  #cell(rows: Span, columns: Span): Cell {
    let allowed = 0
    for (let row = rows.start; row < rows.end; row += 1) allowed += this.#seek(row, columns.end) - this.#seek(row, columns.start)
    const isPair = rows.end - rows.start === 1 && columns.end - columns.start === 1
    const pairs = Math.max(this.#pairs(rows, columns), allowed)
    return { state: this.#state(rows, columns, allowed, pairs), allowed, pairs, ports: isPair ? this.ports(rows.start, columns.start) : [] }
  }

  #state(rows: Span, columns: Span, allowed: number, pairs: number): State {
    if (pairs === 0) return 'same'
    if (allowed === 0) return this.#isComplete ? 'denied' : 'unknown'
    if (allowed < pairs) return 'mixed'
    return this.#isAllFull(rows, columns) ? 'all' : 'some'
  }
}
