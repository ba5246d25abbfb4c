// The manifests that `netpol playground` serves, followed as they change on the disk: on this machine alone.
import { batch } from '@preact/signals'
import type { Source } from 'netpol-wasm'
import { opened, replaceFiles } from './files'
import { activeId, files, notice } from './state'

type Texts = ReadonlyMap<string, string>

const isLoopback = location.hostname === '127.0.0.1' || location.hostname === 'localhost'

async function fetchTexts(): Promise<Texts | null> {
  const answer = await fetch('api/sources').catch(() => null)
  if (answer?.ok !== true || answer.headers.get('content-type')?.includes('json') !== true) return null
  return new Map(((await answer.json()) as Source[]).map(({ path, text }) => [path, text]))
}

/** False if this page is not served by `netpol playground`. */
export async function followServed(): Promise<boolean> {
  let served = isLoopback ? await fetchTexts() : null
  if (served === null) return false
  replaceFiles(Array.from(served, ([path, text]) => ({ path, text })), 'Opened the manifests of this folder.')
  let isFirst = true
  new EventSource('api/events').addEventListener('sources', () => {
    // The first event says that the stream has begun.
    if (isFirst) isFirst = false
    else void fetchTexts().then(now => {
      if (now === null || served === null) return
      follow(now, served)
      served = now
    })
  })
  return true
}

/** What has been edited here stays until the reader takes what is on the disk. */
function follow(now: Texts, before: Texts): void {
  const isEdited = (path: string, text: string): boolean => text !== before.get(path) && text !== now.get(path)
  const edited = files.peek().filter(({ path, text }) => (before.has(path) || now.has(path)) && isEdited(path, text)).map(({ path }) => path)
  take(now, before, new Set(edited))
  const changed = edited.filter(path => now.get(path) !== before.get(path))
  if (changed.length === 0) return
  const text = `Changed on the disk, and edited here: ${changed.join(', ')}`
  notice.value = { text, action: { label: 'Take what is on the disk', run: () => { take(now, before, new Set()) } } }
}

function take(now: Texts, before: Texts, except: ReadonlySet<string>): void {
  const kept = files.peek()
    .filter(({ path }) => now.has(path) || !before.has(path) || except.has(path))
    .map(file => (except.has(file.path) ? file : { ...file, text: now.get(file.path) ?? file.text }))
  const added = [...now].filter(([path]) => !before.has(path) && !kept.some(file => file.path === path))
  batch(() => {
    files.value = [...kept, ...added.map(([path, text]) => opened({ path, text }))]
    if (files.value.length === 0) replaceFiles([], null)
    if (!files.value.some(({ id }) => id === activeId.value)) activeId.value = files.value[0]?.id ?? 0
  })
}
