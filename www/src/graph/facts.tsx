// What is under the pointer or chosen in the graph, in words: a node's neighbours, the pairs behind an arrow.
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Ends } from '../model'
import { report } from '../store/engine'
import type { Graphed } from './drawing'
import type { Drawing } from './layout'
import { edgeId, edgeWords, nodeWords } from './picture'
import type { Pairs } from './worker'

interface FactsProps {
  drawing: Drawing
  /** What the line is about. */
  id: string | null
  /** What has been chosen, and is listed. */
  chosen: string | null
  isComplete: boolean
  pairs: Graphed['pairs']
  onSelect(ends: Ends): void
  onFocus(end: string): void
}

export function Facts({ drawing, id, chosen, isComplete, pairs, onSelect, onFocus }: FactsProps): JSX.Element {
  const [listed, setListed] = useState<Pairs | null>(null)
  const edge = drawing.edges.find(one => edgeId(one) === chosen)
  const node = drawing.nodes.find(one => one.id === id)
  useEffect(() => {
    setListed(null)
    if (edge === undefined) return
    const members = (end: string): { start: number; end: number } => drawing.nodes.find(one => one.id === end)?.members ?? { start: 0, end: 0 }
    let isStale = false
    pairs(members(edge.source), members(edge.destination)).then(found => { if (!isStale) setListed(found) }, report)
    return () => { isStale = true }
  }, [drawing, chosen])
  const pointed = drawing.edges.find(one => edgeId(one) === id)
  const words = pointed ? edgeWords(pointed, drawing) : node ? nodeWords(node, drawing) : null
  return (
    <div class="graph-facts">
      <p role="status">
        {words ?? `${drawing.nodes.length} nodes, ${drawing.edges.length} arrows. ${isComplete ? 'What has no arrow is denied' : 'What has no arrow is denied or unknown: parts of the input are not modelled'}.`}
        {node?.kind === 'end' && chosen === node.id && <> <button type="button" class="small" onClick={() => { onFocus(node.id) }}>Only around it</button></>}
      </p>
      {edge && listed && listed.count > 1 && (
        <ul class="graph-pairs" aria-label="Connections of the arrow">
          {listed.pairs.map(({ source, destination, ports }) => (
            <li key={`${source} ${destination}`}>
              <button type="button" class="link" onClick={() => { onSelect({ source, destination }) }}>{source} → {destination}</button> <span class="soft">{ports}</span>
            </li>
          ))}
          {listed.count > listed.pairs.length && <li class="soft">and {(listed.count - listed.pairs.length).toLocaleString('en')} more</li>}
        </ul>
      )}
    </div>
  )
}
