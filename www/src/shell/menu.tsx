// A button with a menu under it: arrow keys, Home, End, Escape, and letters by the browser's own rules of focus.
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

export interface Item { label: string; detail?: string; run: () => void }
export interface Section { title: string; items: Item[] }

export function Menu({ label, children, sections }: { label: string; children: ComponentChildren; sections: () => Section[] }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const whole = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!isOpen) return
    whole.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus()
    const away = (event: Event): void => { if (!whole.current?.contains(event.target as Node)) setOpen(false) }
    addEventListener('pointerdown', away)
    addEventListener('focusin', away)
    return () => {
      removeEventListener('pointerdown', away)
      removeEventListener('focusin', away)
    }
  }, [isOpen])
  const onKeyDown = (event: KeyboardEvent): void => {
    const items = [...(whole.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])]
    const at = items.indexOf(document.activeElement as HTMLElement)
    const to = ({ ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 } as Record<string, number>)[event.key]
    if (event.key === 'Escape') {
      setOpen(false)
      button.current?.focus()
    } else if (to !== undefined) items[to % items.length]?.focus()
    else return
    event.preventDefault()
  }
  return (
    <div class="menu" ref={whole}>
      <button type="button" ref={button} aria-haspopup="menu" aria-expanded={isOpen} onClick={() => { setOpen(!isOpen) }}>{children}</button>
      {isOpen && (
        <div role="menu" aria-label={label} tabIndex={-1} class="menu-list" onKeyDown={onKeyDown}>
          {sections().map(({ title, items }) => (
            <div key={title} role="group" aria-label={title}>
              {title !== '' && <p class="menu-title" aria-hidden="true">{title}</p>}
              {items.map(item => (
                <button key={item.label} type="button" role="menuitem" tabIndex={-1} onClick={() => {
                  setOpen(false)
                  button.current?.focus()
                  item.run()
                }}>
                  {item.label}{item.detail !== undefined && <small>{item.detail}</small>}
                </button>
              ))}
            </div>
          ))}
        </div>
      )}
    </div>
  )
}
