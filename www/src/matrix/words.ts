// What a cell of the matrix says, as a sign and in words.
import { type Cell, portsText } from './reach'

const GLYPHS = { all: '●', some: '◐', mixed: '◔', denied: '✕', unknown: '?', same: '·' } as const

export const glyph = ({ state }: Cell): string => GLYPHS[state]

export function words({ state, allowed, pairs, ports }: Cell): string {
  switch (state) {
    case 'all': return pairs > 1 ? `allowed, all ports, ${pairs} pairs` : 'allowed, all ports'
    case 'some': return pairs > 1 ? `allowed, each of ${pairs} pairs, not all ports` : `allowed, ${portsText(ports)}`
    case 'mixed': return `mixed, ${allowed} of ${pairs} pairs allowed`
    case 'denied': return 'denied'
    case 'unknown': return 'unknown, parts of the input are not modelled'
    case 'same': return 'not judged'
  }
}
