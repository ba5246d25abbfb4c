// The filter of the views that show who reaches whom: a port, a protocol, a family of addresses.
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type Filters, filters } from '../store/state'

const PAUSE = 250

/** The fields of a filter, for the views and for one connection. */
export function FilterFields({ value, onChange, anyPort }: { value: Filters; onChange: (value: Filters) => void; anyPort: string }): JSX.Element {
  const [port, setPort] = useState(value.port)
  useEffect(() => { setPort(value.port) }, [value.port])
  useEffect(() => {
    if (port.trim() === value.port) return
    const timer = setTimeout(() => { onChange({ ...value, port: port.trim() }) }, PAUSE)
    return () => { clearTimeout(timer) }
  })
  return (
    <>
      <label>Port <input value={port} size={8} placeholder={anyPort} autocomplete="off" spellcheck={false}
        onInput={event => { setPort(event.currentTarget.value) }}
        onKeyDown={event => { if (event.key === 'Enter') onChange({ ...value, port: port.trim() }) }} /></label>
      <label>Protocol <select value={value.protocol} onChange={event => { onChange({ ...value, protocol: event.currentTarget.value }) }}>
        <option value="">any</option><option>TCP</option><option>UDP</option><option>SCTP</option>
      </select></label>
      <label>Addresses <select value={value.family} onChange={event => { onChange({ ...value, family: event.currentTarget.value as Filters['family'] }) }}>
        <option value="">any</option><option value="ipv4">IPv4</option><option value="ipv6">IPv6</option>
      </select></label>
    </>
  )
}

export function FilterBar(): JSX.Element {
  const { port, protocol, family } = filters.value
  return (
    <div class="filter-bar" role="group" aria-label="Filter of connections">
      <FilterFields value={filters.value} anyPort="any" onChange={value => { filters.value = value }} />
      {(port !== '' || protocol !== '' || family !== '') && (
        <button type="button" class="quiet" onClick={() => { filters.value = { port: '', protocol: '', family: '' } }}>Clear</button>
      )}
    </div>
  )
}
