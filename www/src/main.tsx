// Starts the page: what was there is restored, the engine starts beside it, and the page is kept for when there is no network.
import { render } from 'preact'
import { App } from './app'
import { start } from './store/engine'
import './style/base.css'

const page = document.getElementById('page')
if (page !== null) {
  start()
  render(<App />, page)
}
