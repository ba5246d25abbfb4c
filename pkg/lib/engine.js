// The engine: texts by path, and the questions about them. It keeps what it was given, for the instance may be made anew.
// @ts-check

import { column, name, oneOf, text } from './arguments.js';
import { findings, textOrMistake } from './answers.js';
import { call, instance, settle } from './instance.js';
import { flow, form, options, position, query, sources } from './questions.js';

/** @typedef {import('./instance.js').Glue} Glue */
/** @typedef {InstanceType<Glue['Workspace']>} Workspace */
/** @typedef {{ message: string, line: number | null, column: number | null }} ConfigMistake */

const CHECK = /** @type {const} */ (['pretty', 'compact', 'json', 'sarif', 'junit', 'github', 'gitlab', 'md']);
const REACH = /** @type {const} */ (['table', 'list', 'matrix', 'json', 'csv', 'md', 'dot']);
const GROUPS = ['auto', 'workload', 'namespace'];
const VERDICTS = /** @type {const} */ (['deny', 'allow', 'mixed']);
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const PLAIN_FLOW = /^\s*(\S+)\s*->\s*([^\s:[\]>]+):(\d{1,5})(?:\/(TCP|UDP|SCTP))?\s*$/;
const MAY_BE_ADDRESS = /^[\d.]+$|:/;
const MISTAKE = '{"error":';

export class Engine {
  /** @type {Map<string, string>} */
  #sources = new Map();
  #config = '';
  #options = {};
  /** @type {ConfigMistake | null} */
  #configMistake = null;
  /** @type {Workspace | null} */
  #workspace = null;
  #instance = -1;
  #isFreed = false;
  /** @type {Map<string, number | null>} */
  #handles = new Map();
  #nextHandle = 0;

  /** @param {unknown} [init] */
  constructor(init) {
    const given = /** @type {any} */ (init === undefined ? {} : init);
    if (typeof given !== 'object' || given === null) throw new TypeError('init: expected an object');
    for (const key of Object.keys(given)) {
      if (!['sources', 'options', 'config'].includes(key)) throw new TypeError(`init.${key}: unknown`);
    }
    const read = options(given.options);
    const texts = sources(given.sources);
    this.#options = read;
    for (const [path, source] of texts) this.#sources.set(path, source);
    if (given.config !== undefined) this.setConfig(given.config);
    else this.#live();
  }

