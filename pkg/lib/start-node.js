// Where Node finds the module: beside this file's folder, read when it is first needed.
// @ts-check

import { startOnDemand } from './instance.js';

// To `import` a module of Node's takes as long as the rest of this package.
const { readFileSync } = process.getBuiltinModule('node:fs');

startOnDemand(() => readFileSync(new URL('../wasm/netpol.wasm', import.meta.url)));
