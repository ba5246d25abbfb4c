// Prints how long the package takes: `node bench/bench.js [folder of cargo xtask cluster]`.
// @ts-check

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Engine } from 'netpol-wasm';

/** @type {[what: string, time: string][]} */
const rows = [];
/** The milliseconds that a process takes which runs a file with this in it. */
function processOf(/** @type {string} */ code) {
  const file = join(folderOfFiles, 'start.mjs');
  writeFileSync(file, code);
  const before = performance.now();
  execFileSync('node', [file]);
  return performance.now() - before;
}
const folderOfFiles = mkdtempSync(join(tmpdir(), 'netpol-bench-'));
const start = `import { version } from ${JSON.stringify(import.meta.resolve('netpol-wasm'))}; version();`;
const differences = Array.from({ length: 25 }, () => processOf(start) - processOf(''));
rmSync(folderOfFiles, { recursive: true });
rows.push(['start in Node', `${differences.sort((a, b) => a - b)[12]?.toFixed(1)} ms`]);

/** The best of some runs, in milliseconds. */
function best(/** @type {() => unknown} */ work, runs = 7) {
  let least = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const before = performance.now();
    work();
    least = Math.min(least, performance.now() - before);
  }
  return least;
}
const each = (/** @type {number} */ count, /** @type {(index: number) => unknown} */ work, runs = 7) =>
  `${Math.round((best(() => { for (let index = 0; index < count; index += 1) work(index); }, runs) / count) * 1e6)} ns`;

const COUNT = 100;
const pods = Array.from({ length: COUNT }, (_, number) => `apiVersion: v1
kind: Pod
metadata: { name: p${number}, namespace: shop, labels: { app: a${number} } }
`).join('---\n');
const policies = Array.from({ length: COUNT }, (_, number) => ({
  path: `${number}.yaml`,
  text: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p${number}, namespace: shop }
spec:
  podSelector: { matchLabels: { app: a${number} } }
  policyTypes: [Ingress, Egress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: a${(number + 1) % COUNT} } } }], ports: [{ port: 80 }] }]
  egress: [{ to: [{ podSelector: {} }], ports: [{ port: 80 }] }]
`,
}));
const sources = [{ path: 'pods.yaml', text: pods }, ...policies];
rows.push(['check of 100 policy files', `${best(() => { const one = new Engine({ sources }); one.check(); one.free(); }).toFixed(1)} ms`]);
const engine = new Engine({ sources });
const flows = Array.from({ length: 1000 }, (_, index) => ({ from: `shop/p${index % COUNT}`, to: `shop/p${(index * 7) % COUNT}`, port: 80 }));
const handles = Array.from({ length: COUNT }, (_, number) => engine.handle(`shop/p${number}`).handle ?? 0);
const size = 100_000;
const columns = {
  sources: Uint32Array.from({ length: size }, (_, index) => handles[index % COUNT] ?? 0),
  destinations: Uint32Array.from({ length: size }, (_, index) => handles[(index * 7) % COUNT] ?? 0),
  ports: new Uint16Array(size).fill(80),
  protocols: new Uint8Array(size),
};
rows.push(['evaluateMany, a verdict', `${((best(() => engine.evaluateMany(columns)) / size) * 1e6).toFixed(0)} ns`]);
rows.push(['verdict of an object', each(1000, (index) => engine.verdict(/** @type {any} */ (flows[index])), 100)]);
const texts = flows.map(({ from, to }) => `${from} -> ${to}:80`);
rows.push(['verdict of a text', each(1000, (index) => engine.verdict(texts[index] ?? ''), 100)]);
rows.push(['evaluate with explanation', each(1000, (index) => engine.evaluate(texts[index] ?? ''))]);

const [, , folder] = process.argv;
if (folder !== undefined) {
  const files = readdirSync(folder).map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
  rows.push(['reach of the cluster: read', `${best(() => new Engine({ sources: files }).verdict('x -> y:1'), 3).toFixed(0)} ms`]);
  const cluster = new Engine({ sources: files });
  cluster.endpoints();
  rows.push(['reach as text, csv', `${best(() => cluster.reachText({}, { format: 'csv' }), 3).toFixed(0)} ms`]);
  rows.push(['reach as objects', `${best(() => cluster.reach(), 3).toFixed(0)} ms`]);
  rows.push(['reachTable', `${best(() => cluster.reachTable(), 3).toFixed(0)} ms`]);
}
for (const [what, time] of rows) console.log(what.padEnd(30), time.padStart(12));
