/** Overrides that an owner makes with CDKTF's own means: in OpenTofu's JSON, in previews, and for the gate. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VirtualEnvironmentVm } from "../../.gen/providers/proxmox/virtual-environment-vm";
import { HostFiles, K3sNode } from "../../constructs";
import { checkPlan, type Verdict } from "../../src/gate/gate";
import { readPlan } from "../../src/gate/plan";
import type { Emitted } from "../../src/preview/emitted";
import { compare, type Preview } from "../../src/preview/preview";
import {
  addCluster,
  ALPHARD,
  emit,
  HAMAL,
  inside,
  MIZAR,
  temporaryFolder,
  testApp,
  type Json,
} from "../fixture";

const VM = "proxmox_virtual_environment_vm";

type Owner = (nodes: Readonly<Record<"alphard" | "hamal", K3sNode>>) => void;

/** The output of the reference cluster after an owner's overrides. */
function emitted(owner: Owner = () => undefined, tree = temporaryFolder()): Emitted {
  const app = testApp();
  const cluster = addCluster(app, [ALPHARD, HAMAL, MIZAR]);
  const nodeOf = (id: string): K3sNode => {
    const child = cluster.node.findChild(id);
    if (child instanceof K3sNode) return child;
    throw new Error(`${id} is no node`);
  };
  owner({ alphard: nodeOf("k3s-server"), hamal: nodeOf("k3s-agent") });
  inside(tree, () => {
    new HostFiles(cluster, "nix");
    app.synth();
  });
  const json = JSON.parse(readFileSync(join(app.outdir, "stacks", "k3s", "cdk.tf.json"), "utf8"));
  const description = JSON.parse(readFileSync(join(tree, "nix", "cluster.json"), "utf8"));
  return { stacks: [{ name: "k3s", json }], cluster: description, emitsHosts: true, folder: "nix", tree };
}

const vmsOf = ({ stacks: [stack] }: Emitted): Record<string, Json> =>
  (stack?.json.resource as Record<string, Record<string, Json>>)[VM] ?? {};

/** What a preview says about hamal. */
const changesOf = ({ vms }: Preview): string[] =>
  vms
    .filter(({ hostname }) => hostname === "hamal")
    .flatMap(({ changes }) => changes.map(({ where, impact }) => `${where}: ${impact}`));

/** The gate's verdict on a plan that changes hamal from the one to the other. */
function judged(before: Emitted, after: Emitted, address: string): Verdict {
  const [old, now] = [before, after].map((side) =>
    Object.values(vmsOf(side)).find(({ name }: Json) => name === "hamal"),
  );
  const change = { actions: ["update"], before: old, after: now };
  const resources = [{ address, mode: "managed", type: VM, change }];
  return checkPlan(
    readPlan(JSON.stringify({ format_version: "1.2", errored: false, resource_changes: resources })),
    [],
  );
}

const asGenerated = (node: K3sNode): VirtualEnvironmentVm => {
  if (!(node.node.defaultChild instanceof VirtualEnvironmentVm)) throw new Error("it is another child");
  return node.node.defaultChild;
};

describe("an owner's override", () => {
  test("of a prop wins, through the default child as through the field", () => {
    const both = emitted(({ alphard, hamal }) => {
      alphard.resource.addOverride("cpu.cores", 6);
      asGenerated(hamal).putCpu({ cores: 6 });
    });
    expect(Object.values(vmsOf(both)).map(({ name, cpu }: Json) => [name, cpu.cores])).toEqual([
      ["hamal", 6],
      ["mizar", 2],
      ["alphard", 6],
    ]);
  });

  test("appears in a preview and is judged by the gate like any other change", () => {
    const before = emitted();
    const after = emitted(({ hamal }) => {
      asGenerated(hamal).addOverride("watchdog", { model: "i6300esb" });
      hamal.resource.addOverride("network_device.0.bridge", "vmbr1");
    });
    expect(vmsOf(after).k3s_agent).toMatchObject({
      watchdog: { model: "i6300esb" },
      network_device: [{ bridge: "vmbr1", mac_address: "BC:24:11:B3:ED:02" }],
    });
    expect(changesOf(compare(before, after))).toEqual([
      "network_device.bridge: live interface",
      "watchdog: power-off later",
    ]);
    const { passes, reasons } = judged(before, after, `${VM}.k3s_agent`);
    expect([passes, reasons.map(({ words }) => words)]).toEqual([
      false,
      [
        expect.stringContaining('network_device.bridge "vmbr0" → "vmbr1": changes a network interface'),
        expect.stringContaining("watchdog is added: takes effect at the VM's next power-off"),
      ],
    ]);
  });

  test("that removes prevent_destroy is a danger in a preview", () => {
    const after = emitted(({ hamal }) => hamal.resource.addOverride("lifecycle.prevent_destroy", false));
    expect(vmsOf(after).k3s_agent.lifecycle).toEqual({ ignore_changes: ["clone"], prevent_destroy: false });
    expect(compare(emitted(), after).dangers).toEqual([
      "**hamal (VM 135)**: loses `prevent_destroy`: nothing stops an apply from replacing it",
    ]);
  });

  test.each([
    ["memory", "memory.dedicated", 6144, "memory.dedicated: no effect"],
    ["memory[0].dedicated", "memory.dedicated", 6144, "memory.dedicated: no effect"],
    ["all", "memory.dedicated", 6144, "memory.dedicated: no effect"],
    ["disk", "disk.0.size", 16, "disk[scsi0].size: no effect"],
    // By its position in OpenTofu's list, which hides nothing here.
    ["disk[0].size", "disk.0.size", 16, "disk[scsi0].size: refused"],
    ["cpu", "memory.dedicated", 6144, "memory.dedicated: power-off later"],
  ])("that makes OpenTofu ignore %s is respected: %s", (ignored, path, value, expected) => {
    const ignore: Owner = ({ hamal }) => hamal.resource.addOverride("lifecycle.ignore_changes", [ignored]);
    const after = emitted((nodes) => {
      ignore(nodes);
      nodes.hamal.resource.addOverride(path, value);
    });
    expect(changesOf(compare(emitted(ignore), after))).toEqual([expected]);
  });

  test("of the Terraform name applies wherever the VM is named", () => {
    const folder = temporaryFolder();
    const after = emitted(({ alphard }) => alphard.resource.overrideLogicalId("founder"), folder);
    const { k3s_server, founder, k3s_agent } = vmsOf(after);
    expect([k3s_server, founder.name]).toEqual([undefined, "alphard"]);
    expect(k3s_agent.depends_on).toEqual([`${VM}.founder`]);
    expect(after.cluster?.nodes[0]?.terraformName).toBe("founder");
    expect(compare(emitted(), after).dangers).toEqual([
      "**alphard (VM 134)**: will be DESTROYED by the next apply, with its disks",
    ]);
    // Like another construct id, it would destroy the VM.
    expect(() => emit(folder, [ALPHARD, HAMAL, MIZAR])).toThrow(
      `VM 134 was ${VM}.founder and would be ${VM}.k3s_server`,
    );
  });
});
