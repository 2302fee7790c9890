/**
 * Stand-in for K3s' process: waits for its token, joins over the network, and from then on sends a heartbeat whenever it
 * reaches its server, through the real firewalls. The cluster's state is a folder that all machines share.
 */
import { createHash, randomUUID, X509Certificate } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { become, CLUSTER, stateIn } from "../cluster-state";
import { kubectl } from "../kubectl";

const DB = "/var/lib/rancher/k3s/server/db";
/** Of etcd: a reset makes another cluster, which its former members do not belong to. */
const CLUSTER_ID = `${CLUSTER}/id`;
const RENEWAL_MS = 250;

const [
  role = "",
  name = "",
  address = "",
  tokenFile = "",
  version = "",
  server = "",
  // Of a server, where agents have a token of their own.
  agentTokenFile = "",
] = readFileSync("/run/current-system/etc/k3s", "utf8").split("\n");

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const passwordOf = (token: string): string => token.trim().replace(/^K10[0-9a-f]+::([^:]+:)?/, "");

function write(path: string, value: unknown): void {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  writeFileSync(`${path}.${name}`, text);
  renameSync(`${path}.${name}`, path);
}

/** A real connection, which a firewall may refuse. */
function reaches(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket
      .on("connect", () => end(true))
      .on("error", () => end(false))
      .on("timeout", () => end(false));
  });
}

/** Whether the server to join is reachable. The first server joins none. */
async function reachesEndpoint(): Promise<boolean> {
  const [host = "", port = ""] = server.split(":");
  return server === "" || reaches(host, Number(port));
}

let known: { readonly nodes: string; readonly servers: readonly { name: string; address: string }[] } = {
  nodes: "",
  servers: [],
};

/** Read again only when nodes came or went: all nodes ask several times a second, and 30 of them would keep two cores busy. */
function servers(): typeof known.servers {
  const files = readdirSync(`${CLUSTER}/nodes`).filter((file) => file.endsWith(".json"));
  if (files.join(" ") !== known.nodes) {
    const nodes = files.map((file) => JSON.parse(readFileSync(`${CLUSTER}/nodes/${file}`, "utf8")));
    known = {
      nodes: files.join(" "),
      servers: nodes
        .filter(({ metadata }) => "node-role.kubernetes.io/control-plane" in metadata.labels)
        .map(({ metadata, status }) => ({ name: metadata.name, address: status.addresses[0].address })),
    };
  }
  return known.servers;
}

/** Whether it reaches what a heartbeat needs: an agent any server, through its load balancer; a server most servers, through etcd. */
async function isHeard(): Promise<boolean> {
  const all = servers();
  if (role === "agent") {
    for (const { address } of all) if (await reaches(address, 6443)) return true;
    return false;
  }
  const others = all.filter((other) => other.name !== name && existsSync(`${CLUSTER}/members/${other.name}`));
  const reached = await Promise.all(others.map(({ address }) => reaches(address, 2380)));
  return (reached.filter(Boolean).length + 1) * 2 > others.length + 1;
}

const DATA = "/var/lib/rancher/k3s";

/** As K3s 1.33.5 names them. */
const ISSUED = {
  server: [
    ...[
      "client-admin",
      "client-auth-proxy",
      "client-controller",
      "client-k3s-cloud-controller",
      "client-k3s-controller",
    ],
    ...[
      "client-kube-apiserver",
      "client-kube-proxy",
      "client-scheduler",
      "client-supervisor",
      "serving-kube-apiserver",
    ],
    ...["etcd/client", "etcd/peer-server-client", "etcd/server-client"],
  ].map((name) => `${DATA}/server/tls/${name}.crt`),
  agent: ["client-k3s-controller", "client-kube-proxy", "client-kubelet", "serving-kubelet"].map(
    (name) => `${DATA}/agent/${name}.crt`,
  ),
};
const AUTHORITIES = {
  server: ["client-ca", "etcd/peer-ca", "etcd/server-ca", "request-header-ca", "server-ca"].map(
    (name) => `${DATA}/server/tls/${name}.crt`,
  ),
  agent: ["client-ca", "server-ca"].map((name) => `${DATA}/agent/${name}.crt`),
};
/** The certificate of port 6443, and the file by which `certificate rotate` asks for a new one. */
const DYNAMIC = `${DATA}/server/tls/dynamic-cert.json`;
const REGENERATE = `${DATA}/server/tls/dynamic-cert-regenerate`;

