//! Manifests that the tests are written against.

/// Where the examples are, from the workspace's folder.
pub const SHOP: &str = "examples/shop";

/// A web server, its client and a stranger; only the client gets in, on port 80.
pub const WEB: &str = "\
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: client, namespace: shop, labels: { app: client } }
---
apiVersion: v1
kind: Pod
metadata: { name: stranger, namespace: shop, labels: { app: stranger } }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: web, ports: [{ name: http, containerPort: 80 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: client } } }]
      ports: [{ port: 80 }]
";

/// A connection that a CSV listing of `WEB` has if its policy and its pods were read.
pub const CLIENT_TO_WEB: &str = "shop/client[Pod],shop/web[Pod],TCP,80\n";

/// A policy that the API server refuses, at line 5, column 64.
pub const REFUSED: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: refused, namespace: shop }
spec:
  { podSelector: {}, policyTypes: [Ingress], ingress: [{ ports: [{ port: \"80\" }] }] }
";

/// A database of two pods that policy treats unlike, behind one Service that finds their ports by name; Services with nothing
/// behind them; and a pod and a Deployment of the same name.
pub const DATABASE: &str = "\
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata:
  name: db-0
  namespace: shop
  labels: { app: db, role: primary }
  ownerReferences: [{ apiVersion: apps/v1, kind: StatefulSet, name: db, controller: true, uid: a }]
spec: { containers: [{ name: db, ports: [{ name: sql, containerPort: 5432 }] }] }
---
apiVersion: v1
kind: Pod
metadata:
  name: db-1
  namespace: shop
  labels: { app: db, role: replica }
  ownerReferences: [{ apiVersion: apps/v1, kind: StatefulSet, name: db, controller: true, uid: a }]
spec: { containers: [{ name: db, ports: [{ name: sql, containerPort: 5433 }] }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: client, namespace: shop }
spec: { template: { metadata: { labels: { app: client } } } }
---
apiVersion: v1
kind: Pod
metadata: { name: twin, namespace: shop, labels: { app: twin } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: twin, namespace: shop }
spec: { template: { metadata: { labels: { app: twins } } } }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { selector: { app: db }, ports: [{ name: sql, port: 15432, targetPort: sql }] }
---
apiVersion: v1
kind: Service
metadata: { name: nobody, namespace: shop }
spec: { selector: { app: nobody }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: elsewhere, namespace: shop }
spec: { ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: primary, namespace: shop }
spec:
  podSelector: { matchLabels: { role: primary } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: twin } } }]
";
