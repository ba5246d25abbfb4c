// The matrix: who reaches whom, as a table that can be walked with the arrow keys; only what is in view is drawn.
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ReachViewProps } from '../model'
import { axis, foldedAtFirst, type Line, type Sort, windowOf } from './axis'
import { glyph, words } from './words'
import { ReachIndex } from './reach'
import './matrix.css'

const LINE = 30
const HEAD = { width: 190, height: 150 }
const MOST_UNFOLDED = 60

/** A cell; -1 is the header of the line. */
interface Place { row: number; column: number }

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
  const shownRows = windowOf(view.top, view.height - HEAD.height, LINE, rows.length)
  const shownColumns = windowOf(view.left, view.width - HEAD.width, LINE, columns.length)
  const inView = (at: number, { start, end }: { start: number; end: number }, count: number): number =>
    (at < start && at >= 0) || at >= end ? Math.min(start, count - 1) : at
  const stop: Place = { row: inView(active.row, shownRows, rows.length), column: inView(active.column, shownColumns, columns.length) }

  const measure = (): void => {
    const element = scroller.current
    if (element === null) return
    setView({ top: element.scrollTop, left: element.scrollLeft, width: element.clientWidth, height: element.clientHeight })
  }
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
    element.scrollTop = reveal(row, element.scrollTop, element.clientHeight - HEAD.height)
    element.scrollLeft = reveal(column, element.scrollLeft, element.clientWidth - HEAD.width)
    takesFocus.current = true
    setActive({ row, column })
    measure()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const { row, column } = stop
    const page = Math.max(1, Math.floor((view.height - HEAD.height) / LINE) - 1)
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
  const cellProps = (row: number, column: number) => ({
    tabIndex: row === stop.row && column === stop.column ? 0 : -1,
    onFocus: () => { setActive({ row, column }) },
    onClick: () => { press({ row, column }) },
    onMouseEnter: () => { setHovered({ row, column }) },
  })
  const head = (line: Line, row: number, column: number): JSX.Element => (
    <th key={line.id} scope={column < 0 ? 'row' : 'col'} class={line.isGroup ? 'group' : ''} title={line.id}
      aria-colindex={column + 2} aria-expanded={line.isGroup ? !line.isFolded : undefined} {...cellProps(row, column)}>
      <span class="label">
        {line.isGroup && <span class="twist" aria-hidden="true">{line.isFolded ? '▸' : '▾'}</span>}
        <span class="name">{line.label}</span> <small>{line.detail}</small>
      </span>
    </th>
  )
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
      <div class="matrix-scroll" ref={scroller} onScroll={measure} onKeyDown={onKeyDown} onMouseLeave={() => { setHovered(null) }}>
        <div class="matrix-size" style={{ width: `${HEAD.width + columns.length * LINE}px`, height: `${HEAD.height + rows.length * LINE}px` }}>
          <table role="grid" aria-label="Who may reach whom: a row for each source, a column for each destination"
            aria-rowcount={rows.length + 1} aria-colcount={columns.length + 1}
            style={{ marginTop: `${shownRows.start * LINE}px`, marginLeft: `${shownColumns.start * LINE}px`,
              width: `${HEAD.width + (shownColumns.end - shownColumns.start) * LINE}px` }}>
            <thead><tr aria-rowindex={1}>
              <th class="corner" scope="col" aria-colindex={1}>from ↓ to →</th>
              {columns.slice(shownColumns.start, shownColumns.end).map((line, at) => head(line, -1, shownColumns.start + at))}
            </tr></thead>
            <tbody>
              {rows.slice(shownRows.start, shownRows.end).map((line, rowAt) => {
                const row = shownRows.start + rowAt
                return (
                  <tr key={line.id} aria-rowindex={row + 2} class={line.isGroup ? 'group' : ''}>
                    {head(line, row, -1)}
                    {columns.slice(shownColumns.start, shownColumns.end).map((other, columnAt) => {
                      const column = shownColumns.start + columnAt
                      const cell = index.cell(line, other)
                      const isSelected = selected?.source === line.id && selected.destination === other.id
                      return (
                        <td key={other.id} class={`${cell.state}${other.isGroup ? ' group' : ''}`} aria-colindex={column + 2}
                          aria-selected={isSelected} {...cellProps(row, column)}>
                          <span aria-hidden="true">{glyph(cell)}</span><span class="hidden">{words(cell)}</span>
                        </td>
                      )
                    })}
                  </tr>
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
