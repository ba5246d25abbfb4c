// What the page has to say about itself: a notice that passes, the parts of the input that the engine does not model, and its failures.
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { leftOut } from '../store/answers'
import { configMistake, failure, isBusy } from '../store/engine'
import { goTo, notice } from '../store/state'
import { Words } from '../views/words'

const SHOWN = 8_000

export function NoticeBar(): JSX.Element {
  const now = notice.value
  useEffect(() => {
    if (now === null) return
    const timer = setTimeout(() => { if (notice.peek() === now) notice.value = null }, now.action ? 2 * SHOWN : SHOWN)
    return () => { clearTimeout(timer) }
  }, [now])
  const { action } = now ?? {}
  return (
    <div class="notice-area" role="status">
      {now !== null && (
        <div class="notice">
          <span>{now.text}</span>
          {action && <button type="button" onClick={() => { notice.value = null; action.run() }}>{action.label}</button>}
          <button type="button" class="icon" aria-label="Dismiss" onClick={() => { notice.value = null }}>×</button>
        </div>
      )}
    </div>
  )
}

export function Banner(): JSX.Element | null {
  const parts = leftOut.value ?? []
  const mistake = configMistake.value
  const first = parts[0]
  if (failure.value !== null) return <div class="banner bad" role="alert"><strong>netpol failed inside.</strong> {failure.value}</div>
  if (mistake !== null) {
    return <div class="banner bad" role="alert"><strong>netpol.yaml is not in force:</strong> <Words text={mistake.message} />{mistake.line !== null && ` (line ${mistake.line})`}</div>
  }
  if (first === undefined) return null
  return (
    <details class="banner">
      <summary>
        <strong>{parts.length === 1 ? 'A part' : `${parts.length} parts`} of the input {parts.length === 1 ? 'is' : 'are'} not in the answers.</strong>{' '}
        What is not allowed is shown as unknown.
      </summary>
      <ul>
        {parts.map(({ message, place, fingerprint }) => (
          <li key={fingerprint}>
            <Words text={message} />{' '}
            {place && <button type="button" class="link" onClick={() => { goTo(place.path, place.start.line, place.start.columnUtf16) }}>{place.path}:{place.start.line}</button>}
          </li>
        ))}
      </ul>
    </details>
  )
}

export const Busy = (): JSX.Element => (
  <span class="busy" role="status">{isBusy.value && <><span class="spinner" aria-hidden="true" /> working …</>}</span>
)
