// Every conformance case in headless Chromium, through a Vite build of the package.
// @ts-check

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { readCases } from './support/cases.js';

const CHROMIUM = '/usr/bin/chromium';
const isMissing = !existsSync(CHROMIUM) && process.env.CI !== 'true';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** @type {string} */
let folder;
/** @type {import('node:http').Server} */
let server;

before(async () => {
  if (isMissing) return;
  folder = await mkdtemp(join(PACKAGE, 'test', '.page-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>cases</title><script type="module" src="/page.js"></script>');
  await writeFile(join(folder, 'page.js'), `import * as netpol from 'netpol-wasm';
import { EngineWorker } from 'netpol-wasm/worker';
import { runCases } from '${PACKAGE}/test/support/conformance.js';
await netpol.init();
window.EngineWorker = EngineWorker;
window.runCases = (input) => runCases(netpol, input);
`);
  await build({ root: folder, logLevel: 'error', build: { target: 'es2022' } });
  server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = join(folder, 'dist', path === '/' ? 'index.html' : path);
    try {
      const bytes = await readFile(file);
      response.setHeader('content-type', TYPES[/** @type {keyof typeof TYPES} */ (extname(file))] ?? 'text/plain').end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
});

after(async () => {
  if (isMissing) return;
  server.close();
  await rm(folder, { recursive: true, force: true });
});

test('every case gets what it expects in Chromium', { skip: isMissing && `${CHROMIUM} is missing` }, async () => {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(() => 'runCases' in window, null, { timeout: 60_000 });
    const result = await page.evaluate((input) => /** @type {any} */ (window).runCases(input), readCases());
    assert.deepEqual(result.failures, []);
    assert.ok(result.cases > 100 && result.questions > 1000);
  } finally {
    await browser.close();
  }
});

test('a worker answers, and one that is called off is followed by another', { skip: isMissing && `${CHROMIUM} is missing` }, async () => {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(() => 'runCases' in window, null, { timeout: 60_000 });
    const answers = await page.evaluate(async () => {
      const pod = (/** @type {number} */ number) => `apiVersion: v1\nkind: Pod\nmetadata: { name: p${number}, namespace: shop }\n`;
      const engine = new /** @type {any} */ (window).EngineWorker({ sources: [{ path: 'a.yaml', text: pod(0) }] });
      await engine.ask('setSource', ['b.yaml', pod(1)]);
      const verdict = await engine.ask('verdict', ['shop/p0 -> shop/p1:80']);
      const abort = new AbortController();
      const large = Array.from({ length: 20_000 }, (_, number) => pod(number)).join('---\n');
      const aborted = engine.ask('setSource', ['c.yaml', large], { signal: abort.signal }).catch((/** @type {any} */ error) => error.name);
      const after = engine.ask('verdict', ['shop/p0 -> shop/p1:80']);
      abort.abort();
      const misuse = await engine.ask('verdict', [1]).catch((/** @type {any} */ error) => `${error.name} ${error.message}`);
      const endpoints = (await engine.ask('endpoints')).length;
      engine.free();
      const freed = await engine.ask('endpoints').catch((/** @type {any} */ error) => error.message);
      return { verdict, aborted: await aborted, after: await after, misuse, endpoints, freed };
    });
    assert.equal(answers.verdict, 'allow');
    assert.equal(answers.aborted, 'AbortError');
    assert.equal(answers.after, 'allow');
    assert.match(answers.misuse, /^TypeError flow: /);
    assert.equal(answers.endpoints, 2);
    assert.match(answers.freed, /freed/);
  } finally {
    await browser.close();
  }
});
