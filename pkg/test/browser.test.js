// Every conformance case in headless Chromium, through a Vite build of the packed package, and the README's examples for pages.
// @ts-check

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build as bundle } from 'esbuild';
import { build } from 'vite';
import { readCases } from './support/cases.js';
import { NO_BROWSER, PACKAGE, example, install, withPage } from './support/project.js';

/** @type {ReturnType<typeof install>} */
let project;
/** @type {string} */
let built;

const pod = (/** @type {string | number} */ name) => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop }\n`;

before(async () => {
  if (NO_BROWSER) return;
  project = install();
  const root = join(project.folder, 'page');
  mkdirSync(root);
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>cases</title><script type="module" src="/page.js"></script>');
  const worker = example('## In a worker', 'js').replace(/^import .*$/m, '');
  writeFileSync(join(root, 'page.js'), `import * as netpol from 'netpol-wasm';
import { EngineWorker } from 'netpol-wasm/worker';
import { runCases } from '${PACKAGE}/test/support/conformance.js';
await netpol.init();
window.EngineWorker = EngineWorker;
window.exampleOfWorker = async (sources) => { ${worker}; engine.free(); return answer; };
window.runCases = (input) => runCases(netpol, input);
`);
  await build({ root, logLevel: 'error', build: { target: 'es2022' } });
  built = join(root, 'dist');
});

after(() => project?.remove());

/**
 * @template T
 * @param {(page: import('playwright-core').Page) => Promise<T>} work
 */
const onPage = (work) =>
  withPage(built, async (page, url) => {
    await page.goto(url);
    await page.waitForFunction(() => 'runCases' in window, null, { timeout: 60_000 });
    return work(page);
  });

test('every case gets what it expects in Chromium', { skip: NO_BROWSER }, async () => {
  const result = await onPage((page) => page.evaluate((input) => /** @type {any} */ (window).runCases(input), readCases()));
  assert.deepEqual(result.failures, []);
  assert.ok(result.cases > 100 && result.questions > 1000);
});

test('a worker answers, and one that is called off is followed by another', { skip: NO_BROWSER }, async () => {
  const [first, second] = [pod('p0'), pod('p1')];
  const large = Array.from({ length: 20_000 }, (_, number) => pod(`p${number}`)).join('---\n');
  const answers = await onPage((page) => page.evaluate(async ({ first, second, large }) => {
    const engine = new /** @type {any} */ (window).EngineWorker({ sources: [{ path: 'a.yaml', text: first }] });
    await engine.ask('setSource', ['b.yaml', second]);
    const verdict = await engine.ask('verdict', ['shop/p0 -> shop/p1:80']);
    const abort = new AbortController();
    const aborted = engine.ask('setSource', ['c.yaml', large], { signal: abort.signal }).catch((/** @type {any} */ error) => error.name);
    const after = engine.ask('verdict', ['shop/p0 -> shop/p1:80']);
    abort.abort();
    const misuse = await engine.ask('verdict', [1]).catch((/** @type {any} */ error) => `${error.name} ${error.message}`);
    const endpoints = (await engine.ask('endpoints')).length;
    engine.free();
    const freed = await engine.ask('endpoints').catch((/** @type {any} */ error) => error.message);
    return { verdict, aborted: await aborted, after: await after, misuse, endpoints, freed };
  }, { first, second, large }));
  assert.equal(answers.verdict, 'allow');
  assert.equal(answers.aborted, 'AbortError');
  assert.equal(answers.after, 'allow');
  assert.match(answers.misuse, /^TypeError flow: /);
  assert.equal(answers.endpoints, 2);
  assert.match(answers.freed, /freed/);
});

test('the example of the README for a worker', { skip: NO_BROWSER }, async () => {
  const sources = [{ path: 'a.yaml', text: `${pod('web')}---\n${pod('db')}` }];
  const answer = await onPage((page) => page.evaluate((sources) => /** @type {any} */ (window).exampleOfWorker(sources), sources));
  assert.equal(answer.endpoints.filter((/** @type {any} */ { id }) => id.startsWith('shop/')).length, 2);
});

test('the example of the README for a page without a bundler', { skip: NO_BROWSER }, async () => {
  const page = example('**Browsers without a bundler**', 'html').replace("'…'", JSON.stringify(`${pod('web')}---\n${pod('db')}`));
  const policy = "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src 'self'";
  writeFileSync(join(project.folder, 'index.html'), `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}">${page}`);
  const verdict = await withPage(project.folder, async (page, url) => {
    await page.goto(url);
    await page.waitForFunction(() => document.getElementById('verdict')?.textContent !== '', null, { timeout: 30_000 });
    return page.textContent('#verdict');
  });
  assert.equal(verdict, '"allow"');
});

test('the example of the README for esbuild', { skip: NO_BROWSER }, async () => {
  const root = join(project.folder, 'bundled');
  mkdirSync(root);
  const shown = `document.title = new Engine({ sources: [{ path: 'a.yaml', text: ${JSON.stringify(`${pod('web')}---\n${pod('db')}`)} }] }).verdict('shop/web -> shop/db:5432');`;
  writeFileSync(join(root, 'page.js'), `${example('**esbuild** with', 'js')}${shown}`);
  writeFileSync(join(root, 'index.html'), '<!doctype html><title></title><script type="module" src="out.js"></script>');
  await bundle({
    absWorkingDir: root, entryPoints: ['page.js'], bundle: true, format: 'esm', outfile: 'out.js', loader: { '.wasm': 'file' }, logLevel: 'error',
  });
  const title = await withPage(root, async (page, url) => {
    await page.goto(url);
    await page.waitForFunction(() => document.title !== '', null, { timeout: 30_000 });
    return page.title();
  });
  assert.equal(title, 'allow');
});
