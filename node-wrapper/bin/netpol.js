#!/usr/bin/env node
// `netpol` on the command line.

import { main } from '../lib/main.js';

/** V8 complains aloud about a flag that it does not know: the last version of Node whose V8 is known to have this one. */
const LAST_NODE = 25;

// A command runs most of its code a few times only. V8 would compile it again all the same, and the process waits for that at its end:
// here a function has to be much busier first. Half of the time of a small `check`, and a twentieth more for a very large one.
if (Number.parseInt(process.versions.node, 10) <= LAST_NODE) {
  process.getBuiltinModule('node:v8').setFlagsFromString('--wasm-tiering-budget=300000000');
}
process.exitCode = await main(process.argv.slice(2));
