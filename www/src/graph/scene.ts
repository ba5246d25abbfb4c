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

/** Connections between two nodes. `ports` is their set of ports, by the text that names it in full; null: they have several. */
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
  const centre = focus === null ? null : focused(index, nodes, owner, focus)
  const isCentre = (node: SceneNode): boolean => node === centre || (node.kind === 'all' && node.box === centre?.box)
  const labels = new Map<string, string>()
  const edges: SceneEdge[] = []
  const used = new Set<SceneNode>()
  for (const { from, to, connections, ports } of bundled(index, owner, everybody, nodes.length, labels)) {
    const [source, destination] = [nodes[from]!, nodes[to]!]
    const label = ports === null ? `${connections} connections` : labels.get(ports)!
    if (source === destination) {
      source.within = label
      if (centre === null) used.add(source)
    } else if (centre === null || isCentre(source) || isCentre(destination)) {
      edges.push({ source: source.id, destination: destination.id, connections, label })
      used.add(source).add(destination)
    }
  }
  // Without connections an end is drawn all the same, unless one looks around another.
  const drawn = nodes.filter(node => used.has(node) || node === centre || (centre === null && node.kind !== 'all'))
  const inside = new Set(drawn.map(({ box }) => box))
  const boxes = index.groups.filter(({ key }) => inside.has(key))
    .map(({ key, label, start, end }) => ({ id: key, label, count: end - start, members: { start, end } }))
  return { nodes: drawn, boxes, edges }
}

/** The connections, node by node; `labels` gets what each set of ports is called. */
function bundled(
  index: ReachIndex, owner: Uint32Array, everybody: ReadonlyMap<number, Group>, count: number, labels: Map<string, string>,
): Iterable<Bundle> {
  const bundles = new Map<number, Bundle>()
  const texts = new Map<AllowedPorts[], string>()
  index.forEach((source, destination, ports) => {
    const text = texts.get(ports) ?? portsText(ports)
    if (!texts.has(ports)) labels.set(text, edgeLabel(ports))
    texts.set(ports, text)
    const [from, to] = [owner[source]!, owner[destination]!]
    const bundle = bundles.get(from * count + to)
    if (bundle === undefined) bundles.set(from * count + to, { from, to, connections: 1, ports: text })
    else {
      bundle.connections += 1
      if (bundle.ports !== text) bundle.ports = null
    }
  })
  return together(together(bundles, everybody, owner, count, 'from'), everybody, owner, count, 'to').values()
}

/** The node of an end, or of the group that it is folded in. */
function focused(index: ReachIndex, nodes: readonly SceneNode[], owner: Uint32Array, focus: string): SceneNode | null {
  const position = index.endpoints.findIndex(({ id }) => id === focus)
  return nodes[owner[position] ?? -1] ?? null
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
