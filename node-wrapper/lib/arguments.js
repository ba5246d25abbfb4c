// The command line: the module that reads its words, and whether what it says of them is coloured.

import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { initSync, readArguments as read } from '../wasm/arguments.js';

/**
 * A command as the module of commands takes it; only what is looked at here.
 * @typedef {{ command: { Rules?: { slug?: string | null }, Check?: { output: { format: string }[] } } }} Command
 */
/** @typedef {{ command: Command } | { text: { text: string, isError: boolean, status: number } }} Parsed */

/**
 * @param {string[]} words
 * @param {boolean} color
 * @param {number} [columns] of the terminal that a text goes to
 * @returns {Parsed}
 */
export function readArguments(words, color, columns) {
  initSync({ module: readFileSync(new URL('../wasm/arguments.wasm', import.meta.url)) });
  return JSON.parse(read(words, color, columns));
}

/**
 * Whether help and usage errors are coloured: as `--color` says, else as the environment and the terminal do.
 * @param {string[]} words
 * @param {number} fd
 */
export function isColored(words, fd) {
  const when = words.findLast((word, index) => words[index - 1] === '--color' || word.startsWith('--color='))?.replace(/^--color=/, '');
  if (when === 'always' || when === 'never') return when === 'always';
  const { NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM, CI } = process.env;
  if (NO_COLOR) return false;
  if (CLICOLOR_FORCE) return true;
  if (CLICOLOR === '0') return false;
  const isCapable = process.platform === 'win32' ? TERM !== 'dumb' : TERM !== undefined && TERM !== 'dumb';
  return isatty(fd) && (isCapable || CLICOLOR !== undefined || CI !== undefined);
}
