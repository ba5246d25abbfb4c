// The graph's worker, seen from the page: the last drawing stays until there is another.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ReachTable } from '../model'
import type { Filter, Span } from '../matrix/reach'
import { report } from '../store/engine'
import type { Drawn, Pairs, Question, Shown } from './worker'

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never

interface Answer { id: number; answer: unknown; failure?: string }
interface Waiting { resolve(answer: unknown): void; reject(error: Error): void }

/** Ends with the view that has made it. */
class Client {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  readonly #waiting = new Map<number, Waiting>()
  #last = 0

  constructor() {
    this.#worker.onmessage = ({ data: { id, answer, failure } }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (failure === undefined) waiting?.resolve(answer)
      else waiting?.reject(failed(failure))
    }
    this.#worker.onerror = ({ message }) => {
      for (const { reject } of this.#waiting.values()) reject(failed(message))
      this.#waiting.clear()
    }
  }

  ask<T>(question: Unnumbered<Question>): Promise<T> {
    const id = ++this.#last
    this.#worker.postMessage({ ...question, id })
    return new Promise((resolve, reject) => { this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject }) })
  }

  end(): void { this.#worker.terminate() }
}

const failed = (why: string | undefined): Error =>
  new Error(`The graph cannot be drawn (${why || 'its worker does not start'}); the matrix shows the same connections.`)

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
    if (now.some((one, at) => one !== given.current[at])) to.ask({ table, filter: { port, protocol, isComplete } }).catch(report)
    given.current = now
    let isStale = false
    to.ask<Drawn>({ show: { folded, focus } }).then(answer => { if (!isStale) setDrawn(answer) }, report)
    return () => { isStale = true }
  }, [table, port, protocol, isComplete, folded, focus])
  return { drawn, pairs: (from, to) => client.current?.ask<Pairs>({ from, to }) ?? Promise.resolve({ pairs: [], count: 0 }) }
}
