// Runs the conformance cases with any copy of the package. Knows neither Node nor files, so that a browser can run it too.
// @ts-check

/** The slugs that loading and resolving give; others are the lints', which cases say nothing of. */
const LOADING = new Set([
  'ambiguous-cidr', 'duplicate-object', 'invalid-address', 'invalid-container-port', 'invalid-document', 'invalid-object',
  'invalid-policy', 'missing-namespace', 'non-canonical-cidr', 'non-standard-cidr', 'not-an-object', 'passed-over',
  'shared-address', 'terminated-pod', 'unknown-kind', 'unlisted-findings', 'unreadable-file', 'unsupported-kind',
  'unsupported-policy',
]);

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

/**
 * @param {any} netpol The package.
 * @param {{ cases: { file: string, written: any }[], texts: Record<string, string> }} input
 * @returns {{ cases: number, questions: number, failures: string[] }}
 */
export function runCases(netpol, { cases, texts }) {
  const result = { cases: 0, questions: 0, failures: /** @type {string[]} */ ([]) };
  for (const { file, written } of cases) {
    if (written.skip?.node !== undefined) continue;
    result.cases += 1;
    const fail = (/** @type {string} */ what) => result.failures.push(`${file}: ${written.name}: ${what}`);
    const engine = new netpol.Engine({ sources: sourcesOf(written, texts), options: optionsOf(written.options) });
    try {
      for (const question of questionsOf(written)) {
        result.questions += 1;
        ask(engine, question, fail);
      }
      compare('diagnostics', new Set(written.diagnostics ?? []), loadingSlugs(engine), fail);
      if (written.reach !== undefined && written.skip?.reach === undefined) {
        const expected = written.reach.split('\n').filter((line) => line !== '').map((line) => line.trim());
        compare('reach', new Set(expected), new Set(listed(engine.reach())), fail);
        compare('reachTable', new Set(expected), new Set(tabled(engine.reachTable())), fail);
      }
    } catch (error) {
      fail(String(error));
    } finally {
      engine.free();
    }
  }
  return result;
}

function sourcesOf(written, texts) {
  const paths = [...(written.cluster ? [`tests/fixtures/${written.cluster}.yaml`] : []), ...(written.files ?? [])];
  const sources = paths.map((path) => ({ path, text: texts[path] }));
  if (written.manifests) sources.push({ path: 'manifests.yaml', text: written.manifests });
  if (written.policies) sources.push({ path: 'policies.yaml', text: written.policies });
  return sources;
}

function optionsOf(written = {}) {
  const camel = (key) => key.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(written).map(([key, value]) => [camel(key), value]));
}

function questionsOf(written) {
  const questions = [...(written.flows ?? [])];
  for (const { port, table } of written.tables ?? []) {
    const [head, ...rows] = table.split('\n').filter((line) => line.trim() !== '').map((line) => line.trim().split(/\s+/));
    for (const [source, ...marks] of rows) {
      marks.forEach((mark, index) => {
        if (mark === '.') return;
        questions.push({ flow: `${source} -> ${head[index]}:${port}`, verdict: mark === '+' ? 'allow' : 'deny' });
      });
    }
  }
  return questions;
}

/** A flow that is over one family has to be asked by its parts. */
function flowOf({ flow, family }) {
  if (family === undefined) return flow;
  const [, from, to, port, protocol] = /^\s*(.*?)\s*->\s*\[?(.*?)\]?:([^:/]+)(?:\/(\w+))?$/.exec(flow) ?? [];
  return { from, to, port, protocol, family };
}

function ask(engine, question, fail) {
  const flow = flowOf(question);
  const answer = engine.evaluate(flow);
  if (answer.error !== undefined) return fail(`${question.flow}: ${answer.error}`);
  if (answer.verdict !== question.verdict) fail(`${question.flow}: evaluate says ${answer.verdict}`);
  const quick = engine.verdict(flow);
  if (quick !== question.verdict) fail(`${question.flow}: verdict says ${JSON.stringify(quick)}`);
  for (const side of ['egress', 'ingress']) {
    if (question[side] === undefined) continue;
    for (const one of answer.flows ?? [answer]) {
      const { decider } = one[side];
      // Cases name a policy without its namespace.
      if (decider !== question[side] && decider.replace(/^[^/]+\//, '') !== question[side]) {
        fail(`${question.flow}: ${side} is decided by ${decider}, not ${question[side]}`);
      }
    }
  }
  askInBulk(engine, question, fail);
}

function askInBulk(engine, { flow, family, verdict }, fail) {
  const [, from, to, port, protocol = 'TCP'] = /^\s*(\S+)\s*->\s*([^\s:[\]]+):(\d+)(?:\/(\w+))?$/.exec(flow) ?? [];
  if (from === undefined || family !== undefined) return;
  const [source, destination] = [engine.handle(from), engine.handle(to)];
  if (source.error !== undefined || destination.error !== undefined) return;
  const [byte] = engine.evaluateMany({
    sources: Uint32Array.of(source.handle),
    destinations: Uint32Array.of(destination.handle),
    ports: Uint16Array.of(Number(port)),
    protocols: Uint8Array.of(PROTOCOLS.indexOf(protocol)),
  });
  if (byte !== (verdict === 'allow' ? 1 : 0)) fail(`${flow}: evaluateMany says ${byte}`);
}

function loadingSlugs(engine) {
  const counts = ({ slug, severity }) => severity !== 'note' && LOADING.has(slug);
  return new Set(engine.diagnostics().filter(counts).map(({ slug }) => slug));
}

function connections(allowed) {
  if (allowed.length === 3 && allowed.every(({ ports }) => ports.join() === '1-65535')) return 'all connections';
  const ports = (list) => (list.join() === '1-65535' ? 'all' : list.join(','));
  return allowed.map(({ protocol, ports: list }) => `${protocol} ${ports(list)}`).join('; ');
}

function listed(answer) {
  return answer.connections.map(({ source, destination, allowed }) => `${source} -> ${destination}: ${connections(allowed)}`);
}

function tabled({ endpoints, allowed, sources, destinations, connections: sets }) {
  const id = (index) => endpoints[index].id;
  return Array.from(sources, (source, row) => `${id(source)} -> ${id(destinations[row])}: ${connections(allowed[sets[row]])}`);
}

function compare(what, expected, found, fail) {
  const missing = [...expected].filter((item) => !found.has(item));
  const added = [...found].filter((item) => !expected.has(item));
  if (missing.length + added.length > 0) fail(`${what} lacks ${JSON.stringify(missing)}, adds ${JSON.stringify(added)}`);
}
