// The types, as strict TypeScript sees them.

import { expectFlow, find, load, LoadError, watch, type Change, type Engine, type LoadOptions, type Watcher } from 'netpol';

const engine: Engine = load(['k8s', 'more/**/*.yaml'], { cwd: '.', config: false, lenient: true });
const files: string[] = find('k8s');
const options: LoadOptions = { config: 'netpol.yaml' };
const watcher: Watcher = watch('k8s', (change: Change) => change.changed.concat(change.removed, change.configError ?? []), { debounce: 10 });
watcher.close();
expectFlow(engine).from('a/b').to('c/d').on(5432, 'TCP').over('ipv4').toBeDenied();
expectFlow(engine, 'a -> b:80').toBeAllowed();
const error = new LoadError('no');
const line: number | null | undefined = error.problems[0]?.line;

// @ts-expect-error: a path is a text
load(1);
// @ts-expect-error: there is no such option
load('k8s', { strict: true });
// @ts-expect-error: watching is never lenient, it says what cannot be read
watch('k8s', () => {}, { lenient: true });
// @ts-expect-error: no such protocol
expectFlow(engine).on(80, 'ICMP');
// @ts-expect-error: an assertion has no answer
const allowed: boolean = expectFlow(engine).toBeAllowed();

export { allowed, files, line, options };