/** How many certificates there are, and how many were issued here. */
const ISSUED_CERTIFICATES = 6;
const COUNT = "/var/lib/issued";

/** Issues for a year what is missing or has at most 120 days left, and nothing else. One certificate stands for all of them. */
function issueCertificates(): void {
  const isServer = role === "server";
  for (const file of [...(isServer ? AUTHORITIES.server : []), ...AUTHORITIES.agent]) {
    if (existsSync(file)) continue;
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync("/programs/tls.crt", file);
  }
  const due = [...(isServer ? ISSUED.server : []), ...ISSUED.agent].filter(
    (file) => !existsSync(file) || daysLeft(file) <= 120,
  );
  const isDynamicDue = isServer && (!existsSync(DYNAMIC) || existsSync(REGENERATE));
  if (due.length === 0 && !isDynamicDue) return;
  // The testbed has made some, so that no machine needs OpenSSL. The next one each time.
  const count = Number(existsSync(COUNT) ? readFileSync(COUNT, "utf8") : 0);
  writeFileSync(COUNT, String(count + 1));
  const issued = readFileSync(`/programs/issued-${count % ISSUED_CERTIFICATES}.crt`, "utf8");
  // Behind it comes its authority's, as K3s writes it.
  for (const file of due) writeFileSync(file, issued + readFileSync("/programs/tls.crt", "utf8"));
  if (!isDynamicDue) return;
  const [crt, key] = [issued, readFileSync("/programs/issued.key", "utf8")].map((text) =>
    Buffer.from(text).toString("base64"),
  );
  writeFileSync(DYNAMIC, `${JSON.stringify({ metadata: {}, data: { "tls.crt": crt, "tls.key": key } })}\n`, {
    mode: 0o600,
  });
  rmSync(REGENERATE, { force: true });
}

const daysLeft = (file: string): number =>
  (Date.parse(new X509Certificate(readFileSync(file)).validTo) - Date.now()) / 86_400_000;

function serve(): void {
  const options = { key: readFileSync("/programs/tls.key"), cert: readFileSync("/programs/tls.crt") };
  const passwords = readPasswords();
  write(`${CLUSTER}/admits/${name}`, hashOf(passwords.node));
  const key = `${CLUSTER}/encryption-key`;
  writeFileSync(`${CLUSTER}/encrypts/${name}`, existsSync(key) ? readFileSync(key) : "0");
  createServer(options, (request, response) => {
    let body = "";
    request
      .on("data", (part: Buffer) => (body += part.toString()))
      .on("end", () => {
        response.statusCode = answer(request, body, passwords);
        response.end("ok");
      });
  }).listen(6443);
  createTcpServer((socket) => socket.end()).listen(2380);
  mkdirSync("/etc/rancher/k3s", { recursive: true });
  keepToken(passwords.server);
  const kubeconfig = [
    "apiVersion: v1",
    "clusters:",
    "- cluster:",
    `    certificate-authority-data: ${readFileSync(`${DATA}/server/tls/server-ca.crt`).toString("base64")}`,
    "    server: https://127.0.0.1:6443",
    "  name: default",
    "contexts:",
    "- context:",
    "    cluster: default",
    "    user: default",
    "  name: default",
    "current-context: default",
    "kind: Config",
    "preferences: {}",
    "users:",
    "- name: default",
    "  user:",
    `    client-certificate-data: ${readFileSync(`${DATA}/server/tls/client-admin.crt`).toString("base64")}`,
    `    client-key-data: ${pem("EC PRIVATE KEY", "planted-client-key")}`,
  ];
  writeFileSync("/etc/rancher/k3s/k3s.yaml", `${kubeconfig.join("\n")}\n`, { mode: 0o600 });
}

type Passwords = Readonly<Record<"server" | "node", string>>;

/** Read once, at the start: K3s keeps them in memory until the next one (pkg/authenticator/passwordfile). */
function readPasswords(): Passwords {
  const own = passwordOf(readFileSync(tokenFile, "utf8"));
  const agents = agentTokenFile === "" ? own : passwordOf(readFileSync(agentTokenFile, "utf8"));
  return { server: own, node: agents };
}

const hashOf = (password: string): string => createHash("sha256").update(password).digest("hex");

/** In the long form, as K3s does. */
const keepToken = (password: string): void =>
  writeFileSync(`${DATA}/server/token`, `K10${"c0ffee".padEnd(64, "0")}::server:${password}\n`, {
    mode: 0o600,
  });

