// The matrix: who reaches whom, as a table that can be walked with the arrow keys; only what is in view is drawn.
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ReachViewProps } from '../model'
import { axis, foldedAtFirst, type Line, type Sort, windowOf } from './axis'
import { ReachIndex } from './reach'
import { headCell, Row } from './row'
import { words } from './words'
import './matrix.css'

const LINE = 30
const MOST_UNFOLDED = 60
/** A row is drawn again when the columns in view change. */
const COLUMNS_AT_ONCE = 8
/** Of a character in a header. */
const CHARACTER = 7.2

/** A cell; -1 is the header of the line. */
interface Place { row: number; column: number }

/** The cell that an event was in. */
function placeOf({ target }: Event): Place | null {
  const { row, column } = (target as Element).closest<HTMLElement>('[data-row]')?.dataset ?? {}
  return row === undefined || column === undefined ? null : { row: Number(row), column: Number(column) }
}

/** As long as the names need, within what leaves room for cells. */
function headSize(rows: readonly Line[], columns: readonly Line[], width: number): { width: number; height: number } {
  const longest = (lines: readonly Line[], detail: boolean): number =>
    Math.max(0, ...lines.slice(0, 2000).map(line => (line.label.length + (detail || line.isGroup ? line.detail.length * 0.85 + 1 : 0)) * CHARACTER + (line.isGroup ? 20 : 8)))
  return {
    width: Math.round(Math.max(90, Math.min(longest(rows, true) + 24, width * 0.38, 260))),
    height: Math.round(Math.max(60, Math.min(longest(columns, false) + 12, 170))),
  }
}

