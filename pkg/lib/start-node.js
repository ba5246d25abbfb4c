// Where Node finds the module: beside this file, read when it is first needed.
// @ts-check

import { readFileSync } from 'node:fs';
import { startOnDemand } from './instance.js';

startOnDemand(() => readFileSync(new URL('../wasm/netpol.wasm', import.meta.url)));
