/**
 * Kubernetes network policy: may this flow pass, who can reach whom, and why.
 *
 * Mistakes in what is asked (an end that is not there, a filter that matches nothing) are answers with `error`. Mistakes in the call
 * (a wrong type, a freed engine) throw a `TypeError` that names the argument.
 */

export type Verdict = 'allow' | 'deny' | 'mixed';
export type Severity = 'error' | 'warning' | 'note';
export type ProtocolName = 'TCP' | 'UDP' | 'SCTP';
export type Family = 'ipv4' | 'ipv6';

/** A question that means nothing in the cluster. */
export interface Mistake { error: string }
/** A flow that means nothing in the cluster. */
export interface FlowMistake extends Mistake { flow: string }
/** What is wrong with a `netpol.yaml`; line and column from 1. */
export interface ConfigMistake { message: string; line: number | null; column: number | null }

export interface Source { path: string; text: string }

/** How the engine reads what NetworkPolicy leaves undefined; the first value of each is the default. */
export interface EngineOptions {
  ipBlocks?: 'any' | 'external';
  hostNetwork?: 'node' | 'pod';
  ownNodeEgress?: 'police' | 'allow';
  serviceHairpin?: 'police' | 'allow';
  cidrs?: 'strict' | 'legacy';
}

export interface EngineInit {
  sources?: readonly Source[];
  /** Wins over the options of `config`. */
  options?: EngineOptions;
  /** The text of a `netpol.yaml`; see {@link Engine.configMistake}. */
  config?: string;
}

/** `namespace/pod -> namespace/pod:port/PROTOCOL`, or its parts. */
export type FlowText = string;
export interface FlowParts { from: string; to: string; port?: number | string; protocol?: string; family?: Family }
export type Flow = FlowText | FlowParts;

/** Filters; without any, everything is listed. */
export interface ReachQuery {
  from?: string | readonly string[];
  to?: string | readonly string[];
  namespace?: string | readonly string[];
  port?: number | string | readonly (number | string)[];
  protocol?: string | readonly string[];
  family?: Family;
  includeSelf?: boolean;
  includeNodes?: boolean;
}

export interface Style { color?: boolean; glyphs?: boolean; /** Columns. */ width?: number }

export interface AllowedPorts { protocol: ProtocolName; /** `80` or `443-445`. */ ports: string[] }
export interface Location { path: string; line: number; column: number }

/** Line and UTF-16 unit, both from 0, as the Language Server Protocol has them. */
export interface Position { line: number; character: number }
export interface Range { start: Position; end: Position }
/** All from 1. */
export interface Point { line: number; column: number; columnUtf16: number }
export interface Place { path: string; start: Point; end: Point; range: Range }
export interface Edit extends Place { startByte: number; endByte: number; text: string }

export interface Finding {
  slug: string;
  severity: Severity;
  message: string;
  help: string | null;
  object: string | null;
  field: string | null;
  place: Place | null;
  related: { message: string; place: Place | null }[];
  fix: { title: string; edits: Edit[] } | null;
  fingerprint: string;
  page: string;
}

export interface MatchedEntry { path: string; location: Location }
export interface RuleMatch {
  policy: string;
  path: string;
  location: Location;
  peer: MatchedEntry | null;
  port: MatchedEntry | null;
}
export interface RuleMiss {
  policy: string;
  path: string;
  location: Location;
  rules: number;
  isPeerMatched: boolean;
  isPortMatched: boolean;
  peerMisses: string[];
  portMisses: string[];
  allowed?: AllowedPorts[];
  unresolved?: { name: string; protocol: ProtocolName }[];
}
export interface Side {
  verdict: 'allow' | 'deny';
  /** `namespace/policy/ingress[0]`, `isolated`, `default`, `external`, `host-network`, `self` or `own-node`. */
  decider: string;
  policies: string[];
  rule?: RuleMatch;
  misses?: RuleMiss[];
}
export interface Caveat { decision?: string; message: string }

/** One flow, explained. */
export interface FlowAnswer {
  flow: string;
  verdict: 'allow' | 'deny';
  family: Family | null;
  egress: Side;
  ingress: Side;
  caveats?: Caveat[];
  flows?: undefined; pairs?: undefined; error?: undefined;
}
/** An end or a port stands for several. */
export interface FlowAnswers {
  flow: string; verdict: Verdict; flows: FlowAnswer[];
  pairs?: undefined; error?: undefined;
}
/** No port was asked for. */
export interface OpenPorts {
  flow: string;
  verdict: Verdict;
  protocols: ProtocolName[];
  pairs: OpenPair[];
  flows?: undefined; error?: undefined;
}
export interface OpenSide { ports: AllowedPorts[]; exempt?: string; policies: string[] }
export interface OpenPair {
  flow: string;
  family: Family | null;
  allowed: AllowedPorts[];
  egress: OpenSide;
  ingress: OpenSide;
  caveats?: Caveat[];
}
export type Evaluation = FlowAnswer | FlowAnswers | OpenPorts | (FlowMistake & { verdict?: undefined; flows?: undefined; pairs?: undefined });

export interface ReachEndpoint {
  id: string; namespace: string; name: string; kind: string; pods?: number; workload?: string;
}
export interface Connection { source: string; destination: string; allowed: AllowedPorts[] }
export interface Reach { endpoints: ReachEndpoint[]; connections: Connection[]; error?: undefined }
/** Row by row, a source, a destination and a set of ports, each as an index. */
export interface ReachTable {
  /** Null for what is never listed. */
  endpoints: (ReachEndpoint | null)[];
  allowed: AllowedPorts[][];
  sources: Uint32Array;
  destinations: Uint32Array;
  /** Indices of `allowed`. */
  connections: Uint32Array;
  error?: undefined;
}
export interface Change {
  source: string;
  destination: string;
  change: 'gained' | 'lost' | 'changed';
  gained: AllowedPorts[];
  lost: AllowedPorts[];
  kept: AllowedPorts[];
}
export interface Difference { added: string[]; removed: string[]; changes: Change[]; error?: undefined }

