// Every conformance case gets its verdicts, deciders, diagnostics and reachability through the package.
// @ts-check

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as netpol from 'netpol-wasm';
import { readCases } from './support/cases.js';
import { runCases } from './support/conformance.js';

test('every case gets what it expects', () => {
  const input = readCases();
  const { cases, questions, failures } = runCases(netpol, input);
  assert.deepEqual(failures, []);
  assert.ok(cases > 100 && questions > 1000, `${cases} cases, ${questions} questions`);
});

test('a case that expects otherwise fails', () => {
  const [first] = readCases().cases.filter(({ written }) => written.flows !== undefined);
  assert.ok(first);
  const { file, written } = structuredClone(first);
  written.flows[0].verdict = written.flows[0].verdict === 'allow' ? 'deny' : 'allow';
  assert.ok(runCases(netpol, { cases: [{ file, written }], texts: readCases().texts }).failures.length >= 2);
});
