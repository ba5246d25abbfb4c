/**
 * netpol on Node: the engine of `netpol-wasm`, with files, folders, changes and assertions around it.
 */

import type { Engine, EngineOptions } from 'netpol-wasm';

export * from 'netpol-wasm';

/** A folder to start from. */
export interface FindOptions {
  /** The folder that relative paths start from; the current one if it is left out. */
  cwd?: string;
}

/** How manifests are loaded. */
export interface LoadOptions extends FindOptions {
  /** The configuration: a file, `false` for none; if it is left out, the `netpol.yaml` in `cwd`, if there is one. */
  config?: string | false;
  /** Options of the engine, which win over those of the configuration. */
  options?: EngineOptions;
  /** Goes on without what has to be left out of the input; an answer could be wrong then. */
  lenient?: boolean;
}

/** How manifests are watched. */
export interface WatchOptions extends Omit<LoadOptions, 'lenient'> {
  /** How long, in ms, nothing may have changed before `callback` is called; 60 if it is left out. */
  debounce?: number;
}

/** Something that {@link load} could not take. */
export interface LoadProblem {
  /** The file, as it was named. */
  path: string | null;
  /** The line, from 1. */
  line: number | null;
  message: string;
}

/** There is nothing to load, or parts of it would have to be left out, so that an answer could be wrong. */
export class LoadError extends Error {
  name: 'LoadError';
  problems: LoadProblem[];
}

/**
 * The manifests behind folders, files and patterns (`k8s/**\/*.yaml`), sorted, each once. Folders are searched for `.yaml`, `.yml` and
 * `.json`, without hidden entries, without what git ignores and without `netpol.yaml`; a file that is named is taken whatever it is called.
 *
 * @throws an error of the system, with `code`, for a path that is not there
 */
export function find(paths: string | string[], options?: FindOptions): string[];

/**
 * Loads manifests into an engine.
 *
 * @throws {LoadError} if there are none, or a part would have to be left out and `lenient` is not set
 */
export function load(paths: string | string[], options?: LoadOptions): Engine;

/** What has changed since the last call. */
export interface Change {
  /** Always the same engine, brought up to date. */
  engine: Engine;
  /** The files that are new or have changed; at first all of them. */
  changed: string[];
  /** The files that are gone, or that git ignores from now on. */
  removed: string[];
  /** What cannot be read now. */
  unreadable: { path: string; reason: string }[];
  /** What is wrong with the configuration; the one before is kept. */
  configError: string | null;
}

/** Watches until it is closed. */
export interface Watcher {
  readonly engine: Engine;
  /** Stops watching. The engine stays as it is. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Loads manifests, calls `callback`, and calls it again when files come, change or go, and when the configuration does. Only what has
 * changed is read again. Keeps the process running until it is closed.
 */
export function watch(paths: string | string[], callback: (change: Change) => void, options?: WatchOptions): Watcher;

/** Who wants to reach whom. */
export interface ExpectedFlow {
  from?: string;
  to?: string;
  port?: number | string;
  protocol?: string;
  family?: 'ipv4' | 'ipv6';
}

/** An assertion about a flow. Each step gives a new one. */
export interface FlowExpectation {
  /** Who opens the connection: `namespace/name`, an address, an id as outputs print it. */
  from(end: string): FlowExpectation;
  /** Who is to answer. */
  to(end: string): FlowExpectation;
  /** The port: its number, its name, or `5432/TCP`. Without it, every port is asked about. */
  on(port: number | string, protocol?: 'TCP' | 'UDP' | 'SCTP'): FlowExpectation;
  /** The address family, where a pod has both. */
  over(family: 'ipv4' | 'ipv6'): FlowExpectation;
  /** @throws {AssertionError} that says why, unless the flow may pass (without a port: unless something may pass) */
  toBeAllowed(): void;
  /** @throws {AssertionError} that says why, if the flow may pass (without a port: if anything may pass) */
  toBeDenied(): void;
}

/** Says what is expected of a flow: `expectFlow(engine).from('shop/web').to('shop/db').on(5432).toBeAllowed()`. */
export function expectFlow(engine: Engine, flow?: ExpectedFlow | string): FlowExpectation;
