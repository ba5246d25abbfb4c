// Before and after: a state is pinned, the text is edited, and only the flows that are gained or lost are listed; each is explained twice.
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Change, Evaluation } from '../model'
import { difference, flowParts } from '../store/answers'
import { ask, askBeside, isAbort, report } from '../store/engine'
import { files, filters, pinned, sources } from '../store/state'
import { replaceFiles } from '../store/files'
import { Explanation } from './explanation'
import { FilterBar } from './filters'
import { portsText } from './ports'

export function pin(): void {
  pinned.value = [...sources.value]
}

const many = (count: number): string => `${count} ${count === 1 ? 'flow' : 'flows'}`

const SIGNS = { gained: '+ gained', lost: '− lost', changed: '± changed' } as const

/** A port that has changed: with it, the explanation names the rule. */
const portOf = ({ gained, lost }: Change): { port: string; protocol: string } => {
  const first = gained[0] ?? lost[0]
  return { port: (first?.ports[0] ?? '').split('-')[0] ?? '', protocol: first?.protocol ?? '' }
}

function Twice({ change }: { change: Change }): JSX.Element {
  const [answers, setAnswers] = useState<{ before: Evaluation; after: Evaluation } | null>(null)
  const { source, destination } = change
  const { port, protocol } = portOf(change)
  const old = pinned.value
  const now = files.value
  useEffect(() => {
    if (old === null) return
    const stale = new AbortController()
    const parts = flowParts({ source, destination, port, protocol, family: filters.peek().family })
    Promise.all([
      askBeside<Evaluation>(old, 'evaluate', [parts], stale.signal), ask<Evaluation>('evaluate', [parts], stale.signal),
    ]).then(([before, after]) => { setAnswers({ before, after }) }, (error: unknown) => { if (!isAbort(error)) report(error) })
    return () => { stale.abort() }
  }, [old, now, source, destination, port, protocol])
  if (answers === null) return <p class="told">…</p>
  return (
    <div class="twice">
      <section aria-label="Before"><h3>Before</h3><Explanation answer={answers.before} files={null} heading="h4" /></section>
      <section aria-label="After"><h3>After</h3><Explanation answer={answers.after} files={now} heading="h4" /></section>
    </div>
  )
}

function ChangeItem({ change }: { change: Change }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const { source, destination, gained, lost, kept, change: kind } = change
  return (
    <li class={`change ${kind}`}>
      <details onToggle={event => { setOpen(event.currentTarget.open) }}>
        <summary>
          <span class={`sign ${kind}`}>{SIGNS[kind]}</span> <span class="flow-text">{source} <span aria-label="to">→</span> {destination}</span>
          <span class="ports">
            {gained.length > 0 && <span class="gained">+ {portsText(gained)}</span>} {lost.length > 0 && <span class="lost">− {portsText(lost)}</span>}
            {kept.length > 0 && <span class="soft"> as before: {portsText(kept)}</span>}
          </span>
        </summary>
        {isOpen && <Twice change={change} />}
      </details>
    </li>
  )
}

function Changes(): JSX.Element {
  const answer = difference.value
  if (answer === null) return <p class="told">…</p>
  if (answer.error !== undefined) return <p class="told">{answer.error}</p>
  const { changes, added, removed } = answer
  const count = (kind: 'gained' | 'lost'): number => changes.filter(one => one[kind].length > 0).length
  return (
    <>
      <h2 aria-live="polite">{changes.length === 0 ? 'No flow has changed' : `${many(count('gained'))} gained, ${many(count('lost'))} lost`}</h2>
      {added.length > 0 && <p class="soft">New ends: {added.join(', ')}</p>}
      {removed.length > 0 && <p class="soft">Ends that are gone: {removed.join(', ')}</p>}
      <ul class="changes">{changes.map(change => <ChangeItem key={`${change.source} ${change.destination}`} change={change} />)}</ul>
    </>
  )
}

export function Compare(): JSX.Element {
  const old = pinned.value
  if (old === null) {
    return (
      <div class="told">
        <p><strong>See what an edit changes, before a cluster does.</strong></p>
        <p>Pin the state as it is. Then edit: this lists the connections that are gained and lost since, and nothing else.</p>
        <p><button type="button" class="primary" onClick={pin}>Pin this state</button></p>
      </div>
    )
  }
  return (
    <div class="compare">
      <FilterBar />
      <div class="filter-bar" role="group" aria-label="Pinned state">
        <button type="button" onClick={pin}>Pin again</button>
        <button type="button" onClick={() => {
          replaceFiles(old, 'Went back to the pinned state.')
          pinned.value = old
        }}>Go back to it</button>
        <button type="button" class="quiet" onClick={() => { pinned.value = null }}>Unpin</button>
      </div>
      <div class="pad"><Changes /></div>
    </div>
  )
}
