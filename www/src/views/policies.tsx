// The policies: what each selects, in which directions it isolates and what it allows, and which of them do nothing or nothing of their own.
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Finding, Policy } from '../model'
import { endpoints, findings, policies } from '../store/answers'
import { flow, policyShown, showView } from '../store/state'
import { FindingItem } from './findings'
import { PlaceLink } from './place'
import { Words } from './words'

/** What the engine finds about a policy as a whole, in a word. */
const SIGNS: Record<string, string> = { 'selects-no-pod': 'unused', 'redundant-policy': 'redundant', 'denies-nothing': 'denies nothing' }
const MOST = 12

function PolicyItem({ policy, own }: { policy: Policy; own: readonly Finding[] }): JSX.Element {
  const { id, namespace, name, place, directions, selects, allows } = policy
  const [isWhole, setWhole] = useState(false)
  const isShown = policyShown.value === id
  useEffect(() => {
    if (isShown) document.getElementById(`policy-${id}`)?.scrollIntoView({ block: 'start' })
  }, [isShown, id])
  const listed = isWhole ? selects : selects.slice(0, MOST)
  const signs = [...new Set(own.flatMap(({ slug }) => SIGNS[slug] ?? []))]
  return (
    <li class={`policy${isShown ? ' shown' : ''}`} id={`policy-${id}`}>
      <h3>
        <PlaceLink path={place.path} line={place.line} column={place.column} named={`${id}, in the editor`}>{namespace === '' ? '' : <span class="soft">{namespace}/</span>}{name}</PlaceLink>
        {signs.map(sign => <span key={sign} class="sign">{sign}</span>)}
      </h3>
      <dl>
        <dt>Selects</dt>
        <dd>
          {selects.length === 0 ? 'no pod' : (
            <ul class="ends">
              {listed.map(end => (
                <li key={end}><button type="button" class="chip" title="Ask who reaches it" onClick={() => {
                  flow.value = { ...flow.value, destination: end }
                  showView('connection')
                }}>{end}</button></li>
              ))}
              {selects.length > listed.length && <li><button type="button" class="link" onClick={() => { setWhole(true) }}>and {selects.length - listed.length} more</button></li>}
            </ul>
          )}
        </dd>
        <dt>Isolates</dt>
        <dd>{selects.length === 0 ? 'nothing' : directions.length === 0 ? 'in no direction' : directions.map(one => (one === 'ingress' ? 'what comes in (ingress)' : 'what goes out (egress)')).join(' and ')}</dd>
        {directions.length > 0 && (
          <>
            <dt>Allows</dt>
            <dd>{allows.length === 0 ? 'nothing' : <ul class="allows">{allows.map(({ text }, at) => <li key={at}><Words text={text.replace(/^Allows /, '')} /></li>)}</ul>}</dd>
          </>
        )}
      </dl>
      {own.length > 0 && <ul class="findings">{own.map(finding => <FindingItem key={finding.fingerprint} finding={finding} />)}</ul>}
    </li>
  )
}

export function Policies(): JSX.Element {
  const [all, found, ends] = [policies.value, findings.value ?? [], endpoints.value ?? []]
  if (all === null) return <p class="told">…</p>
  const isOf = ({ object }: Finding, { id, name, namespace }: Policy): boolean =>
    object !== null && (object.endsWith(` ${id}`) || object === id || object.endsWith(` ${namespace}/${name}`))
  const open = ends.filter(({ ingress, egress }) => ingress.length === 0 && egress.length === 0)
  return (
    <div class="pad">
      <h2>{all.length === 0 ? 'No policy' : `${all.length} ${all.length === 1 ? 'policy' : 'policies'}`}</h2>
      <p class="soft">
        {open.length === 0 ? 'Every pod is isolated in a direction at least.'
          : `No policy selects ${open.length === 1 ? open[0]?.id ?? '' : `${open.length} of ${ends.length} workloads`}: all may reach them, and they may reach all.`}
      </p>
      <ul class="policies">{all.map(policy => <PolicyItem key={policy.id} policy={policy} own={found.filter(one => isOf(one, policy))} />)}</ul>
    </div>
  )
}
