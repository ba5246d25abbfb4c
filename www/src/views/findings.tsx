// What is wrong with the files: each finding with its place, what it refers to, its documentation and its fix.
import type { JSX } from 'preact'
import type { Finding } from '../model'
import { findings } from '../store/answers'
import { applyEdits } from '../store/files'
import { PlaceLink } from './place'
import { Words } from './words'

const SEVERITIES = { error: '✕ error', warning: '! warning', note: 'i note' } as const

export const FindingItem = ({ finding }: { finding: Finding }): JSX.Element => {
  const { severity, message, help, place, related, fix, slug, page, object } = finding
  return (
    <li class={`finding ${severity}`}>
      <p class="finding-head">
        <span class={`severity ${severity}`}>{SEVERITIES[severity]}</span>{' '}
        {place && <PlaceLink path={place.path} line={place.start.line} column={place.start.columnUtf16} />}
        {object !== null && <span class="soft"> {object}</span>}
      </p>
      <p class="finding-message"><Words text={message} /></p>
      {help !== null && <p class="soft"><Words text={help} /></p>}
      {related.length > 0 && (
        <ul class="related">
          {related.map(({ message: text, place: at }, number) => (
            <li key={number}><Words text={text} />{at && <> (<PlaceLink path={at.path} line={at.start.line} column={at.start.columnUtf16} />)</>}</li>
          ))}
        </ul>
      )}
      <p class="finding-foot">
        {fix && <button type="button" class="small" onClick={() => { applyEdits(fix.edits) }}>{fix.title}</button>}
        <a href={page} target="_blank" rel="noreferrer"><code>{slug}</code><span class="hidden">, about this rule, in a new tab</span></a>
      </p>
    </li>
  )
}

export function Findings(): JSX.Element {
  const all = findings.value
  if (all === null) return <p class="told">…</p>
  const count = (severity: Finding['severity']): number => all.filter(one => one.severity === severity).length
  const told = ([['error', 'errors'], ['warning', 'warnings'], ['note', 'notes']] as const)
    .flatMap(([one, many]) => (count(one) === 0 ? [] : [`${count(one)} ${count(one) === 1 ? one : many}`])).join(', ')
  return (
    <div class="pad">
      <h2>{all.length === 0 ? 'Nothing to find fault with' : told}</h2>
      {all.length === 0 && <p class="soft">No rule has anything to say about these files. It says nothing of what you meant: look at the matrix.</p>}
      <ul class="findings">{all.map(finding => <FindingItem key={finding.fingerprint} finding={finding} />)}</ul>
    </div>
  )
}
