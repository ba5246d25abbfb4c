// Why a flow is allowed or denied, direction by direction, as the engine explains it; each step leads to its line.
import type { ComponentChildren, JSX } from 'preact'
import type { AllowedPorts, Evaluation, FlowAnswer, Location, OpenPair, Side } from '../model'
import { type OpenFile, policyShown, showView } from '../store/state'
import { PlaceLink } from './place'
import { portsText } from './ports'
import { Words } from './words'

const EXEMPT: Record<string, string> = {
  external: 'it is an address outside the cluster, which no policy selects',
  'host-network': 'it is on its node’s network, where policies do not apply',
  self: 'a pod reaches itself, whatever the policies say',
  'own-node': 'the other end is the pod’s own node, which is always let through',
}
type Direction = 'egress' | 'ingress'
const OUT: Record<Direction, string> = { egress: 'Out of the source', ingress: 'Into the destination' }

/** The files that lines are in; null: lines of a state that is gone, which nothing leads to. */
interface Context { files: readonly OpenFile[] | null; heading: 'h3' | 'h4' }

export const VerdictSign = ({ verdict }: { verdict: string }): JSX.Element => (
  <strong class={`verdict ${verdict}`}><span aria-hidden="true">{({ allow: '✓', deny: '✕' })[verdict] ?? '◐'}</span> {({ allow: 'Allowed', deny: 'Denied' })[verdict] ?? 'Mixed'}</strong>
)

const PolicyName = ({ id }: { id: string }): JSX.Element => (
  <button type="button" class="link" onClick={() => {
    policyShown.value = id
    showView('policies')
  }}>{id}</button>
)

const Policies = ({ ids }: { ids: readonly string[] }): JSX.Element => (
  <>{ids.map((id, number) => <span key={id}>{number > 0 && ', '}<PolicyName id={id} /></span>)}</>
)

function Line({ location: { path, line, column }, context, children }: { location: Location; context: Context; children: ComponentChildren }): JSX.Element {
  const text = context.files?.find(file => file.path === path)?.text.split('\n', line).at(line - 1)?.trim()
  // A line that only opens a block says less than the words beside it.
  const quoted = text === undefined || text.endsWith(':') ? '' : text
  return (
    <li>
      <span>{children}</span>{' '}
      {context.files === null ? <span class="soft">{path}:{line}</span> : <PlaceLink path={path} line={line} column={column} />}
      {quoted !== '' && <code class="quoted">{quoted.length > 70 ? `${quoted.slice(0, 70)}…` : quoted}</code>}
    </li>
  )
}

function Decision({ direction, side, context }: { direction: Direction; side: Side; context: Context }): JSX.Element {
  const Heading = context.heading
  const { verdict, decider, policies, rule, misses = [] } = side
  const peer = direction === 'egress' ? 'to' : 'from'
  return (
    <li class={`side ${verdict}`}>
      <Heading>{OUT[direction]} <span class="soft">({direction})</span> <VerdictSign verdict={verdict} /></Heading>
      {EXEMPT[decider] !== undefined && <p>No policy applies: {EXEMPT[decider]}.</p>}
      {decider === 'default' && <p>No policy isolates this end for {direction}: everything is allowed.</p>}
      {policies.length > 0 && <p>Isolated by <Policies ids={policies} />.</p>}
      {rule && (
        <>
          <p>A rule of <PolicyName id={rule.policy} /> matches:</p>
          <ul class="steps">
            <Line location={rule.location} context={context}>the rule <code>{rule.path.replace('spec.', '')}</code></Line>
            {rule.peer ? <Line location={rule.peer.location} context={context}>the other end, in <code>{peer}</code></Line> : <li>every other end, as <code>{peer}</code> is empty</li>}
            {rule.port ? <Line location={rule.port.location} context={context}>the port, in <code>ports</code></Line> : <li>every port, as <code>ports</code> is empty</li>}
          </ul>
        </>
      )}
      {misses.length > 0 && (
        <>
          <p>None of their rules matches:</p>
          <ul class="steps">
            {misses.map(miss => (
              <Line key={miss.policy} location={miss.location} context={context}>
                <PolicyName id={miss.policy} />{miss.rules === 0 ? ` has no ${direction} rule` : `, nearest ${miss.path.replace('spec.', '')}${miss.rules > 1 ? ` of ${miss.rules}` : ''}:`}
                {miss.rules > 0 && (
                  <ul>
                    {miss.isPeerMatched ? <li class="match">✓ the other end matches</li> : miss.peerMisses.map(text => <li key={text}>✕ <Words text={text} /></li>)}
                    {miss.isPortMatched ? <li class="match">✓ the port matches</li> : miss.portMisses.map(text => <li key={text}>✕ <Words text={text} /></li>)}
                  </ul>
                )}
              </Line>
            ))}
          </ul>
        </>
      )}
    </li>
  )
}

