import { describeWith } from "../tools";
import { NO_CHANGES, printed, sharedBed, TOFU } from "./bed";
import { block } from "./documents";

const PAGE = "docs/how-to/import.md";
const MIZAR = `hostname: "mizar", vmId: 136, description: "# K3s Agent 1"`;

/** `qm config` of a VM that a person made to match `main.ts`, with nothing else. */
const byHand = (name: string, description: string, mac: string) => ({
  name,
  description,
  agent: "1",
  balloon: "0",
  boot: "order=scsi0",
  cores: "4",
  cpu: "qemu64",
  cpuunits: "1024",
  memory: "16384",
  net0: `virtio=${mac},bridge=vmbr0`,
  numa: "0",
  onboot: "1",
  ostype: "l26",
  scsi0: "Cesspool-VM:32",
  scsihw: "virtio-scsi-pci",
  sockets: "1",
});

/** A plan without the notes about hidden attributes, and without indentation. */
const lines = (plan: string): string[] =>
  plan
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^# \(\d+ unchanged/.test(line));

describeWith(TOFU, "VMs that run already, with the real OpenTofu and its provider", () => {
  const bed = sharedBed();
  beforeAll(() => {
    const { inventory } = bed().pve;
    inventory.add(134, "pve", byHand("alphard", "# K3s Server", "BC:24:11:B3:ED:01")).start();
    inventory.add(135, "pve", byHand("hamal", "# K3s Agent", "BC:24:11:B3:ED:02")).start();
    inventory.add(136, "pve", byHand("mizar", "# K3s Agent 1", "BC:24:11:B3:ED:03")).start();
  });

  test("are imported exactly as documented, and their plan is the documented one", async () => {
    const commands = lines(block(PAGE, "sh", "tofu -- import"));
    expect(commands).toHaveLength(6);
    let output = "";
    for (const command of commands) output = printed(await bed().shell(command));
    expect(lines(output).join("\n")).toContain(
      lines(block(PAGE, "", "Plan: 0 to add"))
        .slice(0, -1)
        .join("\n"),
    );
    expect(output).toContain("Plan: 0 to add, 3 to change, 0 to destroy.");
    expect(bed().pve.journal.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  test("are given by the first apply what they have, are not restarted, and have an empty plan after it", async () => {
    const before = bed().vm(136).configuration();
    expect(await bed().apply()).toContain("a reboot is required to apply configuration changes");
    expect(bed().vm(136).configuration()).toEqual({
      ...before,
      agent: "enabled=1,fstrim_cloned_disks=0,type=virtio",
    });
    expect(bed().vm(136).pending).toEqual(new Map());
    expect(
      new Set(
        bed()
          .pve.writesTo(136)
          .map(({ path }) => path),
      ),
    ).toEqual(new Set(["nodes/pve/qemu/136/config"]));
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
  });

  test("have disks that grow only in a second apply", async () => {
    bed().edit(MIZAR, `${MIZAR}, disks: [{ interface: "scsi0", datastore: "Cesspool-VM", sizeGib: 64 }]`);
    expect(await bed().gate()).toMatchObject({
      status: 4,
      output: expect.stringContaining("Apply it twice"),
    });
    expect(await bed().tryApply()).toMatchObject({
      status: 1,
      output: expect.stringContaining("cannot resize disks while the VM is running"),
    });
    expect(bed().vm(136).options.get("scsi0")).toContain("size=32G");
    expect(bed().vm(136).pending.get("scsi0")).toContain("aio=io_uring");
    await bed().apply();
    expect(bed().vm(136).options.get("scsi0")).toContain("size=64G");
    expect(bed().vm(136).running).toBe(true);
    expect((await bed().gate()).plan).toContain(NO_CHANGES);
  });
});
