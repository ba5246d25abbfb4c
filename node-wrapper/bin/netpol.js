#!/usr/bin/env node
// `netpol` on the command line.

import { main } from '../lib/main.js';

process.exitCode = await main(process.argv.slice(2));
