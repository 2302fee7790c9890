import type { Role } from "./settings";

/**
 * What K3s issues for a year, and renews when it starts, below its data folder. Other certificates there belong to others, or are
 * left over from older versions, and never get newer (k3s, pkg/daemons/control/deps/deps.go; pkg/util/services/services.go).
 */
const ISSUED: Readonly<Record<Role, readonly string[]>> = {
  server: [
    ...[
      "client-admin.crt",
      "client-auth-proxy.crt",
      "client-controller.crt",
      "client-k3s-cloud-controller.crt",
      "client-k3s-controller.crt",
      "client-kube-apiserver.crt",
      "client-kube-proxy.crt",
      "client-scheduler.crt",
      "client-supervisor.crt",
      "serving-kube-apiserver.crt",
      "etcd/client.crt",
      "etcd/peer-server-client.crt",
      "etcd/server-client.crt",
      // Of port 6443.
      "dynamic-cert.json",
    ].map((file) => `server/tls/${file}`),
  ],
  agent: [
    "client-k3s-controller.crt",
    "client-kube-proxy.crt",
    "client-kubelet.crt",
    "serving-kubelet.crt",
  ].map((file) => `agent/${file}`),
};

/** Certificate authorities, which K3s makes for ten years and never renews. */
const AUTHORITIES: Readonly<Record<Role, readonly string[]>> = {
  server: [
    "client-ca.crt",
    "etcd/peer-ca.crt",
    "etcd/server-ca.crt",
    "request-header-ca.crt",
    "server-ca.crt",
  ].map((file) => `server/tls/${file}`),
  agent: ["agent/client-ca.crt", "agent/server-ca.crt"],
};

/** A server is an agent too. */
const of = (files: typeof ISSUED, role: Role): readonly string[] =>
  role === "server" ? [...files.server, ...files.agent] : files.agent;

/** What K3s issues to a host of the role. */
export const issuedCertificates = (role: Role): readonly string[] => of(ISSUED, role);

/** The certificate authorities that a host of the role knows. */
export const certificateAuthorities = (role: Role): readonly string[] => of(AUTHORITIES, role);
