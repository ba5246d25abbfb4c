// What runs in the worker: an engine, asked one thing at a time. It says when it is ready, and then answers.
// @ts-check

import { Engine, init } from './web.js';

/** @type {any} */
const port = globalThis;
/** @type {any} */
let engine = null;

/** @param {{ method: string, values: unknown[] }} request */
function answer({ method, values }) {
  if (method !== 'diff') return engine[method](...values);
  const [old, ...others] = values;
  const other = new Engine(/** @type {any} */ (old));
  try {
    return engine.diff(other, ...others);
  } finally {
    other.free();
  }
}

port.onmessage = async (/** @type {MessageEvent} */ { data }) => {
  const { id, start } = data;
  try {
    if (start !== undefined) {
      await init(start.wasm);
      engine = new Engine(start.engine);
    }
    port.postMessage({ id, value: start === undefined ? answer(data) : null });
  } catch (error) {
    const { name = 'Error', message = String(error), panic = null } = /** @type {any} */ (error);
    port.postMessage({ id, failure: { name, message, panic } });
  }
};
port.postMessage({ isReady: true });
