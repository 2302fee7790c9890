/** PVE nodes that a cluster states: where its VMs are placed, and from which template they are cloned. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostFiles } from "../../constructs";
import type { ClusterSettings, PveNodeSettings, PveSettings } from "../../src/config/settings";
import { parseClusterJson } from "../../src/render/cluster-json";
import {
  addCluster,
  agent,
  inside,
  REFERENCE,
  server,
  temporaryFolder,
  testApp,
  type TestNode,
} from "../fixture";
import { schemaFaults } from "../provider-schema";

const PVE_NODE: PveNodeSettings = {
  cores: 16,
  memoryMib: 65_536,
  datastores: { "Cesspool-VM": { sizeGib: 900, shared: true } },
  bridges: ["vmbr0"],
};
const THREE: PveSettings = { nodes: { pve1: PVE_NODE, pve2: PVE_NODE, pve3: PVE_NODE } };

const placed = (pve: PveSettings = THREE, more: object = {}): ClusterSettings => ({
  ...REFERENCE,
  vm: { ...REFERENCE.vm, pveNode: undefined, templatePveNode: "pve1", ...more },
  pve,
});

const SERVERS = [
  server("s1", "alphard", 134, { clusterInit: true }),
  server("s2", "acrux", 135),
  server("s3", "alnair", 136),
];
const AGENTS = [agent("a1", "hamal", 137), agent("a2", "mizar", 138)];

type Vm = Readonly<Record<string, unknown>>;

interface Synthesized {
  readonly vms: Record<string, Vm>;
  /** By type and name. */
  readonly resources: Readonly<Record<string, Record<string, Vm>>>;
  readonly warnings: readonly string[];
}

/** What OpenTofu gets. @throws with the faults */
function synthAll(folder: string, nodes: readonly TestNode[], settings = placed()): Synthesized {
  return inside(folder, () => {
    const app = testApp();
    new HostFiles(addCluster(app, nodes, settings), "nix");
    app.synth();
    const json = JSON.parse(readFileSync(join(app.outdir, "stacks", "k3s", "cdk.tf.json"), "utf8")) as {
      resource: Record<string, Record<string, Vm>>;
    };
    const said = app.node.findAll().flatMap(({ node }) => node.metadata);
    return {
      vms: json.resource.proxmox_virtual_environment_vm ?? {},
      resources: json.resource,
      warnings: said
        .filter(({ type }) => type.endsWith("warn"))
        .map(({ data }) => String(data))
        .filter((text) => !text.includes("the example key")),
    };
  });
}

/** VMs in OpenTofu's JSON by name. */
const synth = (folder: string, nodes: readonly TestNode[], settings = placed()): Record<string, Vm> =>
  synthAll(folder, nodes, settings).vms;

const places = (vms: Record<string, Vm>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(vms).map(([name, vm]) => [name, vm.node_name]));

const without = <T>(all: Readonly<Record<string, T>>, gone: string): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => name !== gone));

const clusterJson = (folder: string): string => join(folder, "nix", "cluster.json");

test("servers are apart, whatever their order, and cluster.json says where", () => {
  const folder = temporaryFolder();
  const vms = synth(folder, [...AGENTS, ...SERVERS].reverse());
  expect(places(vms)).toEqual({ s1: "pve1", s2: "pve2", s3: "pve3", a1: "pve1", a2: "pve2" });
  const json = parseClusterJson(readFileSync(clusterJson(folder), "utf8"));
  expect(json?.nodes.map(({ vm }) => vm.pveNode)).toEqual(["pve1", "pve2", "pve3", "pve1", "pve2"]);
  expect(json?.cluster.pve).toMatchObject({ spread: "servers", overcommit: { cpu: 4, memory: 1, disk: 1 } });
});

