// What loading, scrolling and a keystroke cost and when the views are right again, in a browser: `node test/bench.js FOLDER [graph]` with the
// folder of `cargo xtask cluster`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launch, open, serve } from './support/page.js'

const folder = process.argv[2]
if (folder === undefined) throw new Error('which folder of manifests?')
const files = readdirSync(folder).filter(name => name.endsWith('.yaml')).map(name => ({ path: name, text: readFileSync(join(folder, name), 'utf8') }))
const [browser, server] = await Promise.all([launch(), serve()])
const spaces = [...new Set(Array.from(files.find(({ path }) => path === 'policies.yaml').text.matchAll(/^ +namespace: (.*)$/gm), ([, name]) => name))]
const middle = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const told = numbers => `median ${middle(numbers).toFixed(1)} ms, worst ${Math.max(...numbers).toFixed(1)} ms of ${numbers.length}`

const { page, context } = await open(browser, server.url)
const ready = await page.waitForFunction(() => document.querySelector('.footer')?.textContent.includes('0 policies') && document.querySelector('.editor')?.shadowRoot && performance.now())
console.log(`loaded, from navigation until the editor is there and the engine has answered: ${(await ready.jsonValue()).toFixed(0)} ms`)
await page.evaluate(() => {
  globalThis.tasks = []
  new PerformanceObserver(list => { for (const { duration } of list.getEntries()) globalThis.tasks.push(duration) }).observe({ type: 'longtask' })
})
const opened = performance.now()
await page.locator('input[aria-label="Files to open"]').setInputFiles(files.map(({ path, text }) => ({ name: path, mimeType: 'text/yaml', buffer: Buffer.from(text) })))
await page.locator('table').waitFor({ timeout: 120_000 })
console.log(`opened, until the matrix is there: ${(performance.now() - opened).toFixed(0)} ms`)
await page.waitForTimeout(3000)

const scroll = (dx, dy) => page.evaluate(async ([dx, dy]) => {
  const scroller = document.querySelector('.matrix-scroll')
  scroller.scrollTo(0, 0)
  const frames = []
  let last = performance.now()
  for (let count = 0; count < 150; count += 1) {
    await new Promise(resolve => { requestAnimationFrame(resolve) })
    const now = performance.now()
    frames.push(now - last)
    last = now
    scroller.scrollBy(dx, dy)
  }
  return frames
}, [dx, dy])
console.log(`scrolling the folded matrix, a frame: ${told(await scroll(29, 37))}`)
await page.getByRole('button', { name: 'Unfold all' }).click()
await page.waitForTimeout(1500)
console.log(`scrolling the unfolded matrix, a frame: ${told(await scroll(29, 37))}`)
await page.getByRole('button', { name: 'Fold all', exact: true }).click()

await page.getByRole('tab', { name: 'policies.yaml' }).click()
for (const name of [process.argv[3] ?? 'matrix']) {
  await page.locator(`#view-${name}`).click()
  await page.waitForTimeout(1500)
  await page.evaluate(() => { document.querySelector('.editor').shadowRoot.querySelector('.cm-content').focus() })
  await page.keyboard.press('Control+Home')
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowUp')
  const { keys, views, tasks } = await page.evaluate(async spaces => {
    globalThis.tasks.length = 0
    const pause = time => new Promise(resolve => { setTimeout(resolve, time) })
    const type = text => {
      const began = performance.now()
      document.execCommand('insertText', false, text)
      return performance.now() - began
    }
    const [keys, views] = [[], []]
    for (let count = 0; count < 30; count += 1) {
      keys.push(type('#'))
      await pause(60)
    }
    type('\n')
    await pause(800)
    // A keystroke finishes a policy that opens a namespace, and so changes what is shown.
    for (const [number, space] of spaces.entries()) {
      type(`apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: open-${number}, namespace: ${space} }\nspec: { podSelector: {}, ingress: [{}] `)
      await pause(1200)
      const changed = new Promise(resolve => {
        const observer = new MutationObserver(() => { observer.disconnect(); resolve() })
        observer.observe(document.querySelector('#view'), { childList: true, subtree: true, characterData: true, attributes: true })
        setTimeout(() => { observer.disconnect(); resolve() }, 5000)
      })
      const began = performance.now()
      type('}')
      await changed
      views.push(performance.now() - began)
      type('\n---\n')
      await pause(1200)
    }
    return { keys, views, tasks: [...globalThis.tasks] }
  }, spaces.splice(0, 8))
  console.log(`${name}: a keystroke ${told(keys)}; the view is right after ${told(views)}; tasks over 50 ms: ${tasks.map(task => task.toFixed(0)).join(' ') || 'none'}`)
}
await context.close()
await browser.close()
await server.close()
