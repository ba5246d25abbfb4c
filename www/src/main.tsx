// Starts the page: what was there is restored, the engine starts beside it, and the page is kept for when there is no network.
import { render } from 'preact'
import { App } from './app'
import { readExample } from './examples'
import { report, start } from './store/engine'
import { addFile } from './store/files'
import { keepSaving, openLink, restoreSaved } from './store/saved'
import { followServed } from './store/served'
import { files } from './store/state'
import './style/base.css'
import './style/shell.css'
import './style/views.css'

const follow = (): void => { openLink(readExample).catch(report) }

const page = document.getElementById('page')
if (page !== null) {
  restoreSaved()
  if (files.value.length === 0) addFile()
  start()
  keepSaving()
  render(<App />, page)
  follow()
  addEventListener('hashchange', follow)
  followServed().then(async isServed => {
    if (import.meta.env.PROD && !isServed && 'serviceWorker' in navigator) await navigator.serviceWorker.register('./offline.js')
  }).catch(() => {
    // Without a service worker the page needs the network, and is the same otherwise.
  })
}
