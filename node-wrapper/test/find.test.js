// Both programs read the same files: of folders and .gitignore files made at random, and of what is known to be hard.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { find } from '../lib/find.js';
import { compile } from '../lib/glob.js';
import { folder, native, netpol, run, skipNative, write } from './support.js';

/** @param {number} seed */
function numbers(seed) {
  let state = seed >>> 0;
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The files that the native program reads: of each it finds that it is broken. @param {string} path @param {string} cwd */
function readByNative(path, cwd) {
  const { out, err } = run(native, ['check', path, '-o', 'json'], { cwd });
  if (out === '') return { refused: err };
  return { files: JSON.parse(out).findings.map((/** @type {any} */ finding) => finding.place.path).sort() };
}

/** @param {string} path @param {string} cwd */
function readHere(path, cwd) {
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const { files, unreadable } = find(path);
    if (files.length + unreadable.length === 0) return { refused: netpol(['check', path, '-o', 'json'], { cwd }).err };
    return { files: [...files, ...unreadable.map(({ path }) => path)].map(path => path.replace(/^\.\//, '')).sort() };
  } finally {
    process.chdir(before);
  }
}

const NAMES = ['a', 'b', 'ab', 'gen', 'größe', '.hidden', 'a b', 'x[1]', '{a}'];
const PIECES = ['a', 'b', 'gen', 'gr', 'ö', '*', '**', '?', '/', '/', '.yaml', '.json', '[ab]', '[!a]', '[a-', '{a,b}', '\\', '\\ ', '!', 'größe', '.hidden', ' ', ',', '[^', '***', '}'];

test('files of random folders with random .gitignore files', { skip: skipNative }, context => {
  for (let seed = 1; seed <= 150; seed++) {
    const below = numbers(seed);
    /** @template T @param {T[]} list */
    const one = list => list[below(list.length)];
    const pattern = () => Array.from({ length: 1 + below(4) }, () => one(PIECES)).join('');
    /** @type {Record<string, string>} */
    const files = { 'a.yaml': 'kind: [\n' };
    for (let count = 0; count < 30; count++) {
      const parts = Array.from({ length: below(4) }, () => one(NAMES));
      files[[...parts, `${one(NAMES)}.${one(['yaml', 'yml', 'json', 'txt'])}`].join('/')] = 'kind: [\n';
    }
    for (let count = 0; count < 3; count++) {
      const inside = one(['', '', 'a/', 'b/', 'gen/']);
      files[`${inside}.gitignore`] = Array.from({ length: 1 + below(4) }, () => (below(4) === 0 ? '!' : '') + pattern()).join(one(['\n', '\r\n']));
    }
    const path = folder(context, files);
    if (below(2) === 0) {
      write(path, `${one(['', 'a/'])}.git/info/exclude`, `${pattern()}\n`);
    }
    for (const start of ['.', './a', 'a', path, `${path}/`]) {
      const cwd = path;
      let expected;
      try {
        expected = readByNative(start, cwd);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error}`);
      }
      if (expected.refused?.includes('cannot read')) continue;
      const said = Object.entries(files).filter(([name]) => name.endsWith('.gitignore')).map(([name, text]) => `${name}: ${JSON.stringify(text)}`);
    assert.deepEqual(readHere(start, cwd), expected, `${said.join(', ')}; seed ${seed}, netpol check ${start} in ${path}`);
    }
  }
});

test('links, circles, what cannot be read, and a folder that is called as a manifest', { skip: skipNative }, context => {
  const path = folder(context, { 'real/a.yaml': 'kind: [\n', 'real/deep/b.yaml': 'kind: [\n', 'netpol.yaml': '', 'x.yaml/c.yml': 'kind: [\n', '.h/d.yaml': '' });
  symlinkSync('real', join(path, 'link'));
  symlinkSync('..', join(path, 'real/circle'));
  symlinkSync('nowhere', join(path, 'gone.yaml'));
  symlinkSync('nowhere', join(path, 'gone.txt'));
  symlinkSync('self.yaml', join(path, 'self.yaml'));
  mkdirSync(join(path, 'closed'));
  chmodSync(join(path, 'closed'), 0);
  for (const format of ['json', 'compact']) {
    const words = ['check', '.', '-o', format];
    assert.deepEqual(netpol(words, { cwd: path }), run(native, words, { cwd: path }));
  }
  chmodSync(join(path, 'closed'), 0o755);
});

test('a folder that is named is read though git ignores it, and one of ignored files says so', { skip: skipNative }, context => {
  const path = folder(context, { '.git/HEAD': '', '.gitignore': 'generated/\nall/*\n', 'generated/a.yaml': 'kind: [\n', 'all/b.yaml': 'kind: [\n', 'all/c.yml': '' });
  assert.deepEqual(readHere('generated', path), { files: ['generated/a.yaml'] });
  for (const words of [['check', 'generated'], ['check', 'all'], ['check', '.'], ['reach', 'all']]) {
    assert.deepEqual(netpol(words, { cwd: path }), run(native, words, { cwd: path }));
  }
});

test('a pattern is a pattern of bytes', () => {
  const matches = (/** @type {string} */ glob, /** @type {string} */ path) => compile(glob)?.test(Buffer.from(path).toString('latin1'));
  assert.ok(matches('**/a', 'x/y/a') && matches('**/a', 'a') && !matches('*/a', 'x/y/a'));
  assert.ok(matches('a/**/b', 'a/b') && matches('a/**/b', 'a/x/y/b') && matches('*.{yaml,yml}', 'k.yml') && !matches('a/**/b', 'a/xb'));
  assert.ok(matches('[!a]', 'b') && !matches('[!a]', 'a') && matches('a[', 'a[') && matches('ö', 'ö') && !matches('?', 'ö'));
  assert.equal(compile('a\\'), undefined);
  assert.equal(compile('[b-a]'), undefined);
  assert.equal(compile('{a'), undefined);
});
