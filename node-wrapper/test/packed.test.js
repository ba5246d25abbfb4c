// The packed tarballs of both packages in an empty folder: npx, the test runners, the action's step, and the hook of pre-commit.

import assert from 'node:assert/strict';
import { appendFileSync, cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, after, test } from 'node:test';
import { parse } from 'yaml';
import { FLAWED, PODS, POLICY, folder, native, run, skipNative, workspace, write } from './support.js';

const shop = join(workspace, 'examples/shop');
const npm = (/** @type {string[]} */ words, /** @type {string} */ cwd) => {
  const done = run('npm', words, { cwd, shell: process.platform === 'win32' });
  assert.equal(done.status, 0, done.err);
  return done.out;
};

/** The folder that both are installed in. */
let home = '';
/** What is in the tarball of this package. @type {string[]} */
let files = [];
/** @type {(() => void)[]} */
const cleanups = [];

before(() => {
  home = folder(/** @type {any} */ ({ after: (/** @type {() => void} */ cleanup) => cleanups.push(cleanup) }), { 'package.json': '{ "private": true, "type": "module" }' });
  const [engine] = JSON.parse(npm(['pack', '--json', '--pack-destination', home], join(workspace, 'pkg')));
  const [wrapper] = JSON.parse(npm(['pack', '--json', '--pack-destination', home], join(workspace, 'node-wrapper')).replace(/^[^[]*/, ''));
  files = wrapper.files.map((/** @type {{ path: string }} */ file) => file.path).sort();
  npm(['install', '--no-audit', '--no-fund', '--offline', `./${engine.filename}`, `./${wrapper.filename}`], home);
});

after(() => cleanups.forEach(cleanup => cleanup()));

test('the tarball has what is needed and nothing else', () => {
  const lib = readdirSync(join(workspace, 'node-wrapper/lib')).map(name => `lib/${name}`);
  const expected = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'bin/netpol.js', ...lib, 'package.json', 'pages.json', 'types/index.d.ts', 'wasm/arguments.js', 'wasm/arguments.wasm'];
  assert.deepEqual(files, expected.sort());
});

test('npx netpol prints what the native program prints', { skip: skipNative }, () => {
  for (const words of [['reach', shop], ['rules', 'open-egress'], ['check', shop, '-o', 'sarif']]) {
    const { status, out } = run('npx', ['netpol', ...words], { cwd: home });
    const expected = run(native, words, { cwd: home });
    assert.deepEqual([status, out], [expected.status, expected.out]);
  }
});

/** @param {string} out */
function showsWhy(out) {
  assert.match(out, /expected shop-backend\/cart -> shop-data\/postgres:5432 to be allowed, but it is denied/);
  assert.match(out, /shop-data\/default-deny selects all pods/);
  assert.match(out, /shop-backend\/card.*did you mean/s);
}

