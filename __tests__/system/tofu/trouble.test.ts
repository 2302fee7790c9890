import { describeWith } from "../tools";
import { Bed, NO_CHANGES, printed, TOFU, until } from "./bed";

const SERVER = "proxmox_virtual_environment_vm.k3s_server";

describeWith(TOFU, "what goes wrong, with the real OpenTofu and its provider", () => {
  let bed: Bed;

  beforeEach(async () => {
    bed = await Bed.ofOne();
  });
  afterEach(() => bed.close());

  /** An apply during its clone. */
  async function cloning(milliseconds: number) {
    await bed.synth();
    bed.pve.inventory.cloneMilliseconds = milliseconds;
    const apply = bed.startTofu("apply", "--yes");
    await Promise.race([until(() => bed.pve.inventory.vms.get(134)?.lock === "clone"), apply.ended]);
    expect(bed.vm(134).lock).toBe("clone");
    return apply;
  }

  const alreadyExists = { status: 1, output: expect.stringContaining("already exists") };

  test("a self-signed certificate is refused, except with its CA in SSL_CERT_FILE or with PROXMOX_VE_INSECURE", async () => {
    await bed.synth();
    printed(await bed.tofu("plan"));
    bed.distrust();
    expect(await bed.tofu("plan")).toMatchObject({
      status: 1,
      output: expect.stringMatching(/certificate signed by unknown\s+authority/),
    });
    bed.distrust({ PROXMOX_VE_INSECURE: "true" });
    printed(await bed.tofu("plan"));
  });

  describe("an ID that a stranger has", () => {
    test("with a VM: the plan says so, the apply fails, and nothing of the stranger is written", async () => {
      const stranger = bed.pve.inventory.add(134, "pve2", { name: "database", scsi0: "Cesspool-VM:8" });
      stranger.start();
      const before = stranger.configuration();
      expect(await bed.gate()).toMatchObject({
        status: 4,
        output: expect.stringContaining("database"),
        plan: expect.stringContaining("VM ID 134 of alphard is held by a VM of another name: database"),
      });
      expect(await bed.tryApply()).toMatchObject(alreadyExists);
      expect(stranger.configuration()).toEqual(before);
      expect(stranger.running).toBe(true);
      expect(bed.pve.writesTo(134).map(({ status }) => status)).toEqual([500]);
    });

    test("with a container: the plan says so, and the apply fails", async () => {
      bed.pve.inventory.containers.push({ id: 134, node: "pve", name: "dns" });
      expect(await bed.gate()).toMatchObject({
        status: 4,
        output: expect.stringContaining("container"),
        plan: expect.stringContaining("VM ID 134 of alphard is held by a container"),
      });
      expect(await bed.tryApply()).toMatchObject(alreadyExists);
    });
  });

  describe("a clone that is cut off", () => {
    test("by a lost connection exists and is not in the state; the documented import and an apply finish it", async () => {
      const apply = await cloning(1_500);
      await bed.pve.leave();
      expect(await apply.ended).toMatchObject({ status: 1 });
      await until(() => bed.vm(134).lock === undefined);
      await bed.pve.listen();
      expect(await bed.managed()).not.toContain(SERVER);
      expect(await bed.gate()).toMatchObject({ status: 4, output: expect.stringContaining("mport it") });
      expect(await bed.tryApply()).toMatchObject(alreadyExists);
      printed(await bed.tofu("tofu", "import", SERVER, "pve/134"));
      await bed.gate();
      expect(await bed.judge("--allow", "alphard:start", "--allow", "alphard:disk")).toMatchObject({
        status: 0,
      });
      await bed.apply();
      expect(bed.vm(134).running).toBe(true);
      expect(bed.vm(134).options.get("scsi0")).toContain("size=32G");
      expect((await bed.gate()).plan).toContain(NO_CHANGES);
    });

    test("by a power failure stays locked without its disk, which an import would replace with an empty one", async () => {
      const apply = await cloning(60_000);
      await bed.pve.losePower();
      expect(await apply.ended).toMatchObject({ status: 1 });
      await bed.pve.listen();
      bed.pve.inventory.cloneMilliseconds = 0;
      expect(bed.vm(134)).toMatchObject({ lock: "clone" });
      expect(await bed.tryApply()).toMatchObject(alreadyExists);
      printed(await bed.tofu("tofu", "import", SERVER, "pve/134"));
      expect(printed(await bed.tofu("plan"))).toMatch(/\+ disk \{/);
      printed(await bed.tofu("tofu", "state", "rm", SERVER));
      // qm unlock, qm destroy
      bed.pve.inventory.vms.delete(134);
      await bed.apply();
      expect(bed.vm(134).running).toBe(true);
    });

    test.each(["SIGINT", "SIGHUP", "SIGTERM"] as const)(
      "by nobody: OpenTofu finishes it after %s, and leaves no lock",
      async (signal) => {
        const apply = await cloning(1_500);
        if (signal === "SIGTERM") apply.child.kill(signal);
        else apply.signalAll(signal);
        expect((await apply.ended).output).toContain("Gracefully shutting down");
        expect(bed.vm(134)).toMatchObject({ lock: undefined, running: true });
        expect(await bed.managed()).toContain(SERVER);
        // Takes the state's lock.
        await bed.apply();
      },
    );
  });

  test("one of two concurrent applies makes the VM, and the other does nothing", async () => {
    const first = await cloning(6_000);
    expect(await bed.tofu("apply", "--yes")).toMatchObject({
      status: 1,
      output: expect.stringContaining("Error acquiring the state lock"),
    });
    expect(bed.vm(134).lock).toBe("clone");
    expect(printed(await first.ended)).toContain("1 added");
    expect(bed.pve.writesTo(134).filter(({ path }) => path.endsWith("clone"))).toHaveLength(1);
  });
});
