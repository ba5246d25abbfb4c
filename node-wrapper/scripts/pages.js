// Makes pages.json of docs/diagnostics: the pages of the rules, by slug.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const folder = new URL('../../docs/diagnostics/', import.meta.url);
const names = readdirSync(folder).filter(name => name.endsWith('.md') && name !== 'README.md').sort();
const pages = names.map(name => [name.slice(0, -3), readFileSync(new URL(name, folder), 'utf8')]);
writeFileSync(new URL('../pages.json', import.meta.url), JSON.stringify(Object.fromEntries(pages)));
