// Sharing: a link that carries everything, Markdown for an issue, and what is shown as files.
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { matrixCsv, matrixMarkdown } from '../export/matrix'
import { save } from '../files/open'
import { axis } from '../matrix/axis'
import { ReachIndex } from '../matrix/reach'
import type { Mistake, ReachTable } from '../model'
import { isComplete, reachQuery } from '../store/answers'
import { ask, report } from '../store/engine'
import { fragmentOf, LONG } from '../store/link'
import { take } from '../store/snapshot'
import { filters, sources } from '../store/state'
import { markdown } from './markdown'
import './share.css'

async function matrixAs(write: typeof matrixCsv): Promise<string> {
  const table = await ask<ReachTable | Mistake>('reachTable', [reachQuery.peek()])
  if (table.error !== undefined) throw new Error(table.error)
  const { port, protocol } = filters.peek()
  const index = new ReachIndex(table, { port, protocol, isComplete: isComplete.peek() })
  const lines = axis(index, { folded: new Set(), filter: '', sort: 'name' })
  return write(index, lines, lines)
}

export default function Share({ onClose }: { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const [link, setLink] = useState('')
  const [told, setTold] = useState('')
  useEffect(() => {
    dialog.current?.showModal()
    fragmentOf(take()).then(fragment => { setLink(new URL(fragment, location.href.replace(/#.*$/, '')).href) }, report)
  }, [])
  const copy = (text: string, what: string): void => {
    const byHand = (): void => {
      field.current?.select()
      setTold('The browser does not let this page copy: the link is selected, copy it from there.')
    }
    // Without https there is no clipboard.
    if (!('clipboard' in navigator)) byHand()
    else navigator.clipboard.writeText(text).then(() => { setTold(`${what} copied.`) }, byHand)
  }
  const failed = (error: unknown): void => { setTold(error instanceof Error ? error.message : String(error)) }
  const copyMarkdown = (): void => {
    ask<string>('check', [{ format: 'md' }]).then(findings => { copy(markdown(sources.peek(), findings, link), 'Markdown') }, failed)
  }
  const isLong = link.length > LONG
  return (
    <dialog ref={dialog} class="share" aria-labelledby="share-title" onClose={onClose}
      onClick={event => { if (event.target === event.currentTarget) event.currentTarget.close() }}>
      <div class="share-body">
        <h2 id="share-title">Share</h2>
        <p>The link holds the files, the view and what is pinned. It is read by the browser that opens it, and goes to no server.</p>
        <div class="share-link">
          <input ref={field} readOnly value={link} aria-label="Link" onFocus={event => { event.currentTarget.select() }} />
          <button type="button" class="primary" disabled={link === ''} onClick={() => { copy(link, 'Link') }}>Copy link</button>
        </div>
        {isLong && <p class="caution">It has {link.length.toLocaleString('en')} characters: chats and mail programs may cut it. Send the downloaded files instead.</p>}
        <h3>For an issue</h3>
        <div class="share-row">
          <button type="button" disabled={link === ''} onClick={copyMarkdown}>Copy as Markdown</button>
          <button type="button" onClick={() => { matrixAs(matrixMarkdown).then(text => { copy(text, 'Matrix') }, failed) }}>Copy the matrix as Markdown</button>
          <button type="button" onClick={() => { matrixAs(matrixCsv).then(text => { save('matrix.csv', text, 'text/csv') }, failed) }}>Download the matrix as CSV</button>
        </div>
        <p role="status" class="told-copied">{told}</p>
        <div class="share-end"><button type="button" onClick={() => { dialog.current?.close() }}>Close</button></div>
      </div>
    </dialog>
  )
}
