// Bold and code within a line of the engine's sentences, as nodes: nothing of a text becomes markup.

export function inline(text: string): Node[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).filter(part => part !== '').map(part => {
    const [, bold, code] = /^\*\*(.+)\*\*$|^`(.+)`$/.exec(part) ?? []
    const name = bold === undefined ? (code === undefined ? null : 'code') : 'strong'
    if (name === null) return document.createTextNode(part)
    const made = document.createElement(name)
    made.textContent = bold ?? code ?? ''
    return made
  })
}
