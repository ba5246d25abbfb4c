// What the graph draws, before it is laid out: a node for each folded group or end, and one edge for each ordered pair that has connections.
import type { AllowedPorts } from 'netpol-wasm'
import { type Group, portsText, type ReachIndex } from '../matrix/reach'

export interface SceneNode { id: string; label: string; detail: string; group: Group; isFolded: boolean }
/** Connections from one node to another; `label` names their ports if they all have the same ones. */
export interface SceneEdge { source: string; destination: string; connections: number; label: string }
export interface Scene { nodes: SceneNode[]; edges: SceneEdge[] }

interface Bundle { source: string; destination: string; connections: number; ports: AllowedPorts[] | null }

/** With `focus`, only the node of that end and those that it reaches or is reached from. */
export function scene(index: ReachIndex, folded: ReadonlySet<string>, focus: string | null): Scene {
  const nodes = new Map<string, SceneNode>()
  const owner = index.endpoints.map(() => '')
  for (const group of index.groups) {
    const isFolded = folded.has(group.key)
    for (let position = group.start; position < group.end; position += 1) {
      const { id, name, kind } = index.endpoints[position]!
      const node = isFolded
        ? { id: group.key, label: group.label, detail: String(group.end - group.start), group, isFolded }
        : { id, label: name === '' ? id : name, detail: kind, group, isFolded }
      owner[position] = node.id
      nodes.set(node.id, node)
    }
  }
  const bundles = new Map<string, Bundle>()
  index.forEach((from, to, ports) => {
    const [source, destination] = [owner[from]!, owner[to]!]
    if (source === destination) return
    const key = JSON.stringify([source, destination])
    const bundle = bundles.get(key)
    if (bundle === undefined) bundles.set(key, { source, destination, connections: 1, ports })
    else {
      bundle.connections += 1
      if (bundle.ports !== null && portsText(bundle.ports) !== portsText(ports)) bundle.ports = null
    }
  })
  const at = focus === null ? -1 : index.endpoints.findIndex(({ id }) => id === focus)
  const centre = owner[at]
  const kept = [...bundles.values()].filter(({ source, destination }) => centre === undefined || source === centre || destination === centre)
  const near = new Set(kept.flatMap(({ source, destination }) => [source, destination]))
  return {
    nodes: [...nodes.values()].filter(({ id }) => centre === undefined || id === centre || near.has(id)),
    edges: kept.map(({ source, destination, connections, ports }) => ({
      source, destination, connections, label: ports === null ? `${connections} connections` : portsText(ports),
    })),
  }
}
