// The matrix as text: what is shown, line by line, as CSV or Markdown.
import type { Line } from '../matrix/axis'
import type { ReachIndex } from '../matrix/reach'
import { words } from '../matrix/words'

export interface Shown { index: ReachIndex; rows: readonly Line[]; columns: readonly Line[] }

/** Spreadsheets take a text that starts so for a formula. */
const csvField = (text: string): string => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
const markdownField = (text: string): string => text.replace(/[\\|<>*_`[\]]/g, '\\$&')

const name = (line: Line): string => (line.isGroup ? line.label : line.id)

function cells({ index, rows, columns }: Shown): string[][] {
  return [
    ['from \\ to', ...columns.map(name)],
    ...rows.map(row => [name(row), ...columns.map(column => words(index.cell(row, column)))]),
  ]
}

export const matrixCsv = (shown: Shown): string => cells(shown).map(row => `${row.map(csvField).join(',')}\r\n`).join('')

export function matrixMarkdown(shown: Shown): string {
  const [head = [], ...body] = cells(shown).map(row => `| ${row.map(markdownField).join(' | ')} |\n`)
  return [head, `|${' --- |'.repeat(shown.columns.length + 1)}\n`, ...body].join('')
}
