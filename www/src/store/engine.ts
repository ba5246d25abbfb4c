// The engine in its worker: it is told of texts as they change, and asked when they have settled. What is out of date is called off.
import { batch, effect, signal } from '@preact/signals'
import type { ConfigMistake, EngineInit, Source } from 'netpol-wasm'
import { EngineWorker } from 'netpol-wasm/worker'
import { files, isConfig } from './state'

type Method = Parameters<EngineWorker['ask']>[0]

/** Typing that pauses for this long is answered. */
const QUIET = 16
/** A question that nobody waits for any more may take this long; then its worker is ended. */
const PATIENCE = 200
/** Work that takes longer than this is shown. */
const UNSEEN = 100

/** Counts what the worker has been told, so that an answer is known by its number; 0: nothing yet. */
export const revision = signal(0)
export const isBusy = signal(false)
export const failure = signal<string | null>(null)
export const configMistake = signal<ConfigMistake | null>(null)

export const engineOf = (sources: readonly Source[]): EngineInit => {
  const config = sources.find(({ path }) => isConfig(path))?.text
  return { sources: sources.filter(({ path }) => !isConfig(path)), ...(config === undefined ? {} : { config }) }
}

let engine: EngineWorker | null = null
let working = 0
let unseen: ReturnType<typeof setTimeout> | undefined
/** Aborted at the first keystroke after the question. */
let settled = new AbortController()

function count(by: number): void {
  working += by
  if (working === 1 && by > 0) unseen = setTimeout(() => { isBusy.value = true }, UNSEEN)
  if (working > 0) return
  clearTimeout(unseen)
  isBusy.value = false
}

async function askOf<T>(worker: EngineWorker, method: string, values: unknown[], stale?: AbortSignal): Promise<T> {
  stale?.throwIfAborted()
  const end = new AbortController()
  let patience: ReturnType<typeof setTimeout> | undefined
  const onStale = (): void => { patience = setTimeout(() => { end.abort(stale?.reason) }, PATIENCE) }
  stale?.addEventListener('abort', onStale, { once: true })
  count(1)
  try {
    const answer = await worker.ask(method as Method, values as never, { signal: end.signal })
    stale?.throwIfAborted()
    return answer as T
  } finally {
    count(-1)
    clearTimeout(patience)
    stale?.removeEventListener('abort', onStale)
  }
}

/** Asks about the texts as they are. Rejects with an `AbortError` when the answer would be out of date. */
export function ask<T>(method: string, values: unknown[] = [], signal?: AbortSignal): Promise<T> {
  if (engine === null) return Promise.reject(new TypeError('the engine has not been started'))
  return askOf(engine, method, values, signal ? AbortSignal.any([signal, settled.signal]) : settled.signal)
}

/** Asks an engine of other texts, which lives as long as the question. */
export async function askBeside<T>(sources: readonly Source[], method: string, values: unknown[], signal: AbortSignal): Promise<T> {
  const other = new EngineWorker(engineOf(sources))
  try {
    return await askOf<T>(other, method, values, signal)
  } finally {
    other.free()
  }
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError'

export function report(error: unknown): void {
  if (!isAbort(error)) failure.value = error instanceof Error ? error.message : String(error)
}

const absent = new Set<string>()

/** Asks what an engine may not know to answer: null then, and nothing is asked again. */
export async function askIfThere<T>(method: 'hover' | 'completions' | 'lenses', values: unknown[], signal?: AbortSignal): Promise<T | null> {
  if (absent.has(method)) return null
  try {
    return await ask<T>(method, values, signal)
  } catch (error) {
    if (error instanceof TypeError && error.message.startsWith('method:')) absent.add(method)
    else report(error)
    return null
  }
}

/** The texts that the worker has been told. */
const told = new Map<string, string>()
let isTelling = false

/** Tells what has changed, one text after the other: what changes meanwhile is told once, as it is then. */
async function tell(): Promise<void> {
  if (isTelling || engine === null) return
  isTelling = true
  try {
    for (let change = nextChange(); change !== null; change = nextChange()) {
      const { path, text } = change
      if (text === undefined) told.delete(path)
      else told.set(path, text)
      if (isConfig(path)) configMistake.value = await askOf(engine, 'setConfig', [text ?? ''])
      else if (text === undefined) await askOf(engine, 'removeSource', [path])
      else await askOf(engine, 'setSource', [path, text])
    }
  } finally {
    isTelling = false
  }
}

function nextChange(): { path: string; text: string | undefined } | null {
  const now = new Map(files.peek().map(({ path, text }) => [path, text]))
  for (const [path, text] of now) if (told.get(path) !== text) return { path, text }
  for (const path of told.keys()) if (!now.has(path)) return { path, text: undefined }
  return null
}

let quiet: ReturnType<typeof setTimeout> | undefined
let isQuiet = true

/** Tells what is new, and lets the views ask once it has been told and nothing is being typed. */
async function follow(): Promise<void> {
  await tell()
  if (!isQuiet || isTelling || nextChange() !== null) return
  batch(() => {
    failure.value = null
    revision.value += 1
  })
}

/** Starts the worker with the files that are there, and follows them. */
export function start(): void {
  const manifests = files.peek().filter(({ path }) => !isConfig(path)).map(({ path, text }) => ({ path, text }))
  engine = new EngineWorker({ sources: manifests })
  for (const { path, text } of manifests) told.set(path, text)
  let isFirst = true
  effect(() => {
    void files.value
    if (!isFirst && nextChange() === null && !isTelling) return
    settled.abort(new DOMException('the text has changed', 'AbortError'))
    settled = new AbortController()
    clearTimeout(quiet)
    isQuiet = isFirst
    isFirst = false
    quiet = setTimeout(() => {
      isQuiet = true
      follow().catch(report)
    }, QUIET)
    follow().catch(report)
  })
}
