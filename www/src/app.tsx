// The page: its header, the editor and the views beside it.
import { type ComponentType, h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { FileTabs } from './editor/tabs'
import { DropTarget } from './files/drop'
import { Footer } from './shell/footer'
import { Header } from './shell/header'
import { Banner, NoticeBar } from './shell/notices'
import { Splitter } from './shell/splitter'
import { report } from './store/engine'
import { lesson, pane } from './store/state'
import { Views } from './views'

/** A part that is not needed at once. */
function Later<Props extends object>({ load, ...props }: { load: () => Promise<{ default: ComponentType<Props> }> } & Props): JSX.Element | null {
  const [loaded, setLoaded] = useState<ComponentType<Props> | null>(null)
  useEffect(() => { load().then(module => { setLoaded(() => module.default) }, report) }, [])
  return loaded === null ? null : h(loaded, props as unknown as Props & JSX.IntrinsicAttributes)
}

const editor = (): Promise<typeof import('./editor')> => import('./editor')
const tutorial = (): Promise<typeof import('./tutorial')> => import('./tutorial')
const sharing = (): Promise<typeof import('./share')> => import('./share')

function show(one: 'manifests' | 'answers', id: string): void {
  pane.value = one
  requestAnimationFrame(() => { document.getElementById(id)?.focus() })
}

export function App(): JSX.Element {
  const [isSharing, setSharing] = useState(false)
  return (
    <div class="app">
      <a class="skip" href="#editor" onClick={event => { event.preventDefault(); show('manifests', 'editor') }}>To the editor</a>
      <a class="skip" href="#answers" onClick={event => { event.preventDefault(); show('answers', 'answers') }}>To the answers</a>
      <Header onShare={() => { setSharing(true) }} />
      <Banner />
      {lesson.value !== null && <Later load={tutorial} />}
      <main class="panes" data-pane={pane.value}>
        <section class="source" aria-label="Manifests">
          <FileTabs />
          <div id="editor" tabIndex={-1} class="editor-area"><Later load={editor} /></div>
        </section>
        <Splitter />
        <Views />
      </main>
      <nav class="pane-switch" aria-label="What is shown">
        <button type="button" aria-pressed={pane.value === 'manifests'} onClick={() => { pane.value = 'manifests' }}>Manifests</button>
        <button type="button" aria-pressed={pane.value === 'answers'} onClick={() => { pane.value = 'answers' }}>Answers</button>
      </nav>
      <Footer />
      <NoticeBar />
      <DropTarget />
      {isSharing && <Later load={sharing} onClose={() => { setSharing(false) }} />}
    </div>
  )
}
