// Flows, queries, options and looks, as the module reads them.
// @ts-check

import { count, fields, flag, name, oneOf, port, several, text } from './arguments.js';

/** @typedef {Record<string, unknown>} Fields */

const FAMILIES = /** @type {const} */ (['ipv4', 'ipv6']);
const ENFORCEMENT = ['police', 'allow'];

/** The options of the engine, by their names in JavaScript, with the values that they have. */
const OPTIONS = Object.entries({
  ipBlocks: ['any', 'external'],
  hostNetwork: ['node', 'pod'],
  ownNodeEgress: ENFORCEMENT,
  serviceHairpin: ENFORCEMENT,
  cidrs: ['strict', 'legacy'],
});

/** @param {unknown} value */
export function options(value) {
  const given = fields('options', value, OPTIONS.map(([key]) => key));
  /** @type {Fields} */
  const read = {};
  for (const [key, values] of OPTIONS) {
    if (given[key] === undefined) continue;
    read[key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)] = oneOf(`options.${key}`, given[key], values);
  }
  return read;
}

/**
 * @param {unknown} value
 * @returns {string | Fields}
 */
export function flow(value) {
  if (typeof value === 'string') return text('flow', value);
  if (value === undefined) throw new TypeError('flow: expected a string or an object, got undefined');
  const given = fields('flow', value, ['from', 'to', 'port', 'protocol', 'family']);
  /** @type {Fields} */
  const read = { from: text('flow.from', given.from), to: text('flow.to', given.to) };
  if (given.port !== undefined) read.port = port('flow.port', given.port);
  if (given.protocol !== undefined) read.protocol = text('flow.protocol', given.protocol);
  if (given.family !== undefined) read.family = oneOf('flow.family', given.family, FAMILIES);
  return read;
}

/** @param {unknown} value */
export function query(value) {
  const lists = { from: text, to: text, namespace: text, port, protocol: text };
  const given = fields('query', value, [...Object.keys(lists), 'family', 'includeSelf', 'includeNodes']);
  /** @type {Fields} */
  const read = {};
  for (const [key, check] of Object.entries(lists)) {
    if (given[key] !== undefined) read[key] = several(`query.${key}`, given[key], check);
  }
  if (given.family !== undefined) read.family = oneOf('query.family', given.family, FAMILIES);
  for (const key of ['includeSelf', 'includeNodes']) {
    if (given[key] !== undefined) read[key] = flag(`query.${key}`, given[key]);
  }
  return read;
}

/**
 * A format, how it is to look, and what else is said beside them.
 *
 * @template {string} T
 * @param {unknown} value
 * @param {readonly [T, ...T[]]} formats The first is meant when none is given.
 * @param {readonly string[]} [others]
 */
export function form(value, formats, others = []) {
  const given = fields('form', value, ['format', 'style', ...others]);
  const style = fields('form.style', given.style, ['color', 'glyphs', 'width']);
  /** @type {Fields} */
  const look = {};
  for (const key of ['color', 'glyphs']) {
    if (style[key] !== undefined) look[key] = flag(`form.style.${key}`, style[key]);
  }
  if (style.width !== undefined) look.width = count('form.style.width', style.width, 65535);
  const format = given.format === undefined ? formats[0] : oneOf('form.format', given.format, formats);
  return { format, look, given };
}

/**
 * @param {unknown} value
 * @returns {[path: string, text: string][]}
 */
export function sources(value) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError('sources: expected an array of { path, text }');
  return value.map((source, index) => {
    const given = fields(`sources[${index}]`, source ?? null, ['path', 'text']);
    return [name(`sources[${index}].path`, given.path), text(`sources[${index}].text`, given.text)];
  });
}

/**
 * @param {unknown} value
 */
export function position(value) {
  const { line, character } = fields('position', value, ['line', 'character']);
  return { line: count('position.line', line, 0xffff_ffff), character: count('position.character', character, 0xffff_ffff) };
}
