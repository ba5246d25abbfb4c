// The graph's worker, seen from the page: the last drawing stays until there is another.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ReachTable } from '../model'
import type { Filter, Span } from '../matrix/reach'
import type { Drawn, Pairs, Question, Shown } from './worker'

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never

/** Ends with the view that has made it. */
class Client {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  #last = 0

  constructor() {
    this.#worker.onmessage = ({ data: { id, answer } }: MessageEvent<{ id: number; answer: unknown }>) => {
      this.#waiting.get(id)?.(answer)
      this.#waiting.delete(id)
    }
  }

  ask<T>(question: Unnumbered<Question>): Promise<T> {
    const id = ++this.#last
    this.#worker.postMessage({ ...question, id })
    return new Promise(resolve => { this.#waiting.set(id, resolve as (answer: unknown) => void) })
  }

  end(): void { this.#worker.terminate() }
}

export interface Graphed { drawn: Drawn | null; pairs(from: Span, to: Span): Promise<Pairs> }

export function useDrawing(table: ReachTable, { port, protocol, isComplete }: Filter, { folded, focus }: Shown): Graphed {
  const [drawn, setDrawn] = useState<Drawn | null>(null)
  const client = useRef<Client | null>(null)
  const given = useRef<unknown[]>([])
  useEffect(() => () => {
    client.current?.end()
    client.current = null
    given.current = []
  }, [])
  // Before the page is painted: the worker has time until then.
  useLayoutEffect(() => {
    const to = client.current ??= new Client()
    const now = [table, port, protocol, isComplete]
    if (now.some((one, at) => one !== given.current[at])) void to.ask({ table, filter: { port, protocol, isComplete } })
    given.current = now
    let isStale = false
    void to.ask<Drawn>({ show: { folded, focus } }).then(answer => { if (!isStale) setDrawn(answer) })
    return () => { isStale = true }
  }, [table, port, protocol, isComplete, folded, focus])
  return { drawn, pairs: (from, to) => client.current?.ask<Pairs>({ from, to }) ?? Promise.resolve({ pairs: [], count: 0 }) }
}
