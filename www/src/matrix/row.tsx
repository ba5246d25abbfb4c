// A row of the matrix. It is drawn again only when something of its own has changed: a scroll draws the rows that come into view.
import { Component, type JSX } from 'preact'
import type { Line } from './axis'
import type { ReachIndex, Span } from './reach'
import { glyph, words } from './words'

export interface RowProps {
  index: ReachIndex
  line: Line
  /** Of the row, from 0. */
  at: number
  columns: readonly Line[]
  shown: Span
  /** The column that Tab leads to, -1 for the header; null: none of this row. */
  stop: number | null
  /** The destination that is selected with this source, or empty. */
  selected: string
}

/** `at` and `column` are counted from 0, the headers are -1: where an event was is read from these numbers. */
export const headCell = (line: Line, at: number, column: number, isStop: boolean): JSX.Element => (
  <th key={line.id} scope={column < 0 ? 'row' : 'col'} class={line.isGroup ? 'group' : ''} title={line.id}
    data-row={at} data-column={column} aria-colindex={column + 2} aria-expanded={line.isGroup ? !line.isFolded : undefined} tabIndex={isStop ? 0 : -1}>
    <span class="label">
      {line.isGroup && <span class="twist" aria-hidden="true">{line.isFolded ? '▸' : '▾'}</span>}
      <span class="name">{line.label}</span>{(line.isGroup || column < 0) && <> <small>{line.detail}</small></>}
    </span>
  </th>
)

export class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const now = this.props
    return next.index !== now.index || next.line !== now.line || next.at !== now.at || next.columns !== now.columns || next.stop !== now.stop
      || next.selected !== now.selected || next.shown.start !== now.shown.start || next.shown.end !== now.shown.end
  }

  override render({ index, line, at, columns, shown, stop, selected }: RowProps): JSX.Element {
    return (
      <tr aria-rowindex={at + 2} class={line.isGroup ? 'group' : ''}>
        {headCell(line, at, -1, stop === -1)}
        {columns.slice(shown.start, shown.end).map((other, offset) => {
          const column = shown.start + offset
          const cell = index.cell(line, other)
          return (
            <td key={other.id} class={`${cell.state}${other.isGroup ? ' group' : ''}`} data-row={at} data-column={column} aria-colindex={column + 2}
              aria-label={words(cell)} aria-selected={selected === other.id} tabIndex={stop === column ? 0 : -1}>{glyph(cell)}</td>
          )
        })}
      </tr>
    )
  }
}
