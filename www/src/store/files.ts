// What is done with the files: each change is one assignment, and what takes something away can be taken back.
import { batch } from '@preact/signals'
import type { Edit, Source } from 'netpol-wasm'
import { activeId, files, goTo, lesson, notice, type OpenFile, pinned } from './state'

let lastId = 0

/** There is always a file to write into. */
const EMPTY: Source = { path: 'untitled.yaml', text: '' }

export const opened = ({ path, text }: Source): OpenFile => ({ id: ++lastId, path, text })

/** A path that no other file has. */
function freePath(path: string, taken: ReadonlySet<string>): string {
  const wanted = path.trim().replace(/^\/+/, '') || 'untitled.yaml'
  const [, stem = wanted, ending = ''] = /^(.*?)(\.[^./]+)?$/.exec(wanted) ?? []
  let free = wanted
  for (let count = 2; taken.has(free); count += 1) free = `${stem}-${count}${ending}`
  return free
}

const paths = (except?: number): Set<string> => new Set(files.value.filter(({ id }) => id !== except).map(({ path }) => path))

export function addFile(text = '', path = 'untitled.yaml'): void {
  const file = opened({ path: freePath(path, paths()), text })
  batch(() => {
    files.value = [...files.value, file]
    activeId.value = file.id
  })
}

/** Files of a path that is there take its place: opening a folder twice does not double it. */
export function addFiles(added: readonly Source[]): void {
  if (added.length === 0) return
  const texts = new Map(added.map(({ path, text }) => [path, text]))
  const kept = files.value
    .filter(({ path, text }) => texts.has(path) || text.trim() !== '' || path !== 'untitled.yaml')
    .map(file => ({ ...file, text: texts.get(file.path) ?? file.text }))
  const known = new Set(kept.map(({ path }) => path))
  const all = [...kept, ...added.filter(({ path }) => !known.has(path)).map(opened)]
  batch(() => {
    files.value = all
    activeId.value = all.find(({ path }) => path === added[0]?.path)?.id ?? activeId.value
  })
}

export function setText(id: number, text: string): void {
  const file = files.value.find(one => one.id === id)
  if (file === undefined || file.text === text) return
  files.value = files.value.map(one => (one.id === id ? { ...one, text } : one))
}

export function renameFile(id: number, path: string): void {
  const free = freePath(path, paths(id))
  files.value = files.value.map(file => (file.id === id ? { ...file, path: free } : file))
}

export function closeFile(id: number): void {
  const before = files.value
  const at = before.findIndex(file => file.id === id)
  const closed = before[at]
  if (closed === undefined) return
  const left = before.filter(file => file.id !== id)
  batch(() => {
    files.value = left.length === 0 ? [opened(EMPTY)] : left
    if (left.length === 0) activeId.value = files.value[0]?.id ?? 0
    else if (activeId.value === id) activeId.value = (left[at] ?? left[at - 1])?.id ?? 0
    if (closed.text.trim() === '') return
    notice.value = {
      text: `Closed ${closed.path}`,
      action: {
        label: 'Undo',
        run: () => {
          const path = freePath(closed.path, paths())
          files.value = files.value.filter(({ text }) => text !== '' || left.length > 0).toSpliced(at, 0, { ...closed, path })
          activeId.value = id
        },
      },
    }
  })
}

export function moveFile(id: number, by: number): void {
  const from = files.value.findIndex(file => file.id === id)
  const file = files.value[from]
  const to = from + by
  if (file === undefined || to < 0 || to >= files.value.length) return
  files.value = files.value.toSpliced(from, 1).toSpliced(to, 0, file)
}

/** Puts these in the place of all files. What was there comes back by the notice. */
export function replaceFiles(next: readonly Source[], told: string | null): void {
  const before = { files: files.value, active: activeId.value, pinned: pinned.value }
  const all = (next.length === 0 ? [EMPTY] : next).map(opened)
  batch(() => {
    files.value = all
    activeId.value = all[0]?.id ?? 0
    pinned.value = null
    if (told !== null) lesson.value = null
    if (told === null || before.files.every(({ text }) => text.trim() === '')) return
    const run = (): void => {
      batch(() => {
        files.value = before.files
        activeId.value = before.active
        pinned.value = before.pinned
      })
    }
    notice.value = { text: told, action: { label: 'Undo', run } }
  })
}

/** The offset of a position that is given in lines and UTF-16 units from 0. */
function offset(text: string, { line, character }: { line: number; character: number }): number {
  let start = 0
  for (let at = 0; at < line; at += 1) {
    const end = text.indexOf('\n', start)
    if (end < 0) return text.length
    start = end + 1
  }
  return Math.min(text.length, start + character)
}

export function applyEdits(edits: readonly Edit[]): void {
  const changed = new Map<number, string>()
  for (const file of files.value) {
    const own = edits
      .filter(({ path }) => path === file.path)
      .map(({ range, text }) => ({ start: offset(file.text, range.start), end: offset(file.text, range.end), text }))
      .sort((a, b) => b.start - a.start)
    if (own.length === 0) continue
    changed.set(file.id, own.reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), file.text))
  }
  const first = edits[0]
  batch(() => {
    files.value = files.value.map(file => ({ ...file, text: changed.get(file.id) ?? file.text }))
    if (first) goTo(first.path, first.range.start.line + 1, first.range.start.character + 1, false)
  })
}
