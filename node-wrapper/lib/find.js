// The manifests that a path means: a walk as the native program's, src/cli/find.rs. Hidden entries are left out and links followed;
// what the project's .gitignore files say counts, what its user or the folders around it say does not.

import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { inWords } from './errors.js';
import { match, rules } from './gitignore.js';

/** @typedef {import('./gitignore.js').Rule} Rule */
/** A folder's rules, from the file system's root or the walk's down. @typedef {{ folder: string, rules: Rule[], exclude: Rule[], isRepository: boolean }} Level */
/** @typedef {{ path: Buffer, name: Buffer, isFolder: boolean, isFile: boolean }} Entry */
/** @typedef {{ files: string[], unreadable: { path: string, error: unknown }[], ignored: number }} Found */

const CONFIG = 'netpol.yaml';
const SLASH = Buffer.from('/');

/**
 * @param {string} path
 * @param {Map<string, Buffer>} names gets the names that are no UTF-8, by what is shown of them
 * @param {(folder: Buffer) => void} [enter] is told each folder that is looked into
 * @returns {Found}
 */
export function find(path, names = new Map(), enter = () => {}) {
  /** @type {Found} */
  const found = { files: [], unreadable: [], ignored: 0 };
  const real = names.get(path) ?? path;
  if (path === '-' || !statSync(real).isDirectory()) return { ...found, files: [path] };
  /** @param {Buffer} bytes */
  const shown = bytes => {
    const text = bytes.toString();
    if (names.get(text)?.equals(bytes) ?? Buffer.from(text).equals(bytes)) return text;
    if (names.has(text)) throw new Error('its name is no text, and shows as that of another file');
    names.set(text, bytes);
    return text;
  };
  const walk = new Walk(real, true, (entry, error) => {
    if (entry.isFolder && !error) enter(entry.path);
    try {
      if (error) throw error;
      if (isManifest(entry.name) && entry.isFile) found.files.push(shown(entry.path));
    } catch (reason) {
      found.unreadable.push({ path: entry.path.toString(), error: inWords(reason) });
    }
  });
  walk.run();
  if (found.files.length === 0 && found.unreadable.length === 0) {
    new Walk(real, false, entry => (found.ignored += isManifest(entry.name) ? 1 : 0)).run();
  }
  return found;
}

/** @param {Buffer} name */
export function isManifest(name) {
  const text = name.toString();
  return text !== CONFIG && /[^]\.(yaml|yml|json)$/.test(text);
}

class Walk {
  #root;
  #isIgnoring;
  #isInRepository;
  #visit;
  /** The folder and those around it. @type {string[]} */
  #above;

  /**
   * @param {string | Buffer} root
   * @param {boolean} isIgnoring
   * @param {(entry: Entry, error?: unknown) => void} visit
   */
  constructor(root, isIgnoring, visit) {
    this.#root = root;
    this.#isIgnoring = isIgnoring;
    this.#above = ancestors(latin(realpathSync.native(root, 'buffer')));
    this.#isInRepository = isIgnoring && this.#above.some(folder => existsSync(bytes(`${folder}/.git`)));
    this.#visit = visit;
  }

