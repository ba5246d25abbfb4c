// The views as tabs, and the filter that is in force in those that show who reaches whom.
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { difference, findings, policies } from '../store/answers'
import { isEmpty, pinned, type View, view, VIEWS } from '../store/state'
import { Compare } from './compare'
import { ConnectionView } from './connection'
import { Empty } from './empty'
import { Findings } from './findings'
import { Policies } from './policies'
import { ReachView } from './reach'

const NAMES: Record<View, string> = {
  matrix: 'Matrix', graph: 'Graph', connection: 'Connection', policies: 'Policies', findings: 'Findings', compare: 'Before and after',
}

function Content(): JSX.Element {
  switch (view.value) {
    case 'matrix': case 'graph': return <ReachView kind={view.value} />
    case 'connection': return <ConnectionView />
    case 'policies': return <Policies />
    case 'findings': return <Findings />
    case 'compare': return <Compare />
  }
}

/** How many there are, as a sign beside the name of a view. */
function countOf(one: View): { count: number; words: string } | null {
  const found = findings.value ?? []
  if (one === 'findings' && found.length > 0) return { count: found.length, words: found.length === 1 ? 'finding' : 'findings' }
  if (one === 'policies' && policies.value?.length) return { count: policies.value.length, words: 'policies' }
  const changes = difference.value?.error === undefined ? difference.value?.changes.length : 0
  return one === 'compare' && pinned.value !== null && changes ? { count: changes, words: 'changes' } : null
}

export function Views(): JSX.Element {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => { document.getElementById(`view-${view.value}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' }) }, [view.value])
  const choose = (one: View | undefined): void => {
    if (one === undefined) return
    view.value = one
    requestAnimationFrame(() => { list.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus() })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = VIEWS.indexOf(view.value)
    const to = ({ ArrowLeft: at - 1 + VIEWS.length, ArrowRight: at + 1, Home: 0, End: VIEWS.length - 1 } as Record<string, number>)[event.key]
    if (to === undefined) return
    event.preventDefault()
    choose(VIEWS[to % VIEWS.length])
  }
  return (
    <section class="views" aria-label="Answers" id="answers" tabIndex={-1}>
      <div class="view-tabs" role="tablist" aria-label="Views" ref={list} onKeyDown={onKeyDown}>
        {VIEWS.map(one => {
          const counted = countOf(one)
          return (
            <button key={one} type="button" role="tab" id={`view-${one}`} aria-selected={view.value === one} aria-controls="view"
              tabIndex={view.value === one ? 0 : -1} onClick={() => { view.value = one }}>
              {NAMES[one]}{counted && <span class="count">{counted.count}<span class="hidden"> {counted.words}</span></span>}
            </button>
          )
        })}
      </div>
      <div class="view" role="tabpanel" id="view" aria-labelledby={`view-${view.value}`} tabIndex={0}>
        {isEmpty.value ? <Empty /> : <Content />}
      </div>
    </section>
  )
}
