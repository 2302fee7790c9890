import { describeWith } from "../tools";
import { Bed, NO_CHANGES, printed, TOFU } from "./bed";
import { role } from "./documents";

const SERVER = "proxmox_virtual_environment_vm.k3s_server";
const HAMAL = 'hostname: "hamal", vmId: 135';
const ALPHARD = 'hostname: "alphard", vmId: 134';

describeWith(TOFU, "the documented privileges, with the real OpenTofu and its provider", () => {
  let bed: Bed;

  beforeEach(async () => {
    bed = await Bed.ofOne();
  });
  afterEach(() => bed.close());

  test("those for an apply are enough to make a VM, change it, migrate it and destroy it", async () => {
    const [agent, changed] = [
      HAMAL,
      `${HAMAL}, cores: 8, memoryMib: 8192, tags: ["k3s"], pveNode: "pve2"`,
    ].map((settings) => `new K3sAgentNode(cluster, "k3s-agent", { ${settings} });\n`) as [string, string];
    bed.become("apply", role("K3sApply").whole);
    bed.edit("new HostFiles(", `${agent}new HostFiles(`);
    await bed.apply();
    bed.edit(agent, changed);
    await bed.apply();
    expect(bed.vm(135).configuration()).toMatchObject({ cores: 8, memory: "8192", tags: "k3s" });
    expect(bed.vm(135).node).toBe("pve2");
    bed.edit(changed, "");
    await bed.apply();
    expect([...bed.pve.inventory.vms.keys()]).toEqual([9903, 134]);
  });

  test("those for a plan are enough for a plan, and a VM's disk is hidden from those who have fewer", async () => {
    await bed.apply();
    const writes = bed.pve.writesTo(134).length;
    bed.become("plan", role("K3sPlan").whole);
    expect((await bed.gate()).plan).toContain(NO_CHANGES);
    expect(bed.pve.writesTo(134)).toHaveLength(writes);
    bed.become("less", role("K3sPlan").without("VM.Config.Disk"));
    expect(await bed.tofu("plan")).toMatchObject({
      status: 1,
      output: expect.stringContaining("Permission check failed (/vms/134, VM.Config.Disk)"),
    });
  });

  test("with none at all nothing is seen, and a plan says that everything is to be added", async () => {
    await bed.apply();
    bed.become("none", {});
    await bed.synth();
    expect(printed(await bed.tofu("plan"))).toContain("Plan: 1 to add, 0 to change, 0 to destroy.");
  });

  test("without VM.Config.Disk a new VM is left incomplete and tainted, and the documented commands complete it", async () => {
    bed.become("less", role("K3sApply").without("VM.Config.Disk"));
    expect(await bed.tryApply()).toMatchObject({
      status: 1,
      output: expect.stringContaining("Permission check failed (/vms/134, VM.Config.Disk)"),
    });
    bed.become("apply", role("K3sApply").whole);
    expect(await bed.tryApply()).toMatchObject({
      status: 1,
      output: expect.stringContaining("prevent_destroy"),
    });
    printed(await bed.tofu("tofu", "untaint", SERVER));
    await bed.apply();
    expect(bed.vm(134).running).toBe(true);
    expect(bed.vm(134).options.get("scsi0")).toContain("size=32G");
    expect((await bed.gate()).plan).toContain(NO_CHANGES);
  });

  test("startup needs Sys.Modify as well, of which the gate tells, and without it a new VM stays half-made", async () => {
    bed.edit(ALPHARD, `${ALPHARD}, startup: { order: 1 }`);
    bed.become("apply", role("K3sApply").whole);
    expect(await bed.gate()).toMatchObject({
      status: 0,
      output: expect.stringContaining("startup: the token needs Sys.Modify on /, without which"),
    });
    expect(await bed.tryApply()).toMatchObject({
      status: 1,
      output: expect.stringContaining("Permission check failed (/, Sys.Modify)"),
    });
    expect(bed.vm(134).options.has("startup")).toBe(false);
    expect(await bed.managed()).toContain(SERVER);
  });
});
