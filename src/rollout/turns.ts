import { joined, messageAtHost, UserError } from "../base/user-error";
import { Deadline, pause } from "./deadline";
import type { Fleet } from "./fleet";
import { lastHeartbeat, nodeFaults, poll } from "./health";
import type { Host } from "./host";
import { Kubernetes } from "./kubernetes";
import type { Lock } from "./lock";
import type { Log } from "./log";
import { checkQuorum } from "./reboot";
import { Semaphore } from "./semaphore";
import { interrupted } from "./stopping";

export interface TurnOptions {
  /** Maximum number of agents that restart K3s at the same time. */
  readonly agentsAtOnce: number;
  /** How long a node may take until it is Ready again. */
  readonly readySeconds: number;
}

/** Restarts K3s on hosts: one server at a time, while the others keep quorum, and agents after them. */
export class Turns {
  private readonly failures: unknown[] = [];
  private readonly begun = new Set<string>();

  public constructor(
    private readonly fleet: Fleet,
    private readonly options: TurnOptions,
    private readonly lock: Lock,
    private readonly log: Log,
    private readonly stop: AbortSignal,
  ) {}

  /**
   * @param step - its name in the log
   * @param change - changes a host, and leaves its K3s starting. @returns what shows that it worked, once its node is Ready again
   * @throws UserError after the first failure, with the names of the hosts that were left
   */
  public async run(
    hosts: readonly Host[],
    step: string,
    change: (host: Host) => Promise<() => Promise<string>>,
  ): Promise<void> {
    const attempt = (host: Host): Promise<void> => this.attempt(host, step, change);
    for (const host of hosts.filter(({ node }) => node.role === "server")) await attempt(host);
    const agents = new Semaphore(this.options.agentsAtOnce);
    await Promise.all(
      hosts.filter(({ node }) => node.role === "agent").map((host) => agents.run(() => attempt(host))),
    );
    const left = hosts.filter(({ name }) => !this.begun.has(name)).map(({ name }) => name);
    const rest =
      left.length === 0 ? "" : `\nNot touched: ${left.join(", ")}. Run the same command again to continue`;
    if (this.failures.length > 0) throw joined(this.failures, rest);
    if (left.length > 0) throw interrupted(rest);
  }

  private async attempt(
    host: Host,
    step: string,
    change: (host: Host) => Promise<() => Promise<string>>,
  ): Promise<void> {
    if (this.failures.length > 0 || this.stop.aborted) return;
    try {
      this.lock.check();
      if (host.node.role === "server") await this.checkQuorum(host);
      this.begun.add(host.name);
      const show = await this.log.step(host.name, step, () => change(host));
      await this.log.step(
        host.name,
        "wait until it is Ready",
        async () => {
          await awaitReady(host, this.fleet.kubernetes, this.options.readySeconds);
          return show();
        },
        String,
      );
    } catch (error) {
      this.failures.push(error);
    }
  }

  /** A server that restarted a moment ago may be the one that is asked. */
  private async checkQuorum(host: Host): Promise<void> {
    if (this.fleet.nodes === undefined) return;
    checkQuorum(host, (await this.fleet.kubernetes.nodesIfAny()) ?? (await this.fleet.kubernetes.nodes()));
  }
}

/**
 * Waits until K3s runs again on the host, its node is Ready, and its kubelet has reported since. A server has to say so itself:
 * its API answers only once its etcd is back in the quorum.
 */
export async function awaitReady(host: Host, kubernetes: Kubernetes, seconds: number): Promise<void> {
  const own = host.node.role === "server" ? new Kubernetes([host]) : kubernetes;
  const deadline = new Deadline(seconds);
  let missing: readonly string[];
  let before: string | undefined;
  do {
    await pause(1);
    try {
      const report = await poll(host, false);
      const state = report.one("k3s");
      if (state !== "active") {
        missing = [`K3s is ${state || "not installed"}`];
        continue;
      }
      // The node of the former process stays Ready for 40 seconds.
      before ??= lastHeartbeat(await own.nodes(), host) ?? "";
      missing = await nodeFaults(host, report, own, before);
      if (missing.length === 0) return;
    } catch (error) {
      missing = [messageAtHost(error)];
    }
  } while (!deadline.passed);
  throw new UserError(
    "failed",
    `not Ready ${seconds} s after K3s was restarted: ${missing.join("; ")}. See there: journalctl -u k3s`,
    { host: host.name },
  );
}
