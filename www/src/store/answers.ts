// What the engine has answered about the files as they are. An answer is asked for where a view shows it, and again after each change.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Difference, Endpoint, Evaluation, Finding, Lens, Mistake, Policy, ReachQuery, ReachTable } from '../model'
import { ask, askIfThere, engineOf, isAbort, report, revision } from './engine'
import { activeFile, type FlowQuestion, filters, flow, isConfig, lesson, pinned, view } from './state'

interface Question<T> { key: string; load: (signal: AbortSignal) => Promise<T> }

/** Keeps the last answer until there is another: a view changes once, and does not flicker. */
function answer<T>(question: () => Question<T> | null): ReadonlySignal<T | null> {
  const answered = signal<T | null>(null)
  let asked = ''
  let stale = new AbortController()
  effect(() => {
    const now = revision.value
    const one = question()
    if (now === 0 || one === null) return
    const key = `${now} ${one.key}`
    if (key === asked) return
    asked = key
    stale.abort()
    stale = new AbortController()
    one.load(stale.signal).then(value => { answered.value = value }, (error: unknown) => {
      if (isAbort(error) && asked === key) asked = ''
      report(error)
    })
  })
  return answered
}

export const reachQuery = computed<ReachQuery>(() => {
  const { port, protocol, family } = filters.value
  return { ...(port === '' ? {} : { port }), ...(protocol === '' ? {} : { protocol }), ...(family === '' ? {} : { family }) }
})

/** An end of a flow is one address: a range is asked for by its first. */
const endOf = (end: string): string => /^([0-9a-f.:]+)-[0-9a-f.:]+$/i.exec(end)?.[1] ?? end

export const flowParts = ({ source, destination, port, protocol, family }: FlowQuestion): Record<string, unknown> => ({
  from: endOf(source), to: endOf(destination),
  ...(port === '' ? {} : { port }), ...(protocol === '' ? {} : { protocol }), ...(family === '' ? {} : { family }),
})

const showsReach = computed(() => view.value === 'matrix' || view.value === 'graph' || lesson.value !== null)

export const table = answer<ReachTable | Mistake>(() => {
  const query = reachQuery.value
  return showsReach.value ? { key: JSON.stringify(query), load: signal => ask('reachTable', [query], signal) } : null
})

export const evaluation = answer<Evaluation>(() => {
  const asked = flow.value
  if (view.value !== 'connection' || asked.source === '' || asked.destination === '') return null
  const parts = flowParts(asked)
  return { key: JSON.stringify(parts), load: signal => ask('evaluate', [parts], signal) }
})

export const difference = answer<Difference | Mistake>(() => {
  const [old, query] = [pinned.value, reachQuery.value]
  if (view.value !== 'compare' || old === null) return null
  const key = `${pinCount(old)} ${JSON.stringify(query)}`
  return { key, load: signal => ask('diff', [engineOf(old), query], signal) }
})

export const findings = answer<Finding[]>(() => ({ key: '', load: signal => ask('diagnostics', [], signal) }))
export const leftOut = answer<Finding[]>(() => ({ key: '', load: signal => ask('leftOut', [], signal) }))
export const policies = answer<Policy[]>(() => ({ key: '', load: signal => ask('policies', [], signal) }))
/** The slowest: asked where a view shows them, and last. */
export const endpoints = answer<Endpoint[]>(() => (showsReach.value ? null : { key: '', load: signal => ask('endpoints', [], signal) }))

/** How many pods and workloads there are. */
export const workloadCount = computed(() => {
  const listed = showsReach.value ? table.value : null
  return listed === null || listed.error !== undefined ? endpoints.value?.length ?? 0 : listed.endpoints.filter(end => end !== null && end.namespace !== '').length
})

export const lenses = answer<{ path: string; list: Lens[] }>(() => {
  const path = activeFile.value?.path
  if (path === undefined || isConfig(path)) return null
  return { key: path, load: async signal => ({ path, list: (await askIfThere<Lens[]>('lenses', [path], signal)) ?? [] }) }
})

/** False: parts of the input are not modelled, so what seems denied may not be. */
export const isComplete = computed(() => (leftOut.value ?? []).length === 0)

const pins = new WeakMap<object, number>()
let lastPin = 0
function pinCount(old: object): number {
  const known = pins.get(old) ?? ++lastPin
  pins.set(old, known)
  return known
}
