// Folders, files and patterns as an engine, and assertions about its flows.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { LoadError, expectFlow, find, load } from 'netpol';
import { FLAWED, PODS, POLICY, folder } from './support.js';

const FLOW = { from: 'shop/other', to: 'shop/db', port: 5432 };

test('folders, files and patterns are found without what git ignores', context => {
  const cwd = folder(context, {
    'k8s/pods.yaml': PODS, 'k8s/deep/er/policy.yml': POLICY, 'k8s/gen/x.yaml': '', 'k8s/.gitignore': 'gen/\n', 'k8s/notes.md': '', 'other.json': '{}', 'a[1].yaml': '', 'netpol.yaml': '',
  });
  assert.deepEqual(find('k8s', { cwd }), ['k8s/deep/er/policy.yml', 'k8s/pods.yaml']);
  assert.deepEqual(find(['k8s/', './k8s'], { cwd }), ['k8s/deep/er/policy.yml', 'k8s/pods.yaml']);
  assert.deepEqual(find('k8s/**/*.yml', { cwd }), ['k8s/deep/er/policy.yml']);
  assert.deepEqual(find('*/*.{yaml,yml}', { cwd }), ['k8s/pods.yaml']);
  assert.deepEqual(find(['*.json', 'k8s/gen/x.yaml', 'a[1].yaml'], { cwd }), ['a[1].yaml', 'k8s/gen/x.yaml', 'other.json']);
  assert.deepEqual(find(join(cwd, 'k8s/*.yaml')), [join(cwd, 'k8s/pods.yaml')]);
  assert.throws(() => find('nowhere', { cwd }), { code: 'ENOENT' });
  assert.throws(() => find(/** @type {any} */ (undefined)), { name: 'TypeError', message: /^paths:/ });
});

test('what is loaded answers', context => {
  const cwd = folder(context, { 'k8s/pods.yaml': PODS, 'k8s/policy.yaml': POLICY });
  const engine = load('k8s', { cwd });
  assert.equal(engine.evaluate(FLOW).verdict, 'deny');
  assert.equal(engine.evaluate({ ...FLOW, from: 'shop/web' }).verdict, 'allow');
  assert.equal(load('k8s/pods.yaml', { cwd }).evaluate(FLOW).verdict, 'allow');
});

test('a netpol.yaml is honoured, and another may be named, or none', context => {
  const cwd = folder(context, { 'a.yaml': PODS + '---\n' + FLAWED, 'netpol.yaml': 'rules: { open-egress: off }\n', 'other.yaml': 'rulez: {}\n' });
  const slugs = (/** @type {any} */ options) => load('a.yaml', { cwd, ...options }).diagnostics().map((/** @type {any} */ finding) => finding.slug);
  assert.ok(!slugs({}).includes('open-egress'));
  assert.ok(slugs({ config: false }).includes('open-egress'));
  assert.throws(() => slugs({ config: 'other.yaml' }), { name: 'LoadError', message: /^other\.yaml:1:\d+: .*rulez/ });
  assert.throws(() => slugs({ config: 'gone.yaml' }), { message: 'cannot read `gone.yaml`: there is no such file or folder' });
});

test('what would have to be left out is refused, unless that is allowed', context => {
  const cwd = folder(context, { 'k8s/pods.yaml': PODS, 'k8s/bad.yaml': 'kind: [\n', 'k8s/binary.yaml': Buffer.from([0xff, 0xfe, 0x80]), 'empty/a.txt': '' });
  assert.throws(() => load('k8s', { cwd }), error => {
    assert.ok(error instanceof LoadError);
    assert.deepEqual(error.problems.map(problem => problem.path), ['k8s/binary.yaml', 'k8s/bad.yaml']);
    assert.match(error.message, /an answer could be wrong:\n {2}k8s\/binary\.yaml: this file is left out: it is not UTF-8 text\n {2}k8s\/bad\.yaml:\d+: /);
    return true;
  });
  assert.equal(load('k8s', { cwd, lenient: true }).evaluate(FLOW).verdict, 'allow');
  assert.throws(() => load('empty', { cwd }), { name: 'LoadError', message: /^no \.yaml/ });
});

test('a flow that is as expected passes, and any other fails with the reason', context => {
  const engine = load('.', { cwd: folder(context, { 'pods.yaml': PODS, 'policy.yaml': POLICY }) });
  expectFlow(engine).from('shop/web').to('shop/db').on(5432).toBeAllowed();
  expectFlow(engine).from('shop/other').to('shop/db').on('5432/TCP').toBeDenied();
  expectFlow(engine).from('shop/web').to('shop/db').on(5432, 'UDP').toBeDenied();
  expectFlow(engine, 'shop/web -> shop/db:5432').toBeAllowed();
  expectFlow(engine, FLOW).toBeDenied();
  const allowed = () => expectFlow(engine).from('shop/other').to('shop/db').on(5432).toBeAllowed();
  assert.throws(allowed, error => {
    assert.ok(error instanceof assert.AssertionError);
    assert.match(error.message, /^expected shop\/other -> shop\/db:5432 to be allowed, but it is denied\n\nDENIED {3}shop\/other.*\n[^]*shop\/db selects pods with app=db; nearest: ingress\[0\] {2}policy\.yaml:7/);
    assert.deepEqual([error.actual, error.expected, error.operator], ['denied', 'allowed', 'toBeAllowed']);
    assert.ok(!error.stack?.includes('lib/expect.js'), error.stack);
    return true;
  });
  assert.throws(() => expectFlow(engine, { ...FLOW, from: 'shop/web' }).toBeDenied(), { message: /to be denied, but it is allowed\n\nALLOWED/ });
});

test('a flow that means nothing is a mistake and no failed expectation', context => {
  const engine = load('.', { cwd: folder(context, { 'pods.yaml': PODS }) });
  const isMistake = (/** @type {() => void} */ call, /** @type {RegExp} */ message) =>
    assert.throws(call, error => error instanceof Error && error.name !== 'AssertionError' && message.test(error.message));
  isMistake(() => expectFlow(engine).from('shop/webb').to('shop/db').on(5432).toBeDenied(), /shop\/webb.*did you mean/);
  isMistake(() => expectFlow(engine).from('shop/web').on(5432).toBeDenied(), /^flow: say/);
  isMistake(() => expectFlow(engine, 'a -> b:1').on(2), /^flow:/);
  isMistake(() => expectFlow(/** @type {any} */ (undefined)), /^engine:/);
});
