// What is packed, and that a project which installs it can use it.
// @ts-check

import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { PACKAGE, example, install, run } from './support/project.js';

/** @type {string} */
let project;
/** @type {ReturnType<typeof install>} */
let installed;

before(() => {
  installed = install();
  project = installed.folder;
});

after(() => installed.remove());

const first = () => example('**Node** 20.19', 'js');

test('the package has what it needs and nothing else', () => {
  const bundled = ['commands.js', 'node.js', 'start-node.js'];
  const lib = readdirSync(join(PACKAGE, 'lib')).filter((file) => !bundled.includes(file)).map((file) => `lib/${file}`);
  const expected = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'dist/commands.js', 'dist/node.js', 'package.json', 'types/index.d.ts', 'types/worker.d.ts', 'wasm/netpol.js', 'wasm/netpol.wasm', ...lib];
  assert.deepEqual(installed.packed.files.map(({ path }) => path).sort(), expected.sort());
});

test('the example of the README runs as a module of Node', () => {
  writeFileSync(join(project, 'example.js'), first());
  assert.match(run('node', ['example.js'], project), /^allow\nDENIED/);
});

test('the example of the README runs in CommonJS', () => {
  const code = first().replace(/^import (.*) from (.*);$/m, 'const $1 = require($2);');
  writeFileSync(join(project, 'example.cjs'), code);
  assert.match(run('node', ['--no-warnings', 'example.cjs'], project), /^allow\nDENIED/);
});

test('an esbuild bundle carries the module', async () => {
  const code = first().replace('import { Engine }', "import wasm from 'netpol-wasm/wasm';\nimport { Engine, initSync }");
  writeFileSync(join(project, 'bundled.js'), code.replace('const engine', 'initSync(wasm);\nconst engine'));
  await build({
    absWorkingDir: project, entryPoints: ['bundled.js'], bundle: true, format: 'esm', outfile: 'bundle/out.js', platform: 'browser', target: 'chrome120',
    loader: { '.wasm': 'binary' }, logLevel: 'error',
  });
  rmSync(join(project, 'node_modules'), { recursive: true });
  assert.match(run('node', ['bundle/out.js'], project), /^allow\nDENIED/);
});