  run() {
    const path = Buffer.from(latin(Buffer.from(this.#root)), 'latin1');
    const named = /([^/]*)\/*$/s.exec(latin(path))?.[1] ?? '';
    const root = { path, name: bytes(/^\.*$/.test(named) ? '' : named), isFolder: true, isFile: false };
    this.#visit(root);
    const [here, ...above] = this.#above;
    const levels = this.#isInRepository ? above.reverse().map(folder => this.#level(bytes(folder), folder)) : [];
    this.#folder(root, levels, here, [statSync(this.#root)]);
  }

  /**
   * @param {Entry} folder
   * @param {Level[]} above
   * @param {string} logical where the folder is, as rules see it: links stand for themselves
   * @param {import('node:fs').Stats[]} circle the folders on the way here
   */
  #folder(folder, above, logical, circle) {
    const levels = [...above, this.#level(folder.path, logical)];
    for (const { name, type } of this.#entries(folder)) {
      const path = Buffer.concat(folder.path.at(-1) === SLASH[0] ? [folder.path, name] : [folder.path, SLASH, name]);
      /** @type {Entry} */
      const entry = { path, name, isFolder: type.isDirectory(), isFile: type.isFile() };
      /** @type {import('node:fs').Stats | undefined} */
      let stats;
      if (type.isSymbolicLink()) {
        try {
          stats = statSync(path);
        } catch (error) {
          // A link to something else than a manifest is of no interest.
          if (isManifest(name)) this.#visit(entry, error);
          continue;
        }
        entry.isFolder = stats.isDirectory();
        entry.isFile = stats.isFile();
        const there = stats;
        if (entry.isFolder && circle.some(above => isSame(above, there))) continue;
      }
      const place = `${logical === '/' ? '' : logical}/${latin(name)}`;
      if (this.#isLeftOut(levels, place, entry)) continue;
      this.#visit(entry);
      if (!entry.isFolder) continue;
      try {
        this.#folder(entry, levels, place, [...circle, stats ?? statSync(path)]);
      } catch (error) {
        this.#visit(entry, error);
      }
    }
  }

  /**
   * In the order of their names.
   * @param {Entry} folder
   * @returns {{ name: Buffer, type: import('node:fs').Dirent }[]}
   */
  #entries(folder) {
    try {
      const entries = readdirSync(folder.path, { withFileTypes: true, encoding: /** @type {any} */ ('buffer') });
      const named = entries.map(type => ({ name: /** @type {Buffer} */ (/** @type {unknown} */ (type.name)), type }));
      return named.sort((left, right) => left.name.compare(right.name));
    } catch (error) {
      if (!lstatSync(folder.path).isSymbolicLink() || isManifest(folder.name)) this.#visit(folder, error);
      return [];
    }
  }

  /**
   * @param {Buffer} folder
   * @param {string} logical
   * @returns {Level}
   */
  #level(folder, logical) {
    /** @param {string} name */
    const within = name => Buffer.concat([folder, SLASH, Buffer.from(name)]);
    const git = this.#isIgnoring ? gitFolder(within('.git')) : undefined;
    return {
      folder: logical,
      rules: this.#isIgnoring ? rules(within('.gitignore')) : [],
      exclude: git ? rules(Buffer.concat([git, Buffer.from('/info/exclude')])) : [],
      isRepository: this.#isInRepository && (existsSync(within('.git')) || existsSync(within('.jj'))),
    };
  }

  /**
   * The nearest rule that matches decides, down to the folder of the repository; a hidden entry is left out if none does.
   * @param {Level[]} levels
   * @param {string} place
   * @param {Entry} entry
   */
  #isLeftOut(levels, place, { name, isFolder }) {
    /** @type {import('./gitignore.js').Match} */
    let listed;
    /** @type {import('./gitignore.js').Match} */
    let excluded;
    for (const level of levels.toReversed()) {
      const path = place.slice(level.folder === '/' ? 1 : level.folder.length + 1);
      listed ??= match(level.rules, path, isFolder);
      excluded ??= match(level.exclude, path, isFolder);
      if (level.isRepository) break;
    }
    const said = listed ?? excluded;
    return said ? said === 'ignored' : name[0] === 0x2e;
  }
}

/**
 * The folder and those around it, up to the root.
 * @param {string} folder
 * @returns {string[]}
 */
function ancestors(folder) {
  const above = posix.dirname(folder);
  return above === folder || above === '.' ? [folder] : [folder, ...ancestors(above)];
}

/**
 * Where git keeps what the work trees of a repository share; undefined if that cannot be known.
 * @param {Buffer} path `.git`, which is a file in a work tree
 * @returns {Buffer | undefined}
 */
function gitFolder(path) {
  try {
    if (!statSync(path).isFile()) return path;
    const text = firstLine(path);
    if (!text.startsWith('gitdir: ')) return undefined;
    const folder = text.slice('gitdir: '.length);
    const common = firstLine(Buffer.from(join(folder, 'commondir')));
    return Buffer.from(common.startsWith('.') ? join(folder, common) : common);
  } catch {
    return undefined;
  }
}

/** @param {Buffer} file */
function firstLine(file) {
  return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0];
}

/**
 * @param {import('node:fs').Stats} left
 * @param {import('node:fs').Stats} right
 */
function isSame(left, right) {
  return left.ino === right.ino && left.dev === right.dev;
}

/** @param {string} text */
function bytes(text) {
  return Buffer.from(text, 'latin1');
}

/**
 * A byte in each character; with slashes, also where folders are separated by something else.
 * @param {Buffer} bytes
 */
function latin(bytes) {
  const text = bytes.toString('latin1');
  return process.platform === 'win32' ? text.replaceAll('\\', '/') : text;
}
