import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inside, REPOSITORY } from "../fixture";
import { appOf, CONTEXT_VARIABLE, contextJson } from "../../src/emit/app";
import { readEmitted, reportOf as reportIn, synthTree, type Emitted } from "../../src/preview/emitted";
import { toMarkdown } from "../../src/preview/markdown";
import { compare } from "../../src/preview/preview";
import { reportOf, type Block } from "../../src/preview/report";
import { toTerminal } from "../../src/preview/terminal";
import { displayWidth } from "../../src/base/wrap";
import { asPrinted, schemaFaults } from "../json-schema";
import { previewDocument } from "../../src/cli/preview";
import { Project, type Outcome } from "../project";
import { linkProject } from "../../testbed/package/copy";

/** What a person does to the project between the base and the preview. */
type Change = (project: Project) => void;

const inMain =
  (from: string | RegExp, to: string): Change =>
  (project) =>
    project.edit("main.ts", (text) => text.replace(from, to));

const add = (statement: string): Change => inMain("new HostFiles", `${statement}\nnew HostFiles`);

const all =
  (...changes: readonly Change[]): Change =>
  (project) =>
    changes.forEach((change) => change(project));

const unchanged: Change = () => undefined;

/** The app that `npx` would find, without the half second that npx takes. */
const APP_WITHOUT_NPX: Change = (project) =>
  project.edit("cdktf.json", (text) => text.replace("npx tsx ", "node --import tsx "));

/** A repository whose first commit is the reference cluster, as `earlier` left it. */
function history(earlier = unchanged, project = new Project()): Project {
  earlier(project);
  project.git("init", "--quiet", "--initial-branch=main");
  project.git("add", "--all");
  project.git("commit", "--quiet", "--message=base");
  return project;
}

const preview = (project: Project, ...words: string[]): Outcome => project.script("preview", ...words);

const THREE_SERVERS = all(
  inMain(
    'vmId: 134, description: "# K3s Server" }',
    'vmId: 134, description: "# K3s Server", clusterInit: true }',
  ),
  add('new K3sServerNode(cluster, "k3s-server-1", { hostname: "acrux", vmId: 137 });'),
  add('new K3sServerNode(cluster, "k3s-server-2", { hostname: "alnair", vmId: 138 });'),
);

const ADD_ALNAIR = add('new K3sAgentNode(cluster, "k3s-agent-2", { hostname: "alnair", vmId: 137 });');

