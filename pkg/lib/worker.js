// An engine in a worker of its own: questions one after the other, each of which can be called off.
// @ts-check

import { InternalError } from './instance.js';

export { InternalError };

const CHANGES = { setSource: true, removeSource: true, setOptions: true, setConfig: true };
const QUESTIONS = [
  'diagnostics', 'leftOut', 'check', 'fix', 'evaluate', 'verdict', 'handle', 'evaluateMany', 'reach', 'reachText', 'reachTable', 'diff',
  'endpoints', 'policies', 'hover', 'completions', 'lenses',
];

/** @typedef {{ method: string, values: unknown[], resolve: (value: any) => void, reject: (error: unknown) => void, stop: () => void }} Job */

export class EngineWorker {
  /** @type {Job[]} */
  #waiting = [];
  /** @type {Job | null} */
  #running = null;
  /** @type {Worker | null} */
  #worker = null;
  #isStarted = false;
  #id = 0;
  #start;
  #wasm;
  #state;

  /** @param {any} [init] */
  constructor({ worker, wasm, sources = [], options, config } = {}) {
    this.#start = worker ?? (() => new Worker(new URL('./worker-host.js', import.meta.url), { type: 'module' }));
    this.#wasm = wasm;
    this.#state = { sources: new Map(sources.map((/** @type {any} */ { path, text }) => [path, text])), options, config };
    this.#open();
  }

  /**
   * @param {string} method
   * @param {unknown[]} values
   * @param {{ signal?: AbortSignal }} [how]
   * @returns {Promise<any>}
   */
  ask(method, values = [], { signal } = {}) {
    if (!(method in CHANGES) && !QUESTIONS.includes(method)) return Promise.reject(new TypeError(`method: \`${method}\` is unknown`));
    return new Promise((resolve, reject) => {
      if (this.#worker === null) return reject(new TypeError('engine: it has been freed'));
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => this.#cancel(job, signal?.reason);
      /** @type {Job} */
      const job = { method, values, resolve, reject, stop: () => signal?.removeEventListener('abort', abort) };
      signal?.addEventListener('abort', abort);
      this.#waiting.push(job);
      this.#next();
    });
  }

  free() {
    this.#failAll(new TypeError('engine: it has been freed'));
  }

  #open() {
    this.#isStarted = false;
    const worker = this.#start();
    this.#worker = worker;
    const { sources, options, config } = this.#state;
    const engine = { sources: Array.from(sources, ([path, text]) => ({ path, text })), options, config };
    worker.onmessage = (/** @type {MessageEvent} */ { data }) => {
      if (data.isReady) worker.postMessage({ id: 0, start: { wasm: this.#wasm, engine } });
      else if (data.id === 0 && data.failure === undefined) {
        this.#isStarted = true;
        this.#next();
      } else if (data.id === 0) this.#failAll(errorOf(data.failure));
      else if (data.id === this.#id) this.#answer(data);
    };
    worker.onerror = (/** @type {ErrorEvent} */ event) => this.#failAll(new Error(`the worker failed: ${event.message}`));
  }

  #next() {
    if (!this.#isStarted || this.#running !== null) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running = job;
    this.#id += 1;
    try {
      this.#worker?.postMessage({ id: this.#id, method: job.method, values: job.values });
    } catch (error) {
      this.#answer({ failure: { name: 'TypeError', message: `values: ${error}` } });
    }
  }

  /** @param {any} data */
  #answer({ value, failure }) {
    const job = this.#running;
    this.#running = null;
    if (job !== null && failure === undefined) this.#remember(job, value);
    this.#end(job, (one) => (failure === undefined ? one.resolve(value) : one.reject(errorOf(failure))));
    this.#next();
  }

  /**
   * What a worker that is started anew has to be told.
   *
   * @param {Job} job
   * @param {unknown} value
   */
  #remember({ method, values: [first, second] }, value) {
    if (method === 'setSource') this.#state.sources.set(first, second);
    else if (method === 'removeSource') this.#state.sources.delete(first);
    else if (method === 'setOptions') this.#state.options = first;
    else if (method === 'setConfig' && value === null) this.#state.config = first;
  }

  /**
   * @param {Job} job
   * @param {unknown} reason
   */
  #cancel(job, reason) {
    if (this.#running === job) {
      this.#running = null;
      this.#worker?.terminate();
      this.#open();
    } else {
      this.#waiting = this.#waiting.filter((other) => other !== job);
    }
    this.#end(job, (one) => one.reject(reason));
  }

  /** @param {Error} error */
  #failAll(error) {
    const jobs = [this.#running, ...this.#waiting];
    this.#worker?.terminate();
    this.#worker = null;
    this.#running = null;
    this.#waiting = [];
    for (const job of jobs) this.#end(job, (one) => one.reject(error));
  }

  /**
   * @param {Job | null} job
   * @param {(job: Job) => void} finish
   */
  #end(job, finish) {
    if (job === null) return;
    job.stop();
    finish(job);
  }
}

/** @param {{ name: string, message: string, panic: string | null }} failure */
function errorOf({ name, message, panic }) {
  if (name === 'TypeError') return new TypeError(message);
  if (name === 'InternalError') return Object.assign(new InternalError(panic, null), { message });
  return new Error(message);
}
