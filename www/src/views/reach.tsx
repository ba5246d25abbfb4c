// The matrix and the graph: loaded when they are first shown, and given the engine's table.
import { type ComponentType, h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ReachViewProps } from '../model'
import { isComplete, table } from '../store/answers'
import { report } from '../store/engine'
import { filters, flow, showConnection } from '../store/state'
import { FilterBar } from './filters'

type Kind = 'matrix' | 'graph'
type Loaded = ComponentType<ReachViewProps>

const LOADS: Record<Kind, () => Promise<{ default: Loaded }>> = { matrix: () => import('../matrix'), graph: () => import('../graph') }
const loaded = new Map<Kind, Loaded>()

function useLoaded(kind: Kind): Loaded | undefined {
  const [, redraw] = useState(0)
  useEffect(() => {
    if (loaded.has(kind)) return
    LOADS[kind]().then(module => {
      loaded.set(kind, module.default)
      redraw(count => count + 1)
    }, report)
  }, [kind])
  return loaded.get(kind)
}

export function ReachView({ kind }: { kind: Kind }): JSX.Element {
  const View = useLoaded(kind)
  const answer = table.value
  const { port, protocol } = filters.value
  const { source, destination } = flow.value
  const selected = source === '' || destination === '' ? null : { source, destination }
  return (
    <div class="reach-view">
      <FilterBar />
      <div class="reach-body">
        {answer?.error !== undefined ? <p class="told" role="status">{answer.error}</p>
          : View === undefined || answer === null ? <p class="told">…</p>
            : answer.endpoints.every(one => one === null || one.kind === 'External') ? <NoWorkloads />
              : h(View, {
                table: answer, isComplete: isComplete.value, port, protocol, selected, onSelect: showConnection,
              })}
      </div>
    </div>
  )
}

const NoWorkloads = (): JSX.Element => (
  <div class="told">
    <p><strong>There is no pod or workload in these files.</strong></p>
    <p>Policies are about pods: add some, or the Deployments that make them, with their namespaces.</p>
  </div>
)
