import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExitCode } from "../../../src/cli/exit-code";
import { LiveCluster, type Result } from "./cluster";
import { tamper } from "./tampered";

/** Machines for a suite that changes hamal. Each test starts without the faults of others, and with the files as emitted. */
export function changingHamal(
  use: (cluster: LiveCluster, hamal: Hamal) => void,
  ...settings: Parameters<typeof LiveCluster.start>
): void {
  let cluster: LiveCluster;
  beforeAll(async () => {
    cluster = await LiveCluster.start(...settings);
    use(cluster, new Hamal(cluster));
  });
  afterAll(() => cluster?.stop());
  afterEach(async () => {
    await cluster.testbed.on("hamal", "rm -f /faults/*; systemctl reset-failed");
    const [before, after = before] = settings;
    cluster.emit(after);
  });
}

/** Changes to hamal that fail, and must leave it as it was. */
export class Hamal {
  private changes = 0;

  public constructor(private readonly cluster: LiveCluster) {}

  /** Makes a change to roll out: a line in the owner's own file. @returns its number */
  public change(): number {
    writeFileSync(join(this.cluster.folder, "nix", "k3s-agent", "local.nix"), `{ } # ${++this.changes}\n`);
    this.cluster.testbed.forgetEvents();
    return this.changes;
  }

  /** As `change`, with a firewall that admits no SSH. */
  public shutOut(): void {
    this.change();
    tamper(join(this.cluster.folder, "nix"), "k3s-agent/nftables.nft", (text) =>
      text.replace("22, # SSH", "2222, # SSH"),
    );
  }

  public state(hostname = "hamal"): Promise<string> {
    return this.cluster.testbed.on(
      hostname,
      "readlink -f /run/current-system /boot/default /nix/var/nix/profiles/system; sha256sum /etc/nixos/* /etc/ssh/authorized_keys.d/root; nft list table inet k3s_host",
    );
  }

  /** The host is what it was, and the exit code and the message say why. */
  public async isLeftBy(
    apply: () => Promise<Result>,
    exitCode: ExitCode,
    message: string | RegExp,
  ): Promise<void> {
    const before = await this.state();
    const { status, output } = await apply();
    expect(output).toMatch(message);
    expect(status).toBe(exitCode);
    expect(await this.state()).toBe(before);
    expect(this.cluster.testbed.kubeNode("hamal")?.spec.unschedulable ?? false).toBe(false);
  }

  /** @param faults - name to value */
  public async isLeftWith(
    faults: Readonly<Record<string, string>>,
    words: readonly string[],
    exitCode: ExitCode,
    message: string | RegExp,
  ): Promise<void> {
    this.change();
    for (const [fault, value] of Object.entries(faults)) this.cluster.testbed.setFault("hamal", fault, value);
    try {
      await this.isLeftBy(() => this.cluster.rollout(...words), exitCode, message);
    } finally {
      for (const fault of Object.keys(faults)) this.cluster.testbed.clearFault("hamal", fault);
    }
  }

  /** How often it has booted. */
  public boots(): number {
    return this.cluster.testbed.events().filter((event) => event === "hamal boot").length;
  }
}
