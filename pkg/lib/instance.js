// The one instance of the module: starts it, calls it, and makes it anew after a trap. Everything else reaches the glue from here.
// @ts-check

import startGlue, * as glue from '../wasm/netpol.js';

/** @typedef {typeof glue} Glue */

/**
 * The module failed, and has been made anew: a fault of netpol's, or memory that ran out.
 */
export class InternalError extends Error {
  /**
   * @param {string | null} panic
   * @param {unknown} cause
   */
  constructor(panic, cause) {
    const what = panic?.split('\n')[0] ?? (cause instanceof Error ? cause.message : String(cause));
    super(`netpol failed inside and has been started anew: ${what}`, { cause });
    /** What the module said before it failed, or null. */
    this.panic = panic;
  }
}
InternalError.prototype.name = 'InternalError';

let isStarted = false;
let isBroken = false;
let number = 0;
/** @type {(() => BufferSource | WebAssembly.Module) | null} */
let findModule = null;
/** @type {((glue: Glue) => void)[]} */
const preparations = [];

/**
 * Says where the module is, for a start when it is first needed.
 *
 * @param {() => BufferSource | WebAssembly.Module} find
 */
export function startOnDemand(find) {
  findModule = find;
}

/**
 * Does something with each instance that comes after this one.
 *
 * @param {(glue: Glue) => void} prepare
 */
export function prepareEach(prepare) {
  preparations.push(prepare);
}

/**
 * Starts the module, unless that has been done.
 *
 * @param {BufferSource | WebAssembly.Module} [module]
 */
export function startSync(module) {
  if (isStarted) return;
  const found = module ?? findModule?.();
  if (found === undefined) throw new TypeError('netpol-wasm is not started: `await init()` first');
  glue.initSync({ module: /** @type {any} */ (found) });
  isStarted = true;
}

/**
 * Starts the module without blocking, unless that has been done.
 *
 * @param {unknown} source
 */
export async function startAsync(source) {
  if (isStarted) return;
  await startGlue({ module_or_path: /** @type {any} */ (source) });
  isStarted = true;
}

/** The number of the instance: what was made in another one is no more. Starts the module, or makes it anew, if need be. */
export function instance() {
  if (!isStarted) startSync();
  if (isBroken) reset();
  return number;
}

/**
 * Calls into the module. What it refuses is thrown as it is, and after anything else the instance is made anew.
 *
 * @template T
 * @param {(module: Glue) => T} work
 * @returns {T}
 */
export function call(work) {
  instance();
  try {
    return work(glue);
  } catch (error) {
    throw settle(error);
  }
}

/**
 * What to throw for what a call has thrown. A `TypeError` is the module's refusal; anything else has torn through its frames.
 *
 * @param {unknown} error
 */
export function settle(error) {
  if (error instanceof TypeError) return error;
  const panic = discard();
  return new InternalError(panic, error);
}

/** Gives the instance up, and gives what it said. */
export function discard() {
  const place = /** @type {{ netpolPanic?: unknown }} */ (globalThis);
  const panic = typeof place.netpolPanic === 'string' ? place.netpolPanic : null;
  delete place.netpolPanic;
  number += 1;
  isBroken = true;
  try {
    reset();
  } catch {
    // There may be no memory for it yet: the next call tries again.
  }
  return panic;
}

function reset() {
  try {
    glue.__wbg_reset_state();
    for (const prepare of preparations) prepare(glue);
  } catch (error) {
    throw new InternalError(null, error);
  }
  isBroken = false;
}
