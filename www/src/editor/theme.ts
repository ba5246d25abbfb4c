// How the editor looks. It lives in a shadow root, so that its style sheets need no exception in the policy; the page's variables reach it.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const looks = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--background)', fontSize: '13px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)', padding: '8px 0 40px' },
  '.cm-line': { padding: '0 14px 0 8px' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'var(--background)', color: 'var(--faint)', border: 'none', paddingLeft: '6px' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text)' },
  '.cm-activeLine': { backgroundColor: 'var(--line-active)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selection)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'transparent', outline: '1px solid var(--border-strong)' },
  '.cm-lintRange': { backgroundImage: 'none !important', textDecorationLine: 'underline', textDecorationStyle: 'wavy', textUnderlineOffset: '3px', textDecorationSkipInk: 'none', paddingBottom: '0' },
  '.cm-lintRange-error': { textDecorationColor: 'var(--deny)' },
  '.cm-lintRange-warning': { textDecorationColor: 'var(--mixed)' },
  '.cm-lintRange-info': { textDecorationColor: 'var(--accent)' },
  '.cm-lintRange-active': { backgroundColor: 'var(--selection)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: '1px solid var(--border-strong)', borderRadius: '6px', boxShadow: 'var(--shadow)', fontFamily: 'var(--sans)', maxWidth: 'min(460px, 90vw)', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionDetail': { fontStyle: 'normal', opacity: '.75', marginLeft: '12px' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-diagnostic': { padding: '9px 12px', borderLeft: '3px solid var(--accent)', whiteSpace: 'normal', fontSize: '13px', lineHeight: '1.45' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--deny)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--mixed)' },
  '.cm-diagnosticAction': { font: 'inherit', fontSize: '12px', margin: '8px 8px 0 0', padding: '3px 9px', borderRadius: '5px', backgroundColor: 'var(--accent)', color: 'var(--on-accent)', cursor: 'pointer' },
  '.np-help': { color: 'var(--muted)', margin: '5px 0 0' },
  '.np-related': { margin: '6px 0 0', padding: '0', listStyle: 'none' },
  '.np-place': { font: 'inherit', color: 'var(--accent)', background: 'none', border: '0', padding: '1px 0', textAlign: 'left', cursor: 'pointer', textDecoration: 'underline', textUnderlineOffset: '2px' },
  '.np-rule': { color: 'var(--muted)', fontFamily: 'var(--mono)', fontSize: '11.5px', display: 'inline-block', marginTop: '6px' },
  '.np-hover': { padding: '9px 12px', fontSize: '13px', lineHeight: '1.45', maxHeight: '260px', overflow: 'auto' },
  '.np-hover p, .np-hover ul': { margin: '0 0 5px' },
  '.np-hover ul': { paddingLeft: '18px' },
  '.np-hover code, .cm-diagnostic code': { fontFamily: 'var(--mono)', fontSize: '12px' },
  '.np-lens': { font: '500 11.5px/1.9 var(--sans)', color: 'var(--muted)', background: 'none', border: '0', padding: '0 8px', cursor: 'pointer', display: 'block' },
  '.np-lens:hover, .np-lens:focus-visible': { color: 'var(--accent)', textDecoration: 'underline' },
  '.cm-panels': { backgroundColor: 'var(--surface)', color: 'var(--text)', borderColor: 'var(--border)' },
  '.cm-panel.cm-search input, .cm-panel.cm-search button': { font: '12px var(--sans)', color: 'var(--text)', background: 'var(--background)', border: '1px solid var(--border-strong)', borderRadius: '4px' },
  '.cm-panel.cm-search label': { font: '12px var(--sans)' },
})

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--code-key)' },
  { tag: [tags.string, tags.special(tags.string), tags.content, tags.attributeValue], color: 'var(--code-value)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.separator, tags.punctuation, tags.meta, tags.squareBracket, tags.brace], color: 'var(--muted)' },
  { tag: [tags.labelName, tags.typeName], color: 'var(--code-number)' },
])

export const theme: Extension = [looks, syntaxHighlighting(colours)]
