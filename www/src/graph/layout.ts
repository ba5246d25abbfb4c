// Where the nodes, boxes and edges of a scene go: by dagre, from left to right, boxes around what is in them.
import { Graph, layout as dagre } from '@dagrejs/dagre'
import type { Scene, SceneBox, SceneEdge, SceneNode } from './scene'

export interface Point { x: number; y: number }
/** From its middle. */
export interface Frame extends Point { width: number; height: number }
export type PlacedNode = SceneNode & Frame
export type PlacedBox = SceneBox & Frame
export type PlacedEdge = SceneEdge & { points: Point[]; at: Point }
export interface Drawing { nodes: PlacedNode[]; boxes: PlacedBox[]; edges: PlacedEdge[]; width: number; height: number }

export const NODE_HEIGHT = 28
/** For the name of a box, above what is in it. */
const BOX_HEAD = 26
const BOX_PAD = 12
const MARGIN = 16
/** Of a character, at the sizes of graph.css. */
const CHARACTER = { name: 7.3, detail: 6.3, edge: 6.2 }

const widthOf = ({ label, detail, within }: SceneNode): number =>
  24 + label.length * CHARACTER.name + (detail === '' ? 0 : 6 + detail.length * CHARACTER.detail) + (within === '' ? 0 : 16)

export function layout({ nodes, boxes, edges }: Scene): Drawing {
  const graph = new Graph({ compound: true, multigraph: false, directed: true })
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 46, edgesep: 8, marginx: MARGIN, marginy: MARGIN + BOX_HEAD })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const box of boxes) graph.setNode(box.id, {})
  for (const node of nodes) {
    graph.setNode(node.id, { width: widthOf(node), height: NODE_HEIGHT })
    if (node.box !== null) graph.setParent(node.id, node.box)
  }
  for (const { source, destination, label } of edges) {
    graph.setEdge(source, destination, { width: label.length * CHARACTER.edge + 10, height: 16, labelpos: 'c', labeloffset: 0 })
  }
  dagre(graph)
  const placed = nodes.map((node): PlacedNode => ({ ...node, ...frame(graph.node(node.id)) }))
  const around = boxes.map((box): PlacedBox => ({ ...box, ...hull(placed.filter(node => node.box === box.id)) }))
  return { nodes: placed, boxes: around, edges: edges.map(edge => route(edge, graph.edge(edge.source, edge.destination))), ...sizeOf(graph, around) }
}

const frame = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Frame>): Frame => ({ x, y, width, height })

function hull(inside: readonly PlacedNode[]): Frame {
  const left = Math.min(...inside.map(({ x, width }) => x - width / 2)) - BOX_PAD
  const right = Math.max(...inside.map(({ x, width }) => x + width / 2)) + BOX_PAD
  const top = Math.min(...inside.map(({ y }) => y)) - NODE_HEIGHT / 2 - BOX_HEAD
  const bottom = Math.max(...inside.map(({ y }) => y)) + NODE_HEIGHT / 2 + BOX_PAD
  return { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top }
}

function route(edge: SceneEdge, { points = [], x, y }: { points?: Point[]; x?: number; y?: number }): PlacedEdge {
  const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 }
  return { ...edge, points: points.map(({ x, y }) => ({ x, y })), at: { x: x ?? middle.x, y: y ?? middle.y } }
}

function sizeOf(graph: Graph, boxes: readonly Frame[]): { width: number; height: number } {
  const { width = 0, height = 0 } = graph.graph() as Partial<Frame>
  return {
    width: Math.max(width, ...boxes.map(box => box.x + box.width / 2 + MARGIN)),
    height: Math.max(height, ...boxes.map(box => box.y + box.height / 2 + MARGIN)),
  }
}