/** The status of K3s' answer. `PUT token` changes the cluster's token and this server's copy, and no running server's memory. */
function answer({ url = "", method, headers }: IncomingMessage, body: string, passwords: Passwords): number {
  if (!url.startsWith("/v1-k3s/")) return 200;
  const said = Buffer.from((headers.authorization ?? "").replace(/^Basic /, ""), "base64").toString("utf8");
  const [user = "", ...rest] = said.split(":");
  const known = user === "server" || user === "node" ? passwords[user] : undefined;
  if (known === undefined || known !== rest.join(":")) return 401;
  const path = url.slice("/v1-k3s/".length);
  if (path === "server-ca.crt") return user === "node" ? 200 : 403;
  if (user !== "server") return 403;
  if (path === "encrypt/status") return 200;
  if (path !== "token") return 404;
  if (method !== "PUT") return 405;
  if (existsSync("/faults/token-rotate-fails")) return 500;
  const { newToken } = JSON.parse(body) as { newToken: string };
  write(`${CLUSTER}/token`, newToken);
  keepToken(newToken);
  return 200;
}

/** Base64 of PEM, as in a kubeconfig; nothing here reads the content. */
const pem = (block: string, content: string): string =>
  Buffer.from(
    `-----BEGIN ${block}-----\n${Buffer.from(content).toString("base64")}\n-----END ${block}-----\n`,
  ).toString("base64");

function register(): void {
  if (role === "server") write(`${CLUSTER}/members/${name}`, "");
  const path = `${CLUSTER}/nodes/${name}.json`;
  const old = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  const labels: Record<string, string> = { "kubernetes.io/hostname": name };
  if (role === "server") labels["node-role.kubernetes.io/control-plane"] = "true";
  const number = Number(address.split(".")[3]) % 250;
  write(path, {
    metadata: { name, labels, annotations: old?.metadata.annotations ?? {} },
    spec: { ...(old?.spec ?? {}), podCIDR: `10.42.${number}.0/24` },
    status: {
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: name },
      ],
      nodeInfo: {
        kubeletVersion: version,
        bootID: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
        machineID: readFileSync("/etc/machine-id", "utf8").trim(),
      },
    },
  });
  write(PASSWORD_SECRET, hashOf(ownPassword()));
}

/** What a server makes of the data that it has: a reset member is a cluster of its own, and a founder without data makes a new one. */
function openData(): void {
  const restored = restoredState(`${DB}/etcd/member/snap/db`);
  if (existsSync(`${DB}/reset-flag`)) {
    rmSync(`${DB}/reset-flag`);
    write(CLUSTER_ID, randomUUID());
    rmSync(`${DB}/etcd/id`, { force: true });
    if (existsSync("/faults/starts-empty")) become({ uid: randomUUID(), objects: [] });
    else if (restored !== undefined) become(restored);
    event("restored");
  } else if (server === "" && existsSync(CLUSTER_ID) && !existsSync(`${DB}/etcd`)) {
    write(CLUSTER_ID, randomUUID());
    become({ uid: randomUUID(), objects: [] });
    event("founded a new, empty cluster");
  }
  beginCluster();
  const own = existsSync(`${DB}/etcd/id`)
    ? readFileSync(`${DB}/etcd/id`, "utf8")
    : readFileSync(CLUSTER_ID, "utf8");
  mkdirSync(`${DB}/etcd`, { recursive: true });
  write(`${DB}/etcd/id`, own);
}

/** All machines start at once: the first of them gives the cluster its ID. */
function beginCluster(): void {
  const proposed = `${CLUSTER_ID}.of-${name}`;
  writeFileSync(proposed, randomUUID());
  try {
    linkSync(proposed, CLUSTER_ID);
  } catch {
    // Another one was first.
  }
  // Written again, it would be the linked file.
  rmSync(proposed);
}

const restoredState = (path: string): ReturnType<typeof stateIn> =>
  existsSync(path) ? stateIn(path) : undefined;

/** Whether a server's data is of the cluster that it reaches. */
const isMember = (): boolean =>
  role !== "server" || readFileSync(`${DB}/etcd/id`, "utf8") === readFileSync(CLUSTER_ID, "utf8");

const event = (words: string): void =>
  writeFileSync(`${CLUSTER}/events`, `${name} ${words}\n`, { flag: "a" });

