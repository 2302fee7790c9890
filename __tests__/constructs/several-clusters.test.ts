/** Several clusters in one app: their files, their states, and what they must not share. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack, type App } from "cdktf";
import { HostFiles, type HostFilesProps, type K3sCluster } from "../../constructs";
import { SCRIPTS_OF_ONE_CLUSTER } from "../../src/base/command-line";
import type { EmissionOptions } from "../../src/emit/app";
import type { ClusterSettings, PveSettings } from "../../src/config/settings";
import {
  addCluster,
  agent,
  ALPHARD,
  ALTAIR,
  emit,
  FURTHER,
  HAMAL,
  inside,
  REFERENCE,
  server,
  temporaryFolder,
  testApp,
  textsBelow,
  type TestNode,
} from "../fixture";

const STUDIO = server("k3s-server", "sirius", 150);
const LAB = [ALTAIR, agent("k3s-agent", "vega", 145)];

/** To its end, or to that of the code which it is. */
const CLUSTER_COMMAND = new RegExp(
  ["npm run (", SCRIPTS_OF_ONE_CLUSTER.join("|"), ")\\b[^\\n`&]*"].join(""),
  "g",
);

interface Stated {
  readonly name: string;
  readonly nodes: readonly TestNode[];
  readonly settings?: ClusterSettings;
  readonly files?: HostFilesProps;
}

const K3S: Stated = { name: "k3s", nodes: [ALPHARD, HAMAL] };
const SECOND: Stated = { name: "lab", nodes: LAB, settings: FURTHER, files: { folder: "nix-lab" } };

function appOf(
  clusters: readonly Stated[],
  options: EmissionOptions = {},
): { app: App; built: K3sCluster[] } {
  const app = testApp(options);
  const built = clusters.map(({ name, nodes, settings, files }) => {
    const cluster = addCluster(new TerraformStack(app, name), nodes, settings);
    new HostFiles(cluster, "nix", files);
    return cluster;
  });
  return { app, built };
}

function synth(folder: string, clusters: readonly Stated[], options?: EmissionOptions): string {
  const { app } = inside(folder, () => appOf(clusters, options));
  inside(folder, () => app.synth());
  return app.outdir;
}

const stateOf = (outdir: string, stack: string): unknown =>
  JSON.parse(readFileSync(join(outdir, "stacks", stack, "cdk.tf.json"), "utf8")).terraform.backend.local.path;

const faultsOf = (clusters: readonly Stated[]): string[] =>
  appOf(clusters).built.flatMap(({ node }) => node.validate());

/** Likewise, each in a Proxmox VE of its own. */
function faultsElsewhere(clusters: readonly Stated[]): string[] {
  const { built } = appOf(clusters);
  built.forEach((cluster, index) => (cluster.provider.endpoint = `https://pve${index}.example:8006`));
  return built.flatMap(({ node }) => node.validate());
}

