// Reads the conformance cases of the repository, and the files that they name.
// @ts-check

import { readdirSync, readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';

const ROOT = new URL('../../../', import.meta.url);

export function readCases() {
  const files = readdirSync(new URL('tests/cases/', ROOT), { recursive: true, encoding: 'utf8' });
  const read = (/** @type {string} */ path) => readFileSync(new URL(path, ROOT), 'utf8');
  const cases = files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => `tests/cases/${file.replaceAll('\\', '/')}`)
    .sort()
    .flatMap((file) => loadAll(read(file)).filter(Boolean).map((written) => ({ file, written: /** @type {any} */ (written) })));
  /** @type {Record<string, string>} */
  const texts = {};
  for (const { written } of cases) {
    const fixture = written.cluster ? [`tests/fixtures/${written.cluster}.yaml`] : [];
    for (const path of [...fixture, ...(written.files ?? [])]) texts[path] ??= read(path);
  }
  return { cases, texts };
}