/**
 * The first server founds the cluster with its token. A server needs the token with which the cluster's data is encrypted, and an
 * agent one that a running server admits.
 */
function isAdmitted(): boolean {
  const ours = passwordOf(readFileSync(tokenFile, "utf8"));
  if (role === "agent") {
    // A server checks its own against its file only (k3s, pkg/nodepassword/validate.go).
    if (existsSync(PASSWORD_SECRET) && readFileSync(PASSWORD_SECRET, "utf8") !== hashOf(ownPassword()))
      return false;
    const servers = readdirSync(`${CLUSTER}/admits`).filter((file) => !file.includes("."));
    return servers.some((file) => readFileSync(`${CLUSTER}/admits/${file}`, "utf8") === hashOf(ours));
  }
  const path = `${CLUSTER}/token`;
  if (!existsSync(path) && server === "") write(path, ours);
  return existsSync(path) && readFileSync(path, "utf8") === ours;
}

/** Ties the name of a Node to its machine. */
const PASSWORD_SECRET = `${CLUSTER}/secrets/${name}.node-password.k3s`;

function ownPassword(): string {
  const file = "/etc/rancher/node/password";
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, randomUUID(), { mode: 0o600 });
  }
  return readFileSync(file, "utf8");
}

/** Whether it hangs: in a system that is not the boot default, or in the version that the fault names. */
function hangs(isNew: boolean): boolean {
  const fault = "/faults/k3s-hangs";
  return existsSync(fault) && (isNew || readFileSync(fault, "utf8") === version);
}

/** What etcd says of itself to whoever asks on the machine: K3s 1.33.5 has etcd 3.5.21, and K3s 1.34 has 3.6. */
function serveMetrics(): void {
  const fault = "/faults/etcd-version";
  const etcd = existsSync(fault)
    ? readFileSync(fault, "utf8")
    : version.startsWith("v1.33.")
      ? "3.5.21"
      : "3.6.7";
  createHttpServer((_, response) => response.end(`etcd_server_version{server_version="${etcd}"} 1\n`)).listen(
    2381,
    "127.0.0.1",
  );
}

/** Answers `programs/kubectl`. */
function serveKubectl(): void {
  const path = "/run/k3s-kubectl";
  rmSync(path, { force: true });
  createTcpServer({ allowHalfOpen: true }, (socket) => {
    const parts: Buffer[] = [];
    // It may have been killed.
    socket.on("error", () => socket.destroy());
    socket.on("data", (part) => parts.push(part)).on("end", () => void answerKubectl(socket, parts));
  }).listen(path);
}

async function answerKubectl(socket: Socket, parts: readonly Buffer[]): Promise<void> {
  const words = fields(Buffer.concat(parts));
  const input = words.pop() ?? "";
  const { status, stdout, stderr } = await kubectl({ words, input });
  const head = Buffer.alloc(5);
  head.writeUInt8(status);
  head.writeUInt32BE(Buffer.byteLength(stdout), 1);
  socket.end(Buffer.concat([head, Buffer.from(stdout + stderr)]));
}

/** Texts, each with its length before it. */
function fields(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at);
    found.push(bytes.toString("utf8", at + 4, end));
    at = end;
  }
  return found;
}

async function main(): Promise<void> {
  const isNew = realpathSync("/run/current-system") !== realpathSync("/boot/default");
  if (existsSync("/faults/k3s-fails") && isNew) {
    console.log('level=fatal msg="flag provided but not defined: -wrong"');
    process.exit(1);
  }
  mkdirSync("/var/lib/rancher/k3s/agent", { recursive: true });
  // K3s sets it only when it starts.
  writeFileSync("/proc/sys/net/ipv4/conf/all/forwarding", "1");
  while (!existsSync(tokenFile)) {
    console.log(`Waiting for ${tokenFile} to be available`);
    await sleep(200);
  }
  if (role === "server") openData();
  while (!(await reachesEndpoint()) || !isAdmitted() || !isMember() || hangs(isNew)) {
    console.log(`level=error msg="not admitted by ${server}"`);
    await sleep(200);
  }
  issueCertificates();
  if (role === "server") {
    serve();
    serveKubectl();
    serveMetrics();
  }
  register();
  event(`joined ${version}`);
  while (true) {
    if (await isHeard()) write(`${CLUSTER}/leases/${name}`, new Date().toISOString());
    writeFileSync("/run/units/k3s.service/ready", "");
    await sleep(RENEWAL_MS);
  }
}

void main();
