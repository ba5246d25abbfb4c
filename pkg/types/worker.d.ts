import type { Engine, EngineInit, ModuleSource } from './index.d.ts';

export { InternalError } from './index.js';

export interface EngineWorkerInit extends EngineInit {
  /** Starts the worker, for bundlers that cannot find `netpol-wasm/worker-host` by themselves. */
  worker?: () => Worker;
  /** The module, if it is not beside the worker: a URL or what can be posted. */
  wasm?: Exclude<ModuleSource, Request | Response | Promise<Response>>;
}
type Asked = Omit<Engine, 'free' | 'sources' | 'configMistake' | 'diff' | typeof Symbol.dispose>;

/** An engine in a worker. Requests are answered in order; one that is aborted while it runs ends the worker, and another takes over. */
export class EngineWorker {
  constructor(init?: EngineWorkerInit);
  /** Calls a method of {@link Engine} in the worker. */
  ask<M extends keyof Asked>(method: M, values?: Parameters<Asked[M]>, how?: { signal?: AbortSignal }): Promise<ReturnType<Asked[M]>>;
  /** As {@link Engine.diff}, from an engine that these make. */
  ask(method: 'diff', values: [old: EngineInit, ...others: unknown[]], how?: { signal?: AbortSignal }): Promise<unknown>;
  /** Ends the worker; what it still owes is rejected. */
  free(): void;
}
