import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, S3Backend, TerraformStack, TerraformVariable, Testing } from "cdktf";
import { Construct } from "constructs";
import fc from "fast-check";
import { K3sAgentNode, K3sCluster, K3sServerNode } from "../../constructs";
import {
  addCluster,
  agent,
  ALPHARD,
  ALTAIR,
  FURTHER,
  FIVE_NODES,
  HAMAL,
  MIZAR,
  REFERENCE,
  server,
  synthesized,
  synthesizedVm,
  temporaryFolder,
  testApp,
  type Json,
  type TestNode,
} from "../fixture";
import { stated, VM } from "../config/every-setting";
import { schemaFaults } from "../provider-schema";
import { disksWith } from "../system/clusters";

const REFERENCE_NODES = [
  { ...ALPHARD, description: "# K3s Server" },
  { ...HAMAL, description: "# K3s Agent" },
  { ...MIZAR, description: "# K3s Agent 1" },
];

/** A VM that uses every setting. */
const EVERYTHING: Partial<TestNode> = {
  ...stated(VM),
  templateDiskGib: 10,
  description: "costs ${money} and %{time}",
  templateVmId: 9000,
  templatePveNode: "pve2",
  cloneDatastore: "fast",
  cores: 8,
  sockets: 2,
  cpuType: "host",
  cpuUnits: 2048,
  memoryMib: 8192,
  balloonMib: 4096,
  disks: [
    {
      interface: "scsi10",
      datastore: "slow",
      sizeGib: 100,
      fileFormat: "raw",
      backup: false,
      replicate: false,
    },
    {
      interface: "scsi2",
      datastore: "fast",
      sizeGib: 10,
      aio: "native",
      cache: "none",
      discard: true,
      iothread: true,
      ssd: true,
    },
  ],
  networkInterfaces: [
    { bridge: "vmbr0", vlanId: 20, firewall: true, mtu: 9000, queues: 4, rateLimitMBps: 12.5 },
    { bridge: "vmbr1", model: "e1000", macAddress: "BC:24:11:00:00:99", trunks: "10;20" },
  ],
  bootOrder: ["scsi2", "net0"],
  machine: "q35",
  scsiHardware: "virtio-scsi-single",
  startOnBoot: false,
  startup: { order: 3, upDelaySeconds: 60, downDelaySeconds: 30 },
  tags: ["k3s", "agent"],
  pool: "cluster",
  protection: true,
  agentTimeoutSeconds: 15,
  nixos: { firmware: "uefi", efiSystemPartition: "1A2B-3C4D" },
};

test("the JSON of a server and two agents", () => {
  expect(synthesized(REFERENCE_NODES)).toMatchSnapshot();
});

test("the JSON of a VM that uses every setting", () => {
  expect(synthesizedVm(EVERYTHING)).toMatchSnapshot();
});

describe("the provider's schema", () => {
  test.each([
    ["the reference cluster", REFERENCE_NODES],
    ["three servers and two agents", FIVE_NODES],
    ["a VM that uses every setting", [ALPHARD, { ...MIZAR, ...EVERYTHING }]],
    ["a linked clone", [ALPHARD, { ...MIZAR, linkedClone: true }]],
  ])("has nothing against %s", (_, nodes) => {
    expect(schemaFaults(synthesized(nodes))).toEqual([]);
  });

  const spoilt = (spoil: (vm: Json) => void): string[] => {
    const json = synthesized(REFERENCE_NODES);
    spoil(json.resource.proxmox_virtual_environment_vm.k3s_agent);
    return schemaFaults(json).map((fault) => fault.replace("proxmox_virtual_environment_vm.k3s_agent", "vm"));
  };

  test.each<[string, (vm: Json) => void, string]>([
    ["a misspelt argument", (vm) => (vm.cpus = 4), "vm.cpus: unknown"],
    ["a missing argument", (vm) => delete vm.node_name, "vm.node_name: missing"],
    ["an argument of another type", (vm) => (vm.vm_id = "136"), "vm.vm_id: string instead of number"],
    ["a misspelt argument of a block", (vm) => (vm.clone.storage = "x"), "vm.clone[0].storage: unknown"],
    ["a missing argument of a block", (vm) => delete vm.clone.vm_id, "vm.clone[0].vm_id: missing"],
    ["two blocks where one may be", (vm) => (vm.cpu = [vm.cpu, vm.cpu]), "vm.cpu: at most 1"],
    [
      "a network device without one of its keys",
      (vm) => delete vm.network_device[0].mtu,
      "vm.network_device[0].mtu: missing",
    ],
    [
      "a network device with a key too many",
      (vm) => (vm.network_device[0].vlan = 1),
      "vm.network_device[0].vlan: unknown",
    ],
    [
      "what only the provider sets",
      (vm) => (vm.ipv4_addresses = []),
      "vm.ipv4_addresses: only the provider sets it",
    ],
  ])("catches %s", (_, spoil, fault) => {
    expect(spoilt(spoil)).toEqual([fault]);
  });
});

