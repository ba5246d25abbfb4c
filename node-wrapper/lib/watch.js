// Watches manifests. What the system says about changes only wakes it: what has changed is seen by looking, so that nothing is missed
// when files are renamed, replaced or ignored from now on.

import { existsSync, statSync, watch as watchFolder } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Engine } from 'netpol-wasm';
import { configure } from './load.js';
import { message, read, search } from './paths.js';

/** How long nothing may have happened before it looks, and how long a file may be empty before that is what is in it; in ms. */
const QUIET = 60;
const EMPTY = 500;
/** How long changes without a pause may keep it from looking; in ms. */
const PATIENCE = 1000;
/** How often it looks where the system cannot tell. */
const POLL = 1000;

/** @typedef {import('../types/index.js').Change} Change */

/**
 * @param {string | string[]} paths
 * @param {(change: Change) => void} callback
 * @param {import('../types/index.js').WatchOptions} [options]
 */
export function watch(paths, callback, options = {}) {
  if (typeof callback !== 'function') throw new TypeError('callback: give a function');
  return new Watcher(paths, callback, options);
}

class Watcher {
  #paths;
  #callback;
  #options;
  #cwd;
  #engine;
  /** What is known of each file. @type {Map<string, string>} */
  #known = new Map();
  /** Watchers by folder, with what tells a folder from another of its name. @type {Map<string, { watcher: import('node:fs').FSWatcher, id: string }>} */
  #watched = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {NodeJS.Timeout | undefined} */
  #poll;
  /** @type {number | undefined} */
  #wokenAt;
  #said = '';
  #isClosed = false;

  /**
   * @param {string | string[]} paths
   * @param {(change: Change) => void} callback
   * @param {import('../types/index.js').WatchOptions} options
   */
  constructor(paths, callback, options) {
    this.#paths = paths;
    this.#callback = callback;
    this.#options = options;
    this.#cwd = resolve(options.cwd ?? '.');
    // What is not there at all is a mistake now, and none later.
    search(paths, { cwd: this.#cwd });
    this.#engine = new Engine({ options: options.options });
    this.#timer = setTimeout(() => this.#look(true), 0);
  }

  get engine() {
    return this.#engine;
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #wake(after = this.#options.debounce ?? QUIET) {
    if (this.#isClosed) return;
    this.#wokenAt ??= Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(false), Math.max(0, Math.min(after, this.#wokenAt + PATIENCE - Date.now())));
  }

  /** @param {boolean} isFirst */
  #look(isFirst) {
    this.#wokenAt = undefined;
    /** @type {ReturnType<typeof search>} */
    const found = { files: [], folders: [], unreadable: [] };
    for (const path of typeof this.#paths === 'string' ? [this.#paths] : this.#paths) {
      try {
        const { files, folders, unreadable } = search(path, { cwd: this.#cwd });
        found.files.push(...files);
        found.folders.push(...folders);
        found.unreadable.push(...unreadable);
      } catch (error) {
        found.unreadable.push({ path, reason: message(error) });
      }
    }
    // Before the files are read: what happens from here on wakes it again.
    this.#follow(found.folders);
    /** @type {string[]} */
    const changed = [];
    for (const path of found.files) if (this.#take(path, isFirst, found.unreadable)) changed.push(path);
    const files = new Set(found.files);
    const removed = [...this.#known.keys()].filter(path => !files.has(path));
    for (const path of removed) {
      this.#known.delete(path);
      this.#engine.removeSource(path);
    }
    const mistake = configure(this.#engine, this.#options, this.#cwd) ?? null;
    const said = JSON.stringify([found.unreadable, mistake, this.#config()]);
    if (!isFirst && changed.length === 0 && removed.length === 0 && said === this.#said) return;
    this.#said = said;
    this.#callback({ engine: this.#engine, changed, removed, unreadable: found.unreadable, configError: mistake });
  }

  /**
   * Takes what is in a file, if it has changed.
   * @param {string} path
   * @param {boolean} isFirst
   * @param {{ path: string, reason: string }[]} unreadable
   */
  #take(path, isFirst, unreadable) {
    const state = this.#state(path);
    if (state === this.#known.get(path)) return false;
    if (!isFirst && this.#isBeingWritten(path)) {
      this.#wake();
      return false;
    }
    const found = read(path, this.#cwd);
    if (this.#state(path) !== state) {
      // It changes while it is read: what is known of it stays until it is quiet.
      this.#wake();
      if (!isFirst) return false;
    }
    if ('text' in found) {
      this.#known.set(path, state);
      this.#engine.setSource(path, found.text);
      return true;
    }
    unreadable.push({ path, reason: found.reason });
    const was = this.#known.delete(path);
    if (was) this.#engine.removeSource(path);
    return was;
  }

  /**
   * Many programs empty a file before they write it.
   * @param {string} path
   */
  #isBeingWritten(path) {
    try {
      const { size, mtimeMs } = statSync(resolve(this.#cwd, path));
      return size === 0 && Date.now() - mtimeMs < EMPTY && this.#known.has(path);
    } catch {
      return false;
    }
  }

  /** @param {string} path */
  #state(path) {
    try {
      const { size, mtimeNs, ctimeNs, ino } = statSync(resolve(this.#cwd, path), { bigint: true });
      return `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
    } catch {
      return '';
    }
  }

  #config() {
    return this.#options.config === false ? '' : this.#state(this.#options.config ?? 'netpol.yaml');
  }

  /**
   * Watches these folders, those of the paths themselves, and the configuration's; no others any more.
   * @param {string[]} folders
   */
  #follow(folders) {
    const named = typeof this.#paths === 'string' ? [this.#paths] : this.#paths;
    const above = [...named, this.#options.config || 'netpol.yaml'].map(path => present(dirname(join(resolve(this.#cwd, path), '.'))));
    const wanted = new Set([...folders.map(folder => resolve(folder)), ...above]);
    for (const [folder, { watcher, id }] of this.#watched) {
      if (wanted.has(folder) && id === identity(folder)) continue;
      watcher.close();
      this.#watched.delete(folder);
    }
    for (const folder of wanted) if (!this.#watched.has(folder)) this.#watchFolder(folder);
  }

  /** @param {string} folder */
  #watchFolder(folder) {
    try {
      const id = identity(folder);
      const watcher = watchFolder(folder, () => this.#wake());
      watcher.on('error', () => this.#wake());
      this.#watched.set(folder, { watcher, id });
    } catch {
      this.#poll ??= setInterval(() => this.#wake(0), POLL);
    }
  }
}

if (Symbol.dispose) Object.defineProperty(Watcher.prototype, Symbol.dispose, { value: Watcher.prototype.close });

/** @param {string} folder */
function identity(folder) {
  const stats = statSync(folder, { bigint: true, throwIfNoEntry: false });
  return stats ? `${stats.dev} ${stats.ino}` : '';
}

/**
 * The folder, or the nearest above it that there is.
 * @param {string} folder
 * @returns {string}
 */
function present(folder) {
  return existsSync(folder) || dirname(folder) === folder ? folder : present(dirname(folder));
}
