// The page: its header, the editor and the views beside it.
import type { JSX } from 'preact'
import { table } from './store/answers'

export function App(): JSX.Element {
  return <main>{table.value === null ? '…' : 'ready'}</main>
}
