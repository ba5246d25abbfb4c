// Which files folders, files and patterns mean, and what is in them.

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { find, isManifest } from './find.js';
import { compile } from './glob.js';

/** More than the engine reads of one file. */
const LIMIT = 256 << 20;

/**
 * The manifests behind folders, files and patterns, sorted, each once.
 * @param {string | string[]} paths
 * @param {{ cwd?: string }} [options]
 * @returns {{ files: string[], folders: string[], unreadable: { path: string, reason: string }[] }}
 */
export function search(paths, { cwd = process.cwd() } = {}) {
  /** @type {Set<string>} */
  const files = new Set();
  /** @type {Set<string>} */
  const folders = new Set();
  /** @type {{ path: string, reason: string }[]} */
  const unreadable = [];
  for (const asked of texts(paths)) {
    const { start, accepts } = within(asked, cwd);
    const from = isAbsolute(start) ? start : join(cwd, start);
    const prefix = Buffer.byteLength(withSlash(from), 'utf8');
    /** @param {string} path */
    const shown = path => (path === from ? start : join(start, path.slice(withSlash(from).length)).replaceAll('\\', '/'));
    const found = find(from, undefined, folder => folders.add(folder.toString()));
    for (const file of found.files) {
      if (accepts(Buffer.from(file).subarray(file === from ? Infinity : prefix).toString('latin1'))) files.add(shown(file));
    }
    for (const { path, error } of found.unreadable) unreadable.push({ path: shown(path), reason: message(error) });
  }
  // Links can lead to one file in several ways.
  const seen = new Set();
  const isNew = (/** @type {string} */ file) => seen.size < seen.add(realpathSync(isAbsolute(file) ? file : join(cwd, file))).size;
  return { files: [...files].sort().filter(isNew), folders: [...folders], unreadable };
}

/**
 * The text of a manifest.
 * @param {string} path
 * @param {string} cwd
 * @returns {{ text: string } | { reason: string }}
 */
export function read(path, cwd) {
  try {
    const bytes = readFileSync(isAbsolute(path) ? path : join(cwd, path));
    if (bytes.length > LIMIT) return { reason: 'it is too large' };
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    return { reason: code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8 text' : message(error) };
  }
}

/**
 * A path that is there means itself; any other with `*`, `?`, `[` or `{` in it is a pattern.
 * @param {string} asked
 * @param {string} cwd
 * @returns {{ start: string, accepts: (path: string) => boolean }}
 */
function within(asked, cwd) {
  if (!/[*?[{]/.test(asked) || existsSync(isAbsolute(asked) ? asked : join(cwd, asked))) return { start: asked, accepts: () => true };
  const parts = (process.platform === 'win32' ? asked.replaceAll('\\', '/') : asked).split('/');
  const first = parts.findIndex(part => /[*?[{]/.test(part));
  const start = parts.slice(0, first).join('/') || (asked.startsWith('/') ? '/' : '.');
  const pattern = compile(parts.slice(first).join('/'));
  if (!pattern) throw new TypeError(`paths: \`${asked}\` is no pattern`);
  return { start, accepts: path => pattern.test(path) };
}

/** @param {string | string[]} paths */
function texts(paths) {
  const list = typeof paths === 'string' ? [paths] : paths;
  if (!Array.isArray(list) || list.some(path => typeof path !== 'string')) throw new TypeError('paths: give a text or an array of texts');
  return list;
}

/** @param {string} path */
function withSlash(path) {
  return /[\\/]$/.test(path) ? path : `${path}/`;
}

/** @param {unknown} error */
export function message(error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === 'ENOENT') return 'there is no such file or folder';
  return code === 'EACCES' || code === 'EPERM' ? 'permission denied' : message;
}

export { isManifest };
