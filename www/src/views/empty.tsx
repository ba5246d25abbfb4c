// An empty page says what to do.
import type { JSX } from 'preact'
import { examples, openExample } from '../examples'
import { report } from '../store/engine'
import { toggleLesson } from '../store/state'

const OFFERED = ['shop', 'change', 'recipes/03-default-deny', 'mistakes/two-dashes', 'mistakes/forgotten-dns']

export const Empty = (): JSX.Element => (
  <div class="empty">
    <h2>Who can reach whom, and why</h2>
    <p>
      Paste Kubernetes manifests into the editor, or drop files or a folder anywhere. Network policies say little without the pods they
      are about: this gets both from a cluster.
    </p>
    <pre><code>kubectl get namespaces,pods,networkpolicies -A -o yaml</code></pre>
    <p class="soft">Nothing leaves this browser: the engine runs in the page, also without a network.</p>
    <h3>Or begin with</h3>
    <ul class="cards">
      <li><button type="button" onClick={() => { toggleLesson().catch(report) }}><strong>The tutorial</strong><span>Eight short steps: what a policy does, and what it does not</span></button></li>
      {OFFERED.flatMap(id => examples.filter(example => example.id === id)).map(example => (
        <li key={example.id}>
          <button type="button" onClick={() => { openExample(example).catch(report) }}><strong>{example.title}</strong><span>{example.group === 'Start here' ? 'Example' : example.group}</span></button>
        </li>
      ))}
    </ul>
  </div>
)
