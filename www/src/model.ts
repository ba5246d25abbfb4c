// What the views of the page are given, whichever view it is.
import type { Endpoint, Policy, ReachTable } from 'netpol-wasm'

export interface Ends { source: string; destination: string }

export interface ReachViewProps {
  table: ReachTable
  endpoints: Endpoint[]
  policies: Policy[]
  /** False: parts of the input are not modelled, so that what is denied is shown as unknown. */
  isComplete: boolean
  /** The filter in force; empty: any. */
  port: string
  protocol: string
  selected: Ends | null
  onSelect(ends: Ends): void
}
