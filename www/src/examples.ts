// The examples of the repository, as the tests read them: each folder or mistake is one, loaded when it is chosen.
import { batch } from '@preact/signals'
import type { Source } from 'netpol-wasm'
import { replaceFiles } from './store/files'
import { files, filters, pane, pinned, view } from './store/state'

const texts = import.meta.glob<string>('../../examples/**/*.yaml', { query: '?raw', import: 'default' })

export interface Example { id: string; title: string; group: string; paths: string[] }

const ROOT = '../../examples/'
const titleOf = (name: string): string => {
  const words = name.replace(/^\d+-/, '').replaceAll('-', ' ').replace(/\bdns\b/gi, 'DNS').replace(/\b(udp|tcp|sctp|ipv4)\b/gi, word => word.toUpperCase())
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function all(): Example[] {
  const paths = Object.keys(texts).map(path => path.slice(ROOT.length)).sort()
  const named = (group: string, id: string, title: string, own: string[]): Example => ({ id, title, group, paths: own })
  const inside = (folder: string): string[] => paths.filter(path => path.startsWith(`${folder}/`))
  const recipes = [...new Set(inside('recipes').map(path => path.split('/')[1] ?? ''))]
  const mistakes = inside('mistakes').filter(path => !path.endsWith('/cluster.yaml'))
  return [
    named('Start here', 'shop', 'A shop: everything denied, then opened one by one', inside('shop')),
    named('Start here', 'change', 'A change that opens more than it was meant to', ['change/before.yaml']),
    ...recipes.map(name => named('How do I …', `recipes/${name}`, titleOf(name), inside(`recipes/${name}`))),
    ...mistakes.map(path => {
      const name = path.slice('mistakes/'.length, -'.yaml'.length)
      return named('Classic mistakes', `mistakes/${name}`, titleOf(name), [path, 'mistakes/cluster.yaml'])
    }),
  ]
}

export const examples = all()

export async function readExample(id: string): Promise<Source[] | null> {
  const example = examples.find(one => one.id === id)
  if (example === undefined) return null
  return Promise.all(example.paths.map(async path => ({ path: path.split('/').at(-1) ?? path, text: (await texts[ROOT + path]?.()) ?? '' })))
}

/** The text after the change, for the example of one. */
export const changedText = (): Promise<string> => texts[`${ROOT}change/after.yaml`]?.() ?? Promise.resolve('')

/** What the page is given when an example is chosen; one of them is a change, pinned before it. */
export async function openExample({ id, title }: Example): Promise<void> {
  const read = (await readExample(id)) ?? []
  batch(() => {
    replaceFiles(read, `Opened “${title}”.`)
    filters.value = { port: '', protocol: '', family: '' }
    pane.value = 'answers'
    if (view.value === 'connection' || view.value === 'compare') view.value = 'matrix'
  })
  if (id !== 'change') return
  const path = 'books.yaml'
  const after = await changedText()
  batch(() => {
    files.value = files.value.map(file => ({ ...file, path, text: after }))
    pinned.value = read.map(({ text }) => ({ path, text }))
    view.value = 'compare'
  })
}
