// The module fails, and is made anew; memory stays where it was.
// @ts-check

import assert from 'node:assert/strict';
import { test } from 'node:test';

// Every instance of this process goes through here, so that one import can be made to fail.
/** @type {(() => void) | null} */
let fail = null;
const { Instance } = WebAssembly;
let instances = 0;
/** @type {any} */
let memory = null;
WebAssembly.Instance = /** @type {any} */ (new Proxy(Instance, {
  construct(target, [module, imports]) {
    instances += 1;
    for (const functions of Object.values(imports)) {
      for (const [name, original] of Object.entries(functions)) {
        if (!name.startsWith('__wbg_')) continue;
        functions[name] = (...values) => {
          fail?.();
          return original(...values);
        };
      }
    }
    const instance = new target(module, imports);
    memory = instance.exports.memory;
    return instance;
  },
}));

const { Engine, InternalError, version } = await import('netpol-wasm');

const pod = (number) => `apiVersion: v1\nkind: Pod\nmetadata: { name: p${number}, namespace: shop, labels: { app: p${number} } }\n`;
const policy = (number) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: to-p1, namespace: shop }
spec: { podSelector: { matchLabels: { app: p1 } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: p${number} } } }] }] }
`;
const cluster = (count) => Array.from({ length: count }, (_, number) => pod(number)).join('---\n');
const engineOf = (count) => new Engine({ sources: [{ path: 'pods', text: cluster(count) }, { path: 'policy', text: policy(0) }] });

function trap() {
  fail = null;
  /** @type {any} */ (globalThis).netpolPanic = 'panicked at src/core/x.rs:1:1:\nsomething';
  throw new WebAssembly.RuntimeError('unreachable');
}

test('a trap is told once, and every engine answers afterwards', () => {
  const [engine, other] = [engineOf(2), engineOf(2)];
  other.setOptions({ ipBlocks: 'external' });
  const { handle } = /** @type {any} */ (engine.handle('shop/p0'));
  const before = instances;
  fail = trap;
  const thrown = (/** @type {any} */ error) =>
    error instanceof InternalError && error.panic?.endsWith('something') && error.message.includes('panicked at src/core/x.rs');
  assert.throws(() => engine.evaluate({ from: 'shop/p0', to: 'shop/p1', port: 80 }), thrown);
  assert.equal(instances, before + 1);
  assert.ok(!('netpolPanic' in globalThis));
  assert.equal(engine.evaluate({ from: 'shop/p0', to: 'shop/p1', port: 80 }).verdict, 'allow');
  assert.equal(engine.verdict('shop/p0 -> shop/p1:80'), 'allow');
  assert.ok(/** @type {any} */ (engine.handle('shop/p0')).handle > handle);
  assert.equal(other.diff(engine).changes.length, 0);
  assert.match(version(), /^\d/);
});

test('memory that runs out is an internal error', () => {
  const engine = engineOf(2);
  // Somebody else has the rest of what 32 bits can address.
  memory.grow(65536 - memory.buffer.byteLength / 65536);
  let error;
  try {
    new Engine({ sources: [{ path: 'large.yaml', text: '#'.repeat(60 << 20) }] });
  } catch (caught) {
    error = caught;
  }
  assert.ok(error instanceof InternalError, String(error));
  assert.equal(engine.verdict('shop/p0 -> shop/p1:80'), 'allow');
});

test('10,000 edits leave memory where it was', () => {
  const engine = engineOf(500);
  const edit = (/** @type {number} */ number) => {
    engine.setSource('policy', policy(number % 500));
    if (number % 100 === 0) assert.equal(engine.verdict(`shop/p${number % 500} -> shop/p1:80`), 'allow');
  };
  for (let number = 0; number < 200; number += 1) edit(number);
  const before = memory.buffer.byteLength;
  for (let number = 0; number < 10_000; number += 1) edit(number);
  assert.equal(memory.buffer.byteLength, before);
});
