// The rules of one .gitignore, or of .git/info/exclude.

import { readFileSync } from 'node:fs';
import { compile } from './glob.js';

/** @typedef {{ pattern: RegExp, isFolder: boolean, isKept: boolean }} Rule */
/** @typedef {'ignored' | 'kept' | undefined} Match */

/**
 * The rules in a file, none if it cannot be read.
 * @param {string | Buffer} file
 * @returns {Rule[]}
 */
export function rules(file) {
  let bytes;
  try {
    bytes = readFileSync(file);
  } catch {
    return [];
  }
  return lines(bytes).flatMap(line => rule(line) ?? []);
}

/**
 * What the rules say about a path: the last that matches wins.
 * @param {Rule[]} rules
 * @param {string} path from the rules' folder, a byte in each character
 * @param {boolean} isFolder
 * @returns {Match}
 */
export function match(rules, path, isFolder) {
  const rule = rules.findLast(rule => (isFolder || !rule.isFolder) && rule.pattern.test(path));
  return rule && (rule.isKept ? 'kept' : 'ignored');
}

/**
 * As far as they are text.
 * @param {Buffer} bytes
 */
function lines(bytes) {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const texts = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(10, start);
    const end = found === -1 ? bytes.length : found;
    try {
      texts.push(decoder.decode(bytes.subarray(start, end)).replace(/\r$/, ''));
    } catch {
      break;
    }
    start = end + 1;
  }
  if (texts.length > 0) texts[0] = texts[0].replace(/^\u{feff}+/u, '');
  return texts;
}

/**
 * @param {string} text
 * @returns {Rule | undefined}
 */
function rule(text) {
  if (text.startsWith('#')) return undefined;
  let line = text.endsWith('\\ ') ? text : text.replace(/\p{White_Space}+$/u, '');
  if (line === '') return undefined;
  const isEscaped = line.startsWith('\\!') || line.startsWith('\\#');
  const isKept = line.startsWith('!');
  if (isEscaped || isKept) line = line.slice(1);
  const isAnchored = !isEscaped && line.startsWith('/');
  if (isAnchored) line = line.slice(1);
  const isFolder = line.endsWith('/');
  if (isFolder) line = line.slice(0, -1).replace(/\\$/, '');
  if (!isAnchored && !line.includes('/') && line !== '**') line = `**/${line}`;
  if (line.endsWith('/**')) line += '/*';
  const pattern = compile(line);
  return pattern && { pattern, isFolder, isKept };
}
