// Findings in the text: where they are, what they say, what they refer to, and what mends them.
import { type Diagnostic, setDiagnostics } from '@codemirror/lint'
import type { Text, TransactionSpec, EditorState } from '@codemirror/state'
import type { Finding, Position } from '../model'
import { applyEdits } from '../store/files'
import { goTo } from '../store/state'
import { inline } from './inline'

const SEVERITIES = { error: 'error', warning: 'warning', note: 'info' } as const

export const offsetOf = (doc: Text, { line, character }: Position): number => {
  if (line >= doc.lines) return doc.length
  const { from, to } = doc.line(line + 1)
  return Math.min(to, from + character)
}

export const positionOf = (doc: Text, offset: number): Position => {
  const { number, from } = doc.lineAt(offset)
  return { line: number - 1, character: offset - from }
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, className: string, ...inside: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  made.className = className
  made.append(...inside)
  return made
}

function describe(finding: Finding): HTMLElement {
  const whole = element('div', '', element('div', '', ...inline(finding.message)))
  if (finding.help !== null) whole.append(element('p', 'np-help', ...inline(finding.help)))
  const related = finding.related.map(({ message, place }) => {
    if (place === null) return element('li', '', message)
    const button = element('button', 'np-place', `${message} (${place.path}:${place.start.line})`)
    button.type = 'button'
    button.onclick = () => { goTo(place.path, place.start.line, place.start.columnUtf16) }
    return element('li', '', button)
  })
  if (related.length > 0) whole.append(element('ul', 'np-related', ...related))
  const link = element('a', 'np-place np-rule', finding.slug)
  link.href = finding.page
  link.target = '_blank'
  link.rel = 'noreferrer'
  link.ariaLabel = `${finding.slug}, about this rule, in a new tab`
  whole.append(link)
  return whole
}

/** What shows the findings of one file in its text. */
export function diagnosticsOf(state: EditorState, findings: readonly Finding[], path: string): TransactionSpec {
  const own = findings.flatMap((finding): Diagnostic[] => {
    const { place, fix } = finding
    if (place?.path !== path) return []
    const from = offsetOf(state.doc, place.range.start)
    const to = Math.max(from, offsetOf(state.doc, place.range.end))
    const actions = fix === null ? [] : [{ name: fix.title, apply: () => { applyEdits(fix.edits) } }]
    return [{ from, to, severity: SEVERITIES[finding.severity], message: finding.message, renderMessage: () => describe(finding), actions }]
  })
  return setDiagnostics(state, own)
}
