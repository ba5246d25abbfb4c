// Files of the reader's machine: chosen, dropped (folders with what is in them) or saved. They are read here and go nowhere.
import type { Source } from 'netpol-wasm'
import { addFiles } from '../store/files'
import { isEmpty, notice, sources } from '../store/state'

const READ = /\.(ya?ml|json)$/i
const PASSED_OVER = /(^|\/)(\.[^/]+|node_modules|target|vendor)(\/|$)/
const MOST_BYTES = 50_000_000

interface Found { path: string; file: File }

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    // A reader gives some at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject) })
    if (some.length === 0) return all
    all.push(...some)
  }
}

async function walk(entry: FileSystemEntry): Promise<Found[]> {
  const path = entry.fullPath.replace(/^\//, '')
  if (PASSED_OVER.test(path)) return []
  if (entry.isDirectory) {
    const inside = await Promise.all((await entriesOf(entry as FileSystemDirectoryEntry)).map(walk))
    return inside.flat()
  }
  const file = await new Promise<File>((resolve, reject) => { (entry as FileSystemFileEntry).file(resolve, reject) })
  return [{ path, file }]
}

/** Paths without the folder that all of them are in. */
function withoutRoot(found: Found[]): Found[] {
  const root = found[0]?.path.split('/')[0] ?? ''
  const isShared = found.every(({ path }) => path.startsWith(`${root}/`))
  return isShared ? found.map(({ path, file }) => ({ path: path.slice(root.length + 1), file })) : found
}

async function take(found: Found[]): Promise<void> {
  // A single file is taken whatever it is called: somebody chose it.
  const wanted = found.length === 1 ? found : found.filter(({ path }) => READ.test(path) && !PASSED_OVER.test(path))
  if (wanted.length === 0) {
    notice.value = { text: 'There is no .yaml, .yml or .json file in it.' }
    return
  }
  if (wanted.reduce((sum, { file }) => sum + file.size, 0) > MOST_BYTES) {
    notice.value = { text: 'That is more than 50 MB: open the folder with the manifests alone.' }
    return
  }
  const read = await Promise.all(withoutRoot(wanted).map(async ({ path, file }): Promise<Source> => ({ path, text: await file.text() })))
  addFiles(read.sort((a, b) => (a.path < b.path ? -1 : 1)))
  const left = found.length - wanted.length
  notice.value = { text: `Opened ${read.length} ${read.length === 1 ? 'file' : 'files'}${left > 0 ? `; ${left} others are no manifests` : ''}.` }
}

const failed = (error: unknown): void => { notice.value = { text: `That could not be read: ${String(error)}` } }

export function openChosen(list: FileList | null): void {
  if (list !== null) take(Array.from(list, file => ({ path: file.webkitRelativePath || file.name, file }))).catch(failed)
}

/** The items of a drop are gone after its event: entries are taken at once, and read later. */
export function openDropped(data: DataTransfer): void {
  const entries = Array.from(data.items, item => item.webkitGetAsEntry()).filter(entry => entry !== null)
  if (entries.length > 0) {
    Promise.all(entries.map(walk)).then(found => take(found.flat())).catch(failed)
    return
  }
  const text = data.getData('text/plain')
  if (text !== '') addFiles([{ path: isEmpty.peek() ? 'untitled.yaml' : 'dropped.yaml', text }])
}

export function save(name: string, content: Blob | string, type = 'text/plain'): void {
  const url = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type }) : content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => { URL.revokeObjectURL(url) }, 1000)
}

/** All files as one: documents with the name of their file above them. */
export function oneYaml(): string {
  return sources.peek()
    .filter(({ text }) => text.trim() !== '')
    .map(({ path, text }) => `# ${path}\n${text.replace(/^---[ \t]*\n/, '').trimEnd()}\n`)
    .join('---\n')
}
