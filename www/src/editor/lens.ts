// A line above each policy that says what it selects; it leads to the policy in its view.
import { StateEffect, StateField, type Text } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view'
import type { Lens } from '../model'
import { policyShown, showView } from '../store/state'

class LensWidget extends WidgetType {
  constructor(readonly lens: Lens) { super() }

  override eq(other: LensWidget): boolean {
    return other.lens.title === this.lens.title && other.lens.policy === this.lens.policy
  }

  toDOM(): HTMLElement {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'np-lens'
    button.textContent = this.lens.title
    button.title = `Show ${this.lens.policy}`
    button.onclick = () => {
      policyShown.value = this.lens.policy
      showView('policies')
    }
    return button
  }

  override ignoreEvent(): boolean {
    return true
  }
}

const indentOf = (text: string): number => text.search(/[^\s-]|$/)

/** Where the object begins whose name is in a line: its first line of the same depth as `metadata`. */
function top(doc: Text, line: number): number {
  let at = line
  if (/^\s*name:/.test(doc.line(at).text)) while (at > 1 && indentOf(doc.line(at).text) >= indentOf(doc.line(line).text)) at -= 1
  const depth = indentOf(doc.line(at).text)
  const isOwn = (text: string): boolean => text.trim() !== '' && !/^(---|\s*#)/.test(text) && indentOf(text) >= depth
  while (at > 1 && !/^\s*- /.test(doc.line(at).text) && isOwn(doc.line(at - 1).text)) at -= 1
  return doc.line(at).from
}

export const setLenses = StateEffect.define<readonly Lens[]>()

const decorations = (doc: Text, lenses: readonly Lens[]): DecorationSet => Decoration.set(
  lenses
    .filter(({ range }) => range.start.line < doc.lines)
    .map(lens => Decoration.widget({ widget: new LensWidget(lens), block: true, side: -1 }).range(top(doc, lens.range.start.line + 1))),
  true,
)

export const lensField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (shown, { changes, effects, state }) =>
    effects.reduce((now, effect) => (effect.is(setLenses) ? decorations(state.doc, effect.value) : now), shown.map(changes)),
  provide: field => EditorView.decorations.from(field),
})
