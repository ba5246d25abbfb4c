// What both entries export.
// @ts-check

import { call, InternalError, startSync } from './instance.js';

export { Engine } from './engine.js';
export { InternalError };

/**
 * Starts the module from bytes that are here, or that have been compiled.
 *
 * @param {BufferSource | WebAssembly.Module} module
 */
export function initSync(module) {
  startSync(module);
}

/** The version of netpol. */
export function version() {
  return call((module) => module.version());
}

/** Every rule of `check`. */
export function rules() {
  return JSON.parse(call((module) => module.rules()));
}
