// What `netpol` on the command line does: words in, an answer on the streams, a status out. Everything that is decided is decided by
// the same code as in the native program, which is in the modules; here are only the module for the words and the one for the command.

import { readFileSync } from 'node:fs';
import { isColored, readArguments } from './arguments.js';
import { host, screen, write } from './host.js';

/**
 * @param {string[]} words behind the program's name
 * @returns {Promise<number>} the exit status
 */
export async function main(words) {
  const plain = readArguments(words, false);
  if ('text' in plain) {
    const { isError, status } = plain.text;
    const fd = isError ? 2 : 1;
    const parsed = readArguments(words, isColored(words, fd), screen(isError).width);
    if ('text' in parsed) writeQuietly(fd, parsed.text.text);
    return status;
  }
  try {
    const { command, givePages } = await import('netpol-wasm/commands');
    if (needsPages(plain.command)) givePages(readFileSync(new URL('../pages.json', import.meta.url), 'utf8'));
    return command(JSON.stringify(plain.command), host(words));
  } catch (error) {
    writeQuietly(2, `error: internal error: ${reason(error)}\n`);
    return 2;
  }
}

/**
 * Only these commands show pages.
 * @param {import('./arguments.js').Command} parsed
 */
function needsPages({ command }) {
  if (command.Rules) return command.Rules.slug != null;
  return command.Check?.output.some(output => output.format === 'Sarif') ?? false;
}

/** @param {unknown} error */
function reason(error) {
  if (error instanceof RangeError) return 'the input is too large or too deep for WebAssembly';
  return error instanceof Error ? error.message : String(error);
}

/**
 * A reader that has gone is no reason to fail.
 * @param {number} fd
 * @param {string} text
 */
function writeQuietly(fd, text) {
  try {
    write(fd, Buffer.from(text));
  } catch {
    // There is nobody to tell.
  }
}
