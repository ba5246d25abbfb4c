// A link to a line of the files: it moves the editor there. On a narrow page the editor is scrolled to.
import type { ComponentChildren, JSX } from 'preact'
import { goTo } from '../store/state'

interface Props { path: string; line: number; column?: number; children?: ComponentChildren; named?: string }

export const PlaceLink = ({ path, line, column = 1, children, named }: Props): JSX.Element => (
  <button type="button" class="link" title={`${path}, line ${line}`} aria-label={named}
    onClick={() => {
      goTo(path, line, column)
      document.getElementById('editor')?.scrollIntoView({ block: 'nearest' })
    }}>
    {children ?? `${path}:${line}`}
  </button>
)
