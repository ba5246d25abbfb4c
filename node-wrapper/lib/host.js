// Node as the host of the commands: files, streams and the environment (`Host` of src/command/host.rs). Everything is synchronous,
// since WebAssembly cannot wait. What the system refuses is thrown as Node has it, with `code`.

import { appendFileSync, closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, writeFileSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { find } from './find.js';
import { worded } from './errors.js';

const STDIN = 0;
const CHUNK = 1 << 16;

/** Files whose names are no UTF-8, by what is shown of them. */
/** @typedef {Map<string, Buffer>} Names */

/**
 * The host of one command.
 * @param {string[]} words
 */
export function host(words) {
  const names = namesIn(words);
  /** @param {string} path */
  const real = path => names.get(path) ?? path;
  return {
    /** @type {(path: string, limit: number) => Uint8Array} */
    read: (path, limit) => worded(() => (path === '-' ? readAll(STDIN, limit) : readFile(real(path), limit))),
    /** @type {(path: string, text: string) => void} */
    write: (path, text) => worded(() => writeFileSync(real(path), text)),
    /** @type {(path: string, text: string) => void} */
    append: (path, text) => worded(() => appendFileSync(real(path), text)),
    /** @param {string} path */
    find: path => worded(() => find(path, names)),
    /** @param {string} path */
    realPath(path) {
      try {
        return realpathSync.native(real(path), 'latin1');
      } catch {
        return path;
      }
    },
    /** @param {string} name */
    variable: name => process.env[name] || undefined,
    screen,
    /** @param {Uint8Array} bytes */
    output: bytes => worded(() => write(1, bytes)),
    /** @param {string} text */
    report(text) {
      try {
        write(2, Buffer.from(text));
      } catch {
        // A closed one is no reason to stop.
      }
    },
    progress: progressLine(),
  };
}

/**
 * What a standard stream can show.
 * @param {boolean} isError
 */
export function screen(isError) {
  const stream = isError ? process.stderr : process.stdout;
  const isTerminal = isatty(isError ? 2 : 1);
  return { isTerminal, width: isTerminal ? stream.columns || undefined : undefined };
}

/** Shows how far long work is, on a terminal: after a second, ten times a second. */
function progressLine() {
  let next = performance.now() + 1000;
  let hasLine = false;
  /** @type {(what: string, done: number, total: number) => void} in bytes */
  return (what, done, total) => {
    const isAtEnd = done >= total;
    if (isAtEnd ? !hasLine : performance.now() < next || !isatty(2)) return;
    const percent = String(Math.floor((done * 100) / total)).padStart(3);
    write(2, Buffer.from(isAtEnd ? '\r\x1b[K' : `\r${what}: ${(total / 1e6).toFixed(1)} MB, ${percent}%`));
    hasLine = !isAtEnd;
    next = performance.now() + 100;
  };
}

/**
 * Words that are no UTF-8, which Node does not hand on as they are; Linux tells them.
 * @param {string[]} words
 * @returns {Names}
 */
function namesIn(words) {
  if (process.platform !== 'linux' || !words.some(word => word.includes('\u{fffd}'))) return new Map();
  const given = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
  const bytes = given.slice(given.length - words.length).map(word => Buffer.from(word, 'latin1'));
  return new Map(words.flatMap((word, index) => (bytes[index]?.toString() === word ? [[word, bytes[index]]] : [])));
}

/**
 * @param {string | Buffer} path
 * @param {number} limit
 */
function readFile(path, limit) {
  const fd = openSync(path, 'r');
  try {
    return readAll(fd, limit, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

/**
 * @param {number} fd
 * @param {number} limit
 * @param {number} expected how much there probably is
 */
function readAll(fd, limit, expected = 0) {
  let bytes = Buffer.allocUnsafe(Math.min(limit, Math.max(expected + 1, CHUNK)));
  let length = 0;
  while (length < limit) {
    if (length === bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(limit, bytes.length * 2));
      bytes.copy(larger);
      bytes = larger;
    }
    const count = readSome(fd, bytes, length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

/**
 * @param {number} fd
 * @param {Buffer} bytes
 * @param {number} start
 */
function readSome(fd, bytes, start) {
  for (;;) {
    try {
      return readSync(fd, bytes, start, bytes.length - start, null);
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      // Windows says so at the end of a pipe; a standard input that is closed has nothing in it.
      if (code === 'EOF' || (code === 'EBADF' && fd === STDIN)) return 0;
      if (code !== 'EAGAIN') throw error;
      pause();
    }
  }
}

/**
 * Writes all of it.
 * @param {number} fd
 * @param {Uint8Array} bytes
 */
export function write(fd, bytes) {
  for (let start = 0; start < bytes.length; ) {
    try {
      start += writeSync(fd, bytes, start);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
      pause();
    }
  }
}

/** The other end of a pipe that does not block is not ready. */
function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}
