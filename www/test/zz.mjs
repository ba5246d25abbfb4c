import { readdirSync, readFileSync } from 'node:fs'
import { launch, open, serve } from './support/page.js'
const folder='/tmp/c100'
const files = readdirSync(folder).map(name => ({ name, mimeType:'text/yaml', buffer: readFileSync(folder+'/'+name) }))
const b=await launch(), s=await serve()
const { page, said } = await open(b, s.url)
await page.locator('input[aria-label="Files to open"]').setInputFiles(files)
await page.locator('table').waitFor(); await page.waitForTimeout(1500)
const st=async n=>console.log(n, await page.evaluate(()=>{const e=document.querySelector('.matrix-scroll'),t=e.querySelector('table');return JSON.stringify({st:e.scrollTop,sl:e.scrollLeft,cw:e.clientWidth,ch:e.clientHeight,sh:e.scrollHeight,mt:t.style.marginTop,ml:t.style.marginLeft,rows:t.querySelectorAll('tbody tr').length,size:e.firstElementChild.getAttribute('style'),r:t.getBoundingClientRect().top})}))
await st('start')
await page.evaluate(async()=>{const e=document.querySelector('.matrix-scroll'); for(let i=0;i<100;i++){await new Promise(requestAnimationFrame); e.scrollBy(29,37)}})
await st('scrolled folded')
await page.getByRole('button',{name:'Unfold all'}).click(); await page.waitForTimeout(800); await st('unfolded')
await page.evaluate(async()=>{const e=document.querySelector('.matrix-scroll'); for(let i=0;i<150;i++){await new Promise(requestAnimationFrame); e.scrollBy(29,37)}})
await st('scrolled')
await page.getByRole('button',{name:'Fold all',exact:true}).click(); await page.waitForTimeout(800); await st('folded')
await page.screenshot({path:'/work/shots/dbg.png'})
console.log(said)
await b.close(); await s.close()
