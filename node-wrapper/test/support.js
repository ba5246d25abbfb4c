// What the tests share: folders of their own, and both programs.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const workspace = fileURLToPath(new URL('../..', import.meta.url));
export const program = join(workspace, 'node-wrapper/bin/netpol.js');

/** The native program: NETPOL_NATIVE, or what `cargo build -p netpol-cli` makes. */
export const native = process.env.NETPOL_NATIVE ?? join(workspace, 'target/debug/netpol');

/** Why tests that compare with the native program are left out; never in CI. @type {string | false} */
export const skipNative = !existsSync(native) && process.env.CI !== 'true' && 'there is no native program: cargo build -p netpol-cli';

/**
 * A folder that is removed behind the test.
 * @param {import('node:test').TestContext} context
 * @param {Record<string, string | Buffer>} [files]
 */
export function folder(context, files = {}) {
  const path = mkdtempSync(join(tmpdir(), 'netpol-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) write(path, name, text);
  return path;
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {string | Buffer} text
 */
export function write(folder, name, text) {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/**
 * @param {string} command
 * @param {string[]} words
 * @param {Omit<import('node:child_process').SpawnSyncOptions, 'env'> & { env?: Record<string, string | undefined> }} [options]
 */
export function run(command, words, { env = {}, ...options } = {}) {
  const { NO_COLOR, GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, NODE_TEST_CONTEXT, NODE_OPTIONS, ...inherited } = process.env;
  const { status, stdout, stderr, error } = spawnSync(command, words, { ...options, env: { ...inherited, ...env }, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error) throw error;
  return { status, out: String(stdout), err: String(stderr) };
}

/**
 * @param {string[]} words
 * @param {Parameters<typeof run>[2]} [options]
 */
export const netpol = (words, options) => run(process.execPath, [program, ...words], { cwd: workspace, ...options });

export const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 5432 }] }]
`;

export const PODS = `apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { kubernetes.io/metadata.name: shop } }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
---
apiVersion: v1
kind: Pod
metadata: { name: other, namespace: shop, labels: { app: other } }
`;

export const FLAWED = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: no-egress, namespace: shop }
spec: { podSelector: {}, egress: [] }
`;