export interface Endpoint {
  id: string;
  namespace: string;
  name: string;
  kind: string;
  labels: Record<string, string>;
  addresses: string[];
  hostNetwork: boolean;
  place: Location;
  /** The policies that isolate it. */
  ingress: string[];
  egress: string[];
}
export interface Policy {
  id: string; namespace: string; name: string; place: Location;
  directions: ('ingress' | 'egress')[];
  /** Ids of endpoints. */
  selects: string[];
  /** What each rule allows, in its order, with markdown's backticks around names. */
  allows: { direction: 'ingress' | 'egress'; text: string }[];
}

/** What there is to say about a place: markdown of paragraphs, lists, bold and code. */
export interface Hover { range: Range; text: string }
export interface Completion { label: string; detail: string; kind: 'field' | 'label' | 'value'; insert: string }
/** What may stand in the place of a range. */
export interface Completions { range: Range; items: Completion[] }
/** A line to show above a policy: `selects 3 pods · ingress isolated · 2 rules`. */
export interface Lens { range: Range; title: string; /** Its id. */ policy: string }

export type CheckFormat = 'pretty' | 'compact' | 'json' | 'sarif' | 'junit' | 'github' | 'gitlab' | 'md';
export type ReachFormat = 'table' | 'list' | 'matrix' | 'json' | 'csv' | 'md' | 'dot';

/** Columns of one length, element by element a flow between handles of {@link Engine.handle}. Protocols: 0 TCP, 1 UDP, 2 SCTP. */
export interface FlowColumns {
  sources: Uint32Array; destinations: Uint32Array; ports: Uint16Array; protocols: Uint8Array;
}

/** Manifests by path, and the questions about them. Free it when done: memory of the module is not collected at once. */
export class Engine {
  constructor(init?: EngineInit);
  /** Gives a path a text, in place of the one that it had; the others are not read again. */
  setSource(path: string, text: string): void;
  /** False if the path has no text. */
  removeSource(path: string): boolean;
  readonly sources: Source[];
  setOptions(options: EngineOptions): void;
  /** Sets the text of a `netpol.yaml`. If something is wrong with it, nothing changes and the mistake is returned. */
  setConfig(config: string): ConfigMistake | null;
  /** What is wrong with the last text of a `netpol.yaml`. */
  readonly configMistake: ConfigMistake | null;
  /** All findings, sorted by path and place. */
  diagnostics(): Finding[];
  /** Those about parts that decide nothing, as if they were not there: an answer could be wrong for it. Configuration softens none. */
  leftOut(): Finding[];
  /** The findings as text: `pretty` unless told otherwise. */
  check(form?: { format?: CheckFormat; style?: Style }): string;
  /** The texts that certain fixes change. The engine keeps its own: set them if you want them. */
  fix(): { fixes: number; sources: Source[] };
  /** A verdict with its explanation. */
  evaluate(flow: Flow, form?: { format?: 'json'; style?: Style }): Evaluation;
  evaluate(flow: Flow, form: { format: 'text'; style?: Style }): string | FlowMistake;
  /** A verdict without explanation: much faster than {@link evaluate}. */
  verdict(flow: Flow): Verdict | FlowMistake;
  /** A number for an end, good until a text or an option changes. */
  handle(end: string): { handle: number; error?: undefined } | (Mistake & { handle?: undefined });
  /** A byte per flow: 0 denied, 1 allowed, 2 mixed. */
  evaluateMany(flows: FlowColumns): Uint8Array;
  /** Who can reach whom. */
  reach(query?: ReachQuery): Reach | Mistake;
  reachText(query?: ReachQuery, form?: { format?: ReachFormat; group?: 'auto' | 'workload' | 'namespace'; style?: Style }): string | Mistake;
  /** Who can reach whom, for large clusters. */
  reachTable(query?: ReachQuery): ReachTable | Mistake;
  /** What this has come to, from `old`. */
  diff(old: Engine, query?: ReachQuery, form?: { format?: 'json'; style?: Style }): Difference | Mistake;
  diff(old: Engine, query: ReachQuery | undefined, form: { format: 'text' | 'md'; style?: Style }): string | Mistake;
  endpoints(): Endpoint[];
  policies(): Policy[];
  /** What the key or value at a position means, such as the pods that a selector matches. */
  hover(path: string, position: Position): Hover | null;
  /** What may stand where something is being typed, also in a document that cannot be read yet. */
  completions(path: string, position: Position): Completions | null;
  lenses(path: string): Lens[];
  /** Gives its memory back. It answers nothing afterwards. */
  free(): void;
  [Symbol.dispose](): void;
}

/** netpol failed inside. It has been started anew, and engines go on with their sources. */
export class InternalError extends Error {
  /** What it said before it failed. */
  readonly panic: string | null;
}

export type ModuleSource = string | URL | Request | Response | Promise<Response> | BufferSource | WebAssembly.Module;
/** Starts netpol. In browsers this comes first; in Node it may be left out. */
export function init(source?: ModuleSource): Promise<void>;
/** Starts netpol from bytes, or from what has been compiled of them. */
export function initSync(module: BufferSource | WebAssembly.Module): void;
export function version(): string;
export function rules(): { slug: string; severity: Severity; summary: string }[];
