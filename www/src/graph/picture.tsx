// The drawing as SVG: boxes, edges and nodes, each an element that can be focused and says in words what it is.
import type { JSX } from 'preact'
import { type Drawing, NODE_HEIGHT, type PlacedBox, type PlacedNode } from './layout'
import type { PlacedEdge } from './route'

/** What is chosen or walked to. Ids of nodes, boxes and edges differ. */
export interface Marks { chosen: string | null; stop: string | null; lit: ReadonlySet<string> | null }
export interface PictureProps { drawing: Drawing; marks: Marks; onChoose(id: string): void; onPoint(id: string | null): void }

export const edgeId = ({ source, destination }: { source: string; destination: string }): string => JSON.stringify([source, destination])

/** An element of the drawing, as a screen reader hears it: with the words that are seen in it. */
export const boxWords = ({ label, count }: PlacedBox): string => `${label} ${count} ${count === 1 ? 'end' : 'ends'}, unfolded`

export function nodeWords(node: PlacedNode, { boxes, edges }: Drawing): string {
  const box = boxes.find(({ id }) => id === node.box)?.label
  const name = node.kind === 'all' ? `${node.label} of ${box ?? ''}` : `${node.label}${node.kind === 'folded' ? ` ${node.detail} ends, folded` : ` ${node.detail}`}${box === undefined ? '' : ` in ${box}`}`
  const count = (side: 'source' | 'destination'): number => edges.filter(edge => edge[side] === node.id).length
  const within = node.within === '' ? '' : `, among themselves ${node.within}`
  return `${name}${within}; ${count('source')} connections out, ${count('destination')} in`
}

export function edgeWords(edge: PlacedEdge, drawing: Drawing): string {
  const name = (id: string): string => {
    const node = drawing.nodes.find(one => one.id === id)
    return node === undefined ? id : node.kind === 'all' ? `all of ${drawing.boxes.find(box => box.id === node.box)?.label ?? ''}` : node.label
  }
  return `From ${name(edge.source)} to ${name(edge.destination)}: ${edge.label}`
}

const head = ({ tip: { x, y }, towards }: PlacedEdge): string => `M${x},${y} L${x - 8 * towards},${y - 4} L${x - 8 * towards},${y + 4} Z`

export function Picture({ drawing, marks, onChoose, onPoint }: PictureProps): JSX.Element {
  const part = (id: string, kind: string, words: string) => ({
    role: 'button' as const, 'aria-label': words, 'data-id': id, tabindex: marks.stop === id ? 0 : -1,
    class: `${kind}${marks.chosen === id ? ' chosen' : ''}${marks.lit === null ? '' : marks.lit.has(id) ? ' lit' : ' dim'}`,
    onClick: () => { onChoose(id) }, onMouseEnter: () => { onPoint(id) }, onMouseLeave: () => { onPoint(null) },
  })
  return (
    <>
      {drawing.boxes.map(box => (
        <g key={box.id} {...part(box.id, 'box', boxWords(box))} aria-expanded={true}>
          <rect x={box.x - box.width / 2} y={box.y - box.height / 2} width={box.width} height={box.height} rx="8" />
          <text x={box.x - box.width / 2 + 10} y={box.y - box.height / 2 + 17}>▾ {box.label} <tspan class="detail">{box.count}</tspan></text>
        </g>
      ))}
      {drawing.edges.map(edge => (
        <g key={edgeId(edge)} {...part(edgeId(edge), 'edge', edgeWords(edge, drawing))}>
          <path class="hit" d={edge.path} />
          <path class="line" d={edge.path} />
          <path class="head" d={head(edge)} />
          <text x={edge.at.x} y={edge.at.y + 4} text-anchor="middle">{edge.label}</text>
        </g>
      ))}
      {drawing.nodes.map(node => (
        <g key={node.id} {...part(node.id, `node ${node.kind}`, nodeWords(node, drawing))} aria-expanded={node.kind === 'folded' ? false : undefined}>
          {node.kind === 'folded' && <rect class="behind" x={node.x - node.width / 2 + 4} y={node.y - NODE_HEIGHT / 2 - 4} width={node.width} height={NODE_HEIGHT} rx="6" />}
          <rect x={node.x - node.width / 2} y={node.y - NODE_HEIGHT / 2} width={node.width} height={NODE_HEIGHT} rx={node.kind === 'all' ? 14 : 6} />
          <text x={node.x} y={node.y + 4.5} text-anchor="middle">
            {node.kind === 'folded' && '▸ '}{node.label} {node.kind === 'folded' && <tspan class="detail">{node.detail}</tspan>}
            {node.within !== '' && <tspan class="detail" dx="5">⟲</tspan>}
          </text>
        </g>
      ))}
    </>
  )
}
