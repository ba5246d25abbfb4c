// The foot of the page: what there is in the files, what the page is working on, its version and where the rules are explained.
import type { JSX } from 'preact'
import { findings, policies, workloadCount } from '../store/answers'
import { showView } from '../store/state'
import { Busy } from './notices'

const REPOSITORY = 'https://github.com/netpol/netpol'
const many = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`

export function Footer(): JSX.Element {
  const found = findings.value ?? []
  const errors = found.filter(({ severity }) => severity === 'error').length
  return (
    <footer class="footer">
      <span role="status" aria-label="In these files">
        {many(workloadCount.value, 'workload', 'workloads')} · {many(policies.value?.length ?? 0, 'policy', 'policies')}
        {' · '}<button type="button" class="link" onClick={() => { showView('findings') }}>{many(found.length, 'finding', 'findings')}{errors > 0 && `, ${many(errors, 'error', 'errors')}`}</button>
      </span>
      <Busy />
      <span class="footer-end">
        <span>Nothing leaves this browser</span>
        <a href={`${REPOSITORY}/blob/main/docs/diagnostics/README.md`} target="_blank" rel="noreferrer">Rules</a>
        <a href={`${REPOSITORY}/blob/main/docs/semantics.md`} target="_blank" rel="noreferrer">How it decides</a>
        <span>netpol {__VERSION__}</span>
      </span>
    </footer>
  )
}
