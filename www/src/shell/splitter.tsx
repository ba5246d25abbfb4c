// The bar between editor and views: dragged, or moved with the arrow keys. Where it is stays in the browser.
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const KEY = 'netpol-playground-split'
const [LEAST, MOST, FIRST] = [20, 75, 42]

const kept = (): number => {
  try {
    const share = Number(localStorage.getItem(KEY) ?? FIRST)
    return share >= LEAST && share <= MOST ? share : FIRST
  } catch {
    return FIRST
  }
}

export function Splitter(): JSX.Element {
  const [share, setShare] = useState(kept)
  const move = (to: number): void => { setShare(Math.round(Math.max(LEAST, Math.min(MOST, to)) * 10) / 10) }
  useEffect(() => {
    document.documentElement.style.setProperty('--split', `${share}%`)
    try {
      localStorage.setItem(KEY, String(share))
    } catch {
      // It is not kept, then.
    }
  }, [share])
  return (
    <div class="splitter" role="separator" tabIndex={0} aria-label="Width of the editor" aria-orientation="vertical"
      aria-valuenow={Math.round(share)} aria-valuemin={LEAST} aria-valuemax={MOST}
      onDblClick={() => { move(FIRST) }}
      onPointerDown={event => { event.currentTarget.setPointerCapture(event.pointerId) }}
      onPointerMove={event => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) move((event.clientX / innerWidth) * 100)
      }}
      onKeyDown={event => {
        const to = ({ ArrowLeft: share - 2, ArrowRight: share + 2, Home: LEAST, End: MOST } as Record<string, number>)[event.key]
        if (to === undefined) return
        event.preventDefault()
        move(to)
      }} />
  )
}