describe("a further cluster", () => {
  test.each([
    ["after the first", [K3S, SECOND]],
    ["before it", [SECOND, K3S]],
  ])(
    "changes no file and no state of the first one but the commands of its README, stated %s",
    (_, clusters) => {
      const folder = temporaryFolder();
      const alone = synth(folder, [K3S]);
      const before = textsBelow(join(folder, "nix"));
      const outdir = synth(folder, clusters);
      const after = textsBelow(join(folder, "nix"));
      const changed = Object.keys(after).filter((path) => after[path] !== before[path]);
      // It lists the README's hash.
      expect(changed).toEqual(["README.md", "cluster.json"]);
      const [old, now] = [before, after].map((texts) => JSON.parse(texts["cluster.json"] as string));
      expect({ ...now, sha256: "", files: {} }).toEqual({ ...old, sha256: "", files: {} });
      const naming = (texts: Record<string, string>): boolean[] =>
        (texts["README.md"]?.match(CLUSTER_COMMAND) ?? []).map((line) => line.endsWith(" --cluster k3s"));
      expect(naming(before)).toEqual(naming(after).map(() => false));
      expect(naming(after).length).toBeGreaterThan(20);
      expect(naming(after)).not.toContain(false);
      expect(stateOf(outdir, "k3s")).toBe(stateOf(alone, "k3s"));
      expect(stateOf(outdir, "k3s")).toBe("../../../state/terraform.tfstate");
    },
  );

  test("has its own files, modules, name and state", () => {
    const folder = temporaryFolder();
    for (const path of ["nix", "nix-lab"]) mkdirSync(join(folder, path));
    writeFileSync(join(folder, "nix", "common.nix"), "{ }\n");
    const outdir = synth(folder, [K3S, SECOND]);
    const files = textsBelow(join(folder, "nix-lab"));
    expect(JSON.parse(files["cluster.json"] as string)).toMatchObject({
      stack: "lab",
      nodes: [{ hostname: "altair" }, { hostname: "vega" }],
    });
    expect(files["k3s-server/configuration.nix"]).not.toContain("common.nix");
    expect(readFileSync(join(folder, "nix", "k3s-server", "configuration.nix"), "utf8")).toContain(
      "common.nix",
    );
    expect(files["README.md"]).toContain("nix-build nix-lab/templates/9903/image.nix");
    expect(stateOf(outdir, "lab")).toBe("../../../state/nix-lab.tfstate");
  });

  test("names itself in command lines of its documents, alerts and faults", () => {
    const folder = temporaryFolder();
    const monitored = {
      ...SECOND,
      settings: { ...FURTHER, nixos: { ...FURTHER.nixos, monitoring: { from: ["172.22.0.9/32"] } } },
    };
    synth(folder, [K3S, monitored]);
    const files = textsBelow(join(folder, "nix-lab"));
    expect(files["monitoring/alerts.yaml"]).toContain("see npm run rollout -- verify --cluster lab");
    expect(files["README.md"]).toContain(
      "npm run rollout -- restore --from backups/nix-lab/BACKUP --cluster lab\n",
    );
    const [server, moved] = LAB;
    const renamed = { ...monitored, nodes: [server, { ...moved, id: "worker" }] as TestNode[] };
    expect(() => synth(folder, [K3S, renamed])).toThrow(
      "npm run tofu -- state mv proxmox_virtual_environment_vm.k3s_agent proxmox_virtual_environment_vm.worker --cluster lab\n",
    );
  });

  test("keeps its state when its stack is renamed", () => {
    const folder = temporaryFolder();
    const outdir = synth(folder, [K3S, { ...SECOND, name: "practice" }]);
    expect(stateOf(outdir, "practice")).toBe("../../../state/nix-lab.tfstate");
  });

  test("is written with the others or not at all, and reported with them", () => {
    const folder = temporaryFolder();
    expect(() => synth(folder, [K3S, { ...SECOND, nodes: [] }])).toThrow("the cluster has no server");
    expect(textsBelow(folder)).toEqual({});
    expect(() => synth(folder, [{ ...SECOND, nodes: [] }, K3S])).toThrow("the cluster has no server");
    expect(textsBelow(folder)).toEqual({});
    const report = join(folder, "report.json");
    synth(folder, [K3S, SECOND], { report });
    const { folders, written } = JSON.parse(readFileSync(report, "utf8"));
    expect(folders).toEqual(["nix", "nix-lab"]);
    expect(written).toEqual(expect.arrayContaining(["nix/cluster.json", "nix-lab/cluster.json"]));
  });

  test("is checked with the others, and all that is stale is told", () => {
    const folder = temporaryFolder();
    synth(folder, [K3S, SECOND]);
    for (const path of ["nix/names.md", "nix-lab/names.md"]) rmSync(join(folder, path));
    expect(() => synth(folder, [K3S, SECOND], { check: true })).toThrow(
      /missing {2}nix\/names\.md[^]*missing {2}nix-lab\/names\.md/,
    );
  });

  test("warns on its own stack of what the next apply destroys", () => {
    const folder = temporaryFolder();
    synth(folder, [K3S, SECOND]);
    const outdir = synth(folder, [K3S, { ...SECOND, nodes: LAB.slice(0, 1) }]);
    const { stacks } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"));
    const warnings = (name: string): string => JSON.stringify(stacks[name].annotations);
    expect(warnings("lab")).toContain("vega, VM 145, will be DESTROYED");
    expect(warnings("k3s")).not.toContain("DESTROYED");
  });
});

