// The package `netpol`: the engine, with files, folders, changes and assertions around it.

import { search } from './paths.js';

export * from 'netpol-wasm';
export { expectFlow } from './expect.js';
export { LoadError, load } from './load.js';
export { watch } from './watch.js';

/**
 * @param {string | string[]} paths
 * @param {{ cwd?: string }} [options]
 */
export function find(paths, options) {
  return search(paths, options).files;
}
