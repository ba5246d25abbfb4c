// Watching: what has changed is told, once, whatever way it changed.

import assert from 'node:assert/strict';
import { mkdirSync, openSync, closeSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { watch } from 'netpol';
import { FLAWED, PODS, POLICY, folder, write } from './support.js';

/** @typedef {import('netpol').Change} Change */

/**
 * A watcher whose changes can be waited for.
 * @param {import('node:test').TestContext} context
 * @param {string} cwd
 * @param {string | string[]} [paths]
 */
function watched(context, cwd, paths = 'k8s') {
  /** @type {Change[]} */
  const changes = [];
  /** @type {() => void} */
  let wake = () => {};
  const watcher = watch(paths, change => {
    changes.push(change);
    wake();
  }, { cwd });
  context.after(() => watcher.close());
  return {
    watcher,
    changes,
    /** The next change. @returns {Promise<Change>} */
    async next() {
      while (changes.length === 0) await new Promise(resolve => (wake = () => resolve(undefined)));
      return /** @type {Change} */ (changes.shift());
    },
  };
}

const isOpen = (/** @type {Change} */ { engine }) => engine.evaluate('shop/other -> shop/db:5432').verdict === 'allow';

test('files that come, change, are replaced, renamed, ignored and go', { timeout: 60_000 }, async context => {
  const cwd = folder(context, { 'k8s/pods.yaml': PODS });
  const { next, changes } = watched(context, cwd);
  const first = await next();
  assert.deepEqual([first.changed, first.removed, isOpen(first)], [['k8s/pods.yaml'], [], true]);

  write(cwd, 'k8s/new/policy.yaml', POLICY);
  const added = await next();
  assert.deepEqual([added.changed, added.removed, isOpen(added)], [['k8s/new/policy.yaml'], [], false]);
  assert.equal(added.engine, first.engine);

  write(cwd, 'k8s/new/policy.yaml', POLICY.replace('5432', '5433'));
  const changed = await next();
  assert.deepEqual([changed.changed, changed.engine.evaluate('shop/web -> shop/db:5432').verdict], [['k8s/new/policy.yaml'], 'deny']);

  writeFileSync(join(cwd, 'draft'), POLICY);
  renameSync(join(cwd, 'draft'), join(cwd, 'k8s/new/policy.yaml'));
  const replaced = await next();
  assert.deepEqual([replaced.changed, replaced.engine.evaluate('shop/web -> shop/db:5432').verdict], [['k8s/new/policy.yaml'], 'allow']);

  renameSync(join(cwd, 'k8s/new'), join(cwd, 'k8s/renamed'));
  const renamed = await next();
  assert.deepEqual([renamed.changed, renamed.removed, isOpen(renamed)], [['k8s/renamed/policy.yaml'], ['k8s/new/policy.yaml'], false]);

  write(cwd, 'k8s/.gitignore', 'renamed/\n');
  const ignored = await next();
  assert.deepEqual([ignored.changed, ignored.removed, isOpen(ignored)], [[], ['k8s/renamed/policy.yaml'], true]);

  rmSync(join(cwd, 'k8s/.gitignore'));
  assert.deepEqual((await next()).changed, ['k8s/renamed/policy.yaml']);

  rmSync(join(cwd, 'k8s'), { recursive: true });
  let gone = await next();
  while (gone.unreadable.length === 0) gone = await next();
  assert.deepEqual(gone.unreadable, [{ path: 'k8s', reason: 'there is no such file or folder' }]);
  write(cwd, 'k8s/pods.yaml', PODS);
  const back = await next();
  assert.deepEqual([back.changed, back.unreadable], [['k8s/pods.yaml'], []]);
  assert.deepEqual(changes, []);
});

test('a file is taken when it is written, and a broken one spoils nothing', { timeout: 60_000 }, async context => {
  const cwd = folder(context, { 'k8s/pods.yaml': PODS, 'k8s/policy.yaml': POLICY });
  const { next, changes } = watched(context, cwd, ['k8s/*.yaml']);
  assert.ok(!isOpen(await next()));
  const file = openSync(join(cwd, 'k8s/policy.yaml'), 'w');
  await new Promise(resolve => setTimeout(resolve, 150));
  assert.deepEqual(changes, [], 'an empty file is one that is being written');
  writeSync(file, POLICY.replace('5432', '5433'));
  closeSync(file);
  assert.equal((await next()).engine.evaluate('shop/web -> shop/db:5433').verdict, 'allow');
  write(cwd, 'k8s/policy.yaml', 'kind: [\n');
  const broken = await next();
  assert.ok(broken.engine.diagnostics().some((/** @type {any} */ finding) => finding.slug === 'invalid-document'));
  write(cwd, 'k8s/policy.yaml', Buffer.from([0xff, 0x80]));
  assert.deepEqual((await next()).unreadable, [{ path: 'k8s/policy.yaml', reason: 'it is not UTF-8 text' }]);
  write(cwd, 'k8s/policy.yaml', POLICY);
  const mended = await next();
  assert.deepEqual([mended.changed, mended.unreadable, isOpen(mended)], [['k8s/policy.yaml'], [], false]);
});

test('the configuration is watched, with its mistakes', { timeout: 60_000 }, async context => {
  const cwd = folder(context, { 'k8s/flawed.yaml': PODS + '---\n' + FLAWED });
  const { next } = watched(context, cwd);
  const has = (/** @type {Change} */ { engine }) => engine.diagnostics().some((/** @type {any} */ finding) => finding.slug === 'open-egress');
  assert.ok(has(await next()));
  write(cwd, 'netpol.yaml', 'rules: { open-egress: off }\n');
  const set = await next();
  assert.deepEqual([has(set), set.changed, set.configError], [false, [], null]);
  write(cwd, 'netpol.yaml', 'rulez: 1\n');
  assert.match((await next()).configError ?? '', /^netpol\.yaml:1:\d+: /);
  rmSync(join(cwd, 'netpol.yaml'));
  const unset = await next();
  assert.deepEqual([has(unset), unset.configError], [true, null]);
});

test('a closed watcher says nothing more, and a wrong path is a mistake at once', async context => {
  const cwd = folder(context, { 'k8s/pods.yaml': PODS });
  const { watcher, changes, next } = watched(context, cwd);
  await next();
  write(cwd, 'k8s/policy.yaml', POLICY);
  watcher.close();
  watcher.close();
  await new Promise(resolve => setTimeout(resolve, 200));
  assert.deepEqual(changes, []);
  assert.throws(() => watch('nowhere', () => {}, { cwd }), { code: 'ENOENT' });
  assert.throws(() => watch('k8s', /** @type {any} */ (undefined), { cwd }), { name: 'TypeError' });
  mkdirSync(join(cwd, 'empty'));
  watch('empty', () => assert.fail('closed before its first look'), { cwd }).close();
});
