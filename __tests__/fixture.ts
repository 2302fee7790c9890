/** What most tests share: small clusters, their OpenTofu JSON, and their emitted files. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformStack, Testing, type App } from "cdktf";
import { HostFiles, K3sAgentNode, K3sCluster, K3sServerNode } from "../constructs";
import { HOST_FILES, type EmissionOptions } from "../src/emit/app";
import type {
  AgentSettings,
  AllowedFlow,
  ClusterSettings,
  Role,
  ServerSettings,
} from "../src/config/settings";
import { EXAMPLE_KEYS, REFERENCE } from "../testbed/reference";

export { EXAMPLE_KEYS, REFERENCE };

/** A flow over a further network interface. */
export const REPLICATION: AllowedFlow = {
  from: "nodes",
  to: "every host",
  over: "storage0",
  protocol: "tcp",
  ports: { from: 9200, to: 9200 },
  why: "replication",
};

export const REPOSITORY = join(__dirname, "..");

/** Runs a TypeScript program of the repository. */
export const TSX = join(REPOSITORY, "node_modules", ".bin", "tsx");

/** A node as a test writes it. */
export interface TestNode extends ServerSettings {
  readonly id: string;
  readonly role: Role;
}

export const server = (
  id: string,
  hostname: string,
  vmId: number,
  more: Partial<ServerSettings> = {},
): TestNode => ({
  id,
  role: "server",
  hostname,
  vmId,
  ...more,
});

export const agent = (
  id: string,
  hostname: string,
  vmId: number,
  more: Partial<AgentSettings> = {},
): TestNode => ({
  id,
  role: "agent",
  hostname,
  vmId,
  ...more,
});

export const ALPHARD = server("k3s-server", "alphard", 134);
export const HAMAL = agent("k3s-agent", "hamal", 135);
export const MIZAR = agent("k3s-agent-1", "mizar", 136);

/** A cluster that shares nothing with the reference cluster. */
export const ALTAIR = server("k3s-server", "altair", 144);
export const FURTHER: ClusterSettings = { ...REFERENCE, apiEndpoint: "https://172.22.0.144:6443" };

/** Three servers, written out of order, and two agents. */
export const FIVE_NODES: readonly TestNode[] = [
  agent("k3s-agent", "hamal", 135),
  server("k3s-server-2", "alnair", 138),
  server("k3s-server", "alphard", 134, { clusterInit: true }),
  agent("k3s-agent-1", "mizar", 136),
  server("k3s-server-1", "acrux", 137),
];

/** Adds the nodes to a new cluster in a stack of the app. */
export function addCluster(
  scope: App | TerraformStack,
  nodes: readonly TestNode[],
  settings: ClusterSettings = REFERENCE,
): K3sCluster {
  const stack = scope instanceof TerraformStack ? scope : new TerraformStack(scope, "k3s");
  const cluster = new K3sCluster(stack, "cluster", settings);
  for (const { id, role, ...props } of nodes) {
    if (role === "server") new K3sServerNode(cluster, id, props);
    else new K3sAgentNode(cluster, id, props);
  }
  return cluster;
}

/** What is wrong with a cluster, as a person reads it. */
export function faultsOf(nodes: readonly TestNode[], settings: ClusterSettings = REFERENCE): string[] {
  return addCluster(testApp(), nodes, settings).node.validate();
}

/** Faults of the reference cluster with another mizar. */
export const faultsOfMizar = (mizar: Partial<TestNode>): string[] =>
  faultsOf([ALPHARD, HAMAL, { ...MIZAR, ...mizar }]);

/** Faults of the reference cluster with other settings. */
export const faultsWith = (settings: Partial<ClusterSettings>): string[] =>
  faultsOf([ALPHARD, HAMAL, MIZAR], { ...REFERENCE, ...settings });

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- arbitrary JSON
export type Json = any;

/** Synthesized OpenTofu JSON, parsed. */
export function synthesized(nodes: readonly TestNode[], settings?: ClusterSettings): Json {
  return JSON.parse(Testing.synth(TerraformStack.of(addCluster(testApp(), nodes, settings)), true));
}

/** The VM of the cluster's only agent, with other settings of node or cluster. */
export function synthesizedVm(node: Partial<TestNode>, vm: ClusterSettings["vm"] = {}): Json {
  const settings = { ...REFERENCE, vm: { ...REFERENCE.vm, ...vm } };
  return synthesized([ALPHARD, { ...MIZAR, ...node }], settings).resource.proxmox_virtual_environment_vm
    .k3s_agent_1;
}

/** An empty folder that stands in for the working directory, removed after each test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "k3s-test-"));
  folders.push(folder);
  return folder;
}

/** Gives each test of a suite a folder of its own as TMPDIR, in which no other suite makes anything. */
export function ownTmpdir(): { readonly path: string } {
  const own = { path: "" };
  const parent = process.env.TMPDIR;
  beforeEach(() => {
    own.path = temporaryFolder();
    process.env.TMPDIR = own.path;
  });
  afterEach(() => {
    if (parent === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = parent;
  });
  return own;
}

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An app that leaves nothing behind. CDKTF's own app for tests leaves a folder. */
export const testApp = (options: EmissionOptions = {}): App =>
  Testing.app({ outdir: join(temporaryFolder(), "out"), context: { [HOST_FILES]: options } });

/** Runs `use` with that folder as the working directory, which is where host files go. */
export function inside<T>(folder: string, use: () => T): T {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return use();
  } finally {
    process.chdir(before);
  }
}

/** Synthesizes a cluster with its host files into `<folder>/nix` and returns the OpenTofu folder of the app. */
export function emit(
  folder: string,
  nodes: readonly TestNode[],
  settings?: ClusterSettings,
  options?: EmissionOptions,
): string {
  const app = testApp(options);
  inside(folder, () => {
    new HostFiles(addCluster(app, nodes, settings), "nix");
    app.synth();
  });
  return app.outdir;
}

/** Writes into a folder what `apply` finds after a synth of these stacks. */
export function asSynthesized(folder: string, stacks: readonly string[]): void {
  for (const stack of stacks) mkdirSync(join(folder, "cdktf.out", "stacks", stack), { recursive: true });
  const entries = stacks.map((stack) => [stack, { workingDirectory: `stacks/${stack}` }]);
  const manifest = JSON.stringify({ stacks: Object.fromEntries(entries) });
  writeFileSync(join(folder, "cdktf.out", "manifest.json"), manifest);
}

/** Every file below a folder, with its text. */
export function textsBelow(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}
