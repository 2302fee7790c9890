import { existsSync, readFileSync } from "node:fs";
import { parseClusterJson, type ClusterJson } from "../../../src/render/cluster-json";
import { reportedAddresses } from "../../../src/rollout/clones";
import { describeWith } from "../tools";
import { NO_CHANGES, printed, sharedBed, TOFU } from "./bed";

const VM = "proxmox_virtual_environment_vm";
const HAMAL = `hostname: "hamal", vmId: 135, description: "# K3s Agent"`;
const ALNAIR = `hostname: "alnair", vmId: 137`;

describeWith(TOFU, "a cluster's life with the real OpenTofu and its provider", () => {
  const bed = sharedBed();

  test("the first apply clones, sets and starts each VM", async () => {
    expect(printed(await bed().npm("apply", "--", "--yes"))).toContain(
      "Apply complete! Resources: 3 added, 0 changed, 0 destroyed.",
    );
    expect(bed().vm(136)).toMatchObject({ node: "pve", running: true, lock: undefined, pending: new Map() });
    expect(bed().vm(136).configuration()).toMatchObject({
      name: "mizar",
      description: "# K3s Agent 1",
      cores: 4,
      cpu: "qemu64",
      cpuunits: 1024,
      memory: "16384",
      net0: expect.stringContaining("virtio=BC:24:11:B3:ED:03,bridge=vmbr0"),
      onboot: 1,
      scsi0: expect.stringMatching(/^Cesspool-VM:vm-136-disk-0,.*size=32G/),
    });
  });

  test("the plan after it is empty", async () => {
    const { output, plan } = await bed().gate();
    expect(plan).toContain(NO_CHANGES);
    expect(output).toContain("Nothing changes");
  });

  test("the state has what each guest agent reported, by which a rollout finds a new clone", async () => {
    const state = printed(await bed().tofu("tofu", "state", "pull"));
    const { nodes } = parseClusterJson(
      readFileSync(bed().project.path("nix/cluster.json"), "utf8"),
    ) as ClusterJson;
    expect(Object.fromEntries(reportedAddresses([state], nodes))).toEqual({
      alphard: "10.0.0.134",
      hamal: "10.0.0.135",
      mizar: "10.0.0.136",
    });
  });

  test("a fourth node is made without one write to the others", async () => {
    bed().edit("new HostFiles(", `new K3sAgentNode(cluster, "k3s-agent-2", { ${ALNAIR} });\nnew HostFiles(`);
    expect(await bed().writesDuring([134, 135, 136], () => bed().apply())).toEqual([0, 0, 0]);
    expect(bed().vm(137)).toMatchObject({ running: true });
  });

  test("more cores wait for the next start, as the gate says, and nothing is powered off", async () => {
    bed().edit(HAMAL, `${HAMAL}, cores: 8`);
    expect(await bed().gate()).toMatchObject({
      status: 4,
      output: expect.stringContaining("cpu.cores 4 → 8: takes effect at the VM's next power-off"),
    });
    expect(await bed().judge("--allow", "hamal:pending")).toMatchObject({ status: 0 });
    expect(await bed().writesDuring([134, 136, 137], () => bed().apply())).toEqual([0, 0, 0]);
    expect(bed().vm(135)).toMatchObject({ running: true, pending: new Map([["cores", "8"]]) });
    const actions = bed()
      .pve.writesTo(135)
      .map(({ path }) => path.split("/").at(-1));
    expect(actions.filter((action) => /stop|shutdown|reboot/.test(action ?? ""))).toEqual([]);
  });

  test("and are no longer a change, whether the VM was restarted or not", async () => {
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
    bed().vm(135).stop();
    bed().vm(135).start();
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
  });

  test("a disk of a cloned VM grows while it runs", async () => {
    const disks = `disks: [{ interface: "scsi0", datastore: "Cesspool-VM", sizeGib: 64 }]`;
    bed().edit(`${HAMAL}, cores: 8`, `${HAMAL}, cores: 8, ${disks}`);
    await bed().apply();
    expect(bed().vm(135).options.get("scsi0")).toContain("size=64G");
    expect(bed().vm(135)).toMatchObject({ running: true, pending: new Map() });
  });

  test("a disk that main.ts does not know is detached as soon as another one changes", async () => {
    bed().vm(135).set("scsi1", bed().pve.inventory.drive(135, "Cesspool-VM:100"));
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
    bed().edit("sizeGib: 64", "sizeGib: 65");
    expect(await bed().gate()).toMatchObject({
      status: 4,
      output: expect.stringContaining(
        "the provider detaches every disk of the VM that is not in the configuration",
      ),
    });
    expect(await bed().judge("--allow", "hamal:disk")).toMatchObject({ status: 0 });
    await bed().apply();
    expect(bed().vm(135).options.has("scsi1")).toBe(false);
    expect(bed().vm(135).options.get("unused0")).toBe("Cesspool-VM:vm-135-disk-1");
    expect(bed().pve.inventory.storage.has("Cesspool-VM:vm-135-disk-1")).toBe(true);
  });

  test("a VM that was powered off is started by any apply", async () => {
    bed().vm(136).stop();
    expect(await bed().gate()).toMatchObject({
      status: 4,
      output: expect.stringContaining("starts the VM, which is off"),
    });
    expect(await bed().judge("--allow", "mizar:start")).toMatchObject({ status: 0 });
    await bed().apply();
    expect(bed().vm(136)).toMatchObject({ running: true });
  });

  test("another name of the stack changes nothing", async () => {
    bed().edit('TerraformStack(app, "k3s")', 'TerraformStack(app, "kubernetes")');
    expect(printed(await bed().npm("plan"))).toContain(NO_CHANGES);
    expect(existsSync(bed().project.path("cdktf.out", "stacks", "k3s"))).toBe(false);
  });

  test("another construct id moves the VM in the state, without a write to any", async () => {
    bed().edit(`"k3s-agent-2", { ${ALNAIR} }`, `"k3s-worker", { ${ALNAIR}, formerId: "k3s-agent-2" }`);
    expect(await bed().writesDuring([134, 135, 136, 137], () => bed().apply())).toEqual([0, 0, 0, 0]);
    expect(await bed().managed()).toContain(`${VM}.k3s_worker\n`);
  });

  test("another PVE node migrates the VM while it runs", async () => {
    bed().edit(ALNAIR, `${ALNAIR}, pveNode: "pve2"`);
    expect(await bed().gate()).toMatchObject({ status: 0 });
    expect(await bed().writesDuring([134, 135, 136], () => bed().apply())).toEqual([0, 0, 0]);
    expect(bed().vm(137)).toMatchObject({ node: "pve2", running: true });
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
  });

  test("a node that is gone from main.ts is destroyed, and nothing of the others is written", async () => {
    const [statement = ""] =
      /new K3sAgentNode\(cluster, "k3s-worker".*\n/.exec(bed().project.text("main.ts")) ?? [];
    bed().edit(statement, "");
    expect(await bed().gate()).toMatchObject({
      status: 4,
      output: expect.stringContaining("alnair, VM 137"),
    });
    expect(await bed().judge("--allow", "alnair:destroy")).toMatchObject({ status: 0 });
    const others = await bed().writesDuring([134, 135, 136], async () => {
      expect(await bed().apply()).toContain("alnair, VM 137, will be DESTROYED");
    });
    expect(others).toEqual([0, 0, 0]);
    expect(bed().pve.inventory.vms.has(137)).toBe(false);
    expect(bed().pve.inventory.storage.ofOwner(137)).toEqual([]);
  });
});
