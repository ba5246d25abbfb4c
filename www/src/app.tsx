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
import { lesson } from './store/state'
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

export function App(): JSX.Element {
  const [isSharing, setSharing] = useState(false)
  return (
    <div class="app">
      <a class="skip" href="#editor" onClick={event => { event.preventDefault(); document.getElementById('editor')?.focus() }}>To the editor</a>
      <a class="skip" href="#answers" onClick={event => { event.preventDefault(); document.getElementById('answers')?.focus() }}>To the answers</a>
      <Header onShare={() => { setSharing(true) }} />
      <Banner />
      {lesson.value !== null && <Later load={tutorial} />}
      <main class="panes">
        <section class="source" aria-label="Manifests">
          <FileTabs />
          <div id="editor" tabIndex={-1} class="editor-area"><Later load={editor} /></div>
        </section>
        <Splitter />
        <Views />
      </main>
      <Footer />
      <NoticeBar />
      <DropTarget />
      {isSharing && <Later load={sharing} onClose={() => { setSharing(false) }} />}
    </div>
  )
}
