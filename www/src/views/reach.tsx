// The matrix and the graph: loaded when they are first shown, and given the engine's table.
import { type ComponentType, h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ReachViewProps } from '../model'
import { endpoints, isComplete, policies, table } from '../store/answers'
import { report } from '../store/engine'
import { filters, flow, showConnection } from '../store/state'
import { FilterBar } from './filters'

type Loaded = ComponentType<ReachViewProps>
type Load = () => Promise<{ default: Loaded }>

const LOADS = import.meta.glob<{ default: Loaded }>(['../matrix/index.tsx', '../graph/index.tsx'])
const loadOf = (kind: 'matrix' | 'graph'): Load | undefined => LOADS[`../${kind}/index.tsx`]
const loaded = new Map<string, Loaded>()

function useLoaded(kind: 'matrix' | 'graph'): Loaded | undefined {
  const [, redraw] = useState(0)
  useEffect(() => {
    if (loaded.has(kind)) return
    loadOf(kind)?.().then(module => {
      loaded.set(kind, module.default)
      redraw(count => count + 1)
    }, report)
  }, [kind])
  return loaded.get(kind)
}

export function ReachView({ kind }: { kind: 'matrix' | 'graph' }): JSX.Element {
  const View = useLoaded(kind)
  const [answer, ends] = [table.value, endpoints.value]
  const { port, protocol } = filters.value
  const { source, destination } = flow.value
  const selected = source === '' || destination === '' ? null : { source, destination }
  return (
    <div class="reach-view">
      <FilterBar />
      <div class="reach-body">
        {loadOf(kind) === undefined ? <p class="told">This view is not part of this build.</p>
          : answer?.error !== undefined ? <p class="told" role="status">{answer.error}</p>
            : View === undefined || answer === null || ends === null ? <p class="told">…</p>
              : answer.endpoints.every(one => one === null || one.kind === 'External') ? <NoWorkloads />
                : h(View, {
                  table: answer, endpoints: ends, policies: policies.value ?? [], isComplete: isComplete.value, port, protocol, selected, onSelect: showConnection,
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