describe("folders", () => {
  test("of two clusters differ", () => {
    const folder = temporaryFolder();
    expect(() => synth(folder, [K3S, { ...SECOND, files: {} }])).toThrow(
      'k3s/cluster/nix and lab/cluster/nix would both write to nix/; give the newer one a folder of its own: { folder: "nix-NAME" }',
    );
    expect(textsBelow(folder)).toEqual({});
  });

  test("follow from what is wrong with them, so a shared state is not said beside it", () => {
    expect(faultsOf([K3S, { ...SECOND, files: {} }])).toEqual([]);
  });

  test("of clusters that the app no longer has are told, since commands would find them", () => {
    const folder = temporaryFolder();
    synth(folder, [K3S, SECOND]);
    expect(() => synth(folder, [K3S])).toThrow(
      "nix-lab/ has the files of a cluster that main.ts does not have; remove the folder once its VMs are gone",
    );
    rmSync(join(folder, "nix-lab"), { recursive: true });
    synth(folder, [K3S]);
  });

  test("do not change, since rollouts and the state go by them", () => {
    const folder = temporaryFolder();
    synth(folder, [K3S]);
    expect(() => synth(folder, [{ ...K3S, files: { folder: "nix-home" } }])).toThrow(
      "nix/ has the files of k3s, whose 'folder' is nix-home now; state 'nix' again",
    );
  });

  test("without a cluster.json are the owner's", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "nix-darwin"));
    emit(folder, [ALPHARD]);
    renameSync(join(folder, "nix-darwin"), join(folder, "nix-mine"));
    emit(folder, [ALPHARD]);
  });

  test("of the owner's documents: two clusters cannot both write the list of nodes", () => {
    const documents = ["nodes.md"];
    const folder = temporaryFolder();
    writeFileSync(join(folder, "nodes.md"), "<!-- k3s-nodes:start -->\n<!-- k3s-nodes:end -->\n");
    expect(() =>
      synth(folder, [
        { ...K3S, files: { documents } },
        { ...SECOND, files: { folder: "nix-lab", documents } },
      ]),
    ).toThrow("would both write the list of nodes in nodes.md; leave it in the 'documents' of one");
  });
});

