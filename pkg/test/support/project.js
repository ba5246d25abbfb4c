// The packed package in a fresh project, and pages served from it.
// @ts-check

import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Why tests in a browser are skipped, or false. In CI nothing is. */
export const NO_BROWSER = !existsSync(CHROMIUM) && process.env.CI !== 'true' && `${CHROMIUM} is missing`;

/** Runs a program in a folder, and gives what it prints. */
export const run = (/** @type {string} */ program, /** @type {string[]} */ words, /** @type {string} */ cwd) =>
  execFileSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });

/**
 * An empty project with the package's tarball installed, which knows nothing of this folder.
 *
 * @returns {{ folder: string, packed: { filename: string, files: { path: string }[] }, remove: () => void }}
 */
export function install() {
  const folder = mkdtempSync(join(tmpdir(), 'netpol-wasm-'));
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], PACKAGE));
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`], folder);
  return { folder, packed, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The code of the README that comes after a heading or word of it, in the language of its fence. */
export function example(/** @type {string} */ after, /** @type {string} */ language) {
  const readme = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
  const [, code] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme.slice(readme.indexOf(after))) ?? [];
  if (code === undefined || !readme.includes(after)) throw new Error(`no example after ${after}`);
  return code;
}

/**
 * Serves a folder and has a page of it do something in headless Chromium.
 *
 * @template T
 * @param {string} folder
 * @param {(page: import('playwright-core').Page, url: string) => Promise<T>} work
 */
export async function withPage(folder, work) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = join(folder, normalize(path === '/' ? 'index.html' : path));
    try {
      const bytes = await readFile(file);
      response.setHeader('content-type', TYPES[/** @type {keyof typeof TYPES} */ (extname(file))] ?? 'text/plain').end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    return await work(await browser.newPage(), `http://127.0.0.1:${port}/`);
  } finally {
    await browser.close();
    server.close();
  }
}