test("a node stays where it was when others come and go, and when its own pveNode is no longer stated", () => {
  const folder = temporaryFolder();
  const pinned = SERVERS.map((each, index) => ({ ...each, pveNode: `pve${3 - index}` }));
  synth(folder, [...pinned, ...AGENTS]);
  const before = synth(folder, [...SERVERS, ...AGENTS]);
  expect(places(before)).toMatchObject({ s1: "pve3", s2: "pve2", s3: "pve1" });
  const more = synth(folder, [...SERVERS, agent("a0", "caph", 130), ...AGENTS]);
  expect(places(more)).toMatchObject(places(before));
  const others = without(places(before), "a1");
  expect(places(synth(folder, [...SERVERS, agent("a0", "caph", 130), AGENTS[1] as TestNode]))).toMatchObject(
    others,
  );
});

test("VMs leave a PVE node that is no longer stated", () => {
  const folder = temporaryFolder();
  const before = places(synth(folder, [...SERVERS, ...AGENTS]));
  const left = without(THREE.nodes, "pve3");
  const after = places(synth(folder, [...SERVERS, ...AGENTS], placed({ nodes: left })));
  expect({ ...after, s3: "" }).toEqual({ ...before, s3: "" });
  expect(["pve1", "pve2"]).toContain(after.s3);
});

test("each VM is cloned from its PVE node's copy of the template, or else from the template's PVE node", () => {
  const nodes = { ...THREE.nodes, pve2: { ...PVE_NODE, templateVmId: 9002 } };
  const vms = synth(temporaryFolder(), SERVERS, placed({ nodes }));
  expect(vms.s1).toMatchObject({ node_name: "pve1", clone: { vm_id: 9903, node_name: "pve1" } });
  expect(vms.s2).toMatchObject({ node_name: "pve2", clone: { vm_id: 9002 } });
  expect(vms.s2?.clone).not.toHaveProperty("node_name");
  expect(vms.s3).toMatchObject({ node_name: "pve3", clone: { vm_id: 9903, node_name: "pve1" } });
});

test("copies of the template on all PVE nodes need no other template", () => {
  const nodes = Object.fromEntries(
    Object.keys(THREE.nodes).map((name, index) => [name, { ...PVE_NODE, templateVmId: 9001 + index }]),
  );
  const vms = synth(
    temporaryFolder(),
    SERVERS,
    placed({ nodes }, { templateVmId: undefined, templatePveNode: undefined }),
  );
  expect(Object.values(vms).map(({ clone }) => (clone as Vm).vm_id)).toEqual([9001, 9002, 9003]);
});

test("a cluster.json with a merge's conflict moves nothing: it has to be settled first", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "nix"));
  writeFileSync(clusterJson(folder), "<<<<<<< HEAD\n{}\n=======\n");
  expect(() => synth(folder, SERVERS)).toThrow(
    /'pve' places 'alphard', 'acrux' and 'alnair' where nix\/cluster.json says that they were, which cannot be read/,
  );
});

test("a VM whose PVE node only OpenTofu knew is not moved: its PVE node has to be stated once", () => {
  const folder = temporaryFolder();
  synth(folder, SERVERS);
  writeFileSync(
    clusterJson(folder),
    readFileSync(clusterJson(folder), "utf8").replaceAll('"pve2"', '"var.proxmox_node"'),
  );
  expect(() => synth(folder, SERVERS)).toThrow(
    /'pveNode' of 'acrux' should be stated once more.*var.proxmox_node/,
  );
});

test("nothing is placed where nothing would remember it", () => {
  const faults = inside(temporaryFolder(), () => addCluster(testApp(), SERVERS, placed()).node.validate());
  expect(faults).toEqual([
    "'pve' places nodes, and nothing would remember where: construct HostFiles, whose nix/cluster.json does",
  ]);
});

