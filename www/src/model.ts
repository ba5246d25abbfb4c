// What the views of the page are given, whichever view it is; and the engine's types in one place.
import type { Range, ReachTable } from 'netpol-wasm'

export type {
  AllowedPorts, Change, ConfigMistake, Difference, Edit, Endpoint, Evaluation, Finding, FlowAnswer, Location, Mistake, OpenPair, Place,
  Policy, Position, Range, ReachQuery, ReachTable, Side, Source,
} from 'netpol-wasm'

export interface Ends { source: string; destination: string }

export interface ReachViewProps {
  table: ReachTable
  /** False: parts of the input are not modelled, so that what is denied is shown as unknown. */
  isComplete: boolean
  /** The filter in force; empty: any. */
  port: string
  protocol: string
  selected: Ends | null
  onSelect(ends: Ends): void
}

/** What there is to say about a place: paragraphs, lists, bold and code of markdown. */
export interface Hover { range: Range; text: string }
export interface Completion { label: string; detail: string; kind: string; insert?: string }
export interface Completions { range: Range; items: Completion[] }
/** A line above a policy; `policy` is its id. */
export interface Lens { range: Range; title: string; policy: string }
