// The tutorial: eight steps, each with a policy to mend and flows that say when it is right. Text and goals alone; the engine judges.

export interface Goal { flow: string; wanted: 'allow' | 'deny'; words: string }
export interface Step { title: string; text: string[]; hint: string; start: string; solution: string; goals: Goal[] }

const allow = (flow: string, words: string): Goal => ({ flow, wanted: 'allow', words })
const deny = (flow: string, words: string): Goal => ({ flow, wanted: 'deny', words })

const policy = (name: string, spec: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${name}
  namespace: shop
spec:
${spec.replace(/^\n/, '').trimEnd()}
`
const together = (...policies: string[]): string => policies.join('---\n')

const dbFromApi = policy('db', `
  podSelector:
    matchLabels:
      app: db
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: api
      ports:
        - port: 5432
`)
const scrape = (from: string): string => policy('scrape-api', `
  podSelector:
    matchLabels:
      app: api
  ingress:
    - from:
${from.replace(/^\n/, '').trimEnd()}
      ports:
        - port: 9090
`)
const webOut = (more: string): string => policy('web-out', `
  podSelector:
    matchLabels:
      app: web
  policyTypes: [Egress]
  egress:
    - to:
        - podSelector:
            matchLabels:
              app: api
      ports:
        - port: 8080
${more}`)
const apiIn = (app: string): string => policy('api-in', `
  podSelector:
    matchLabels:
      app: api
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: ${app}
      ports:
        - port: 8080
`)
const outside = (peer: string): string => policy('web-in', `
  podSelector:
    matchLabels:
      app: web
  ingress:
    - from:
        - ipBlock:
            cidr: 0.0.0.0/0
${peer.replace(/^\n/, '')}`)
const dns = `
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchLabels:
              k8s-app: kube-dns
      ports:
        - protocol: UDP
          port: 53
        - protocol: TCP
          port: 53
`.replace(/^\n/, '')
const denyAll = policy('default-deny', `
  podSelector: {}
  policyTypes: [Ingress]
`)

export const steps: Step[] = [
  {
    title: 'Choose whom a policy is about',
    text: [
      'Without a policy, every pod may reach every pod: look at the matrix. A policy begins with `podSelector`: the pods that it is about. Those are isolated, and only what the policy’s rules allow comes in.',
      'This one has no rule, so it is meant to close the database. But it selects nothing: no pod is called that. The labels of the pods are in cluster.yaml.',
    ],
    hint: 'The database has the label app: db.',
    start: policy('db', `
  podSelector:
    matchLabels:
      app: database
  ingress: []
`),
    solution: policy('db', `
  podSelector:
    matchLabels:
      app: db
  ingress: []
`),
    goals: [
      deny('shop/web -> shop/db:5432', 'web does not reach the database'),
      deny('shop/api -> shop/db:5432', 'neither does api'),
      allow('shop/web -> shop/api:8080', 'web still reaches api: no policy is about it'),
    ],
  },
  {
    title: 'Allow what is needed',
    text: [
      'A rule under `ingress` lets something in: `from` says who, `ports` says where. What no rule allows stays closed; there is no rule that denies.',
      'Let api in to the database, on its port 5432 alone.',
    ],
    hint: 'Put an item under ingress, with from: a podSelector for app: api, and ports: port 5432.',
    start: policy('db', `
  podSelector:
    matchLabels:
      app: db
  ingress: []
`),
    solution: dbFromApi,
    goals: [
      allow('shop/api -> shop/db:5432', 'api reaches the database on 5432'),
      deny('shop/api -> shop/db:22', 'and on no other port'),
      deny('shop/web -> shop/db:5432', 'web does not'),
    ],
  },
  {
    title: 'Close a whole namespace',
    text: [
      'A `podSelector` that is empty selects every pod of the policy’s namespace. Policies add up: a pod that several select may do what any of them allows.',
      'Make the second policy close all of the namespace shop, for what comes in. What the first one allows remains.',
    ],
    hint: 'podSelector: {} selects every pod.',
    start: together(dbFromApi, policy('default-deny', `
  podSelector:
    matchLabels:
      app: db
  policyTypes: [Ingress]
`)),
    solution: together(dbFromApi, denyAll),
    goals: [
      deny('shop/web -> shop/api:8080', 'nobody reaches api'),
      deny('monitoring/prometheus -> shop/web:8443', 'nobody reaches web'),
      allow('shop/api -> shop/db:5432', 'api reaches the database as before'),
    ],
  },
  {
    title: 'Another namespace',
    text: [
      'A `podSelector` under `from` means pods of the policy’s own namespace. Pods of another are chosen by the labels of their namespace, with `namespaceSelector`. Every namespace has the label kubernetes.io/metadata.name with its name.',
      'Everything in monitoring may read the metrics of api, port 9090. The rule below looks for it in the wrong place.',
    ],
    hint: 'Put a namespaceSelector with kubernetes.io/metadata.name: monitoring in the place of the podSelector under from.',
    start: scrape(`
        - podSelector:
            matchLabels:
              team: monitoring
`),
    solution: scrape(`
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: monitoring
`),
    goals: [
      allow('monitoring/prometheus -> shop/api:9090', 'prometheus reads the metrics'),
      allow('monitoring/grafana -> shop/api:9090', 'so may grafana'),
      deny('shop/web -> shop/api:9090', 'web does not'),
    ],
  },
  {
    title: 'One dash, another meaning',
    text: [
      'Each item under `from` is one peer, and any of them suffices. A namespaceSelector and a podSelector in one item mean: these pods in those namespaces. As two items they mean: everything in those namespaces, and besides these pods of the own one.',
      'Only prometheus is meant here. One character is too many.',
    ],
    hint: 'Take the dash before podSelector away, and keep it in line with namespaceSelector.',
    start: scrape(`
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: monitoring
        - podSelector:
            matchLabels:
              app: prometheus
`),
    solution: scrape(`
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: monitoring
          podSelector:
            matchLabels:
              app: prometheus
`),
    goals: [
      allow('monitoring/prometheus -> shop/api:9090', 'prometheus reads the metrics'),
      deny('monitoring/grafana -> shop/api:9090', 'grafana does not'),
    ],
  },
  {
    title: 'What goes out, and DNS',
    text: [
      'Rules under `egress` govern what a pod may call. As soon as a policy isolates egress, everything goes through its rules, and so does looking up names: without DNS, hardly anything works.',
      'web may call api. Let it ask the DNS pods in kube-system too, on port 53, over UDP and TCP.',
    ],
    hint: 'Add a second item under egress: to the pods with k8s-app: kube-dns in the namespace kube-system, ports 53 of UDP and of TCP. The finding has a fix for it.',
    start: webOut(''),
    solution: webOut(dns),
    goals: [
      allow('shop/web -> kube-system/coredns:53/UDP', 'web may ask for names, over UDP'),
      allow('shop/web -> kube-system/coredns:53/TCP', 'and over TCP'),
      allow('shop/web -> shop/api:8080', 'web calls api'),
      deny('shop/web -> shop/db:5432', 'and not the database'),
    ],
  },
  {
    title: 'Both ends must agree',
    text: [
      'A connection passes if the source may send it and the destination may take it. A policy at one end alone opens nothing where another closes the other end.',
      'web is let out to api, and yet denied. Ask why in the view Connection, and mend the end that says no.',
    ],
    hint: 'The policy api-in lets in pods with app: frontend. There are none: web has app: web.',
    start: together(webOut(dns), apiIn('frontend')),
    solution: together(webOut(dns), apiIn('web')),
    goals: [
      allow('shop/web -> shop/api:8080', 'web reaches api'),
      deny('shop/db -> shop/api:8080', 'the database does not'),
      deny('shop/web -> shop/api:9090', 'nor web on another port'),
    ],
  },
  {
    title: 'The world outside',
    text: [
      'Addresses outside the cluster are named as ranges, with `ipBlock`. `except` takes parts out of a range again: it denies nothing by itself, the range just does not cover them.',
      'Everyone on the internet may reach web on port 8443. The company’s own network, 10.0.0.0/8, may not.',
    ],
    hint: 'Under cidr put except: with 10.0.0.0/8, and beside from put ports: with port 8443.',
    start: outside(''),
    solution: outside(`
            except:
              - 10.0.0.0/8
      ports:
        - port: 8443
`),
    goals: [
      allow('203.0.113.9 -> shop/web:8443', 'the internet reaches web on 8443'),
      deny('203.0.113.9 -> shop/web:8080', 'and on no other port'),
      deny('10.1.2.3 -> shop/web:8443', 'the company’s network does not'),
    ],
  },
]

const pod = (namespace: string, name: string, label = 'app', value = name): string => `---
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: ${namespace}
  labels:
    ${label}: ${value}
`
const namespace = (name: string): string => `---
apiVersion: v1
kind: Namespace
metadata:
  name: ${name}
  labels:
    kubernetes.io/metadata.name: ${name}
`

/** The pods that every step is about. */
export const cluster = `# The pods of the tutorial, and the namespaces that they live in.
${['shop', 'monitoring', 'kube-system'].map(namespace).join('').replace(/^---\n/, '')}${[
  pod('shop', 'web'), pod('shop', 'api'), pod('shop', 'db'), pod('monitoring', 'prometheus'), pod('monitoring', 'grafana'),
  pod('kube-system', 'coredns', 'k8s-app', 'kube-dns'),
].join('')}`
