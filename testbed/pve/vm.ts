import { changesWhileRunning, isDrive, parseDrive } from "./drive";
import { Refusal } from "./refusal";

/** Options that a running VM takes at once, since QEMU does not use them or can change them (qemu-server 9.2). */
const AT_ONCE = new Set(
  (
    "cpulimit cpuunits description hookscript hotplug lock migrate_downtime migrate_speed name onboot protection shares " +
    "startup tags vmstatestorage"
  ).split(" "),
);

/** Options that are numbers in JSON. All others are strings, and the provider panics at a disk that is not a string. */
const NUMBERS = new Set(
  (
    "acpi autostart balloon cores cpulimit cpuunits freeze keephugepages kvm localtime numa onboot protection reboot " +
    "shares sockets tablet tdf template vcpus"
  ).split(" "),
);

/** A virtual machine: its running options, and those that wait for its next start. */
export class Vm {
  public running = false;
  /** The lock of an action that is running, or was running when the node lost its power. */
  public lock: string | undefined;
  /** Whether the guest agent answers while the VM runs. */
  public agentAnswers = true;
  /** What a reset does to the guest, which a test runs elsewhere. */
  public reset: () => void = () => undefined;
  /** Options that wait for the next start; `undefined` for one that will be deleted. */
  public readonly pending = new Map<string, string | undefined>();

  public constructor(
    public readonly id: number,
    public node: string,
    public readonly options: Map<string, string>,
  ) {}

  /** Its options after the next start, as `GET config` shows them. */
  public configuration(): Record<string, string | number> {
    const merged = new Map<string, string>(this.options);
    for (const [option, value] of this.pending) {
      if (value === undefined) merged.delete(option);
      else merged.set(option, value);
    }
    const shown = [...merged].map(([option, value]) => [option, NUMBERS.has(option) ? Number(value) : value]);
    return { ...Object.fromEntries(shown), ...(this.lock && { lock: this.lock }), digest: "0".repeat(40) };
  }

  /** @throws Refusal while another action holds it */
  public unlocked(): void {
    if (this.lock !== undefined) throw new Refusal(500, `VM is locked (${this.lock})`);
  }

  /** Sets an option, or deletes it; it waits when the VM runs and cannot take it. */
  public set(option: string, value: string | undefined): void {
    this.pending.delete(option);
    if (this.options.get(option) === value) return;
    if (this.running && !this.takes(option, value)) this.pending.set(option, value);
    else this.apply(option, value);
  }

  public start(): void {
    this.applyPending();
    this.running = true;
  }

  public stop(): void {
    this.running = false;
    this.applyPending();
  }

  private applyPending(): void {
    for (const [option, value] of this.pending) this.apply(option, value);
    this.pending.clear();
  }

  private apply(option: string, value: string | undefined): void {
    const before = this.options.get(option);
    if (value === undefined) {
      this.options.delete(option);
      // A detached disk is kept.
      if (isDrive(option) && before !== undefined) this.keepUnused(parseDrive(before).volume);
    } else {
      this.options.set(option, value);
    }
  }

  private keepUnused(volume: string): void {
    let slot = 0;
    while (this.options.has(`unused${slot}`)) slot++;
    this.options.set(`unused${slot}`, volume);
  }

  private takes(option: string, value: string | undefined): boolean {
    if (AT_ONCE.has(option) || /^(net|usb|unused)\d+$/.test(option)) return true;
    if (/^(scsi|virtio)\d+$/.test(option)) return this.takesDrive(option, value);
    return option === "agent" && this.takesAgent(value);
  }

  private takesDrive(option: string, value: string | undefined): boolean {
    const before = this.options.get(option);
    return (
      before === undefined ||
      value === undefined ||
      changesWhileRunning(parseDrive(before), parseDrive(value))
    );
  }

  /** Trimming and freezing are done by the server; the device and its type belong to QEMU. */
  private takesAgent(value: string | undefined): boolean {
    const device = (text = "") => {
      const { volume, options } = parseDrive(text);
      return [options.get("enabled") ?? (volume || "0"), options.get("type") ?? "virtio"].join();
    };
    return device(value) === device(this.options.get("agent"));
  }
}