const WITHOUT_MIZAR = inMain(/new K3sAgentNode\(cluster, "k3s-agent-1".*\n/, "");

const TWO_LANS = inMain('lanCidrs: ["172.22.0.0/24"]', 'lanCidrs: ["172.22.0.0/24", "192.168.77.0/24"]');

const PINNED = `release: "25.11",
    nixpkgs: {
      rev: "0123456789abcdef0123456789abcdef01234567",
      hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
    },`;

const SECOND_DISK =
  'disks: [{ interface: "scsi0", datastore: "Cesspool-VM", sizeGib: 32 }, { interface: "scsi1", datastore: "Cesspool-VM", sizeGib: 100';

const SECOND_NIC =
  'networkInterfaces: [{ bridge: "vmbr0" }, { bridge: "vmbr1", macAddress: "BC:24:11:B3:ED:98"';

interface Case {
  readonly name: string;
  /** @default - none */
  readonly base?: Change;
  readonly change: Change;
  /** Whether the project's own code changes. @default false */
  readonly ofCode?: true;
}

const CHANGES: readonly Case[] = [
  { name: "add-an-agent", change: ADD_ALNAIR },
  { name: "remove-an-agent", change: WITHOUT_MIZAR },
  { name: "add-two-servers", change: THREE_SERVERS },
  {
    name: "give-the-api-an-address",
    base: THREE_SERVERS,
    change: inMain('apiEndpoint: "https://172.22.0.134:6443"', 'apiVip: { address: "172.22.0.30" }'),
  },
  {
    name: "remove-two-servers-at-once",
    base: THREE_SERVERS,
    change: inMain(/new K3sServerNode\(cluster, "k3s-server-[12]".*\n/g, ""),
  },
  {
    name: "resize",
    change: inMain(
      'hostname: "mizar", vmId: 136',
      'hostname: "mizar", vmId: 136, cores: 8, memoryMib: 32768, disks: [{ interface: "scsi0", datastore: "Cesspool-VM", sizeGib: 64 }]',
    ),
  },
  { name: "resize-all", change: inMain("cores: 4", "cores: 8") },
  {
    name: "shrink-a-disk-and-add-another",
    change: inMain(
      'hostname: "mizar", vmId: 136',
      'hostname: "mizar", vmId: 136, disks: [{ interface: "scsi0", datastore: "Cesspool-VM", sizeGib: 16 }, { interface: "scsi1", datastore: "Cesspool-VM", sizeGib: 100 }]',
    ),
  },
  {
    name: "mount-a-disk",
    base: inMain('hostname: "mizar", vmId: 136', `hostname: "mizar", vmId: 136, ${SECOND_DISK} }]`),
    change: inMain("sizeGib: 100 }", 'sizeGib: 100, mount: { path: "/var/lib/rancher" } }'),
  },
  {
    name: "use-a-further-network",
    base: inMain('hostname: "mizar", vmId: 136', `hostname: "mizar", vmId: 136, ${SECOND_NIC} }]`),
    change: inMain('ED:98" }', 'ED:98", name: "storage0", address: { network: "198.18.0.0/24" } }'),
  },
  {
    name: "watch-the-hosts",
    change: inMain("nixos: {", 'nixos: {\n        monitoring: { from: ["192.168.50.0/24", "pods"] },'),
  },
  { name: "rename-a-host", change: inMain('hostname: "mizar"', 'hostname: "alnair"') },
  {
    name: "rename-a-construct",
    change: inMain('"k3s-agent-1", { hostname', '"k3s-agent-big", { formerId: "k3s-agent-1", hostname'),
  },
  {
    name: "move-to-another-pve-node",
    change: inMain('hostname: "mizar", vmId', 'hostname: "mizar", pveNode: "pve2", vmId'),
  },
  {
    name: "change-an-address",
    change: inMain('hostname: "mizar", vmId', 'hostname: "mizar", ipv4Address: "172.22.0.50", vmId'),
  },
  {
    name: "open-a-port",
    change: inMain(
      'authorizedKeysFile: "authorized_keys"',
      'firewall: { allow: [{ from: "192.168.50.0/24", to: "every host", protocol: "tcp", ports: { from: 9100, to: 9100 }, why: "metrics" }] },\n  authorizedKeysFile: "authorized_keys"',
    ),
  },
  {
    name: "shrink-ssh-sources",
    base: TWO_LANS,
    change: inMain('lanCidrs: ["172.22.0.0/24", "192.168.77.0/24"]', 'lanCidrs: ["172.22.0.0/24"]'),
  },
  {
    name: "keep-ssh-for-fewer",
    base: TWO_LANS,
    change: inMain("operatorCidrs:", 'managementCidrs: ["172.22.0.0/24"],\n    operatorCidrs:'),
  },
  {
    name: "add-a-lan-of-ipv6",
    change: inMain('lanCidrs: ["172.22.0.0/24"]', 'lanCidrs: ["172.22.0.0/24", "fd00:22::/64"]'),
  },
  { name: "pin-nixpkgs", change: inMain('release: "25.11",', PINNED) },
  {
    name: "another-nixpkgs",
    base: inMain('release: "25.11",', PINNED),
    change: all(inMain('rev: "0123', 'rev: "f123'), inMain("sha256-AQID", "sha256-BQID")),
  },
  { name: "change-the-pod-network", change: inMain("10.42.0.0/16", "10.52.0.0/16") },
  { name: "change-the-token-path", change: inMain("/var/lib/k3s-secrets/token", "/run/secrets/k3s-token") },
  {
    name: "reorder-main-ts",
    change: (project) =>
      project.edit("main.ts", (text) => {
        const [server, first, second] = text.split("\n").filter((line) => line.startsWith("new K3s")) as [
          string,
          string,
          string,
        ];
        return text.replace(`${server}\n${first}\n${second}`, `${second}\n${first}\n${server}`);
      }),
  },
  {
    name: "change-the-constructs",
    ofCode: true,
    change: all(
      (project) =>
        project.edit("src/provider/virtual-machine.ts", (text) =>
          text
            .replace("preventDestroy: true", "preventDestroy: false")
            .replace('type: "l26"', 'type: "other"'),
        ),
      (project) =>
        project.edit("templates/nftables.nft.hbs", (text) =>
          text.replace("limit rate 6/minute", "limit rate 5/minute"),
        ),
    ),
  },
  {
    name: "change-the-policy",
    ofCode: true,
    change: (project) =>
      project.edit("src/firewall/flows.ts", (text) =>
        text.replace('port(10_250), why: "kubelet: logs', 'port(10_251), why: "kubelet: logs'),
      ),
  },
  {
    name: "edit-local-nix",
    base: (project) => project.write("nix/k3s-agent/local.nix", "{ }\n"),
    change: (project) => project.write("nix/k3s-agent/local.nix", "{ boot.kernelParams = [ ]; }\n"),
  },
  {
    name: "another-kernel",
    change: inMain('kernelPackages: "linuxPackages"', 'kernelPackages: "linuxPackages_latest"'),
  },
  {
    name: "another-backend",
    change: all(
      inMain("App, TerraformStack", "App, LocalBackend, TerraformStack"),
      inMain("const cluster =", 'new LocalBackend(stack, { path: "elsewhere.tfstate" });\nconst cluster ='),
    ),
  },
  {
    name: "another-key",
    base: (project) => project.write("authorized_keys", `${KEY("AAAA")} anna@example.org\n${KEY("BBBB")}\n`),
    change: (project) => project.write("authorized_keys", `${KEY("CCCC")} carl@example.org\n`),
  },
];

/** A public key that nobody has. */
function KEY(filler: string): string {
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const blob = Buffer.concat([field(Buffer.from("ssh-ed25519")), field(Buffer.alloc(32, filler))]);
  return `ssh-ed25519 ${blob.toString("base64")}`;
}

/** The output of the project's app after changes of its code, which only a process of its own loads. */
async function emittedByCode(...changes: readonly Change[]): Promise<Emitted> {
  const project = Project.withCode(mkdtempSync(join(trees, "project-")));
  all(APP_WITHOUT_NPX, ...changes)(project);
  return synthTree(project.folder, `${project.folder}.out`, new AbortController().signal);
}

/** The output of the project's app after the changes, by this process, which saves the seconds until an app is loaded. */
function emittedAfter(...changes: readonly Change[]): Emitted {
  const project = new Project(mkdtempSync(join(trees, "project-")), linkProject);
  all(...changes)(project);
  const { folder } = project;
  const output = `${folder}.out`;
  const { env } = process;
  process.env = {
    ...env,
    CDKTF_OUTDIR: output,
    [CONTEXT_VARIABLE]: contextJson(appOf(folder).context, { report: reportIn(output) }),
  };
  try {
    inside(folder, () => jest.requireActual(join(folder, "main.ts")));
  } finally {
    process.env = env;
  }
  return readEmitted(folder, output);
}

/** For all cases, since several share a base. */
const trees = mkdtempSync(join(tmpdir(), "k3s-test-"));
afterAll(() => rmSync(trees, { recursive: true }));

const bases = new Map<Change, Emitted>();

function emittedBefore(base: Change): Emitted {
  const known = bases.get(base) ?? emittedAfter(base);
  bases.set(base, known);
  return known;
}

const BASE = { ref: "HEAD", commit: "0123456789ab" };

const expectedFile = (name: string): string => join(__dirname, "expected", name);

function expectFile(name: string, text: string): void {
  if (process.env.UPDATE_EXPECTED === "1") writeFileSync(expectedFile(name), text);
  expect(text).toBe(readFileSync(expectedFile(name), "utf8"));
}

/** What a person sees at a terminal of so many columns, without its colors. */
const drawn = (report: readonly Block[], columns: number): string =>
  `${toTerminal(report, { columns, paint: (_, text) => text }).trimEnd()}\n`;

/** Kinds of change whose preview at a terminal is kept, too. */
const AT_A_TERMINAL = ["add-an-agent", "remove-two-servers-at-once", "resize", "another-key"];

describe("the preview, as a reviewer reads it", () => {
  test.each(CHANGES)("of: $name", async ({ name, base = unchanged, change, ofCode = false }) => {
    const before = emittedBefore(base);
    const after = ofCode ? await emittedByCode(base, change) : emittedAfter(base, change);
    const preview = compare(before, after);
    const report = reportOf(preview, BASE, []);
    expect(schemaFaults("preview#preview", asPrinted(previewDocument(preview, BASE, [])))).toEqual([]);
    expectFile(`${name}.md`, `${toMarkdown(report).trimEnd()}\n`);
    for (const columns of [80, 120]) {
      const text = drawn(report, columns);
      if (AT_A_TERMINAL.includes(name)) expectFile(`${name}.${columns}.txt`, text);
      // Neither Markdown, nor a line that the terminal would break.
      expect(text).not.toMatch(/`|\*\*|^#|^>|^\|/m);
      expect(text.split("\n").filter((line) => displayWidth(line) > columns)).toEqual([]);
    }
  });

  test("is what npm run preview prints of the working tree, which it leaves as it was", () => {
    const project = history(unchanged, Project.withCode());
    ADD_ALNAIR(project);
    const { status, output } = project.npm("preview");
    const text = output.replace(/at `[0-9a-f]{12}`/, "at `0123456789ab`");
    expect([status, text]).toEqual([0, readFileSync(expectedFile("add-an-agent.md"), "utf8")]);
    // The working tree and its list of worktrees are as they were.
    expect(project.git("worktree", "list").trim().split("\n")).toHaveLength(1);
    expect(existsSync(project.path("cdktf.out"))).toBe(false);
  });
});

describe("the base", () => {
  const commit = (project: Project): void => {
    project.git("add", "--all");
    project.git("commit", "--quiet", "--message=a change");
  };

  test("is where the branch started: later commits of the base are not changes of this branch", () => {
    const project = history();
    project.git("checkout", "--quiet", "-b", "topic");
    ADD_ALNAIR(project);
    commit(project);
    project.git("checkout", "--quiet", "main");
    WITHOUT_MIZAR(project);
    commit(project);
    project.git("checkout", "--quiet", "topic");
    const { output } = preview(project, "--base", "main");
    expect(output).toContain("VMs +1 ~0 -0");
    expect(output).toContain("Compared with `main` at");
    expect(output).not.toContain("mizar, VM 136");
  });

  test("whose packages cannot be installed ran with this tree's, which is said", () => {
    const project = history((earlier) => earlier.write("package-lock.json", "<<<<<<<"));
    cpSync(join(REPOSITORY, "package-lock.json"), project.path("package-lock.json"));
    expect(preview(project).output).toContain(
      "> package-lock.json differs, but the base ran with this tree's packages",
    );
  });

  test("whose app does not run is taken from its committed nix/", () => {
    const project = history((earlier) =>
      earlier.edit("main.ts", (text) => text.replace("new App()", "new Ap()")),
    );
    all(inMain("new Ap()", "new App()"), inMain("cores: 4", "cores: 8"), ADD_ALNAIR)(project);
    const { status, output } = preview(project);
    expect(status).toBe(0);
    expect(output).toContain("The base's app does not run: ");
    expect(output).toContain(
      "Its committed `nix/` is compared instead; for OpenTofu, only the VMs are compared.",
    );
    expect(output).toContain("VMs +1 ~3 -0");
    expect(output).toMatch(/\| alphard, hamal, mizar +\| `cpu.cores` \| `4` → `8` /);
    expect(output).toContain("+ alnair ↔ every node: ");
  });

  test("with neither an app nor nix/ makes all new", () => {
    const project = history((earlier) => {
      for (const name of ["nix", "cdktf.json"]) rmSync(earlier.path(name), { recursive: true });
    });
    cpSync(join(REPOSITORY, "cdktf.json"), project.path("cdktf.json"));
    const { status, output } = preview(project);
    expect(status).toBe(0);
    expect(output).toContain("The base's app does not run: cdktf.json is missing");
    expect(output).toContain("It has no `nix/` either: everything is shown as new.");
    expect(output).toContain("VMs +3 ~0 -0");
  });

  test("that git does not know is a usage error that says what to do", () => {
    const project = history();
    expect(preview(project, "--base", "origin/nowhere")).toEqual({
      status: 64,
      output: expect.stringContaining(
        "git has no commit 'origin/nowhere' here: fetch it, or choose another with --base",
      ),
    });
  });
});

describe("a preview", () => {
  test("that finds a danger fails with --fail-on-danger", () => {
    const project = history();
    WITHOUT_MIZAR(project);
    expect(preview(project).status).toBe(0);
    expect(preview(project, "--fail-on-danger").status).toBe(4);
    project.git("checkout", "--quiet", "main.ts");
    expect(preview(project, "--fail-on-danger").status).toBe(0);
  });

  test("has the same content as JSON", () => {
    const project = history();
    WITHOUT_MIZAR(project);
    const { status, output } = preview(project, "--json");
    expect(status).toBe(0);
    expect(schemaFaults("preview#preview", JSON.parse(output))).toEqual([]);
    expect(JSON.parse(output)).toMatchObject({
      formatVersion: 1,
      base: { ref: "HEAD" },
      unchanged: false,
      dangers: [expect.stringContaining("mizar")],
      nodes: { removed: [{ hostname: "mizar", vmId: 136 }] },
      vms: [{ action: "destroyed", hostname: "mizar" }],
      hosts: [
        { hostname: "alphard", files: ["nftables.nft"] },
        { hostname: "hamal", files: ["nftables.nft"] },
      ],
    });
  });

  test("of a tree that does not synthesize says why, and exits with 1", () => {
    const project = history();
    inMain("vmId: 136", "vmId: 135")(project);
    const { status, output } = preview(project);
    expect(status).toBe(1);
    expect(output).toContain("There is no preview");
    expect(output).toContain("'hamal' and 'mizar' both use 135 as 'vmId'");
    expect(output).not.toMatch(/^ +at /m);
    const document = JSON.parse(preview(project, "--json").output) as unknown;
    expect(schemaFaults("preview#failure", document)).toEqual([]);
    expect(document).toEqual({
      formatVersion: 1,
      error: expect.stringContaining("both use 135"),
      code: "failed",
    });
  });

  test("includes untracked files, and no ignored ones", () => {
    const project = history();
    project.write("nodes.ts", 'export const HOSTNAME = "alnair";\n');
    all(
      inMain('from "./constructs";', 'from "./constructs";\nimport { HOSTNAME } from "./nodes";'),
      add('new K3sAgentNode(cluster, "k3s-agent-2", { hostname: HOSTNAME, vmId: 137 });'),
    )(project);
    expect(preview(project).output).toContain("VMs +1 ~0 -0");
    project.write(".gitignore", "node_modules\n.gen\nnodes.ts\n");
    expect(preview(project).status).toBe(1);
  });

  test("writes nothing into the project, whose nix/ is stale", () => {
    const project = history();
    ADD_ALNAIR(project);
    project.write(".git/hooks/post-checkout", `#!/bin/sh\ntouch ${project.path("hooked")}\n`);
    chmodSync(project.path(".git/hooks/post-checkout"), 0o755);
    const before = project.git("status", "--porcelain", "--ignored");
    expect(preview(project).status).toBe(0);
    expect(project.git("status", "--porcelain", "--ignored")).toBe(before);
    expect(existsSync(project.path("nix", "k3s-agent-2"))).toBe(false);
  });

  test("reports that host files are no longer emitted, although they still exist", () => {
    const project = history();
    inMain(/new HostFiles.*\n/, "")(project);
    const { output } = preview(project);
    expect(output).toContain(
      "The app emits no `nix/`, so nothing is known about nodes, hosts and firewalls.",
    );
    expect(output).not.toContain("Nothing changes");
  });

  test("outside of a git repository says so", () => {
    const { status, output } = preview(new Project());
    expect(status).toBe(1);
    expect(output).toContain("not a git repository");
  });
});
