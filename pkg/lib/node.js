// The entry for Node: the module starts by itself, without waiting, when it is first needed.
// @ts-check

import './start-node.js';
import { startAsync, startSync } from './instance.js';

export * from './common.js';

/**
 * Starts the module now, from its own file if no other source is given.
 *
 * @param {import('../types/index.d.ts').ModuleSource} [source]
 */
export async function init(source) {
  if (source === undefined) startSync();
  else await startAsync(source);
}