export default function Matrix({ table, isComplete, port, protocol, selected, onSelect }: ReachViewProps): JSX.Element {
  const index = useMemo(() => new ReachIndex(table, { port, protocol, isComplete }), [table, port, protocol, isComplete])
  const [folds, setFolds] = useState<{ rows: ReadonlySet<string>; columns: ReadonlySet<string> } | null>(null)
  const [filter, setFilter] = useState({ rows: '', columns: '' })
  const [sort, setSort] = useState<Sort>('name')
  const [view, setView] = useState({ top: 0, left: 0, width: 800, height: 600 })
  const [active, setActive] = useState<Place>({ row: 0, column: 0 })
  const [hovered, setHovered] = useState<Place | null>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const takesFocus = useRef(false)

  const first = useMemo(() => foldedAtFirst(index, MOST_UNFOLDED), [index])
  const folded = folds ?? { rows: first, columns: first }
  const rows = useMemo(() => axis(index, { folded: folded.rows, filter: filter.rows, sort }), [index, folded.rows, filter.rows, sort])
  const columns = useMemo(
    () => axis(index, { folded: folded.columns, filter: filter.columns, sort }), [index, folded.columns, filter.columns, sort],
  )
  const head = useMemo(() => headSize(rows, columns, view.width), [rows, columns, view.width])
  const shownRows = windowOf(view.top, view.height - head.height, LINE, rows.length)
  const shownColumns = windowOf(view.left, view.width - head.width, LINE, columns.length, COLUMNS_AT_ONCE)
  const inView = (at: number, { start, end }: { start: number; end: number }, count: number): number =>
    (at < start && at >= 0) || at >= end ? Math.min(start, count - 1) : at
  const stop: Place = { row: inView(active.row, shownRows, rows.length), column: inView(active.column, shownColumns, columns.length) }

  const measure = (): void => {
    const element = scroller.current
    if (element === null) return
    const now = { top: element.scrollTop, left: element.scrollLeft, width: element.clientWidth, height: element.clientHeight }
    setView(old => (old.top === now.top && old.left === now.left && old.width === now.width && old.height === now.height ? old : now))
  }
  // What is folded may leave less than has been scrolled past.
  useLayoutEffect(measure, [rows.length, columns.length])
  useLayoutEffect(() => {
    measure()
    const observer = new ResizeObserver(measure)
    if (scroller.current !== null) observer.observe(scroller.current)
    return () => { observer.disconnect() }
  }, [])
  useEffect(() => {
    if (!takesFocus.current) return
    takesFocus.current = false
    scroller.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true })
  })

  const toggle = (where: 'rows' | 'columns', key: string): void => {
    const next = new Set(folded[where])
    if (!next.delete(key)) next.add(key)
    setFolds({ ...folded, [where]: next })
  }
  const foldAll = (isFolded: boolean): void => {
    const keys = new Set(isFolded ? index.groups.map(({ key }) => key) : [])
    setFolds({ rows: keys, columns: keys })
  }
  const press = ({ row, column }: Place): void => {
    const [source, destination] = [rows[row], columns[column]]
    if (source?.isGroup && row >= 0 && (column < 0 || source.isFolded)) toggle('rows', source.group.key)
    else if (destination?.isGroup) toggle('columns', destination.group.key)
    else if (source && destination) onSelect({ source: source.id, destination: destination.id })
  }
  const go = (place: Place): void => {
    const row = Math.max(-1, Math.min(rows.length - 1, place.row))
    const column = Math.max(row < 0 ? 0 : -1, Math.min(columns.length - 1, place.column))
    const element = scroller.current
    if (element === null) return
    const reveal = (at: number, scroll: number, size: number): number =>
      at < 0 ? scroll : Math.max(Math.min(scroll, at * LINE), (at + 1) * LINE - size)
    element.scrollTop = reveal(row, element.scrollTop, element.clientHeight - head.height)
    element.scrollLeft = reveal(column, element.scrollLeft, element.clientWidth - head.width)
    takesFocus.current = true
    setActive({ row, column })
    measure()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const { row, column } = stop
    const page = Math.max(1, Math.floor((view.height - head.height) / LINE) - 1)
    const whole = event.ctrlKey || event.metaKey
    const moves: Record<string, Place> = {
      ArrowUp: { row: row - 1, column }, ArrowDown: { row: row + 1, column },
      ArrowLeft: { row, column: column - 1 }, ArrowRight: { row, column: column + 1 },
      PageUp: { row: Math.max(0, row - page), column }, PageDown: { row: row + page, column },
      Home: { row: whole ? 0 : row, column: 0 }, End: { row: whole ? rows.length : row, column: columns.length },
    }
    const place = moves[event.key]
    if (place) go(place)
    else if (event.key === 'Enter' || event.key === ' ') press(stop)
    else return
    event.preventDefault()
  }
  const told = hovered ?? active
  const [tellRow, tellColumn] = [rows[told.row], columns[told.column]]

  if (index.endpoints.length === 0) return <p class="matrix-empty">No workloads yet: open manifests that have some.</p>
  return (
    <div class="matrix">
      <div class="matrix-tools">
        <label>From <input type="search" placeholder="all" value={filter.rows}
          onInput={event => { setFilter({ ...filter, rows: event.currentTarget.value }) }} /></label>
        <label>To <input type="search" placeholder="all" value={filter.columns}
          onInput={event => { setFilter({ ...filter, columns: event.currentTarget.value }) }} /></label>
        <label>Sort by <select value={sort} onChange={event => { setSort(event.currentTarget.value as Sort) }}>
          <option value="name">name</option><option value="kind">kind</option><option value="reach">reach</option>
        </select></label>
        <button type="button" onClick={() => { foldAll(true) }}>Fold all</button>
        <button type="button" onClick={() => { foldAll(false) }}>Unfold all</button>
      </div>
      <div class="matrix-scroll" ref={scroller} onScroll={measure} onKeyDown={onKeyDown} onMouseLeave={() => { setHovered(null) }}
        onMouseOver={event => { setHovered(placeOf(event)) }} onFocusIn={event => { const place = placeOf(event); if (place !== null) setActive(place) }}
        onClick={event => { const place = placeOf(event); if (place !== null) press(place) }}
        style={{ '--head-width': `${head.width}px`, '--head-height': `${head.height}px` }}>
        <div class="matrix-size" style={{ width: `${head.width + columns.length * LINE}px`, height: `${head.height + rows.length * LINE}px` }}>
          <table role="grid" aria-label="Who may reach whom: a row for each source, a column for each destination"
            aria-rowcount={rows.length + 1} aria-colcount={columns.length + 1}
            style={{ marginTop: `${shownRows.start * LINE}px`, marginLeft: `${shownColumns.start * LINE}px`,
              width: `${head.width + (shownColumns.end - shownColumns.start) * LINE}px` }}>
            <thead><tr aria-rowindex={1}>
              <th class="corner" scope="col" aria-colindex={1}>from ↓ to →</th>
              {columns.slice(shownColumns.start, shownColumns.end).map((line, offset) => {
                const column = shownColumns.start + offset
                return headCell(line, -1, column, stop.row === -1 && stop.column === column)
              })}
            </tr></thead>
            <tbody>
              {rows.slice(shownRows.start, shownRows.end).map((line, offset) => {
                const at = shownRows.start + offset
                return (
                  <Row key={line.id} index={index} line={line} at={at} columns={columns} shown={shownColumns}
                    stop={stop.row === at ? stop.column : null} selected={selected?.source === line.id ? selected.destination : ''} />
                )
              })}
            </tbody>
          </table>
        </div>
      </div>
      <p class="matrix-told">
        {tellRow && tellColumn
          ? <><b>{tellRow.label}</b> → <b>{tellColumn.label}</b>: {words(index.cell(tellRow, tellColumn))}</>
          : 'Point at a cell, or walk with the arrow keys; Enter explains a pair and unfolds a group.'}
      </p>
      <p class="matrix-legend" aria-hidden="true">
        <span class="all">● all ports</span> <span class="some">◐ these ports</span> <span class="mixed">◔ some pairs</span>{' '}
        {isComplete ? <span class="denied">✕ denied</span> : <span class="unknown">? unknown</span>}
      </p>
    </div>
  )
}
