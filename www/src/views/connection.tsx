// One connection: two ends, a port, and the engine's explanation; or, with one end, all that it reaches or is reached from.
import { effect, signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Mistake } from '../model'
import type { Reach } from 'netpol-wasm'
import { endpoints, evaluation, isComplete } from '../store/answers'
import { ask, report, revision } from '../store/engine'
import { files, type FlowQuestion, flow } from '../store/state'
import { Explanation } from './explanation'
import { FilterFields } from './filters'
import { portsText } from './ports'
import { Words } from './words'

const PAUSE = 250

function End({ label, value, onChange }: { label: string; value: string; onChange: (end: string) => void }): JSX.Element {
  const [text, setText] = useState(value)
  useEffect(() => { setText(value) }, [value])
  const known = endpoints.value?.some(({ id }) => id === text) === true
  useEffect(() => {
    if (text.trim() === value) return
    const timer = setTimeout(() => { onChange(text.trim()) }, known ? 0 : 2 * PAUSE)
    return () => { clearTimeout(timer) }
  })
  return (
    <label class="end-field">{label}
      <input value={text} list="ends" placeholder="namespace/name or an address" autocomplete="off" spellcheck={false}
        onInput={event => { setText(event.currentTarget.value) }}
        onKeyDown={event => { if (event.key === 'Enter') onChange(text.trim()) }} />
    </label>
  )
}

const OneEnd = ({ asked }: { asked: FlowQuestion }): JSX.Element => {
  const isSource = asked.source !== ''
  const end = isSource ? asked.source : asked.destination
  const [found] = useState(() => signal<Reach | Mistake | null>(null))
  useEffect(() => effect(() => {
    if (revision.value === 0) return
    const { port, protocol, family } = asked
    const query = { [isSource ? 'from' : 'to']: end, ...(port && { port }), ...(protocol && { protocol }), ...(family && { family }) }
    ask<Reach | Mistake>('reach', [query]).then(answer => { found.value = answer }, report)
  }), [found, end, isSource, asked.port, asked.protocol, asked.family])
  const answer = found.value
  if (answer === null) return <p class="told">…</p>
  if (answer.error !== undefined) return <p class="told"><Words text={answer.error} /></p>
  return (
    <>
      <h2>{isSource ? `What ${end} may reach` : `Who may reach ${end}`}</h2>
      {answer.connections.length === 0 && <p class="soft">{isSource ? 'Nothing.' : 'Nobody.'}</p>}
      <table class="list">
        <caption class="hidden">Connections</caption>
        <thead><tr><th scope="col">{isSource ? 'To' : 'From'}</th><th scope="col">Ports</th></tr></thead>
        <tbody>
          {answer.connections.map(({ source, destination, allowed }) => (
            <tr key={`${source} ${destination}`}>
              <td><button type="button" class="link" onClick={() => { flow.value = { ...asked, source, destination } }}>{isSource ? destination : source}</button></td>
              <td>{portsText(allowed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

export function ConnectionView(): JSX.Element {
  const asked = flow.value
  const answer = evaluation.value
  const isAsked = asked.source !== '' && asked.destination !== ''
  const change = (part: Partial<FlowQuestion>): void => { flow.value = { ...asked, ...part } }
  return (
    <div class="connection">
      <form class="filter-bar" aria-label="Connection" onSubmit={event => { event.preventDefault() }}>
        <End label="From" value={asked.source} onChange={source => { change({ source }) }} />
        <button type="button" class="icon" aria-label="Swap the ends" title="Swap the ends" onClick={() => { change({ source: asked.destination, destination: asked.source }) }}>⇄</button>
        <End label="To" value={asked.destination} onChange={destination => { change({ destination }) }} />
        <FilterFields value={asked} anyPort="every" onChange={change} />
        <datalist id="ends">{(endpoints.value ?? []).map(({ id }) => <option key={id} value={id} />)}</datalist>
      </form>
      <div class="pad">
        {isAsked && !isComplete.value && <p class="caution">Parts of the input are not modelled: what is denied here may be allowed by them.</p>}
        {isAsked ? <div aria-live="polite"><h2 class="hidden">Why</h2>{answer === null ? <p class="told">…</p> : <Explanation answer={answer} files={files.value} heading="h3" />}</div>
          : asked.source !== '' || asked.destination !== '' ? <OneEnd asked={asked} />
            : <p class="told">Choose two ends, or click a cell of the matrix. With one end alone, this lists all that it reaches, or who reaches it.</p>}
      </div>
    </div>
  )
}
