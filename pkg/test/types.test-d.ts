// Pins the types: compiled, never run.

import { Engine, InternalError, init, rules, version, type FlowMistake, type Verdict } from 'netpol-wasm';

const engine = new Engine({ sources: [{ path: 'a.yaml', text: '' }], options: { ipBlocks: 'any' }, config: '' });
const verdict: Verdict | FlowMistake = engine.verdict({ from: 'a', to: 'b', port: 80, protocol: 'TCP' });
if (typeof verdict === 'object') verdict.error satisfies string;
const answer = engine.evaluate('a -> b:80');
if (answer.error !== undefined) answer.error satisfies string;
else if (answer.flows !== undefined) answer.flows[0]?.egress.decider satisfies string | undefined;
else if (answer.pairs !== undefined) answer.pairs[0]?.allowed satisfies object | undefined;
else answer.ingress.decider satisfies string;
const text: string | FlowMistake = engine.evaluate('a -> b:80', { format: 'text' });
const table = engine.reachTable({ from: ['a'], port: [80, 'http'] });
if (table.error === undefined) table.sources satisfies Uint32Array;
const handle = engine.handle('a');
if (handle.error === undefined) handle.handle satisfies number;
engine.diagnostics()[0]?.place?.range.start.character satisfies number | undefined;
engine.setConfig('')?.line satisfies number | null | undefined;
void [text, init(new URL('https://example.org/netpol.wasm')), version() satisfies string, rules()];
try { engine.free(); } catch (error) { if (error instanceof InternalError) error.panic satisfies string | null; }

// @ts-expect-error a port is no BigInt
engine.verdict({ from: 'a', to: 'b', port: 80n });
// @ts-expect-error no such option
engine.setOptions({ ipBlock: 'any' });
// @ts-expect-error no such format
engine.check({ format: 'xml' });
// @ts-expect-error an answer may be a mistake
engine.evaluate('a -> b:80').egress;
// @ts-expect-error columns are typed arrays
engine.evaluateMany({ sources: [0], destinations: [0], ports: [80], protocols: [0] });
// @ts-expect-error a text that is asked for may be a mistake
const wrong: string = engine.reachText();
void wrong;