  /** The workspace in the present instance, made again from the texts if need be. */
  #live() {
    if (this.#isFreed) throw new TypeError('engine: it has been freed');
    const current = instance();
    if (this.#workspace !== null && this.#instance === current) return this.#workspace;
    this.#handles.clear();
    this.#workspace = call((glue) => {
      const workspace = new glue.Workspace(this.#nextHandle);
      workspace.configure(this.#config, this.#options);
      for (const [path, source] of this.#sources) workspace.setSource(path, source);
      return workspace;
    });
    this.#instance = current;
    return this.#workspace;
  }

  /**
   * @template T
   * @param {(workspace: Workspace) => T} work
   */
  #ask(work) {
    const workspace = this.#live();
    return call(() => work(workspace));
  }

  /**
   * @param {string} path
   * @param {string} source
   */
  setSource(path, source) {
    name('path', path);
    text('text', source);
    const before = this.#sources.get(path);
    // First, so that an engine that is made anew has no more of a text that the module could not stand.
    this.#sources.set(path, source);
    try {
      this.#ask((workspace) => workspace.setSource(path, source));
    } catch (error) {
      if (before === undefined) this.#sources.delete(path);
      else this.#sources.set(path, before);
      throw error;
    }
    this.#handles.clear();
  }

  /** @param {string} path */
  removeSource(path) {
    name('path', path);
    const isRemoved = this.#ask((workspace) => workspace.removeSource(path));
    this.#sources.delete(path);
    this.#handles.clear();
    return isRemoved;
  }

  /** @returns {{ path: string, text: string }[]} */
  get sources() {
    return Array.from(this.#sources, ([path, source]) => ({ path, text: source }));
  }

  /** @param {unknown} value */
  setOptions(value) {
    const read = options(value);
    this.#ask((workspace) => workspace.configure(this.#config, read));
    this.#options = read;
    this.#handles.clear();
  }

  /**
   * @param {string} config
   * @returns {ConfigMistake | null}
   */
  setConfig(config) {
    text('config', config);
    const mistake = this.#ask((workspace) => workspace.configure(config, this.#options));
    this.#configMistake = mistake === undefined ? null : JSON.parse(mistake);
    if (this.#configMistake === null) {
      this.#config = config;
      this.#handles.clear();
    }
    return this.#configMistake;
  }

  get configMistake() {
    return this.#configMistake;
  }

  diagnostics() {
    return findings(this.#ask((workspace) => workspace.check('json', undefined)));
  }

  leftOut() {
    return findings(this.#ask((workspace) => workspace.leftOut()));
  }

  /** @param {unknown} [asked] */
  check(asked) {
    const { format, look } = form(asked, CHECK);
    return this.#ask((workspace) => workspace.check(format, look));
  }

  fix() {
    return JSON.parse(this.#ask((workspace) => workspace.fixed()));
  }

  /**
   * @param {unknown} asked
   * @param {unknown} [how]
   */
  evaluate(asked, how) {
    const question = flow(asked);
    const { format, look } = form(how, ['json', 'text']);
    const answer = this.#ask((workspace) => workspace.evaluate(question, format, look));
    return format === 'json' ? JSON.parse(answer) : textOrMistake(answer, '{"flow":');
  }

  /**
   * @param {unknown} asked
   * @returns {'allow' | 'deny' | 'mixed' | { flow: string, error: string }}
   */
  verdict(asked) {
    const question = flow(asked);
    const fast = this.#fastVerdict(question);
    if (fast !== null) return fast;
    const answer = JSON.parse(this.#ask((workspace) => workspace.evaluate(question, 'json', undefined)));
    return answer.verdict ?? answer;
  }

  /**
   * By handles, where ends and port are plain; null where the long way has to find out.
   *
   * @param {string | Record<string, any>} question
   */
  #fastVerdict(question) {
    let from, to, port, protocol;
    if (typeof question === 'string') {
      const parts = PLAIN_FLOW.exec(question);
      if (parts === null) return null;
      [, from, to, port, protocol] = parts;
    } else {
      ({ from, to, port, protocol } = question);
      if (question.family !== undefined || !/^\d{1,5}$/.test(port ?? '')) return null;
    }
    const number = Number(port);
    const service = protocol === undefined ? 0 : PROTOCOLS.indexOf(protocol);
    if (number < 1 || number > 65535 || service < 0) return null;
    // Two addresses may be of two families.
    if (MAY_BE_ADDRESS.test(from) && MAY_BE_ADDRESS.test(to)) return null;
    const workspace = this.#live();
    const source = this.#handleOf(workspace, from);
    const destination = source === null ? null : this.#handleOf(workspace, to);
    if (source === null || destination === null) return null;
    try {
      return VERDICTS[workspace.verdict(source, destination, number, service)] ?? null;
    } catch (error) {
      throw settle(error);
    }
  }

  /**
   * @param {Workspace} workspace
   * @param {string} end
   */
  #handleOf(workspace, end) {
    const known = this.#handles.get(end);
    if (known !== undefined) return known;
    const { handle = null } = JSON.parse(call(() => workspace.handle(end)));
    this.#handles.set(end, handle);
    if (handle !== null) this.#nextHandle = Math.max(this.#nextHandle, handle + 1);
    return /** @type {number | null} */ (handle);
  }

  /** @param {string} end */
  handle(end) {
    text('end', end);
    const workspace = this.#live();
    const handle = this.#handleOf(workspace, end);
    return handle === null ? JSON.parse(call(() => workspace.handle(end))) : { handle };
  }

  /** @param {any} columns */
  evaluateMany(columns) {
    if (typeof columns !== 'object' || columns === null) throw new TypeError('columns: expected an object');
    const sources = column('columns.sources', columns.sources, Uint32Array);
    const destinations = column('columns.destinations', columns.destinations, Uint32Array);
    const ports = column('columns.ports', columns.ports, Uint16Array);
    const protocols = column('columns.protocols', columns.protocols, Uint8Array);
    if ([destinations, ports, protocols].some((other) => other.length !== sources.length)) {
      throw new TypeError('columns: they are not of one length');
    }
    return this.#ask((workspace) => workspace.verdicts(sources, destinations, ports, protocols));
  }

  /** @param {unknown} [asked] */
  reach(asked) {
    const question = query(asked);
    return JSON.parse(this.#ask((workspace) => workspace.reach(question, 'json', 'auto', undefined)));
  }

  /**
   * @param {unknown} [asked]
   * @param {unknown} [how]
   */
  reachText(asked, how) {
    const question = query(asked);
    const { format, look, given } = form(how, REACH, ['group']);
    const group = given.group === undefined ? 'auto' : oneOf('form.group', given.group, GROUPS);
    return textOrMistake(this.#ask((workspace) => workspace.reach(question, format, group, look)), MISTAKE);
  }

  /** @param {unknown} [asked] */
  reachTable(asked) {
    const question = query(asked);
    return this.#ask((workspace) => {
      const table = workspace.reachTable(question);
      try {
        const { sources, destinations, connections } = table;
        const legend = JSON.parse(table.legend);
        if (legend.error !== undefined) return legend;
        return { endpoints: legend.endpoints, allowed: legend.connections, sources, destinations, connections };
      } finally {
        table.free();
      }
    });
  }

  /**
   * @param {unknown} old
   * @param {unknown} [asked]
   * @param {unknown} [how]
   */
  diff(old, asked, how) {
    if (typeof old !== 'object' || old === null || !(#sources in old)) throw new TypeError('old: expected an Engine');
    const other = /** @type {Engine} */ (old);
    if (other.#isFreed) throw new TypeError('old: it has been freed');
    const question = query(asked);
    const { format, look } = form(how, ['json', 'text', 'md']);
    const mine = this.#live();
    const theirs = other.#live();
    const answer = call(() => mine.diff(theirs, question, format, look));
    return format === 'json' ? JSON.parse(answer) : textOrMistake(answer, MISTAKE);
  }

  endpoints() {
    return JSON.parse(this.#ask((workspace) => workspace.endpoints()));
  }

  policies() {
    return JSON.parse(this.#ask((workspace) => workspace.policies()));
  }

  /**
   * @param {string} path
   * @param {unknown} at
   */
  hover(path, at) {
    const { line, character } = position(at);
    return JSON.parse(this.#ask((workspace) => workspace.hover(name('path', path), line, character)));
  }

  /**
   * @param {string} path
   * @param {unknown} at
   */
  completions(path, at) {
    const { line, character } = position(at);
    return JSON.parse(this.#ask((workspace) => workspace.completions(name('path', path), line, character)));
  }

  /** @param {string} path */
  lenses(path) {
    return JSON.parse(this.#ask((workspace) => workspace.lenses(name('path', path))));
  }

  free() {
    if (this.#isFreed) return;
    this.#isFreed = true;
    this.#sources.clear();
    this.#handles.clear();
    const workspace = this.#workspace;
    this.#workspace = null;
    if (workspace !== null && this.#instance === instance()) call(() => workspace.free());
  }
}

if (Symbol.dispose) {
  Object.defineProperty(Engine.prototype, Symbol.dispose, { value: Engine.prototype.free, writable: true, configurable: true });
}
