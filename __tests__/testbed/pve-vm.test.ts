import { Vm } from "../../testbed/pve/vm";

const running = (options: Record<string, string> = {}): Vm => {
  const vm = new Vm(136, "pve", new Map(Object.entries(options)));
  vm.start();
  return vm;
};

const DISK = "Cesspool-VM:vm-136-disk-0";

// Expected values from qemu-server 9.2.6 (vmconfig_hotplug_pending and the functions that it calls).
describe("the stand-in for Proxmox VE", () => {
  test.each([
    ["cores", "4", "8"],
    ["memory", "2048", "4096"],
    ["cpu", "qemu64", "host"],
    ["scsihw", "lsi", "virtio-scsi-pci"],
    ["machine", "pc", "q35"],
    ["ostype", "other", "l26"],
    ["agent", "0", "enabled=1"],
    ["scsi0", `${DISK},size=32G`, `${DISK},aio=io_uring,size=32G`],
    ["scsi0", `${DISK},size=32G`, `${DISK},backup=0,discard=on,size=32G`],
    ["sata1", undefined, "Cesspool-VM:vm-136-disk-1,size=8G"],
    ["sata1", "Cesspool-VM:vm-136-disk-1,size=8G", undefined],
  ])("defers %s until the next start of a running VM: %s to %s", (option, before, after) => {
    const vm = running(before === undefined ? {} : { [option]: before });
    vm.set(option, after);
    expect(vm.options.get(option)).toBe(before);
    expect(vm.configuration()[option]?.toString()).toBe(after);
    vm.stop();
    expect(vm.options.get(option)).toBe(after);
  });

  test.each([
    ["name", "a", "b"],
    ["description", "a", "b"],
    ["tags", undefined, "k3s"],
    ["onboot", "1", "0"],
    ["startup", undefined, "order=1"],
    ["cpuunits", "1024", "100"],
    ["net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0", "virtio=BC:24:11:00:00:01,bridge=vmbr1"],
    ["agent", "1", "enabled=1,fstrim_cloned_disks=0,type=virtio"],
    ["scsi0", `${DISK},aio=io_uring,size=32G`, `${DISK},aio=io_uring,backup=0,size=32G`],
    ["scsi1", undefined, "Cesspool-VM:vm-136-disk-1,size=8G"],
    ["scsi1", "Cesspool-VM:vm-136-disk-1,size=8G", undefined],
  ])("applies %s to a running VM: %s to %s", (option, before, after) => {
    const vm = running(before === undefined ? {} : { [option]: before });
    vm.set(option, after);
    expect(vm.options.get(option)).toBe(after);
    expect(vm.pending.size).toBe(0);
  });

  test("applies everything to a VM that is off", () => {
    const vm = new Vm(136, "pve", new Map([["cores", "4"]]));
    vm.set("cores", "8");
    expect(vm.options.get("cores")).toBe("8");
  });

  test("keeps a disk that is detached", () => {
    const vm = running({ scsi1: "Cesspool-VM:vm-136-disk-1,size=8G" });
    vm.set("scsi1", undefined);
    expect(vm.options.get("unused0")).toBe("Cesspool-VM:vm-136-disk-1");
  });
});
