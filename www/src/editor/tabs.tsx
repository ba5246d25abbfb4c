// The files as tabs: the arrow keys choose, with Alt they move; F2 or a double click renames, Delete closes.
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { findings } from '../store/answers'
import { addFile, closeFile, moveFile, renameFile } from '../store/files'
import { activeId, files, type OpenFile } from '../store/state'

function Rename({ file, onEnd }: { file: OpenFile; onEnd: () => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  const isOver = useRef(false)
  useLayoutEffect(() => {
    input.current?.focus()
    input.current?.setSelectionRange(0, file.path.replace(/\.[^.]*$/, '').length)
  }, [])
  const end = (path: string): void => {
    if (isOver.current) return
    isOver.current = true
    if (path.trim() !== '' && path !== file.path) renameFile(file.id, path)
    onEnd()
  }
  return (
    <input ref={input} class="tab-name" aria-label={`New name of ${file.path}`} defaultValue={file.path} size={Math.max(10, file.path.length)}
      onBlur={event => { end(event.currentTarget.value) }}
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Enter') end(event.currentTarget.value)
        if (event.key === 'Escape') end('')
      }} />
  )
}

export function FileTabs(): JSX.Element {
  const [renamed, setRenamed] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const active = activeId.value
  const all = files.value
  const worst = new Map<string, string>()
  for (const { place, severity } of findings.value ?? []) {
    if (place && worst.get(place.path) !== 'error' && severity !== 'note') worst.set(place.path, severity)
  }
  const focus = (): void => {
    requestAnimationFrame(() => {
      // A name that is being typed keeps the focus.
      if (list.current?.querySelector('.tab-name') == null) list.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus()
    })
  }
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [active])
  const onKeyDown = (event: KeyboardEvent, { id }: OpenFile): void => {
    const at = all.findIndex(file => file.id === id)
    const by = ({ ArrowLeft: -1, ArrowRight: 1 } as Record<string, number>)[event.key]
    if (by !== undefined && event.altKey) moveFile(id, by)
    else if (by !== undefined) activeId.value = all[(at + by + all.length) % all.length]?.id ?? id
    else if (event.key === 'Home') activeId.value = all[0]?.id ?? id
    else if (event.key === 'End') activeId.value = all.at(-1)?.id ?? id
    else if (event.key === 'Delete') closeFile(id)
    else if (event.key === 'F2') setRenamed(id)
    else return
    event.preventDefault()
    if (event.key !== 'F2') focus()
  }
  return (
    <div class="file-tabs">
      <div class="file-list" role="tablist" aria-label="Files" ref={list}>
        {all.map(file => (renamed === file.id
          ? <Rename key={file.id} file={file} onEnd={() => { setRenamed(0); focus() }} />
          : (
            <button key={file.id} type="button" role="tab" class="file-tab" id={`file-${file.id}`} aria-selected={file.id === active} aria-controls="editor"
              tabIndex={file.id === active ? 0 : -1} title={`${file.path}: F2 renames, Alt with an arrow moves, Delete closes`}
              onClick={() => { activeId.value = file.id }} onDblClick={() => { setRenamed(file.id) }}
              onAuxClick={event => { if (event.button === 1) closeFile(file.id) }}
              onKeyDown={event => { onKeyDown(event, file) }}>
              {worst.has(file.path) && <span class={`dot ${worst.get(file.path) ?? ''}`} aria-hidden="true" />}
              {file.path}
              {worst.has(file.path) && <span class="hidden">, has {worst.get(file.path)}s</span>}
            </button>
          )))}
      </div>
      <button type="button" class="icon" aria-label="New file" title="New file" onClick={() => { addFile() }}>+</button>
      <button type="button" class="icon" aria-label={`Rename ${all.find(({ id }) => id === active)?.path ?? ''}`} title="Rename this file (F2)"
        onClick={() => { setRenamed(active) }}>✎</button>
      <button type="button" class="icon" aria-label={`Close ${all.find(({ id }) => id === active)?.path ?? ''}`} title="Close this file (Delete)"
        onClick={() => { closeFile(active) }}>×</button>
    </div>
  )
}
