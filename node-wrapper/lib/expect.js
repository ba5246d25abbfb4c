// Assertions about flows, for any test runner: what fails throws an error that says why the flow is what it is.

import { AssertionError } from 'node:assert';

/** @typedef {import('../types/index.js').ExpectedFlow} Flow */

/**
 * @param {import('netpol-wasm').Engine} engine
 * @param {Flow | string} [flow]
 */
export function expectFlow(engine, flow = {}) {
  if (typeof engine?.evaluate !== 'function') throw new TypeError('engine: give an Engine');
  return new Expectation(engine, flow);
}

class Expectation {
  #engine;
  #flow;

  /**
   * @param {import('netpol-wasm').Engine} engine
   * @param {Flow | string} flow
   */
  constructor(engine, flow) {
    this.#engine = engine;
    this.#flow = flow;
  }

  /** @param {string} from */
  from(from) {
    return this.#with({ from });
  }

  /** @param {string} to */
  to(to) {
    return this.#with({ to });
  }

  /**
   * @param {number | string} port
   * @param {string} [protocol]
   */
  on(port, protocol) {
    const [, number, behind] = /^(.*)\/([^/]*)$/.exec(String(port)) ?? [undefined, port, undefined];
    const asked = protocol ?? behind;
    return this.#with(asked === undefined ? { port: number } : { port: number, protocol: asked });
  }

  /** @param {'ipv4' | 'ipv6'} family */
  over(family) {
    return this.#with({ family });
  }

  toBeAllowed() {
    this.#expect('allow', this.toBeAllowed);
  }

  toBeDenied() {
    this.#expect('deny', this.toBeDenied);
  }

  /** @param {Partial<Flow>} part */
  #with(part) {
    if (typeof this.#flow === 'string') throw new TypeError('flow: it is a text already, which says everything');
    return new Expectation(this.#engine, { ...this.#flow, ...part });
  }

  /**
   * @param {'allow' | 'deny'} expected
   * @param {Function} caller
   */
  #expect(expected, caller) {
    const flow = this.#flow;
    if (typeof flow !== 'string' && (!flow.from || !flow.to)) throw new TypeError('flow: say .from(…) and .to(…)');
    const answer = this.#engine.evaluate(/** @type {any} */ (flow));
    if ('error' in answer) throw new Error(`${answer.flow}: ${answer.error}`);
    /** @type {'allow' | 'deny' | 'mixed'} */
    const verdict = answer.verdict;
    if (verdict === expected) return;
    const why = this.#engine.evaluate(/** @type {any} */ (flow), { format: 'text' });
    const is = { allow: 'is allowed', deny: 'is denied', mixed: 'is allowed for some and denied for others' }[verdict];
    throw new AssertionError({
      message: `expected ${answer.flow} to be ${WORDS[expected]}, but it ${is}\n\n${String(why).trimEnd()}`,
      actual: WORDS[verdict],
      expected: WORDS[expected],
      operator: expected === 'allow' ? 'toBeAllowed' : 'toBeDenied',
      stackStartFn: caller,
    });
  }
}

const WORDS = { allow: 'allowed', deny: 'denied', mixed: 'mixed' };
