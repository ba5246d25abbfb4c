// The graph: namespaces as boxes, what may connect as arrows with their ports. Everything in it can be reached with the arrow keys.
import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { graphPng, graphSvg } from '../export/graph'
import { save } from '../files/open'
import type { ReachViewProps } from '../model'
import { report } from '../store/engine'
import { useCamera } from './camera'
import { useDrawing } from './drawing'
import { Facts } from './facts'
import './graph.css'
import type { Drawing } from './layout'
import { edgeId, Picture } from './picture'
import { type Key, order, step } from './walk'

const EMPTY: Drawing = { nodes: [], boxes: [], edges: [], width: 1, height: 1 }

export default function Graph({ table, isComplete, port, protocol, onSelect }: ReachViewProps): JSX.Element {
  const [folds, setFolds] = useState<readonly string[] | null>(null)
  const [focus, setFocus] = useState('')
  const [chosen, setChosen] = useState<string | null>(null)
  const [pointed, setPointed] = useState<string | null>(null)
  const [stop, setStop] = useState<string | null>(null)
  const svg = useRef<SVGSVGElement>(null)
  const isKnown = focus === '' || table.endpoints.some(end => end?.id === focus)
  const { drawn, pairs } = useDrawing(table, { port, protocol, isComplete }, { folded: folds, focus: isKnown && focus !== '' ? focus : null })
  const drawing = drawn?.drawing ?? EMPTY
  const { camera, fit, zoom, pan, reveal } = useCamera(svg, drawing)
  const ids = useMemo(() => order(drawing), [drawing])
  const here = stop !== null && ids.includes(stop) ? stop : ids[0] ?? null
  const lit = useMemo(() => near(drawing, pointed ?? chosen), [drawing, pointed, chosen])
  useEffect(() => { if (chosen !== null && !ids.includes(chosen)) setChosen(null) }, [ids])
  useEffect(fit, [folds, focus])

  const toggle = (key: string): void => {
    const folded = new Set(drawn?.folded)
    if (!folded.delete(key)) folded.add(key)
    setFolds([...folded])
  }
  const choose = (id: string): void => {
    setStop(id)
    setChosen(id)
    const edge = drawing.edges.find(one => edgeId(one) === id)
    const isEnd = (node: string): boolean => drawing.nodes.some(one => one.id === node && one.kind === 'end')
    if (edge && isEnd(edge.source) && isEnd(edge.destination)) onSelect({ source: edge.source, destination: edge.destination })
    if (drawing.boxes.some(box => box.id === id) || drawing.nodes.some(node => node.id === id && node.kind === 'folded')) toggle(id)
  }
  const go = (id: string | null): void => {
    if (id === null) return
    setStop(id)
    setPointed(id)
    const place = drawing.nodes.find(node => node.id === id) ?? drawing.edges.find(edge => edgeId(edge) === id)?.at
      ?? drawing.boxes.filter(box => box.id === id).map(({ x, y, height }) => ({ x, y: y - height / 2 }))[0]
    if (place) reveal(place.x, place.y)
    svg.current?.querySelector<SVGGElement>(`[data-id="${CSS.escape(id)}"]`)?.focus({ preventScroll: true })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    switch (event.key) {
      case 'ArrowUp': case 'ArrowDown': case 'ArrowLeft': case 'ArrowRight': case 'Home': case 'End': go(step(drawing, here, event.key satisfies Key)); break
      case 'Enter': case ' ': if (here !== null) choose(here); break
      case 'Escape': setChosen(null); setPointed(null); break
      case '+': case '=': zoom(1.25); break
      case '-': zoom(0.8); break
      case '0': fit(); break
      case 'h': pan(80, 0); break
      case 'j': pan(0, -80); break
      case 'k': pan(0, 80); break
      case 'l': pan(-80, 0); break
      default: return
    }
    event.preventDefault()
  }
  const savePicture = (make: typeof graphPng, name: string): void => {
    if (svg.current !== null) make(svg.current, drawing).then(blob => { save(name, blob) }, report)
  }
  const allFolded = drawn !== null && drawn.folded.length === drawn.groups.length
  return (
    <div class="graph">
      <div class="graph-tools" role="group" aria-label="What the graph shows">
        <label>Only around <input type="search" list="graph-ends" value={focus} placeholder="everything" spellcheck={false}
          aria-invalid={!isKnown} onInput={event => { setFocus(event.currentTarget.value.trim()) }} /></label>
        <datalist id="graph-ends">{table.endpoints.map(end => end && <option key={end.id} value={end.id} />)}</datalist>
        <button type="button" class="small" onClick={() => { setFolds(allFolded ? [] : (drawn?.groups ?? []).map(({ key }) => key)) }}>{allFolded ? 'Unfold all' : 'Fold all'}</button>
        <span class="graph-zoom" role="group" aria-label="Zoom">
          <button type="button" class="icon" aria-label="Smaller" onClick={() => { zoom(0.8) }}>−</button>
          <button type="button" class="icon" aria-label="Larger" onClick={() => { zoom(1.25) }}>+</button>
          <button type="button" class="small" onClick={fit}>Fit</button>
        </span>
        <span class="graph-save">
          <button type="button" class="small" onClick={() => { savePicture(graphSvg, 'reach.svg') }}>Save SVG</button>
          <button type="button" class="small" onClick={() => { savePicture(graphPng, 'reach.png') }}>Save PNG</button>
        </span>
      </div>
      {drawn !== null && drawn.drawing === null && (
        <p class="told" role="status"><strong>{drawn.edges.toLocaleString('en')} arrows are too many to follow.</strong> Fold namespaces, choose a port, or look around one workload; the matrix shows all of them.</p>
      )}
      <svg ref={svg} class="graph-canvas" role="group" aria-label="Graph of who may reach whom" aria-describedby="graph-keys" onKeyDown={onKeyDown}
        onFocusCapture={event => { const { id } = (event.target as SVGElement).dataset; if (id !== undefined) setStop(id) }}>
        <g transform={`translate(${camera.x} ${camera.y}) scale(${camera.scale})`}>
          <Picture drawing={drawing} marks={{ chosen, stop: here, lit }} onChoose={choose} onPoint={setPointed} />
        </g>
      </svg>
      <p id="graph-keys" class="hidden">Arrow keys go along connections and between ends, Enter explains a connection or unfolds a namespace, plus and minus zoom, zero shows everything.</p>
      <Facts drawing={drawing} id={pointed ?? chosen} chosen={chosen} isComplete={isComplete} pairs={pairs} onSelect={onSelect} onFocus={setFocus} />
    </div>
  )
}

/** An element with what it is connected to; null: nothing is picked out. */
function near({ edges, nodes, boxes }: Drawing, id: string | null): Set<string> | null {
  if (id === null || boxes.some(box => box.id === id)) return null
  const at = edges.filter(edge => edgeId(edge) === id || edge.source === id || edge.destination === id)
  const ends = new Set(at.flatMap(({ source, destination }) => [source, destination]))
  const home = nodes.filter(node => node.id === id || ends.has(node.id)).flatMap(({ box }) => box ?? [])
  return new Set([id, ...at.map(edgeId), ...ends, ...home])
}
