// The header: what the page is, and what is done with the whole of it.
import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import { examples, openExample } from '../examples'
import { oneYaml, openChosen, save } from '../files/open'
import { report } from '../store/engine'
import { replaceFiles } from '../store/files'
import { activeFile, isEmpty, lesson, toggleLesson } from '../store/state'
import { Menu, type Section } from './menu'

const exampleSections = (): Section[] => [...new Set(examples.map(({ group }) => group))].map(title => ({
  title,
  items: examples.filter(({ group }) => group === title).map(example => ({ label: example.title, run: () => { openExample(example).catch(report) } })),
}))

export function Header({ onShare }: { onShare: () => void }): JSX.Element {
  const chosen = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const choose = (event: { currentTarget: HTMLInputElement }): void => {
    openChosen(event.currentTarget.files)
    event.currentTarget.value = ''
  }
  const fileSections = (): Section[] => {
    const file = activeFile.value
    return [
      { title: '', items: [
        { label: 'Open files …', run: () => { chosen.current?.click() } },
        { label: 'Open a folder …', run: () => { folder.current?.click() } },
      ] },
      { title: '', items: isEmpty.value || file === null ? [] : [
        { label: 'Download this file', detail: file.path, run: () => { save(file.path.split('/').at(-1) ?? file.path, file.text, 'application/yaml') } },
        { label: 'Download all as one YAML', run: () => { save('manifests.yaml', oneYaml(), 'application/yaml') } },
        { label: 'Close all files', run: () => { replaceFiles([], 'Closed all files.') } },
      ] },
    ]
  }
  return (
    <header class="header">
      <h1><img src="./icon.svg" alt="" width="20" height="20" /> netpol <span>playground</span></h1>
      <div class="header-actions" role="group" aria-label="Page">
        <Menu label="Files" sections={fileSections}>File</Menu>
        <Menu label="Examples" sections={exampleSections}>Examples</Menu>
        <button type="button" aria-pressed={lesson.value !== null} onClick={() => { toggleLesson().catch(report) }}>
          Tutorial
        </button>
        <button type="button" class="primary" onClick={onShare}>Share</button>
      </div>
      <input ref={chosen} type="file" multiple hidden accept=".yaml,.yml,.json" aria-label="Files to open" onChange={choose} />
      <input ref={folder} type="file" multiple hidden {...{ webkitdirectory: true }} aria-label="Folder to open" onChange={choose} />
    </header>
  )
}
