// What the graph draws, before it is laid out. Folded groups and ends are nodes; what all ends of a group have in common starts or ends at
// one node that stands for all of them, so that a rule for everybody is one edge.
import type { AllowedPorts } from 'netpol-wasm'
import { type Group, nameOf, portsText, type ReachIndex, type Span } from '../matrix/reach'

/** `end`: one end; `folded`: a group as one node; `all`: every end of a group that is drawn as a box. */
export interface SceneNode {
  id: string
  kind: 'end' | 'folded' | 'all'
  label: string
  detail: string
  /** The box that it stands in, if it does. */
  box: string | null
  members: Span
  /** What its members may do to each other; empty: nothing. */
  within: string
}
export interface SceneBox { id: string; label: string; count: number; members: Span }
export interface SceneEdge {
  source: string
  destination: string
  /** Pairs of ends that may connect. */
  connections: number
  label: string
}
export interface Scene { nodes: SceneNode[]; boxes: SceneBox[]; edges: SceneEdge[] }

/** A node of each end, then one for each box. `ports` is a set of ports, by the text that names it; null: several. */
interface Bundle { from: number; to: number; connections: number; ports: string | null }

const LONGEST = 22

/** The ports in few characters: those of TCP without its name. */
export function edgeLabel(ports: readonly AllowedPorts[]): string {
  if (ports.length === 3 && ports.every(({ ports: some }) => some.includes('1-65535'))) return 'all ports'
  const text = portsText(ports).replace(/^TCP /, '').replaceAll('; ', ', ')
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).replace(/,? ?[^ ]*$/, '')} …` : text
}

const nodesOf = (index: ReachIndex, folded: ReadonlySet<string>): { nodes: SceneNode[]; owner: Uint32Array; everybody: Map<number, Group> } => {
  const nodes: SceneNode[] = []
  const owner = new Uint32Array(index.endpoints.length)
  const everybody = new Map<number, Group>()
  for (const group of index.groups) {
    const { start, end, key, label } = group
    const count = String(end - start)
    if (folded.has(key)) {
      owner.fill(nodes.length, start, end)
      nodes.push({ id: key, kind: 'folded', label, detail: count, box: null, members: { start, end }, within: '' })
      continue
    }
    for (let position = start; position < end; position += 1) {
      const end = index.endpoints[position]!
      owner[position] = nodes.length
      const detail = end.kind === 'External' ? '' : end.kind
      nodes.push({ id: end.id, kind: 'end', label: nameOf(end), detail, box: key, members: { start: position, end: position + 1 }, within: '' })
    }
    if (end - start < 2) continue
    everybody.set(nodes.length, group)
    nodes.push({ id: `all ${key}`, kind: 'all', label: `all ${count}`, detail: '', box: key, members: { start, end }, within: '' })
  }
  return { nodes, owner, everybody }
}

/** With `focus`, only that node and those that it reaches or is reached from. */
export function scene(index: ReachIndex, folded: ReadonlySet<string>, focus: string | null): Scene {
  const { nodes, owner, everybody } = nodesOf(index, folded)
  const count = nodes.length
  let bundles = new Map<number, Bundle>()
  const add = (into: Map<number, Bundle>, { from, to, connections, ports }: Bundle): void => {
    const key = from * count + to
    const bundle = into.get(key)
    if (bundle === undefined) into.set(key, { from, to, connections, ports })
    else {
      bundle.connections += connections
      if (bundle.ports !== ports) bundle.ports = null
    }
  }
  const texts = new Map<AllowedPorts[], string>()
  index.forEach((source, destination, ports) => {
    const text = texts.get(ports) ?? edgeLabel(ports)
    texts.set(ports, text)
    add(bundles, { from: owner[source]!, to: owner[destination]!, connections: 1, ports: text })
  })
  bundles = together(bundles, everybody, owner, count, 'from')
  bundles = together(bundles, everybody, owner, count, 'to')
  const edges: SceneEdge[] = []
  const used = new Set<number>()
  const centre = focus === null ? -1 : focused(index, nodes, owner, focus)
  const isCentre = (node: number): boolean => node === centre || (centre >= 0 && nodes[node]!.kind === 'all' && everybody.get(node)?.key === nodes[centre]!.box)
  for (const { from, to, connections, ports } of bundles.values()) {
    const label = ports ?? `${connections} connections`
    if (from === to) {
      nodes[from]!.within = label
      used.add(from)
    } else if (centre < 0 || isCentre(from) || isCentre(to)) {
      edges.push({ source: nodes[from]!.id, destination: nodes[to]!.id, connections, label })
      used.add(from).add(to)
    }
  }
  if (centre >= 0) used.add(centre)
  const drawn = nodes.filter(({ kind }, node) => used.has(node) && (centre < 0 || node === centre || edges.some(one => one.source === nodes[node]!.id || one.destination === nodes[node]!.id)) || (centre < 0 && kind !== 'all'))
  const inside = new Set(drawn.map(({ box }) => box))
  const boxes = index.groups.filter(({ key }) => inside.has(key))
    .map(({ key, label, start, end }) => ({ id: key, label, count: end - start, members: { start, end } }))
  return { nodes: drawn, boxes, edges }
}

/** The node of an end, or of the group that it is folded in; -1: it is not there. */
function focused(index: ReachIndex, nodes: readonly SceneNode[], owner: Uint32Array, focus: string): number {
  const position = index.endpoints.findIndex(({ id }) => id === focus)
  return position >= 0 ? owner[position]! : nodes.findIndex(({ id }) => id === focus)
}

/** Where every end of a box has the same connections at one side, they become one from or to all of them. */
function together(
  bundles: ReadonlyMap<number, Bundle>, everybody: ReadonlyMap<number, Group>, owner: Uint32Array, count: number, side: 'from' | 'to',
): Map<number, Bundle> {
  const other = side === 'from' ? 'to' : 'from'
  const next = new Map(bundles)
  for (const [all, { start, end }] of everybody) {
    const found = new Map<number, Map<string, Bundle[]>>()
    const [first, last] = [owner[start]!, owner[end - 1]!]
    for (const bundle of bundles.values()) {
      if (bundle[side] < first || bundle[side] > last || bundle.ports === null) continue
      const byPorts = found.get(bundle[other]) ?? new Map<string, Bundle[]>()
      found.set(bundle[other], byPorts)
      const alike = byPorts.get(bundle.ports) ?? []
      byPorts.set(bundle.ports, alike)
      alike.push(bundle)
    }
    for (const [peer, byPorts] of found) {
      for (const [ports, alike] of byPorts) {
        const isInside = peer >= first && peer <= last
        const wanted = end - start - Number(isInside)
        if (wanted < 2 || alike.filter(bundle => bundle[side] !== peer).length < wanted) continue
        let connections = 0
        for (const bundle of alike) {
          next.delete(bundle.from * count + bundle.to)
          connections += bundle.connections
        }
        const [from, to] = side === 'from' ? [all, peer] : [peer, all]
        next.set(from * count + to, { from, to, connections, ports })
      }
    }
  }
  return next
}
