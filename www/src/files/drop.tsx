// Files and folders may be dropped anywhere on the page.
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { openDropped } from './open'

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true

export function DropTarget(): JSX.Element | null {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent): void => { if (event.relatedTarget === null) setOver(false) }
    const drop = (event: DragEvent): void => {
      setOver(false)
      if (!hasFiles(event) || event.dataTransfer === null) return
      event.preventDefault()
      event.stopPropagation()
      openDropped(event.dataTransfer)
    }
    // Before the editor, which would put a file's text where the cursor is.
    const how = { capture: true }
    addEventListener('dragover', over, how)
    addEventListener('dragleave', leave, how)
    addEventListener('drop', drop, how)
    return () => {
      removeEventListener('dragover', over, how)
      removeEventListener('dragleave', leave, how)
      removeEventListener('drop', drop, how)
    }
  }, [])
  return isOver ? <div class="drop" aria-hidden="true"><p>Drop manifests or a folder of them</p></div> : null
}