describe("names", () => {
  test("addresses are those that state holds, without hashes", () => {
    const { resource, locals, output, check, data } = synthesized(REFERENCE_NODES);
    expect(Object.keys(resource.proxmox_virtual_environment_vm)).toEqual([
      "k3s_agent",
      "k3s_agent_1",
      "k3s_server",
    ]);
    expect(Object.keys(locals)).toEqual([
      "container_ids",
      "k3s_agent_1_exists",
      "k3s_agent_exists",
      "k3s_server_exists",
      "vm_names",
    ]);
    expect(Object.keys(output)).toEqual([
      "api_endpoint",
      "k3s_agent_1_node",
      "k3s_agent_node",
      "k3s_server_node",
    ]);
    expect(Object.keys(check)).toEqual(["k3s_agent_1_vm_id", "k3s_agent_vm_id", "k3s_server_vm_id"]);
    expect(data).toEqual({
      proxmox_virtual_environment_containers: { all: {} },
      proxmox_virtual_environment_vms: { all: {} },
    });
  });

  test("as many VMs, locals, outputs and checks are emitted as the model has nodes", () => {
    const many = Array.from({ length: 40 }, (_, n) => agent(`agent-${n}`, `a${n}`, 140 + n));
    const { resource, locals, output, check } = synthesized([ALPHARD, ...many]);
    expect(Object.keys(resource.proxmox_virtual_environment_vm)).toHaveLength(41);
    expect(Object.keys(locals)).toHaveLength(41 + 2);
    expect(Object.keys(output)).toHaveLength(41 + 1);
    expect(Object.keys(check)).toHaveLength(41);
  });

  test("a node inside another construct has the same name", () => {
    const cluster = addCluster(testApp(), [ALPHARD]);
    const rack = new Construct(cluster, "rack");
    new K3sAgentNode(rack, "k3s-agent", { hostname: "hamal", vmId: 135 });
    const json = JSON.parse(Testing.synth(TerraformStack.of(cluster), true));
    expect(Object.keys(json.resource.proxmox_virtual_environment_vm)).toEqual(["k3s_agent", "k3s_server"]);
  });
});