test("the HA manager has each VM, its home, and the servers apart, and node_name is left to it", () => {
  const { vms, resources } = synthAll(
    temporaryFolder(),
    [...AGENTS, ...SERVERS].reverse(),
    placed({ ...THREE, ha: "servers" }),
  );
  expect(vms.s1).toMatchObject({
    lifecycle: { ignore_changes: ["clone", "node_name"], prevent_destroy: true },
  });
  expect(vms.a1).toMatchObject({ lifecycle: { ignore_changes: ["clone"] } });
  expect(Object.keys(resources.proxmox_haresource ?? {})).toEqual(["s1", "s2", "s3"]);
  expect(resources.proxmox_haresource?.s1).toMatchObject({
    resource_id: "vm:134",
    depends_on: ["proxmox_virtual_environment_vm.s1"],
  });
  const member = (name: string): string => `\${proxmox_haresource.${name}.resource_id}`;
  expect(resources.proxmox_harule).toMatchObject({
    s2_home: { rule: "vm-135-home", type: "node-affinity", resources: [member("s2")], nodes: { pve2: 1 } },
    servers_apart: {
      rule: "vm-134-servers-apart",
      type: "resource-affinity",
      affinity: "negative",
      resources: ["s1", "s2", "s3"].map(member),
    },
  });
  expect(schemaFaults({ resource: resources })).toEqual([]);
});

describe("servers that get another PVE node, which the HA manager keeps apart", () => {
  const onPveNodes = (...numbers: readonly number[]): TestNode[] =>
    SERVERS.map((node, index) => ({ ...node, pveNode: `pve${numbers[index]}` }));
  const settings = (ha?: "servers" | "agents"): ClusterSettings =>
    placed({ nodes: { ...THREE.nodes, pve4: PVE_NODE }, ...(ha === undefined ? {} : { ha }) });
  const moving = (ha: "servers" | "agents" | undefined, ...to: readonly number[]): (() => unknown) => {
    const folder = temporaryFolder();
    synth(folder, onPveNodes(1, 2, 3), settings(ha));
    return () => places(synth(folder, onPveNodes(...to), settings(ha)));
  };

  test.each([
    ["'alphard' and 'acrux'", [2, 1, 3]],
    ["'alphard', 'acrux' and 'alnair'", [2, 3, 1]],
    ["'alphard' and 'alnair'", [3, 4, 1]],
  ])("%s cannot swap theirs: none would move", (names, to) => {
    expect(moving("servers", ...to)).toThrow(`'pveNode' of ${names} swaps PVE nodes`);
  });

  test("one may follow another, and without the HA manager they migrate", () => {
    expect(moving("servers", 2, 4, 3)()).toEqual({ s1: "pve2", s2: "pve4", s3: "pve3" });
    expect(moving("agents", 2, 1, 3)()).toEqual({ s1: "pve2", s2: "pve1", s3: "pve3" });
    expect(moving(undefined, 2, 1, 3)()).toEqual({ s1: "pve2", s2: "pve1", s3: "pve3" });
  });
});

test("agents alone need no rule that keeps servers apart, and one server has none", () => {
  const rules = (nodes: readonly TestNode[], ha: "agents" | "all"): string[] =>
    Object.keys(synthAll(temporaryFolder(), nodes, placed({ ...THREE, ha })).resources.proxmox_harule ?? {});
  expect(rules([...SERVERS, ...AGENTS], "agents")).toEqual(["a1_home", "a2_home"]);
  expect(rules([server("s1", "alphard", 134), ...AGENTS], "all")).toEqual(["a1_home", "a2_home", "s1_home"]);
});

test("servers that share a PVE node are warned of, and servers that the HA manager could not start elsewhere", () => {
  const two = without(THREE.nodes, "pve3");
  expect(synthAll(temporaryFolder(), SERVERS, placed({ nodes: two })).warnings).toEqual([
    "'alphard' and 'alnair' are servers on one PVE node, pve1, and fail with it: where another is free of servers, state it as 'pveNode' of one",
  ]);
  expect(synthAll(temporaryFolder(), SERVERS, placed({ ...THREE, ha: "servers" })).warnings).toEqual([
    "'pve.ha' keeps 3 servers apart on as many PVE nodes: where one fails, its server starts again only when it is back",
  ]);
});
