// From paths to an engine.

import { isAbsolute, join } from 'node:path';
import { existsSync } from 'node:fs';
import { Engine } from 'netpol-wasm';
import { read, search } from './paths.js';

/** The configuration that is read if no other is named. */
export const CONFIG = 'netpol.yaml';

/** Parts of the input had to be left out, so that an answer could be wrong. */
export class LoadError extends Error {
  /**
   * @param {string} message
   * @param {{ path: string | null, line: number | null, message: string }[]} problems
   */
  constructor(message, problems = []) {
    const lines = problems.map(({ path, line, message }) => `  ${[path, line].filter(part => part != null).join(':')}: ${message}`);
    super([message, ...lines].join('\n'));
    this.name = 'LoadError';
    this.problems = problems;
  }
}

/**
 * @param {string | string[]} paths
 * @param {import('../types/index.js').LoadOptions} [options]
 */
export function load(paths, options = {}) {
  const { cwd = process.cwd(), lenient = false } = options;
  const { files, unreadable } = search(paths, { cwd });
  /** @type {import('../types/index.js').LoadProblem[]} */
  const problems = unreadable.map(({ path, reason }) => ({ path, line: null, message: `this file is left out: ${reason}` }));
  if (files.length === 0 && problems.length === 0) {
    throw new LoadError(`no .yaml, .yml or .json file in ${JSON.stringify(paths)} that is not ignored`);
  }
  const sources = files.flatMap(path => {
    const found = read(path, cwd);
    if ('text' in found) return [{ path, text: found.text }];
    problems.push({ path, line: null, message: `this file is left out: ${found.reason}` });
    return [];
  });
  const engine = new Engine({ sources, options: options.options });
  const mistake = configure(engine, options, cwd);
  if (mistake) throw new LoadError(mistake);
  if (!lenient) {
    for (const { place, message } of engine.leftOut()) {
      problems.push({ path: place?.path ?? null, line: place?.start.line ?? null, message });
    }
    if (problems.length > 0) throw new LoadError('parts of the input had to be left out, so that an answer could be wrong:', problems);
  }
  return engine;
}

/**
 * Reads the configuration.
 * @param {Engine} engine
 * @param {{ config?: string | false }} options
 * @param {string} cwd
 * @returns {string | undefined} what is wrong with it
 */
export function configure(engine, options, cwd) {
  if (options.config === false) return undefined;
  const name = options.config ?? CONFIG;
  const path = isAbsolute(name) ? name : join(cwd, name);
  if (options.config === undefined && !existsSync(path)) {
    engine.setConfig('');
    return undefined;
  }
  const found = read(name, cwd);
  if ('reason' in found) return `cannot read \`${name}\`: ${found.reason}`;
  const mistake = engine.setConfig(found.text);
  if (!mistake) return undefined;
  const place = mistake.line == null ? '' : `:${mistake.line}:${mistake.column}`;
  return `${name}${place}: ${mistake.message}`;
}
