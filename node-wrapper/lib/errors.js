// What the system says of files, in the words of the native program: for those errors for which the commands have no words of their own.

import { constants } from 'node:os';

/** As Linux words them; elsewhere Node's words stay. */
const WORDS = new Map([
  ['ELOOP', 'Too many levels of symbolic links'],
  ['ENAMETOOLONG', 'File name too long'],
  ['EINVAL', 'Invalid argument'],
  ['EIO', 'Input/output error'],
  ['EMFILE', 'Too many open files'],
  ['ENXIO', 'No such device or address'],
  ['ETXTBSY', 'Text file busy'],
  ['EBADF', 'Bad file descriptor'],
  ['EFBIG', 'File too large'],
  ['EDQUOT', 'Disk quota exceeded'],
]);

/**
 * @template T
 * @param {() => T} work
 * @returns {T}
 */
export function worded(work) {
  try {
    return work();
  } catch (error) {
    throw inWords(error);
  }
}

/** @param {unknown} error */
export function inWords(error) {
  const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error);
  const words = WORDS.get(code);
  const number = Object.entries(constants.errno).find(([name]) => name === code)?.[1];
  return words && process.platform === 'linux' ? Object.assign(new Error(`${words} (os error ${number})`), { code }) : error;
}
