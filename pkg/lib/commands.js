// The commands of `netpol`, for programs that give them files and streams. For the package `netpol`: this part may change at any time.
// @ts-check

import './start-node.js';
import { call, discard, instance, prepareEach, InternalError } from './instance.js';
import * as glue from '../wasm/netpol.js';

/** @type {string | null} */
let given = null;
prepareEach((module) => {
  if (given !== null) module.givePages(given);
});

/**
 * Runs a command, as JSON, over a host, and gives its exit status. What the host throws where it may not is thrown as it is.
 *
 * @param {string} json
 * @param {object} host
 * @returns {number}
 */
export function command(json, host) {
  instance();
  try {
    return glue.command(json, /** @type {any} */ (host));
  } catch (error) {
    const panic = discard();
    throw error instanceof WebAssembly.RuntimeError || panic !== null ? new InternalError(panic, error) : error;
  }
}

/**
 * Gives the pages of the rules, as JSON by slug.
 *
 * @param {string} pages
 */
export function givePages(pages) {
  call((module) => module.givePages(pages));
  given = pages;
}
