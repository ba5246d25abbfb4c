// What the reader has and looks at: files, the view, the filters, the two ends in question, the pinned state. Nothing here is an answer.
import { batch, computed, signal } from '@preact/signals'
import type { Family, Source } from 'netpol-wasm'
import type { Ends } from '../model'

export interface OpenFile { readonly id: number; readonly path: string; readonly text: string }

export const VIEWS = ['matrix', 'graph', 'connection', 'policies', 'findings', 'compare'] as const
export type View = (typeof VIEWS)[number]

export interface Filters { port: string; protocol: string; family: Family | '' }
/** What is asked in the view of one connection; empty means any. */
export interface FlowQuestion extends Ends, Filters {}
/** A place in a file, from 1, and what it is there for: going to the same place twice moves the cursor twice. */
export interface Target { path: string; line: number; column: number; takesFocus: boolean }

export interface Notice { text: string; action?: { label: string; run: () => void } }

export const files = signal<readonly OpenFile[]>([])
export const activeId = signal(0)
export const view = signal<View>('matrix')
/** Which of the two is there on a page that is too narrow for both. */
export const pane = signal<'manifests' | 'answers'>('answers')
export const filters = signal<Filters>({ port: '', protocol: '', family: '' })
export const flow = signal<FlowQuestion>({ source: '', destination: '', port: '', protocol: '', family: '' })
export const pinned = signal<readonly Source[] | null>(null)
export const target = signal<Target | null>(null)
export const notice = signal<Notice | null>(null)
/** The policy that its view shows first, or empty. */
export const policyShown = signal('')
/** The step of the tutorial that is open, or null. */
export const lesson = signal<number | null>(null)
export const lessonsDone = signal<readonly number[]>([])

export const activeFile = computed(() => files.value.find(({ id }) => id === activeId.value) ?? null)
export const isEmpty = computed(() => files.value.every(({ text }) => text.trim() === ''))
export const sources = computed<readonly Source[]>(() => files.value.map(({ path, text }) => ({ path, text })))

/** The configuration of netpol, which is no manifest. */
export const isConfig = (path: string): boolean => /(^|\/)netpol\.ya?ml$/.test(path)

export function goTo(path: string, line: number, column = 1, takesFocus = true): void {
  const file = files.value.find(one => one.path === path)
  if (file === undefined) return
  activeId.value = file.id
  if (takesFocus) pane.value = 'manifests'
  target.value = { path, line, column, takesFocus }
}

export function showView(one: View): void {
  batch(() => {
    view.value = one
    pane.value = 'answers'
  })
}

export function showConnection(ends: Ends): void {
  const { port, protocol, family } = filters.value
  batch(() => {
    flow.value = { ...ends, port, protocol, family }
    showView('connection')
  })
}

/** Begins the tutorial at the first step that is not done, or leaves it. */
export async function toggleLesson(): Promise<void> {
  const { begin, leave } = await import('../tutorial/lesson')
  if (lesson.value !== null) leave()
  else begin([0, 1, 2, 3, 4, 5, 6, 7].find(step => !lessonsDone.value.includes(step)) ?? 0)
}