describe("live clusters", () => {
  test.each(["k3s_server", "k3s_agent"])("an apply neither replaces nor restarts %s by itself", (name) => {
    const vm = synthesized([ALPHARD, HAMAL]).resource.proxmox_virtual_environment_vm[name];
    expect(vm.lifecycle).toEqual({ ignore_changes: ["clone"], prevent_destroy: true });
    expect(vm).toMatchObject({
      migrate: true,
      reboot_after_update: false,
      stop_on_destroy: true,
      delete_unreferenced_disks_on_destroy: false,
    });
    expect(vm.agent).toEqual({ enabled: true, timeout: "60s" });
    expect(vm.clone).not.toHaveProperty("retries");
  });

  test("a full clone is created in its disk's datastore, a linked one where its template is", () => {
    expect(synthesizedVm({}).clone).toEqual({ vm_id: 9903, full: true, datastore_id: "Cesspool-VM" });
    expect(synthesizedVm({ linkedClone: true }).clone).toEqual({ vm_id: 9903, full: false });
  });

  test("no count, for_each, precondition or output depends on whether a VM exists", () => {
    const { resource, output } = synthesized(REFERENCE_NODES);
    const text = JSON.stringify({ resource, output });
    expect(text).not.toMatch(/_exists|vm_names|container_ids|"count"|for_each|precondition/);
  });

  test("the only dependencies between nodes are those of agents on servers", () => {
    const vms = synthesized(FIVE_NODES).resource.proxmox_virtual_environment_vm;
    const all = ["k3s_server", "k3s_server_1", "k3s_server_2"].map(
      (name) => `proxmox_virtual_environment_vm.${name}`,
    );
    for (const [name, vm] of Object.entries<Json>(vms)) {
      expect([name, vm.depends_on]).toEqual([name, name.includes("agent") ? all : undefined]);
    }
  });

  test("an agent depends on servers that are stated after it, and an owner's own dependency stays its own", () => {
    const cluster = addCluster(testApp(), [HAMAL, MIZAR]);
    const agent = cluster.node.findChild("k3s-agent");
    if (!(agent instanceof K3sAgentNode)) throw new Error("no agent of that name");
    agent.resource.dependsOn = [...(agent.resource.dependsOn ?? []), "terraform_data.reservation"];
    const { id, ...props } = ALPHARD;
    new K3sServerNode(cluster, id, props);
    const stack = TerraformStack.of(cluster);
    const dependencies = (): Json => {
      const vms = JSON.parse(Testing.synth(stack)).resource.proxmox_virtual_environment_vm;
      return [vms.k3s_agent.depends_on, vms.k3s_agent_1.depends_on];
    };
    const server = "proxmox_virtual_environment_vm.k3s_server";
    const expected = [[server, "terraform_data.reservation"], [server]];
    expect([dependencies(), dependencies()]).toEqual([expected, expected]);
  });
});

describe("settings", () => {
  test("a CPU type is always named, since PVE would take qemu64", () => {
    expect(synthesizedVm({}).cpu.type).toBe("x86-64-v2-AES");
  });

  test("a node's setting overrides the cluster's, and the cluster's the default", () => {
    expect(synthesizedVm({}, { cores: 6 }).cpu.cores).toBe(6);
    expect(synthesizedVm({ cores: 8 }, { cores: 6 }).cpu.cores).toBe(8);
    expect(synthesizedVm({ cores: undefined }, { cores: 6 }).cpu.cores).toBe(6);
  });

  test("a mount is the host's, and changes nothing of the VM", () => {
    const disks = disksWith({ path: "/var/lib/rancher", filesystem: "xfs", options: ["noatime"] });
    const plain = disks.map((disk) => ({ ...disk, mount: undefined }));
    const [mounted, other] = [disks, plain].map((each) => synthesizedVm({ disks: each }));
    expect(mounted).toEqual(other);
  });

  test("an interface that the host knows by name has a MAC address, and all else is the host's", () => {
    const nic = (more: object) =>
      synthesizedVm({ networkInterfaces: [{ bridge: "vmbr0" }, { bridge: "vmbr1", ...more }] })
        .network_device[1];
    const plain = nic({});
    expect(plain.mac_address).toBeNull();
    expect(nic({ name: "storage0" })).toEqual({ ...plain, mac_address: "06:24:11:B3:ED:03" });
    expect(
      nic({
        name: "storage0",
        macAddress: "bc:24:11:00:00:99",
        address: { network: "198.18.0.0/24" },
        routes: [{ to: "198.51.100.0/24", via: "198.18.0.1" }],
        vlans: [{ id: 30, name: "backup0" }],
      }),
    ).toEqual({ ...plain, mac_address: "BC:24:11:00:00:99" });
  });

  test("OpenTofu evaluates nothing in text for people", () => {
    expect(synthesizedVm({ description: '${file("/etc/passwd")} %{ for x in y }' }).description).toBe(
      '$${file("/etc/passwd")} %%{ for x in y }',
    );
  });

  test("the generated resource is accessible for arguments that no prop sets", () => {
    const cluster = addCluster(testApp(), [ALPHARD]);
    const node = cluster.node.findChild("k3s-server");
    if (!(node instanceof K3sServerNode)) throw new Error("no node of that name");
    node.resource.timeoutClone = 3600;
    node.resource.addOverride("lifecycle.ignore_changes", ["started"]);
    const json = JSON.parse(Testing.synth(TerraformStack.of(cluster)));
    const vm = json.resource.proxmox_virtual_environment_vm.k3s_server;
    expect([vm.timeout_clone, vm.lifecycle.ignore_changes]).toEqual([3600, ["clone", "started"]]);
    expect(node.node.defaultChild).toBe(node.resource);
  });

  test("a former id becomes a moved block", () => {
    const moved = [
      server("k3s-server-0", "alphard", 134, { formerId: "k3s-server" }),
      { ...HAMAL, formerId: "worker" },
    ];
    expect(synthesized(moved).moved).toEqual([
      { from: "proxmox_virtual_environment_vm.worker", to: "proxmox_virtual_environment_vm.k3s_agent" },
      {
        from: "proxmox_virtual_environment_vm.k3s_server",
        to: "proxmox_virtual_environment_vm.k3s_server_0",
      },
    ]);
  });
});

