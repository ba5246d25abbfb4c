// The editor: one text at a time, each with its own history, in step with the files of the store in both directions.
import { effect } from '@preact/signals'
import { Annotation, type EditorState, type Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { findings, lenses } from '../store/answers'
import { setText } from '../store/files'
import { report } from '../store/engine'
import { activeFile, activeId, files, target } from '../store/state'
import { setLenses } from './lens'
import { diagnosticsOf } from './lint'
import { answers, stateOf } from './setup'

/** Changes that the store has made: they are not told back to it. */
const fromStore = Annotation.define<boolean>()
const stored = fromStore.of(true)

/** One replacement of what differs, so that cursor, folds and undo stay where they are. */
function replacement(before: string, after: string): { from: number; to: number; insert: string } {
  let from = 0
  const most = Math.min(before.length, after.length)
  while (from < most && before.charCodeAt(from) === after.charCodeAt(from)) from += 1
  let end = 0
  while (end < most - from && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end += 1
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) }
}

const NOTHING: Extension = []

class Desk {
  #view: EditorView
  #shown = 0
  #ide = NOTHING
  readonly #states = new Map<number, EditorState>()
  /** The text of each file as the editor has it. */
  readonly #texts = new Map<number, string>()

  constructor(root: ShadowRoot) {
    this.#view = new EditorView({ parent: root, root, state: this.#create('') })
  }

  #create(doc: string): EditorState {
    return stateOf(doc, EditorView.updateListener.of(({ docChanged, state, transactions }) => {
      if (!docChanged || transactions.some(one => one.annotation(fromStore) === true)) return
      const text = state.doc.toString()
      this.#texts.set(this.#shown, text)
      setText(this.#shown, text)
    }))
  }

  follow(): void {
    const file = activeFile.value
    const known = new Set(files.value.map(({ id }) => id))
    for (const id of this.#states.keys()) if (!known.has(id)) this.#states.delete(id)
    if (file === null) return
    if (file.id !== this.#shown) {
      if (this.#shown !== 0) this.#states.set(this.#shown, this.#view.state)
      this.#shown = file.id
      const known = this.#states.get(file.id)
      if (known === undefined) this.#texts.set(file.id, file.text)
      this.#view.setState(known ?? this.#create(file.text))
      this.#view.dispatch({ effects: answers.reconfigure(this.#ide) })
    }
    const before = this.#texts.get(file.id) ?? ''
    if (before === file.text) return
    this.#texts.set(file.id, file.text)
    // The editor's own text has its line breaks as \n.
    const [own, wanted] = [this.#view.state.doc.toString(), file.text.replaceAll('\r\n', '\n')]
    if (own !== wanted) this.#view.dispatch({ changes: replacement(own, wanted), annotations: stored })
  }

  /** Hover and completion come with the first use of the editor. */
  async load(): Promise<void> {
    if (this.#ide !== NOTHING) return
    this.#ide = (await import('./ide')).ide
    this.#view.dispatch({ effects: answers.reconfigure(this.#ide) })
  }

  mark(): void {
    void activeId.value
    const [file, found] = [activeFile.peek(), findings.value]
    if (file !== null && found !== null) this.#view.dispatch(diagnosticsOf(this.#view.state, found, file.path))
  }

  showLenses(): void {
    void activeId.value
    const [file, answered] = [activeFile.peek(), lenses.value]
    if (file !== null && answered !== null && answered.path === file.path) this.#view.dispatch({ effects: setLenses.of(answered.list) })
  }

  go(): void {
    const wanted = target.value
    if (wanted === null || activeFile.peek()?.path !== wanted.path) return
    const { doc } = this.#view.state
    const line = doc.line(Math.max(1, Math.min(doc.lines, wanted.line)))
    const at = Math.min(line.to, line.from + Math.max(0, wanted.column - 1))
    this.#view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    if (wanted.takesFocus) this.#view.focus()
  }

  end(): void {
    this.#view.destroy()
  }
}

export default function Editor(): JSX.Element {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (host.current === null) return
    const desk = new Desk(host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' }))
    const load = (): void => { desk.load().catch(report) }
    const first = { once: true }
    host.current.addEventListener('focusin', load, first)
    host.current.addEventListener('pointerenter', load, first)
    const ends = [() => { desk.follow() }, () => { desk.mark() }, () => { desk.showLenses() }, () => { desk.go() }].map(one => effect(one))
    return () => {
      for (const end of ends) end()
      desk.end()
    }
  }, [])
  return <div class="editor" ref={host} />
}