const Caveats = ({ caveats }: { caveats: FlowAnswer['caveats'] }): JSX.Element | null => (
  caveats === undefined ? null : <ul class="caveats">{caveats.map(({ message, decision }) => <li key={message}><Words text={message} />{decision !== undefined && <span class="soft"> ({decision})</span>}</li>)}</ul>
)

const Flow = ({ answer, context }: { answer: FlowAnswer; context: Context }): JSX.Element => (
  <>
    <ol class="sides">
      <Decision direction="egress" side={answer.egress} context={context} />
      <Decision direction="ingress" side={answer.ingress} context={context} />
    </ol>
    <Caveats caveats={answer.caveats} />
  </>
)

interface OpenEnd { allowed: AllowedPorts[]; exempt?: string; policies: string[] }

function Pair({ pair, isOnly, context: { heading: Heading } }: { pair: OpenPair; isOnly: boolean; context: Context }): JSX.Element {
  return (
    <>
      {!isOnly && <p class="flow-text">{pair.flow}</p>}
      <p>Both ends allow: <strong>{portsText(pair.allowed)}</strong></p>
      <ol class="sides">
        {(['egress', 'ingress'] as const).map(direction => {
          const side = pair[direction] as unknown as OpenEnd
          return (
            <li key={direction} class={`side ${side.allowed.length > 0 ? 'allow' : 'deny'}`}>
              <Heading>{OUT[direction]} <span class="soft">({direction})</span>: {portsText(side.allowed)}</Heading>
              {side.exempt !== undefined ? <p>No policy applies: {EXEMPT[side.exempt] ?? side.exempt}.</p>
                : side.policies.length === 0 ? <p>No policy isolates this end for {direction}: everything is allowed.</p>
                  : <p>Isolated by <Policies ids={side.policies} />.</p>}
            </li>
          )
        })}
      </ol>
      <Caveats caveats={pair.caveats} />
    </>
  )
}

export function Explanation({ answer, ...context }: { answer: Evaluation } & Context): JSX.Element {
  if (answer.error !== undefined) return <p class="told"><Words text={answer.error} /></p>
  return (
    <div class="explanation">
      <p class="verdict-line"><VerdictSign verdict={answer.verdict} /> <span class="flow-text">{answer.flow}</span></p>
      {answer.flows !== undefined ? answer.flows.map(one => (
        <details key={`${one.flow} ${one.family ?? ''}`} open={answer.flows.length <= 4}>
          <summary><VerdictSign verdict={one.verdict} /> {one.flow}</summary>
          <Flow answer={one} context={context} />
        </details>
      )) : answer.pairs !== undefined ? (
        <>
          {answer.pairs.map(pair => <Pair key={`${pair.flow} ${pair.family ?? ''}`} pair={pair} isOnly={answer.pairs.length === 1} context={context} />)}
          <p class="soft">Name a port to see which rule decides, step by step.</p>
        </>
      ) : <Flow answer={answer} context={context} />}
    </div>
  )
}