describe("references to values that OpenTofu knows later", () => {
  const withVariable = (
    use: (value: string, stack: TerraformStack) => Partial<TestNode>,
  ): { faults: string[]; vm: Json } => {
    const stack = new TerraformStack(testApp(), "k3s");
    const value = new TerraformVariable(stack, "where", { type: "string" }).stringValue;
    const cluster = addCluster(stack, [ALPHARD, { ...MIZAR, ...use(value, stack) }]);
    const json = JSON.parse(Testing.synth(stack));
    return { faults: cluster.node.validate(), vm: json.resource.proxmox_virtual_environment_vm.k3s_agent_1 };
  };

  test("may name the PVE node, and other arguments that only the VM uses", () => {
    const { faults, vm } = withVariable((where) => ({
      pveNode: where,
      pool: where,
      description: `in ${where}`,
    }));
    expect(faults).toEqual([]);
    expect([vm.node_name, vm.pool_id, vm.description]).toEqual([
      "${var.where}",
      "${var.where}",
      "in ${var.where}",
    ]);
  });

  test("may stand next to text, in which OpenTofu evaluates nothing", () => {
    const { faults, vm } = withVariable((where) => ({
      description: `\${file(1)} costs $${where}, 100%${where} %{ ${where}`,
      pveNode: `pve-${where}`,
    }));
    expect(faults).toEqual([]);
    expect(vm.description).toBe('$${file(1)} costs ${"$"}${var.where}, 100%${var.where} %%{ ${var.where}');
    expect(vm.node_name).toBe("pve-${var.where}");
  });

  test.each<[string, (where: string) => Partial<TestNode>]>([
    ["hostname", (where) => ({ hostname: where })],
    ["k3sFlags[0]", (where) => ({ k3sFlags: [where] })],
    ["nodeLabels[zone]", (where) => ({ nodeLabels: { zone: where } })],
  ])("may not be '%s', which is written into files", (setting, use) => {
    expect(withVariable(use).faults.join("\n")).toContain(`'${setting}' of `);
    expect(withVariable(use).faults.join("\n")).toContain("should be known at synth, got var.where");
  });

  test("may not be a number, which the model computes with", () => {
    const stack = new TerraformStack(testApp(), "k3s");
    const memoryMib = new TerraformVariable(stack, "memory", { type: "number" }).numberValue;
    const faults = addCluster(stack, [ALPHARD, { ...MIZAR, memoryMib }]).node.validate();
    expect(faults).toContain(
      "'memoryMib' of 'mizar' should be known at synth, got var.memory, which only OpenTofu knows; use a literal value",
    );
  });
});

