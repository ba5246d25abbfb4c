// What is packed, and that a project which installs it can use it.
// @ts-check

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
/** @type {string} */
let project;
/** @type {{ filename: string, files: { path: string }[] }} */
let packed;

const run = (/** @type {string} */ program, /** @type {string[]} */ words, cwd = project) =>
  execFileSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });

before(() => {
  project = mkdtempSync(join(tmpdir(), 'netpol-wasm-'));
  [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', project], PACKAGE));
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`]);
});

after(() => rmSync(project, { recursive: true, force: true }));

const example = () => {
  const [, code = ''] = /```js\n(import \{ Engine \}[\s\S]*?)```/.exec(readFileSync(join(PACKAGE, 'README.md'), 'utf8')) ?? [];
  return code;
};

test('the package has what it needs and nothing else', () => {
  const lib = readdirSync(join(PACKAGE, 'lib')).map((file) => `lib/${file}`);
  const expected = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json', 'types/index.d.ts', 'types/worker.d.ts', 'wasm/netpol.js', 'wasm/netpol.wasm', ...lib];
  assert.deepEqual(packed.files.map(({ path }) => path).sort(), expected.sort());
});

test('the example of the README runs as a module of Node', () => {
  writeFileSync(join(project, 'example.js'), example());
  assert.match(run('node', ['example.js']), /^allow\nDENIED/);
});

test('the example of the README runs in CommonJS', () => {
  const code = example().replace(/^import (.*) from (.*);$/m, 'const $1 = require($2);');
  writeFileSync(join(project, 'example.cjs'), code);
  assert.match(run('node', ['--no-warnings', 'example.cjs']), /^allow\nDENIED/);
});

test('an esbuild bundle carries the module', async () => {
  const code = example().replace('import { Engine }', "import wasm from 'netpol-wasm/wasm';\nimport { Engine, initSync }");
  writeFileSync(join(project, 'bundled.js'), code.replace('const engine', 'initSync(wasm);\nconst engine'));
  await build({
    absWorkingDir: project, entryPoints: ['bundled.js'], bundle: true, format: 'esm', outfile: 'bundle/out.js', platform: 'browser', target: 'chrome120',
    loader: { '.wasm': 'binary' }, logLevel: 'error',
  });
  rmSync(join(project, 'node_modules'), { recursive: true });
  assert.match(run('node', ['bundle/out.js']), /^allow\nDENIED/);
});
