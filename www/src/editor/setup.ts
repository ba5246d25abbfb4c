// What every text in the editor can do; what is rarely used is loaded when it is.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, foldKeymap, indentUnit } from '@codemirror/language'
import { nextDiagnostic, previousDiagnostic } from '@codemirror/lint'
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import {
  drawSelection, dropCursor, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers, placeholder,
} from '@codemirror/view'
import { lensField } from './lens'
import { theme } from './theme'

/** Hover and completion, once they are loaded. */
export const answers = new Compartment()

/** Search, once it has been used. */
const searching = new Compartment()
const NOTHING: Extension = []

function openSearch(view: EditorView): boolean {
  void import('@codemirror/search').then(({ openSearchPanel, search, searchKeymap }) => {
    if (searching.get(view.state) === NOTHING) {
      view.dispatch({ effects: searching.reconfigure([search({ top: true }), keymap.of(searchKeymap)]) })
    }
    openSearchPanel(view)
  })
  return true
}

/** A browser that replaces styled text itself puts a style attribute around the new one, which the policy forbids. */
const replaced = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType } = event
    if (inputType !== 'insertText' || data === null || view.composing || view.state.selection.ranges.every(range => range.empty)) return false
    view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true })
    event.preventDefault()
    return true
  },
})

const common: Extension = [
  lineNumbers(), highlightActiveLineGutter(), highlightActiveLine(), highlightSpecialChars(), history(), drawSelection(), dropCursor(),
  bracketMatching(), yaml(), indentUnit.of('  '), EditorState.tabSize.of(2), theme, lensField,
  placeholder('Paste manifests here …'),
  EditorView.contentAttributes.of({
    'aria-label': 'Manifests', 'aria-description': 'Escape, then Tab, leaves the editor. F8 goes to the next finding.', spellcheck: 'false', tabindex: '0',
  }),
  keymap.of([
    { key: 'Mod-f', run: openSearch }, { key: 'F8', run: nextDiagnostic }, { key: 'Shift-F8', run: previousDiagnostic },
    ...defaultKeymap, ...historyKeymap, ...foldKeymap, indentWithTab,
  ]),
  replaced, searching.of(NOTHING), answers.of([]),
]

export const stateOf = (doc: string, extra: Extension): EditorState => EditorState.create({ doc, extensions: [extra, common] })
