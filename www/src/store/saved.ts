// What the browser keeps between visits, and the link that the page was called with.
import { effect } from '@preact/signals'
import type { Source } from 'netpol-wasm'
import { replaceFiles } from './files'
import { readFragment } from './link'
import { read, restore, type Snapshot, take } from './snapshot'
import { lesson, lessonsDone, notice } from './state'

const KEY = 'netpol-playground-1'
const LESSONS = 'netpol-playground-lessons'

const stored = (key: string): unknown => {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null')
  } catch {
    return null
  }
}

/** False if the browser keeps nothing, or not so much. */
function store(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

/** Before the first drawing. */
export function restoreSaved(): void {
  const snapshot = read(stored(KEY))
  if (snapshot !== null) restore(snapshot, null)
  const lessons = stored(LESSONS) as { done?: unknown; open?: unknown } | null
  if (Array.isArray(lessons?.done)) lessonsDone.value = lessons.done.filter(step => Number.isInteger(step))
  if (Number.isInteger(lessons?.open)) lesson.value = Number(lessons?.open)
}

export function keepSaving(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let latest: (() => Snapshot) | null = null
  let isTold = false
  const save = (): void => {
    clearTimeout(timer)
    if (latest === null) return
    const isKept = store(KEY, latest())
    latest = null
    if (!isKept && !isTold) notice.value = { text: 'This is too much for the browser to keep: download it before you leave.' }
    isTold = !isKept
  }
  effect(() => {
    take()
    latest = take
    clearTimeout(timer)
    timer = setTimeout(save, 400)
  })
  effect(() => { store(LESSONS, { done: lessonsDone.value, open: lesson.value }) })
  addEventListener('pagehide', save)
}

/** Opens the link that the page was called with, and any that is followed later. */
export async function openLink(example: (id: string) => Promise<Source[] | null>): Promise<void> {
  const { hash } = location
  const id = /^#example\/(.+)$/.exec(hash)?.[1]
  const opened = id === undefined ? await readFragment(hash) : await example(decodeURIComponent(id))
  if (opened === null) return
  // The state goes its own way from here: loading the page again must not undo what has been edited.
  history.replaceState(null, '', location.pathname + location.search)
  if (Array.isArray(opened)) replaceFiles(opened, 'Opened an example.')
  else if ('mistake' in opened) notice.value = { text: opened.mistake }
  else restore(opened, 'Opened a shared link.')
}
