// The entry for browsers and bundlers: `await init()` comes first.
// @ts-check

import { startAsync } from './instance.js';

export * from './common.js';

/**
 * Fetches and starts the module.
 *
 * @param {import('../types/index.d.ts').ModuleSource} [source]
 */
export async function init(source) {
  await startAsync(source ?? new URL('../wasm/netpol.wasm', import.meta.url));
}
