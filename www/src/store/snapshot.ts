// The page's state as plain data: what is kept in the browser and what a link carries. What comes from outside is checked field by field.
import { batch } from '@preact/signals'
import type { Source } from 'netpol-wasm'
import { replaceFiles } from './files'
import {
  activeFile, activeId, files, type Filters, filters, type FlowQuestion, flow, pinned, sources, type View, view, VIEWS,
} from './state'

export interface Snapshot {
  files: Source[]
  active: string
  view: View
  filters: Filters
  flow: FlowQuestion
  pinned: Source[] | null
}

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function sourcesOf(value: unknown): Source[] | null {
  if (!Array.isArray(value)) return null
  const seen = new Set<string>()
  const read = value.flatMap(one => {
    if (!isFields(one) || typeof one['path'] !== 'string' || typeof one['text'] !== 'string' || seen.has(one['path'])) return []
    seen.add(one['path'])
    return [{ path: one['path'], text: one['text'] }]
  })
  return read.length === value.length ? read : null
}

function filtersOf(value: unknown): Filters {
  const fields = isFields(value) ? value : {}
  const family = fields['family'] === 'ipv4' || fields['family'] === 'ipv6' ? fields['family'] : ''
  return { port: text(fields['port']), protocol: text(fields['protocol']), family }
}

/** Null if it is not a state of this page. */
export function read(value: unknown): Snapshot | null {
  if (!isFields(value)) return null
  const found = sourcesOf(value['files'])
  if (found === null) return null
  const asked = isFields(value['flow']) ? value['flow'] : {}
  return {
    files: found,
    active: text(value['active']),
    view: VIEWS.find(one => one === value['view']) ?? 'matrix',
    filters: filtersOf(value['filters']),
    flow: { source: text(asked['source']), destination: text(asked['destination']), ...filtersOf(asked) },
    pinned: sourcesOf(value['pinned']),
  }
}

export const take = (): Snapshot => ({
  files: [...sources.value],
  active: activeFile.value?.path ?? '',
  view: view.value,
  filters: filters.value,
  flow: flow.value,
  pinned: pinned.value === null ? null : [...pinned.value],
})

/** Restores a state; with `told`, what was there before can be brought back. */
export function restore(snapshot: Snapshot, told: string | null): void {
  batch(() => {
    replaceFiles(snapshot.files, told)
    activeId.value = files.value.find(({ path }) => path === snapshot.active)?.id ?? files.value[0]?.id ?? 0
    view.value = snapshot.view
    filters.value = snapshot.filters
    flow.value = snapshot.flow
    pinned.value = snapshot.pinned
  })
}