describe("what two clusters of an app must not share", () => {
  const lab = (node: Partial<TestNode>): Stated => ({
    ...SECOND,
    nodes: [{ ...ALTAIR, ...node }],
  });

  test.each<[string, Stated, string]>([
    [
      "hostname",
      lab({ hostname: "hamal" }),
      "'hamal' of k3s and 'hamal' of lab both use hamal as 'hostname'",
    ],
    [
      "VM ID, of which address and MAC address follow",
      lab({ vmId: 135 }),
      "'hamal' of k3s and 'altair' of lab both use 135 as 'vmId'; where they are in different Proxmox VE clusters, set 'provider.endpoint' of both K3sClusters",
    ],
    [
      "address",
      lab({ ipv4Address: "172.22.0.135" }),
      "'hamal' of k3s and 'altair' of lab both use 172.22.0.135 as 'ipv4Address'",
    ],
    [
      "MAC address",
      lab({ macAddress: "BC:24:11:B3:ED:02" }),
      "'hamal' of k3s and 'altair' of lab both use BC:24:11:B3:ED:02 as 'macAddress'",
    ],
    [
      "API",
      { ...SECOND, settings: REFERENCE },
      "k3s and lab both use https://172.22.0.134:6443 as 'apiEndpoint'; nodes would join the wrong cluster",
    ],
    [
      "VM that is the other's template",
      { ...SECOND, settings: { ...FURTHER, vm: { ...FURTHER.vm, templateVmId: 135 } } },
      "'hamal' of k3s uses 135 as 'vmId', which is the template of lab; where they are in different Proxmox VE clusters, set 'provider.endpoint' of both K3sClusters",
    ],
  ])("a %s", (_, second, fault) => {
    expect(faultsOf([K3S, second])).toEqual([fault]);
  });

  test("a folder of a bucket for snapshots", () => {
    const s3 = { endpoint: "s3.example.org", bucket: "snapshots", secretFile: "/var/lib/k3s-secrets/s3" };
    const with3 = (settings: ClusterSettings, folder?: string): ClusterSettings => ({
      ...settings,
      k3s: { ...settings.k3s, snapshots: { s3: { ...s3, ...(folder === undefined ? {} : { folder }) } } },
    });
    const clusters = (...folders: (string | undefined)[]): Stated[] => [
      { ...K3S, settings: with3(REFERENCE, folders[0]) },
      { ...SECOND, settings: with3(FURTHER, folders[1]) },
    ];
    expect(faultsOf(clusters("home", "lab"))).toEqual([]);
    expect(faultsOf(clusters("home", "home"))).toEqual([
      "k3s and lab would both keep snapshots in s3.example.org/snapshots/home; state another 'k3s.snapshots.s3.folder' for each",
    ]);
    expect(faultsOf(clusters())).toHaveLength(1);
  });

  describe("what a PVE node has", () => {
    const PVE = {
      cores: 16,
      memoryMib: 36_000,
      datastores: { "Cesspool-VM": { sizeGib: 900 } },
      bridges: ["vmbr0"],
      templateVmId: 9000,
    };
    const clusters = (labOn: string, memoryMib = 15_000): Stated[] =>
      [K3S, { ...SECOND, nodes: [ALTAIR] }].map((each, index) => {
        const settings = each.settings ?? REFERENCE;
        const pveNode = index === 0 ? "pve" : labOn;
        const pve = { nodes: { pve: PVE, pve2: { ...PVE, templateVmId: 9002 } } };
        return { ...each, settings: { ...settings, pve, vm: { ...settings.vm, pveNode, memoryMib } } };
      });

    test("beyond what it has, by the VMs of both", () => {
      expect(faultsOf(clusters("pve2"))).toEqual([]);
      expect(faultsOf(clusters("pve"))).toEqual([
        "'pve.nodes' has 33952 MiB of memory for VMs on pve, but 'alphard' and 'hamal' of k3s, and 'altair' of lab take 45000; state another 'pveNode' for one of them, or raise 'pve.overcommit.memory'; where they are in different Proxmox VE clusters, set 'provider.endpoint' of both K3sClusters",
      ]);
    });

    test("beyond what it has, which is no fault of a third that takes nothing there", () => {
      const [first, second] = clusters("pve");
      const [, third] = clusters("pve2");
      const studio = { ...third, name: "studio", nodes: [STUDIO], files: { folder: "nix-studio" } } as Stated;
      const settings = { ...studio.settings, apiEndpoint: "https://172.22.0.150:6443" } as ClusterSettings;
      expect(faultsOf([first, second, { ...studio, settings }] as Stated[])).toEqual([
        expect.stringContaining("'alphard' and 'hamal' of k3s, and 'altair' of lab take 45000"),
      ]);
    });

    test("but each may take it where they are in different Proxmox VE clusters", () => {
      expect(faultsElsewhere(clusters("pve"))).toEqual([]);
    });

    const stating = (edit: (pve: PveSettings) => PveSettings, labOn = "pve2"): Stated[] => {
      const [k3s, lab] = clusters(labOn) as [Stated, Stated];
      const settings = lab.settings as ClusterSettings & { pve: PveSettings };
      return [k3s, { ...lab, settings: { ...settings, pve: edit(settings.pve) } }];
    };
    const onPve = (more: object) => (pve: PveSettings) => ({
      ...pve,
      nodes: { ...pve.nodes, pve: { ...PVE, ...more } },
    });
    const DATASTORE = { sizeGib: 900 };
    const ONCE =
      "; state it once for both, in a const; where they are in different Proxmox VE clusters, set 'provider.endpoint' of both K3sClusters";

    test.each<[string, (pve: PveSettings) => PveSettings, string]>([
      ["nodes.pve.cores", onPve({ cores: 32 }), "'pve.nodes.pve.cores' is 16 for k3s and 32 for lab"],
      [
        "nodes.pve.memoryMib",
        onPve({ memoryMib: 140_000 }),
        "'pve.nodes.pve.memoryMib' is 36000 for k3s and 140000 for lab",
      ],
      [
        "nodes.pve.reservedMib",
        onPve({ reservedMib: 4096 }),
        "'pve.nodes.pve.reservedMib' is 2048 for k3s and 4096 for lab",
      ],
      [
        "nodes.pve.zfsArcMib, also where it follows from a datastore",
        onPve({ datastores: { "Cesspool-VM": { ...DATASTORE, zfs: true } } }),
        "'pve.nodes.pve.zfsArcMib' is 0 for k3s and 3600 for lab",
      ],
      [
        "the size of a datastore",
        onPve({ datastores: { "Cesspool-VM": { sizeGib: 800 } } }),
        "'pve.nodes.pve.datastores.Cesspool-VM.sizeGib' is 900 for k3s and 800 for lab",
      ],
      [
        "overcommit.memory",
        (pve) => ({ ...pve, overcommit: { memory: 1.5 } }),
        "'pve.overcommit.memory' is 1 for k3s and 1.5 for lab",
      ],
    ])("as two clusters say it differently: %s", (_, edit, fault) => {
      expect(faultsOf(stating(edit))).toEqual([`${fault}${ONCE}`]);
      expect(faultsElsewhere(stating(edit))).toEqual([]);
    });

    test("as two clusters say it differently, and what follows from it", () => {
      expect(faultsOf(stating(onPve({ memoryMib: 140_000 }), "pve"))).toEqual([
        `'pve.nodes.pve.memoryMib' is 36000 for k3s and 140000 for lab${ONCE}`,
      ]);
      const zfs = { datastores: { "Cesspool-VM": { ...DATASTORE, zfs: true } } };
      expect(faultsOf(stating(onPve({ ...zfs, memoryMib: 40_000 })))).toEqual([
        `'pve.nodes.pve.memoryMib' is 36000 for k3s and 40000 for lab${ONCE}`,
      ]);
    });

    test("as two clusters say it differently of a shared datastore, whichever PVE nodes they name", () => {
      const sizes = [900, 800];
      const both = clusters("pve2").map((each, index): Stated => {
        const settings = each.settings as ClusterSettings;
        const datastores = { "Cesspool-VM": { sizeGib: sizes[index] as number, shared: true } };
        const pve = { nodes: { [index === 0 ? "pve" : "pve2"]: { ...PVE, datastores } } };
        return { ...each, settings: { ...settings, pve } };
      });
      expect(faultsOf(both)).toEqual([
        `'pve.nodes.<name>.datastores.Cesspool-VM.sizeGib' is 900 for k3s and 800 for lab${ONCE}`,
      ]);
    });

    test("of which each may state what is its own: PVE nodes, bridges, copies of templates, and datastores that it uses", () => {
      const own = { bridges: ["vmbr0", "vmbr1"], templateVmId: 9100 };
      const more = { ...PVE.datastores, more: { sizeGib: 10 } };
      expect(faultsOf(stating(onPve({ ...own, datastores: more })))).toEqual([]);
      const alone = ({ nodes }: PveSettings): PveSettings => ({
        nodes: { pve2: nodes["pve2"] as typeof PVE },
      });
      expect(faultsOf(stating(alone))).toEqual([]);
    });

    test("which is the fault of one of them alone where that takes it", () => {
      expect(faultsOf(clusters("pve2", 20_000))).toEqual([
        expect.stringContaining("but 'alphard' and 'hamal' take 40000"),
      ]);
    });
  });

  test("but VM IDs are free in another Proxmox VE, and a template and networks of pods may be one", () => {
    const other = lab({ vmId: 135, ipv4Address: "172.22.0.144", macAddress: "BC:24:11:00:00:01" });
    expect(faultsElsewhere([K3S, other])).toEqual([]);
    expect(faultsOf([K3S, SECOND])).toEqual([]);
  });
});
