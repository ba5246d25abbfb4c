// A state as a link: JSON, deflated, in the characters that a URL's fragment may have. A fragment goes to no server.
import { read, type Snapshot } from './snapshot'

const VERSION = 'v1'
/** More than this is no set of manifests that somebody shared. */
const MOST_BYTES = 32_000_000
/** Mail programs, chats and trackers cut links that are longer. */
export const LONG = 8_000

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  const reader = new Blob([bytes]).stream().pipeThrough(stream as TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>).getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length
    if (size > MOST_BYTES) {
      await reader.cancel()
      throw new Error('it is too large')
    }
    parts.push(part.value)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function toText(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const toBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0))

export async function fragmentOf(snapshot: Snapshot): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(snapshot))
  return `#${VERSION}/${toText(await through(bytes, new CompressionStream('deflate-raw')))}`
}

/** What a fragment carries: a state, or why there is none. Null: it is not one of these links. */
export async function readFragment(fragment: string): Promise<Snapshot | { mistake: string } | null> {
  const [, version, data] = /^#(v\d+)\/(.*)$/.exec(fragment) ?? []
  if (version === undefined || data === undefined) return null
  if (version !== VERSION) return { mistake: `This link was made by another version of the page (${version}), which this one cannot read.` }
  try {
    const bytes = await through(toBytes(data), new DecompressionStream('deflate-raw'))
    const snapshot = read(JSON.parse(new TextDecoder().decode(bytes)))
    if (snapshot !== null) return snapshot
  } catch {
    // Told below, whatever it was.
  }
  return { mistake: 'This link is damaged: part of it is missing. Ask for it again, as a whole.' }
}
