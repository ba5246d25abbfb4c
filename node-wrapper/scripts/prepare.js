// Makes what is in the package and not in the repository: pages.json of docs/diagnostics (the pages of the rules, by slug), the licences,
// and the types of the module's glue.

import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const here = new URL('../', import.meta.url);

const folder = new URL('docs/diagnostics/', root);
const names = readdirSync(folder).filter(name => name.endsWith('.md') && name !== 'README.md').sort();
const pages = names.map(name => [name.slice(0, -3), readFileSync(new URL(name, folder), 'utf8')]);
writeFileSync(new URL('pages.json', here), JSON.stringify(Object.fromEntries(pages)));

for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(new URL(licence, root), new URL(licence, here));

writeFileSync(
  new URL('wasm/arguments.d.ts', here),
  'export function initSync(module: { module: Uint8Array }): unknown;\nexport function readArguments(words: string[], color: boolean, columns?: number): string;\n',
);
