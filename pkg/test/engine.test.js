// The engine's answers, and what it makes of mistakes.
// @ts-check

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine, rules, version } from 'netpol-wasm';

const PODS = ['web', 'db'].map((name) => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
`).join('---\n');
const policy = (from) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: ${from} } } }]
      ports: [{ port: 5432 }]
`;
const FLOW = 'shop/web -> shop/db:5432';
const shop = (from = 'web') => new Engine({
  sources: [{ path: 'pods.yaml', text: PODS }, { path: 'policy.yaml', text: policy(from) }],
});

test('a verdict is quick or explained, and follows the texts', () => {
  const engine = shop();
  assert.equal(engine.verdict(FLOW), 'allow');
  assert.equal(engine.verdict({ from: 'shop/web', to: 'shop/db', port: 5433 }), 'deny');
  const answer = engine.evaluate(FLOW);
  assert.equal(answer.ingress.decider, 'shop/db/ingress[0]');
  assert.match(engine.evaluate(FLOW, { format: 'text' }), /^ALLOWED/);
  engine.setSource('policy.yaml', policy('other'));
  assert.equal(engine.verdict(FLOW), 'deny');
  assert.equal(engine.removeSource('policy.yaml'), true);
  assert.equal(engine.removeSource('policy.yaml'), false);
  assert.equal(engine.verdict(FLOW), 'allow');
});

test('a question that means nothing is answered with an error', () => {
  const engine = shop();
  assert.match(engine.verdict('shop/wep -> shop/db:5432').error, /did you mean `web`/);
  assert.equal(engine.verdict('shop/web -> shop/db'), engine.evaluate('shop/web -> shop/db').verdict);
  assert.match(engine.verdict({ from: 'shop/web', to: 'shop/db', port: 70000 }).error, /not a port/);
  assert.match(engine.verdict('10.0.0.1 -> ::1:80').error, /mixes/);
  assert.match(engine.handle('shop/nobody').error, /nobody/);
  assert.match(engine.reach({ from: 'nowhere' }).error, /nowhere/);
  assert.match(engine.reachText({ from: 'nowhere' }).error, /nowhere/);
  assert.match(engine.reachTable({ port: 'x' }).error, /port/);
  assert.match(engine.diff(shop(), { to: 'nowhere' }).error, /nowhere/);
  assert.match(engine.evaluate('nonsense', { format: 'text' }).error, /not a flow/);
});

test('a mistake in netpol.yaml is an answer, and changes nothing', () => {
  const engine = shop('nobody');
  const slugs = () => engine.diagnostics().map(({ slug }) => slug);
  assert.ok(slugs().includes('peer-selects-nothing'));
  assert.equal(engine.setConfig('rules: { peer-selects-nothing: off }'), null);
  assert.ok(!slugs().includes('peer-selects-nothing'));
  const mistake = engine.setConfig('rules:\n  no-such-rule: off');
  assert.match(mistake?.message ?? '', /no-such-rule/);
  assert.equal(mistake?.line, 2);
  assert.deepEqual(engine.configMistake, mistake);
  assert.ok(!slugs().includes('peer-selects-nothing'));
  assert.match(new Engine({ config: 'x: 1' }).configMistake?.message ?? '', /unknown field/);
});

test('handles are answered in bulk, and are not good for a changed engine', () => {
  const engine = shop();
  const columns = () => ({
    sources: Uint32Array.of(engine.handle('shop/web').handle, engine.handle('shop/web').handle),
    destinations: Uint32Array.of(engine.handle('shop/db').handle, engine.handle('shop/db').handle),
    ports: Uint16Array.of(5432, 80),
    protocols: Uint8Array.of(0, 0),
  });
  const before = columns();
  assert.deepEqual(engine.evaluateMany(before), Uint8Array.of(1, 0));
  engine.setSource('policy.yaml', policy('nobody'));
  assert.deepEqual(engine.evaluateMany(columns()), Uint8Array.of(0, 0));
  assert.throws(() => engine.evaluateMany(before), /columns\.sources\[0\]: no handle/);
});

test('diagnostics have ranges in UTF-16, and fixes', () => {
  const text = policy('web').replace('metadata:', 'metadata: # 🛡️').replace(' { name: db, namespace: shop }', '\n  name: db\n  namespace: shop')
    + '  egress: []\n';
  const engine = new Engine({ sources: [{ path: 'p.yaml', text }] });
  const finding = engine.diagnostics().find(({ slug }) => slug === 'open-egress');
  assert.ok(finding);
  const { start } = finding.place;
  assert.deepEqual(finding.place.range.start, { line: start.line - 1, character: start.columnUtf16 - 1 });
  assert.ok(text.split('\n')[finding.place.range.start.line].includes('egress'));
  const { fixes, sources } = engine.fix();
  assert.ok(fixes > 0);
  engine.setSource('p.yaml', sources[0].text);
  assert.ok(!engine.diagnostics().some(({ slug }) => slug === 'open-egress'));
});

test('diff, inventory, formats', () => {
  const [engine, old] = [shop(), shop('nobody')];
  assert.equal(engine.diff(old).changes[0].change, 'gained');
  assert.match(engine.diff(old, {}, { format: 'text' }), /shop\/web/);
  assert.deepEqual(engine.policies()[0].selects, ['shop/db[Pod]']);
  assert.match(engine.policies()[0].allows[0].text, /^Allows ingress from pods with `app=web` in namespace `shop`, on TCP 5432/);
  assert.deepEqual(engine.endpoints().map(({ id }) => id), ['shop/db[Pod]', 'shop/web[Pod]']);
  assert.match(engine.reachText({}, { format: 'dot' }), /digraph/);
  assert.match(engine.check({ format: 'sarif' }), /"2.1.0"/);
  assert.equal(JSON.parse(engine.check({ format: 'json' })).findings.length, engine.diagnostics().length);
  assert.match(version(), /^\d+\.\d+\.\d+$/);
  assert.ok(rules().some(({ slug }) => slug === 'open-egress'));
});

test('misuse is a TypeError that names the argument, and the engine answers afterwards', () => {
  const engine = shop();
  const any = /** @type {any} */ (engine);
  const detached = Uint32Array.of(0);
  structuredClone(detached, { transfer: [detached.buffer] });
  const lying = Object.defineProperty(Uint32Array.of(0), 'length', { value: 9 });
  const columns = { sources: detached, destinations: Uint32Array.of(0), ports: Uint16Array.of(1), protocols: Uint8Array.of(0) };
  const freed = shop();
  freed.free();
  freed.free();
  const misuses = [
    [() => any.setSource(undefined, ''), /^path: .*undefined/],
    [() => any.setSource('p', 1n), /^text: .*BigInt 1n/],
    [() => any.setSource('p', 'x'.repeat((64 << 20) + 1)), /^text: longer/],
    [() => any.setSource('\ud800', ''), /^path: half/],
    [() => any.evaluate(), /^flow: /],
    [() => any.evaluate({ from: 'a' }), /^flow\.to: /],
    [() => any.evaluate({ from: 'a', to: 'b', port: 1.5 }), /^flow\.port: /],
    [() => any.evaluate({ from: 'a', to: 'b', port: 80n }), /^flow\.port: /],
    [() => any.evaluate({ from: 'a', to: 'b', prot: 'TCP' }), /^flow\.prot: unknown/],
    [() => any.evaluate(FLOW, { format: 'xml' }), /^form\.format: /],
    [() => any.reach({ from: [1] }), /^query\.from\[0\]: /],
    [() => any.reach({ family: 4 }), /^query\.family: /],
    [() => any.reachText({}, { group: 'x' }), /^form\.group: /],
    [() => any.check({ style: { width: -1 } }), /^form\.style\.width: /],
    [() => any.setOptions({ ipBlock: 'any' }), /^options\.ipBlock: unknown/],
    [() => any.setOptions({ cidrs: 'any' }), /^options\.cidrs: /],
    [() => any.setConfig(null), /^config: /],
    [() => any.evaluateMany(columns), /^columns\.sources: the array is detached/],
    [() => any.evaluateMany({ ...columns, sources: [0] }), /^columns\.sources: expected a Uint32Array/],
    [() => any.evaluateMany({ ...columns, sources: lying }), /^columns\.sources: the array has/],
    [() => any.evaluateMany({ ...columns, sources: Uint32Array.of(77) }), /^columns\.sources\[0\]: no handle/],
    [() => any.evaluateMany({ ...columns, sources: Uint32Array.of(0, 0) }), /^columns: /],
    [() => any.evaluateMany({ ...columns, sources: Uint32Array.of(0), ports: Uint16Array.of(0) }), /^columns\.ports\[0\]: not from 1/],
    [() => any.evaluateMany({ ...columns, sources: Uint32Array.of(0), protocols: Uint8Array.of(3) }), /^columns\.protocols\[0\]: not 0/],
    [() => any.diff({}), /^old: /],
    [() => any.diff(freed), /^old: .*freed/],
    [() => freed.verdict(FLOW), /^engine: .*freed/],
    [() => new Engine(/** @type {any} */ ({ source: [] })), /^init\.source: unknown/],
    [() => new Engine(/** @type {any} */ ({ sources: [{ path: 'x' }] })), /^sources\[0\]\.text: /],
  ];
  for (const [misuse, message] of misuses) {
    assert.throws(/** @type {any} */ (misuse), { name: 'TypeError', message });
    assert.equal(engine.verdict(FLOW), 'allow');
  }
});

test('using frees an engine', () => {
  const engine = shop();
  /** @type {any} */ (engine)[Symbol.dispose]();
  assert.throws(() => engine.reach(), TypeError);
});

test('editors ask what a place means, what may stand there, and what each policy is', () => {
  const engine = shop();
  const text = policy('web');
  const line = text.split('\n').findIndex((it) => it.includes('from:'));
  const character = text.split('\n')[line].indexOf('podSelector');
  const found = engine.hover('policy.yaml', { line, character });
  assert.match(found.text, /^Matches 1 pod\n- `shop\/web\[Pod\]`$/);
  assert.deepEqual(found.range, { start: { line, character }, end: { line, character: character + 'podSelector'.length } });
  assert.equal(engine.lenses('policy.yaml')[0].title, 'selects 1 pod · ingress isolated · 1 rule');
  assert.equal(engine.lenses('policy.yaml')[0].policy, 'shop/db');
  const begun = `${text.split('  ingress')[0]}  ingress:\n    - from: # 🛡️\n      ports: [{ pro`;
  engine.setSource('policy.yaml', begun);
  const typed = engine.completions('policy.yaml', { line: begun.split('\n').length - 1, character: 19 });
  assert.deepEqual(typed.items.map(({ insert }) => insert), ['protocol: ', 'port: ', 'endPort: ']);
  assert.equal(typed.range.start.character, 16);
  assert.equal(engine.hover('none.yaml', { line: 0, character: 0 }), null);
  assert.deepEqual(engine.lenses('none.yaml'), []);
  assert.throws(() => engine.hover('policy.yaml', { line: -1, character: 0 }), { name: 'TypeError', message: /^position\.line/ });
});

test('what had to be left out is told apart from what is merely doubtful', () => {
  const policy = (/** @type {string} */ spec) => `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p, namespace: shop }\nspec: ${spec}\n`;
  const engine = shop();
  engine.setSource('p.yaml', policy('{ podSelector: { matchLabels: { app: nobody } } }'));
  assert.ok(engine.diagnostics().some(({ slug }) => slug === 'selects-no-pod'));
  assert.deepEqual(engine.leftOut(), []);
  engine.setSource('p.yaml', policy('{ podSelector: 7 }'));
  const [left, ...others] = engine.leftOut();
  assert.deepEqual(others, []);
  assert.equal(left.severity, 'error');
  assert.equal(left.place.path, 'p.yaml');
});
