// The steps as they are begun and left: each has its own files, and the reader's own are kept aside meanwhile.
import { batch } from '@preact/signals'
import { replaceFiles } from '../store/files'
import { read, restore, take } from '../store/snapshot'
import { files, filters, lesson, notice, pane, view } from '../store/state'
import { cluster, steps } from './steps'

const ASIDE = 'netpol-playground-aside'

function keepAside(): void {
  try {
    localStorage.setItem(ASIDE, JSON.stringify(take()))
  } catch {
    // Then the notice is the only way back.
  }
}

export function begin(number: number): void {
  const step = steps[number]
  if (step === undefined) return
  if (lesson.peek() === null) keepAside()
  batch(() => {
    replaceFiles([{ path: 'policy.yaml', text: step.start }, { path: 'cluster.yaml', text: cluster }], null)
    lesson.value = number
    filters.value = { port: '', protocol: '', family: '' }
    view.value = 'matrix'
    pane.value = 'manifests'
    notice.value = null
  })
}

export function showSolution(): void {
  const step = steps[lesson.peek() ?? -1]
  if (step === undefined) return
  files.value = files.value.map(file => (file.path === 'policy.yaml' ? { ...file, text: step.solution } : file))
}

export function leave(): void {
  batch(() => {
    lesson.value = null
    try {
      const snapshot = read(JSON.parse(localStorage.getItem(ASIDE) ?? 'null'))
      if (snapshot !== null) restore(snapshot, null)
      localStorage.removeItem(ASIDE)
    } catch {
      replaceFiles([], null)
    }
  })
}
