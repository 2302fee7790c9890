import { TerraformStack, TerraformVariable } from "cdktf";
import { join } from "node:path";
import type { ClusterSettings } from "../../src/config/settings";
import {
  addCluster,
  ALPHARD,
  emit,
  faultsOf,
  HAMAL,
  MIZAR,
  REFERENCE,
  temporaryFolder,
  testApp,
  textsBelow,
  type TestNode,
} from "../fixture";

const IN_REGION: ClusterSettings = { ...REFERENCE, k3s: { ...REFERENCE.k3s, pveRegion: "home" } };

/** K3s' flags about the place of a node, by its directory. */
function flagsOf(nodes: readonly TestNode[], settings = IN_REGION): Record<string, string[]> {
  const folder = temporaryFolder();
  emit(folder, nodes, settings);
  const files = Object.entries(textsBelow(join(folder, "nix"))).filter(([path]) =>
    /k3s-\w+\.nix$/.test(path),
  );
  return Object.fromEntries(
    files.map(([path, text]) => [path.split("/")[0], text.match(/--(node-label|kubelet-arg)=[^"]*/g) ?? []]),
  );
}

test("every node has its region, its PVE node as its zone, and a provider ID with its VM ID", () => {
  expect(flagsOf([ALPHARD, { ...HAMAL, pveNode: "pve2", nodeLabels: { disk: "ssd" } }])).toEqual({
    "k3s-server": [
      "--node-label=topology.kubernetes.io/region=home",
      "--node-label=topology.kubernetes.io/zone=pve",
      "--kubelet-arg=provider-id=proxmox://home/134",
    ],
    "k3s-agent": [
      "--node-label=disk=ssd",
      "--node-label=topology.kubernetes.io/region=home",
      "--node-label=topology.kubernetes.io/zone=pve2",
      "--kubelet-arg=provider-id=proxmox://home/135",
    ],
  });
});

test("without a region, K3s gets none of them", () => {
  expect(flagsOf([ALPHARD, HAMAL], REFERENCE)).toEqual({ "k3s-server": [], "k3s-agent": [] });
});

test("labels that state the same are not repeated", () => {
  const nodeLabels = { "topology.kubernetes.io/region": "home", "topology.kubernetes.io/zone": "pve" };
  expect(flagsOf([ALPHARD, { ...HAMAL, nodeLabels }])["k3s-agent"]).toEqual([
    "--node-label=topology.kubernetes.io/region=home",
    "--node-label=topology.kubernetes.io/zone=pve",
    "--kubelet-arg=provider-id=proxmox://home/135",
  ]);
});

describe("a PVE node that only OpenTofu knows", () => {
  /** What is wrong where mizar runs on the PVE node of a variable. */
  function faultsWith(nodeLabels: Record<string, string>): string[] {
    const stack = new TerraformStack(testApp(), "k3s");
    const pveNode = new TerraformVariable(stack, "place", {}).stringValue;
    const nodes = [ALPHARD, HAMAL, { ...MIZAR, pveNode, nodeLabels }];
    return addCluster(stack, nodes, IN_REGION).node.validate();
  }

  test("is a zone only in words of your own", () => {
    expect(faultsWith({})).toEqual([
      "'nodeLabels' of 'mizar' should have topology.kubernetes.io/zone, the name of its PVE node, which only OpenTofu knows",
    ]);
    expect(faultsWith({ "topology.kubernetes.io/zone": "pve2" })).toEqual([]);
  });

  test("matters only in a region", () => {
    const stack = new TerraformStack(testApp(), "k3s");
    const pveNode = new TerraformVariable(stack, "place", {}).stringValue;
    expect(addCluster(stack, [ALPHARD, { ...MIZAR, pveNode }]).node.validate()).toEqual([]);
  });
});

test("a fault of the PVE node is not told again as one of its zone", () => {
  expect(faultsOf([ALPHARD, { ...MIZAR, pveNode: "p v e" }], IN_REGION)).toEqual([
    "'pveNode' of 'mizar' should be the name of a PVE node, got 'p v e'",
  ]);
});