test('the assertions work in node:test', () => {
  cpSync(join(workspace, 'node-wrapper/test/runners/flows.js'), join(home, 'flows.js'));
  write(home, 'node.test.mjs', `import { test } from 'node:test'; import * as netpol from 'netpol'; import { flows } from './flows.js'; flows(test, netpol, ${JSON.stringify(shop)});\n`);
  const { status, out } = run(process.execPath, ['--test', 'node.test.mjs'], { cwd: home });
  assert.equal(status, 1);
  assert.match(out, /# pass 1\n# fail 2/);
  showsWhy(out);
});

for (const runner of ['vitest', 'jest']) {
  test(`the assertions work in ${runner}`, context => {
    const cwd = folder(context, { 'package.json': '{ "private": true, "type": "module" }' });
    cpSync(join(home, 'node_modules/netpol'), join(cwd, 'node_modules/netpol'), { recursive: true });
    cpSync(join(home, 'node_modules/netpol-wasm'), join(cwd, 'node_modules/netpol-wasm'), { recursive: true });
    cpSync(join(workspace, 'node-wrapper/test/runners/flows.js'), join(cwd, 'flows.js'));
    const imports = runner === 'vitest' ? "import { test } from 'vitest';" : '';
    write(cwd, 'shop.test.js', `${imports} import * as netpol from 'netpol'; import { flows } from './flows.js'; flows(test, netpol, ${JSON.stringify(shop)});\n`);
    const tools = join(workspace, 'node-wrapper/node_modules');
    const words = runner === 'vitest' ? [join(tools, 'vitest/vitest.mjs'), 'run', '--root', cwd] : ['--experimental-vm-modules', join(tools, 'jest/bin/jest.js'), '--rootDir', cwd];
    if (runner === 'vitest') write(cwd, 'vitest.config.js', `export default { resolve: { alias: { vitest: ${JSON.stringify(join(tools, 'vitest/dist/index.js'))} } } };\n`);
    else write(cwd, 'jest.config.json', '{ "transform": {} }');
    const { status, out, err } = run(process.execPath, words, { cwd, env: { CI: 'true' } });
    assert.equal(status, 1, out + err);
    assert.match(out + err, /2 failed.*1 passed/s);
    showsWhy(out + err);
  });
}

test('the step of the action annotates and summarises, and fails as it is told to', { skip: process.platform === 'win32' && 'needs bash' }, () => {
  const action = parse(readFileSync(join(workspace, 'action.yml'), 'utf8'));
  const [step] = action.runs.steps;
  const { version } = JSON.parse(readFileSync(join(workspace, 'node-wrapper/package.json'), 'utf8'));
  assert.equal(action.inputs.version.default, version);
  write(home, 'k8s/all files/policy.yaml', FLAWED);
  write(home, 'more/pods.yaml', PODS);
  /** @param {Record<string, string>} inputs */
  const check = inputs => {
    const env = Object.fromEntries(Object.entries(step.env).map(([name, value]) => {
      const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(String(value))?.[1] ?? '';
      return [name, inputs[input] ?? action.inputs[input].default];
    }));
    writeFileSync(join(home, 'summary.md'), 'before\n');
    return run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], { cwd: home, env: { ...env, GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(home, 'summary.md') } });
  };
  const failed = check({ paths: 'k8s/all files\nmore\n' });
  assert.equal(failed.status, 1, failed.err);
  assert.match(failed.out, /^::group::annotations\n::error title=open-egress,file=k8s\/all files\/policy\.yaml,line=4,/);
  assert.match(readFileSync(join(home, 'summary.md'), 'utf8'), /^before\n[^]*\| `k8s\/all files\/policy\.yaml:4` \|/);
  assert.equal(check({ paths: 'k8s', 'fail-on': 'never', args: '--output=sarif=out.sarif\n' }).status, 0);
  assert.equal(JSON.parse(readFileSync(join(home, 'out.sarif'), 'utf8')).version, '2.1.0');
  assert.equal(check({ paths: '$(touch stolen)' }).status, 2);
  assert.ok(!readdirSync(home).includes('stolen'));
});

