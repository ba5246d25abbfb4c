// What part of the drawing is seen: all of it at first, then what wheel, fingers, drags and keys make of it.
import { type RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Camera { x: number; y: number; scale: number }
export interface Size { width: number; height: number }
export interface Cameras {
  camera: Camera
  size: Size
  fit(): void
  /** Around a point of the element, or its middle. */
  zoom(by: number, at?: { x: number; y: number }): void
  pan(dx: number, dy: number): void
  /** Moves as little as shows a point of the drawing. */
  reveal(x: number, y: number): void
}

const [LEAST, MOST] = [0.1, 3]
const EDGE = 60
/** A pointer that moves less is pressed, not dragged: in pixels. */
const STILL = 5

const fitted = ({ width, height }: Size, drawing: Size): Camera => {
  const scale = Math.max(LEAST, Math.min(1.15, width / drawing.width, height / drawing.height))
  return { scale, x: (width - drawing.width * scale) / 2, y: (height - drawing.height * scale) / 2 }
}

export function useCamera(element: RefObject<SVGSVGElement | null>, drawing: Size): Cameras {
  const [size, setSize] = useState<Size>({ width: 800, height: 500 })
  const [moved, setMoved] = useState<Camera | null>(null)
  const camera = moved ?? fitted(size, drawing)
  const change = (next: (old: Camera) => Camera): void => { setMoved(old => next(old ?? fitted(size, drawing))) }
  const zoom: Cameras['zoom'] = (by, at = { x: size.width / 2, y: size.height / 2 }) => {
    change(({ x, y, scale }) => {
      const next = Math.max(LEAST, Math.min(MOST, scale * by))
      const ratio = next / scale
      return { scale: next, x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio }
    })
  }
  const pan: Cameras['pan'] = (dx, dy) => { change(({ x, y, scale }) => ({ scale, x: x + dx, y: y + dy })) }
  const reveal: Cameras['reveal'] = (x, y) => {
    change(old => {
      const into = (at: number, length: number): number => (at < EDGE ? EDGE - at : at > length - EDGE ? length - EDGE - at : 0)
      return { ...old, x: old.x + into(old.x + x * old.scale, size.width), y: old.y + into(old.y + y * old.scale, size.height) }
    })
  }
  useLayoutEffect(() => {
    const svg = element.current
    if (svg === null) return undefined
    const measure = (): void => { if (svg.clientWidth > 0) setSize({ width: svg.clientWidth, height: svg.clientHeight }) }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(svg)
    return () => { observer.disconnect() }
  }, [])
  useGestures(element, { zoom, pan })
  return { camera, size, fit: () => { setMoved(null) }, zoom, pan, reveal }
}

/** Wheel and trackpad, one pointer to move, two to zoom. */
function useGestures(element: RefObject<SVGSVGElement | null>, how: Pick<Cameras, 'zoom' | 'pan'>): void {
  const latest = useRef(how)
  latest.current = how
  useEffect(() => {
    const svg = element.current
    if (svg === null) return undefined
    const pointers = new Map<number, { x: number; y: number }>()
    let travelled = 0
    const place = ({ clientX, clientY }: MouseEvent): { x: number; y: number } => {
      const { left, top } = svg.getBoundingClientRect()
      return { x: clientX - left, y: clientY - top }
    }
    const spread = (): number => {
      const [one, other] = [...pointers.values()]
      return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0
    }
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault()
      if (event.ctrlKey || event.metaKey) latest.current.zoom(Math.exp(-event.deltaY / 200), place(event))
      else latest.current.pan(event.shiftKey ? -event.deltaY : -event.deltaX, event.shiftKey ? 0 : -event.deltaY)
    }
    const onDown = (event: PointerEvent): void => {
      if (pointers.size === 0) travelled = 0
      pointers.set(event.pointerId, place(event))
    }
    const onMove = (event: PointerEvent): void => {
      const before = pointers.get(event.pointerId)
      if (before === undefined) return
      const [apart, now] = [spread(), place(event)]
      pointers.set(event.pointerId, now)
      travelled += Math.hypot(now.x - before.x, now.y - before.y)
      if (pointers.size === 2 && apart > 0) latest.current.zoom(spread() / apart, now)
      else latest.current.pan(now.x - before.x, now.y - before.y)
    }
    const onUp = (event: PointerEvent): void => { pointers.delete(event.pointerId) }
    // A drag that ends on an element does not choose it.
    const onClick = (event: MouseEvent): void => { if (travelled > STILL) event.stopPropagation() }
    svg.addEventListener('click', onClick, { capture: true })
    svg.addEventListener('wheel', onWheel, { passive: false })
    svg.addEventListener('pointerdown', onDown)
    addEventListener('pointermove', onMove)
    addEventListener('pointerup', onUp)
    addEventListener('pointercancel', onUp)
    return () => {
      svg.removeEventListener('click', onClick, { capture: true })
      svg.removeEventListener('wheel', onWheel)
      svg.removeEventListener('pointerdown', onDown)
      removeEventListener('pointermove', onMove)
      removeEventListener('pointerup', onUp)
      removeEventListener('pointercancel', onUp)
    }
  }, [])
}