describe("text that looks like a reference and is not a token of the app", () => {
  test.each<[string, Partial<TestNode>, string]>([
    [
      "pveNode",
      { pveNode: "${var.x}" },
      "should be the name of a PVE node, got '${var.x}'; to refer to a value of OpenTofu, pass a token",
    ],
    [
      "templatePveNode",
      { templatePveNode: "%{ if true }a%{ endif }" },
      "should be the name of a PVE node, got '%{",
    ],
    ["pool", { pool: '${file("/etc/passwd")}' }, "should be the name of a PVE pool, got '${file("],
    ["cloneDatastore", { cloneDatastore: "${1}" }, "should be the name of a PVE datastore, got '${1}'"],
    [
      "disks[scsi0].datastore",
      { disks: [{ interface: "scsi0", datastore: "${1}", sizeGib: 32 }] },
      "should be the",
    ],
    [
      "networkInterfaces[0].bridge",
      { networkInterfaces: [{ bridge: "${1}" }] },
      "should be the name of a PVE",
    ],
    ["description", { description: "a ${TfToken[TOKEN.4711]} b" }, "contains a CDKTF token that does not"],
    [
      "pool",
      { pool: "${TfToken[TOKEN.4711]}" },
      "contains a CDKTF token that does not belong to this app: '${",
    ],
    [
      "hostname",
      { hostname: "${TfToken[TOKEN.4711]}" },
      "contains a CDKTF token that does not belong to this",
    ],
  ])("is a fault of %s", (setting, node, sentence) => {
    const faults = addCluster(testApp(), [ALPHARD, { ...MIZAR, ...node }]).node.validate();
    expect(faults.filter((fault) => fault.includes(`'${setting}'`)).join("\n")).toContain(sentence);
  });

  /** Removes every check of a setting. */
  const unvalidatedVm = (node: Partial<TestNode>): Json => {
    const stack = TerraformStack.of(addCluster(testApp(), [ALPHARD, { ...MIZAR, ...node }]));
    return JSON.parse(Testing.synth(stack)).resource.proxmox_virtual_environment_vm.k3s_agent_1;
  };

  test("stays text wherever it appears in the JSON", () => {
    const hostile = '$ $$ % ${file("/etc/passwd")} $${x} %{ if true }';
    const escaped = '$ $$ % $${file("/etc/passwd")} $$${x} %%{ if true }';
    const vm = unvalidatedVm({
      description: hostile,
      pveNode: hostile,
      templatePveNode: hostile,
      cloneDatastore: hostile,
      pool: hostile,
      machine: hostile,
      cpuType: hostile,
      bootOrder: [hostile],
      tags: [hostile],
      hostname: hostile,
      disks: [{ interface: hostile, datastore: hostile, sizeGib: 1 }],
      networkInterfaces: [{ bridge: hostile, trunks: hostile }],
    });
    const texts = JSON.stringify(vm).split(JSON.stringify(escaped)).length - 1;
    expect(texts).toBe(14);
    expect(JSON.stringify(vm)).not.toContain(JSON.stringify(hostile));
  });
});

