// The files, what is found in them and a link, as Markdown for an issue or a chat.
import type { Source } from 'netpol-wasm'

/** A fence that is longer than any in the text. */
const fenceOf = (text: string): string => '`'.repeat(Math.max(3, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length + 1)))

export function markdown(sources: readonly Source[], findings: string, link: string): string {
  const files = sources.filter(({ text }) => text.trim() !== '').map(({ path, text }) => {
    const fence = fenceOf(text)
    return `<details><summary>${path.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</summary>\n\n${fence}yaml\n${text.trimEnd()}\n${fence}\n\n</details>\n`
  })
  return `${findings.trim()}\n\n${files.join('\n')}\n[Open in the playground](${link})\n`
}
