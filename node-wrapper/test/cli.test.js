// The command line beside the native one: what the golden tests of tests/cli, which run against both programs, do not reach.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { test } from 'node:test';
import { FLAWED, PODS, POLICY, folder, native, netpol, program, run, skipNative, workspace } from './support.js';

/** @param {string[]} words @param {Parameters<typeof run>[2]} [options] */
const both = (words, options) => {
  const expected = run(native, words, { cwd: workspace, ...options });
  assert.deepEqual(netpol(words, options), expected, words.join(' '));
  return expected;
};

test('commands, formats and mistakes are those of the native program', { skip: skipNative }, context => {
  const cwd = folder(context, { 'k8s/all.yaml': `${PODS}---\n${POLICY}---\n${FLAWED}`, 'bom.txt': '\u{feff}shop/web -> shop/db:5432\nnonsense\n', 'b.yaml': `\u{feff}${FLAWED}` });
  for (const command of ['', 'eval', 'reach', 'diff', 'check', 'rules']) both([...(command ? [command] : []), '--help']);
  for (const words of [['-V'], ['-h'], ['rulez'], ['reach'], ['--color=always'], ['check', '--color', 'always', '--nope'], ['rules'], ['rules', 'open-egress'], ['rules', 'nope']]) both(words);
  for (const format of ['table', 'list', 'matrix', 'json', 'csv', 'md', 'dot', 'xml']) both(['reach', 'examples/shop', '-o', format]);
  for (const format of ['pretty', 'compact', 'json', 'sarif', 'junit', 'github', 'gitlab', 'md']) both(['check', 'k8s', 'b.yaml', '-o', format, '--color=always'], { cwd });
  for (const format of ['text', 'json', 'md']) both(['diff', 'examples/change/before.yaml', 'examples/change/after.yaml', '-o', format]);
  both(['eval', 'k8s', '--lenient', '--flows', 'bom.txt'], { cwd });
  both(['check', 'k8s', '--diff'], { cwd });
  assert.equal(both(['check', 'nowhere/x.yaml'], { cwd }).status, 2);
  assert.equal(both(['eval', 'k8s', '--lenient', '--from', 'shop/web', '--to', 'shop/db', '--port', '5432'], { cwd }).status, 0);
});

test('colours and help on request of the environment', { skip: skipNative }, () => {
  for (const env of [{ CLICOLOR_FORCE: '1' }, { CLICOLOR_FORCE: '0' }, { NO_COLOR: '1', CLICOLOR_FORCE: '1' }, { CLICOLOR: '1' }, { TERM: 'dumb' }]) {
    both(['--help'], { env });
    both(['reach', '--nope'], { env });
  }
});

test('standard input may be slow, not blocking, closed or endless', { skip: skipNative, timeout: 60_000 }, async () => {
  both(['reach', '-'], { input: PODS + '---\n' + POLICY });
  both(['reach', '-'], { input: '' });
  both(['reach', '-'], { stdio: ['ignore', 'pipe', 'pipe'] });
  // Some programs hand on a pipe that does not block, as this one does.
  const unblock = 'import os, sys; os.set_blocking(0, False); os.execvp(sys.argv[1], sys.argv[1:])';
  const words = [process.execPath, program, 'reach', '-', '-o', 'list'];
  const hasPython = process.platform !== 'win32' && run('bash', ['-c', 'command -v python3']).status === 0;
  const [command, ...rest] = hasPython ? ['python3', '-c', unblock, ...words] : words;
  const child = spawn(command, rest, { cwd: workspace });
  /** @type {Buffer[]} */
  const chunks = [];
  child.stdout.on('data', chunk => chunks.push(chunk));
  for (const line of (PODS + '---\n' + POLICY).split(/(?<=\n)/)) {
    await new Promise(resolve => setTimeout(resolve, 40));
    child.stdin.write(line);
  }
  child.stdin.end();
  const status = await new Promise(resolve => child.on('close', resolve));
  assert.deepEqual([status, Buffer.concat(chunks).toString()], [0, run(native, ['reach', '-', '-o', 'list'], { input: PODS + '---\n' + POLICY }).out]);
});

test('a reader that goes away is a quiet end, and a full disk a loud one', { skip: process.platform !== 'linux' && 'needs a shell and /dev/full' }, () => {
  const command = `"${process.execPath}" "${program}" reach examples/shop -o json; echo "status $?" >&2`;
  const gone = run('bash', ['-c', `(${command}) | head -c 10`], { cwd: workspace });
  assert.deepEqual([gone.out.length, gone.err], [10, 'status 0\n']);
  const full = netpol(['reach', 'examples/shop'], { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] });
  assert.deepEqual([full.status, full.err], [2, 'error: cannot write the answer: no space is left\n']);
});

test('on a terminal the answer has its colours and its width', { skip: skipNative }, context => {
  if (!process.env.CI && run('bash', ['-c', 'command -v script']).status !== 0) return context.skip('there is no `script` to make a terminal with');
  const env = { TERM: 'xterm' };
  const seen = (/** @type {string} */ command) => run('script', ['-qec', `stty cols 110 rows 20; ${command}`, '/dev/null'], { cwd: workspace, env, input: '' });
  for (const words of ['reach examples/shop', 'check examples/mistakes', '--help', 'reach --nope', 'eval examples/shop --from shop-backend/cart --to shop-data/redis']) {
    const expected = seen(`"${native}" ${words}`);
    assert.deepEqual(seen(`"${process.execPath}" "${program}" ${words}`), expected, words);
  }
});