describe("state", () => {
  const backendOf = (stack: TerraformStack): Json => {
    stack.prepareStack();
    return stack.toTerraform().terraform.backend;
  };

  test("is kept outside cdktf.out, by a path without a part of this machine", () => {
    const cluster = addCluster(testApp(), [ALPHARD]);
    expect(backendOf(TerraformStack.of(cluster))).toEqual({
      local: { path: "../../../state/terraform.tfstate" },
    });
  });

  test("is found again after the stack was renamed", () => {
    const paths = ["k3s", "renamed"].map((name) => {
      const stack = new TerraformStack(testApp(), name);
      addCluster(stack, [ALPHARD]);
      return backendOf(stack).local.path;
    });
    expect(paths[0]).toBe(paths[1]);
  });

  test("is where the owner's own backend says", () => {
    const stack = new TerraformStack(testApp(), "k3s");
    new S3Backend(stack, { bucket: "b", key: "k" });
    addCluster(stack, [ALPHARD]);
    expect(backendOf(stack)).toEqual({ s3: { bucket: "b", key: "k" } });
  });

  test("of two clusters is in two files", () => {
    const app = testApp();
    addCluster(new TerraformStack(app, "a"), [ALPHARD]);
    const second = addCluster(new TerraformStack(app, "b"), [ALTAIR], FURTHER);
    expect(second.node.validate()).toEqual([
      "a/cluster and b/cluster would share a state file; give one of them HostFiles with a folder of its own, or construct a backend before it",
    ]);
  });
});

test("two clusters, one of which has its own backend, are not a fault", () => {
  const app = testApp();
  const own = new TerraformStack(app, "a");
  new S3Backend(own, { bucket: "b", key: "k" });
  expect(addCluster(own, [ALPHARD]).node.validate()).toEqual([]);
  expect(addCluster(new TerraformStack(app, "b"), [ALTAIR], FURTHER).node.validate()).toEqual([]);
});

test("a stack holds one cluster", () => {
  const stack = new TerraformStack(testApp(), "k3s");
  addCluster(stack, [ALPHARD]);
  const second = new K3sCluster(stack, "second", REFERENCE);
  expect(second.node.validate()).toContain(
    "k3s/cluster and k3s/second are in the same stack; give each its own",
  );
});

test("a node outside a cluster is an error that says where it belongs", () => {
  const stack = new TerraformStack(new App(), "k3s");
  expect(() => new K3sAgentNode(stack, "a", { hostname: "a", vmId: 100 })).toThrow(
    "k3s: nodes and HostFiles must be inside a K3sCluster",
  );
});

test("a synth warns while the example key is in use, and no longer", () => {
  const warningsWith = (settings: typeof REFERENCE): string[] =>
    addCluster(testApp(), [ALPHARD], settings)
      .node.metadata.filter(({ type }) => type.endsWith("warn"))
      .map(({ data }) => data);
  expect(warningsWith(REFERENCE)).toEqual([expect.stringContaining("contains the example key")]);
  const own = join(temporaryFolder(), "keys");
  const key = Buffer.concat([Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20", "latin1"), Buffer.alloc(32, 7)]);
  writeFileSync(own, `ssh-ed25519 ${key.toString("base64")} me\n`);
  expect(warningsWith({ ...REFERENCE, authorizedKeysFile: own })).toEqual([]);
});

describe("stability", () => {
  const extra = Array.from({ length: 6 }, (_, n) => agent(`extra-${n}`, `e${n}`, 150 + n));
  const vmsOf = (nodes: readonly TestNode[]): Json =>
    synthesized(nodes).resource.proxmox_virtual_environment_vm;

  test("the order in which nodes are written changes nothing", () => {
    const expected = synthesized([...FIVE_NODES, ...extra]);
    fc.assert(
      fc.property(fc.shuffledSubarray([...FIVE_NODES, ...extra], { minLength: 11 }), (nodes) => {
        expect(synthesized(nodes)).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  test("adding or removing nodes changes no other VM but for what it depends on", () => {
    const withoutDependencies = (vm: Json): Json => ({ ...vm, depends_on: undefined });
    const complete = vmsOf([...FIVE_NODES, ...extra]);
    fc.assert(
      fc.property(fc.subarray(extra), (some) => {
        const vms = vmsOf([...FIVE_NODES, ...some]);
        expect(Object.keys(vms)).toHaveLength(FIVE_NODES.length + some.length);
        for (const [name, vm] of Object.entries(vms)) {
          expect(withoutDependencies(vm)).toEqual(withoutDependencies(complete[name]));
        }
      }),
      { numRuns: 15 },
    );
  });
});