test('pre-commit runs the hook', context => {
  const hook = parse(readFileSync(join(workspace, '.pre-commit-hooks.yaml'), 'utf8'))[0];
  const { version } = JSON.parse(readFileSync(join(workspace, 'node-wrapper/package.json'), 'utf8'));
  assert.equal(hook.entry, `npx --yes netpol@${version} check`);
  write(home, 'policies/policy.yaml', FLAWED);
  const direct = run('bash', ['-c', `${hook.entry} policies`], { cwd: home });
  assert.deepEqual([direct.status, /open-egress/.test(direct.out)], [1, true], direct.err);
  if (!process.env.CI && run('bash', ['-c', 'command -v pre-commit && command -v git']).status !== 0) return context.skip('there is no pre-commit');
  // A repository that has the hook, and one that uses it.
  const hooks = folder(context, { '.pre-commit-hooks.yaml': readFileSync(join(workspace, '.pre-commit-hooks.yaml')) });
  const git = (/** @type {string} */ cwd, /** @type {string[]} */ ...words) => {
    const done = run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], { cwd });
    assert.equal(done.status, 0, done.err);
    return done.out.trim();
  };
  for (const cwd of [hooks, home]) git(cwd, 'init', '-q');
  git(hooks, 'add', '.');
  git(hooks, 'commit', '-qm', 'hooks');
  appendFileSync(join(home, '.gitignore'), 'node_modules\n*.tgz\n/k8s\n');
  write(home, '.pre-commit-config.yaml', `repos: [{ repo: "${hooks}", rev: ${git(hooks, 'rev-parse', 'HEAD')}, hooks: [{ id: netpol, args: [policies] }] }]\n`);
  git(home, 'add', '.gitignore', '.pre-commit-config.yaml', 'policies');
  const env = { PRE_COMMIT_HOME: join(home, 'node_modules/.pre-commit') };
  const failed = run('pre-commit', ['run', '--all-files'], { cwd: home, env });
  assert.equal(failed.status, 1, failed.out + failed.err);
  assert.match(failed.out, /netpol check\.+Failed[^]*open-egress/);
  write(home, 'policies/policy.yaml', PODS);
  git(home, 'add', 'policies');
  const passed = run('pre-commit', ['run', '--all-files'], { cwd: home, env });
  assert.deepEqual([passed.status, /netpol check\.+Passed/.test(passed.out)], [0, true], passed.out);
});

test('what README.md shows works', context => {
  const readme = readFileSync(join(workspace, 'node-wrapper/README.md'), 'utf8');
  const blocks = (/** @type {string} */ language) => [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, text]) => text);
  const cwd = folder(context, { 'package.json': '{ "type": "module" }', 'k8s/all.yaml': `${PODS}---\n${POLICY}`, 'more.yaml': PODS, 'netpol.yaml': 'rules: {}\n' });
  for (const name of ['netpol', 'netpol-wasm', '.bin', '.package-lock.json']) cpSync(join(home, 'node_modules', name), join(cwd, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
  const outputs = blocks('js').map((text, index) => {
    write(cwd, `example${index}.js`, text);
    const { status, out, err } = run(process.execPath, [`example${index}.js`], { cwd });
    assert.equal(status, 0, out + err);
    return out;
  });
  assert.match(outputs[1], /\[ 'k8s\/all\.yaml' \]\nallow/);
  assert.match(outputs[2], /^k8s\/all\.yaml \d+\n$/);
  const commands = blocks('console').flatMap(text => [...text.matchAll(/^\$ npx (.*)$/gm)].map(([, words]) => words.split(' ')));
  assert.equal(commands.length, 3);
  for (const words of commands) assert.equal(run('npx', words, { cwd }).status, 0, words.join(' '));
  const [workflow, precommit] = blocks('yaml').map(text => parse(text));
  const action = parse(readFileSync(join(workspace, 'action.yml'), 'utf8'));
  assert.ok(Object.keys(workflow.steps[1].with).every(input => input in action.inputs));
  assert.equal(precommit.repos[0].hooks[0].id, parse(readFileSync(join(workspace, '.pre-commit-hooks.yaml'), 'utf8'))[0].id);
});

test('publint and attw find nothing wrong', () => {
  const tools = join(workspace, 'node-wrapper/node_modules/.bin');
  const tarball = readdirSync(home).find(name => /^netpol-\d.*\.tgz$/.test(name)) ?? '';
  for (const words of [['publint', tarball, '--strict'], ['attw', tarball, '--profile', 'esm-only']]) {
    const { status, out, err } = run(join(tools, words[0]), words.slice(1), { cwd: home, shell: process.platform === 'win32' });
    assert.equal(status, 0, out + err);
  }
});
