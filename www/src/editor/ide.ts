// Hover and completion: asked of the engine, whatever the text is like. Nothing shows where the engine does not know how to answer.
import { autocompletion, type CompletionContext, type CompletionResult, completionKeymap } from '@codemirror/autocomplete'
import type { Extension } from '@codemirror/state'
import { hoverTooltip, keymap, type Tooltip } from '@codemirror/view'
import type { Completions, Hover } from '../model'
import { askIfThere } from '../store/engine'
import { activeFile } from '../store/state'
import { inline } from './inline'
import { offsetOf, positionOf } from './lint'

const KINDS: Record<string, string> = { field: 'property', label: 'constant', value: 'enum' }

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const { pos, explicit, state } = context
  const path = activeFile.value?.path
  if (path === undefined || (!explicit && context.matchBefore(/[\w./-]+$|[:-] $/) === null)) return null
  const abort = new AbortController()
  context.addEventListener('abort', () => { abort.abort() })
  const answer = await askIfThere<Completions>('completions', [path, positionOf(state.doc, pos)], abort.signal)
  if (answer === null || answer.items.length === 0 || context.aborted) return null
  return {
    from: offsetOf(state.doc, answer.range.start),
    to: Math.max(pos, offsetOf(state.doc, answer.range.end)),
    options: answer.items.map(({ label, detail, kind, insert }) => ({ label, detail, type: KINDS[kind] ?? 'text', apply: insert ?? label })),
    validFor: /^[\w./-]*$/,
  }
}

function markdown(text: string): HTMLElement {
  const whole = document.createElement('div')
  whole.className = 'np-hover'
  let list: HTMLElement | null = null
  for (const line of text.split('\n').filter(one => one.trim() !== '')) {
    const item = /^\s*[-*] (.*)$/.exec(line)?.[1]
    const made = document.createElement(item === undefined ? 'p' : 'li')
    made.append(...inline(item ?? line))
    if (item === undefined) list = null
    else if (list === null) whole.append(list = document.createElement('ul'))
    ;(list ?? whole).append(made)
  }
  return whole
}

const hover = hoverTooltip(async ({ state }, offset): Promise<Tooltip | null> => {
  const path = activeFile.value?.path
  const answer = path === undefined ? null : await askIfThere<Hover>('hover', [path, positionOf(state.doc, offset)])
  if (answer === null) return null
  const [pos, end] = [offsetOf(state.doc, answer.range.start), offsetOf(state.doc, answer.range.end)]
  return { pos, end, above: true, create: () => ({ dom: markdown(answer.text) }) }
})

export const ide: Extension = [autocompletion({ override: [complete], icons: false }), keymap.of(completionKeymap), hover]
