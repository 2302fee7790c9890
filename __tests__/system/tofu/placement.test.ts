import { rmSync } from "node:fs";
import { describeWith } from "../tools";
import { NO_CHANGES, sharedBed, TOFU } from "./bed";

const PVE_NODE = `{ cores: 16, memoryMib: 65536, datastores: { "Cesspool-VM": { sizeGib: 900, shared: true } }, bridges: ["vmbr0"] }`;
const PINNED = "    pveNode: proxmoxNode.stringValue,\n";
const PLACED = `  pve: { nodes: { pve: { ...PVE_NODE, templateVmId: 9903 }, pve2: { ...PVE_NODE, templateVmId: 9904 } } },\n`;
const SECOND = `new K3sServerNode(cluster, "k3s-server-1", { hostname: "acrux", vmId: 137 });\n`;

/** VMs by their PVE node. */
const places = (bed: ReturnType<ReturnType<typeof sharedBed>>): Record<number, string> =>
  Object.fromEntries(
    [...bed.pve.inventory.vms].filter(([id]) => id < 9000).map(([id, { node }]) => [id, node]),
  );

describeWith(TOFU, "VMs placed on two PVE nodes, with the real OpenTofu and its provider", () => {
  const bed = sharedBed();

  beforeAll(() => {
    const { inventory } = bed().pve;
    inventory.shared.add("Cesspool-VM");
    inventory.add(9904, "pve2", {
      ...Object.fromEntries(inventory.vms.get(9903)?.options ?? []),
      scsi0: "Cesspool-VM:20",
    });
    // As before the first synth: there was no VM on a PVE node that only OpenTofu knew.
    rmSync(bed().project.path("nix"), { recursive: true });
    bed().project.edit("main.ts", (text) =>
      text
        .replace(PINNED, "")
        .replace("  vm: {\n", `${PLACED}  vm: {\n`)
        .replace("const cluster =", `const PVE_NODE = ${PVE_NODE};\nconst cluster =`)
        .replace(`"alphard", vmId: 134,`, `"alphard", vmId: 134, clusterInit: true,`)
        .replace("  apiEndpoint:", "  allowEvenServerCount: true,\n  apiEndpoint:")
        .replace("new HostFiles(", `${SECOND}new HostFiles(`)
        .replace(/new K3sAgentNode\(cluster, "k3s-agent-1".*\n/, ""),
    );
  });

  test("servers are on different PVE nodes, each cloned from its own template", async () => {
    expect(await bed().apply()).toContain("Apply complete! Resources: 3 added, 0 changed, 0 destroyed.");
    expect(places(bed())).toMatchObject({ 134: "pve", 137: "pve2" });
    const clones = bed().pve.journal.filter(
      ({ method, path }) => method === "POST" && path.endsWith("/clone"),
    );
    expect(
      clones.map(({ path, parameters }) => [Number(parameters.get("newid")), path.split("/")[3]]).sort(),
    ).toEqual(
      Object.entries(places(bed())).map(([id, node]) => [Number(id), node === "pve" ? "9903" : "9904"]),
    );
  });

  test("the plan after it is empty, also when another node comes and goes", async () => {
    const before = places(bed());
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
    const another = `new K3sAgentNode(cluster, "k3s-agent-0", { hostname: "caph", vmId: 130, macAddress: "BC:24:11:00:00:30" });\n`;
    bed().edit("new HostFiles(", `${another}new HostFiles(`);
    expect(await bed().writesDuring([134, 135, 137], () => bed().apply())).toEqual([0, 0, 0]);
    expect(places(bed())).toMatchObject(before);
    bed().edit(another, "");
    expect(await bed().writesDuring([134, 135, 137], () => bed().apply())).toEqual([0, 0, 0]);
    expect(places(bed())).toEqual(before);
  });

  test("the HA manager gets each VM, its home, and the servers apart", async () => {
    bed().edit("pve: { nodes:", `pve: { ha: "all", nodes:`);
    expect(await bed().apply()).toContain("Apply complete! Resources: 7 added, 0 changed, 0 destroyed.");
    const { resources, rules } = bed().pve.inventory.ha;
    expect([...resources.keys()].sort()).toEqual(["vm:134", "vm:135", "vm:137"]);
    expect(Object.fromEntries(rules.get("vm-137-home") ?? [])).toMatchObject({
      type: "node-affinity",
      nodes: "pve2:1",
      resources: "vm:137",
    });
    expect(Object.fromEntries(rules.get("vm-134-servers-apart") ?? [])).toMatchObject({
      type: "resource-affinity",
      affinity: "negative",
    });
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
  });

  test("a VM that the HA manager started on another PVE node stays there, and nothing changes", async () => {
    bed().vm(135).node = "pve2";
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
    bed().vm(135).node = "pve";
  });

  test("another pveNode changes the rule of its home, and the HA manager moves the VM", async () => {
    const home = places(bed())[135] === "pve" ? "pve2" : "pve";
    bed().edit(`vmId: 135,`, `vmId: 135, pveNode: "${home}",`);
    expect(await bed().writesDuring([135], () => bed().apply())).toEqual([0]);
    expect(bed().pve.inventory.ha.rules.get("vm-135-home")?.get("nodes")).toBe(`${home}:1`);
  });

  test("a server that goes leaves the HA manager before its VM does, and without HA nothing is left there", async () => {
    bed().edit(SECOND, "");
    await bed().apply();
    expect([...bed().pve.inventory.ha.rules.keys()].sort()).toEqual(["vm-134-home", "vm-135-home"]);
    bed().edit(`ha: "all", `, "");
    await bed().apply();
    expect([bed().pve.inventory.ha.resources.size, bed().pve.inventory.ha.rules.size]).toEqual([0, 0]);
    expect(Object.keys(places(bed()))).toEqual(["134", "135"]);
  });
});
