// The matrix as text for other programs and for people: CSV and Markdown of the lines that are shown.
import type { Line } from '../matrix/axis'
import { portsText, type ReachIndex } from '../matrix/reach'
import { glyph, words } from '../matrix/words'

const nameOf = (line: Line): string => (line.isGroup ? line.label : line.id)
/** A group that is unfolded stands only above its own lines. */
const withoutHeads = (lines: readonly Line[]): Line[] => lines.filter(line => !line.isGroup || line.isFolded)

/** A leading apostrophe keeps spreadsheets from taking a name for a formula. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A row for each pair: source, destination, state, ports, and how many pairs are allowed of how many. */
export function matrixCsv(index: ReachIndex, rows: readonly Line[], columns: readonly Line[]): string {
  const lines = [['source', 'destination', 'state', 'ports', 'allowed', 'pairs']]
  for (const row of withoutHeads(rows)) {
    for (const column of withoutHeads(columns)) {
      const { state, ports, allowed, pairs } = index.cell(row, column)
      if (state !== 'same') lines.push([nameOf(row), nameOf(column), state, portsText(ports), String(allowed), String(pairs)])
    }
  }
  return lines.map(line => `${line.map(field).join(',')}\r\n`).join('')
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|')

export function matrixMarkdown(index: ReachIndex, rows: readonly Line[], columns: readonly Line[]): string {
  const across = withoutHeads(columns)
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |\n`
  return line(['from \\ to', ...across.map(nameOf)]) + line(['---', ...across.map(() => ':-:')])
    + withoutHeads(rows).map(row => line([nameOf(row), ...across.map(column => {
      const cell = index.cell(row, column)
      return cell.state === 'some' && cell.pairs === 1 ? portsText(cell.ports) : `${glyph(cell)} ${words(cell)}`
    })])).join('')
}
