/** The order of an upgrade: one host that has to stay healthy for a while, then servers one by one, then agents. */
import { messageAtHost, UserError } from "../../base/user-error";
import type { Course, Job } from "../apply";
import { Deadline, pause } from "../deadline";
import type { Fleet } from "../fleet";
import type { Host } from "../host";
import type { Log } from "../log";
import type { Phase } from "../order";
import { healthOf } from "../verify";
import type { Versions } from "./path";

/** How long a changed host may take until nothing is wrong with it. */
const HEALTHY_SECONDS = 120;
/** Time between two looks at a host. */
const LOOK_SECONDS = 10;

export interface CourseOptions {
  /** How long the first host, and the first agent, have to stay healthy before others are changed. */
  readonly soakSeconds: number;
  /** Servers get another minor of K3s. An agent is never of a newer one than a server, so that servers are first. */
  readonly serversFirst: boolean;
  /** Hostname of the agent that is changed before the others. @default - none */
  readonly canary?: string;
  /** Hosts that an earlier run changed, and that nothing has come after: they are watched first. */
  readonly watchFirst: readonly Host[];
  /** What each host was said to get. */
  readonly promised: ReadonlyMap<string, Versions>;
}

interface Leg extends Phase<Job> {
  /** Hosts that have to stay healthy afterwards. */
  readonly soak: readonly Host[];
}

export class UpgradeCourse implements Course {
  public constructor(
    private readonly fleet: Fleet,
    private readonly options: CourseOptions,
    private readonly log: Log,
    private readonly stop: AbortSignal,
  ) {}

  public phases(jobs: readonly Job[]): Phase<Job>[] {
    return legs(jobs, this.options);
  }

  public faults(jobs: readonly Job[]): string[] {
    return jobs.flatMap(({ host, built }) => {
      const promised = this.options.promised.get(host.name);
      const { release, k3sVersion } = built;
      if (promised === undefined || (release.startsWith(promised.nixos) && k3sVersion === promised.k3s))
        return [];
      return [
        `${host.name}: its build has NixOS ${release} and K3s ${k3sVersion || "none"}, and nixpkgs ${promised.nixos} and ${promised.k3s}: ` +
          "does its local.nix choose another package, or has its channel changed meanwhile?",
      ];
    });
  }

  public changed(host: Host): Promise<void> {
    return this.log.step(host.name, "verify", () => this.awaitHealthy(host));
  }

  public async passed(phase: Phase<Job>): Promise<void> {
    for (const host of (phase as Leg).soak)
      await this.log.step(
        host.name,
        "soak",
        () => this.soak(host),
        () => (this.stop.aborted ? "not to its end" : "nothing was wrong with it"),
      );
  }

  private async awaitHealthy(host: Host): Promise<void> {
    const deadline = new Deadline(HEALTHY_SECONDS);
    let faults = await this.faultsOf(host);
    while (faults.length > 0 && !deadline.passed) {
      await pause(2);
      faults = await this.faultsOf(host);
    }
    if (faults.length > 0) throw unhealthy(host, faults);
  }

  /** One bad look may be the network's, and two are the host's. */
  private async soak(host: Host): Promise<void> {
    const deadline = new Deadline(this.options.soakSeconds);
    let before: readonly string[] = [];
    while (!this.stop.aborted) {
      const faults = await this.faultsOf(host);
      if (faults.length > 0 && before.length > 0) throw unhealthy(host, faults);
      if (faults.length === 0 && deadline.passed) return;
      before = faults;
      await pause(Math.min(LOOK_SECONDS, Math.max(1, deadline.secondsLeft)), this.stop);
    }
  }

  private async faultsOf(host: Host): Promise<readonly string[]> {
    try {
      const nodes = await this.fleet.kubernetes.nodes();
      return (await healthOf(host, this.fleet, nodes)).faults;
    } catch (error) {
      return [messageAtHost(error)];
    }
  }
}

const unhealthy = (host: Host, faults: readonly string[]): UserError =>
  new UserError("unhealthy", `it is not healthy after its upgrade: ${faults.join("; ")}`, {
    host: host.name,
  });

/** The order, with where it pauses. */
export function legs<T extends Pick<Job, "host" | "node">>(
  jobs: readonly T[],
  { serversFirst, canary, watchFirst }: Pick<CourseOptions, "serversFirst" | "canary" | "watchFirst">,
): (Phase<T> & { readonly soak: readonly Host[] })[] {
  const servers = jobs.filter(({ node }) => node.role === "server");
  const agents = jobs.filter(({ node }) => node.role === "agent");
  const isCanary = ({ node }: T): boolean => node.hostname === canary;
  const first = agents.filter(isCanary);
  const others = agents.filter((job) => !isCanary(job));
  const hostsOf = (some: readonly T[]): Host[] => some.map(({ host }) => host);
  const leg = (words: string, hosts: readonly T[], soak: readonly Host[] = []) => ({ words, hosts, soak });
  const ahead = { ...leg("hosts of an earlier run, which are watched first", []), soak: watchFirst };
  const one = leg("one agent first", first, hostsOf(first));
  const rest = leg("agents", others);
  const [head, ...tail] = servers;
  const order =
    serversFirst && head !== undefined
      ? [
          leg(
            "one server first, since no agent may have a newer minor of K3s",
            [head],
            watchFirst.length === 0 ? [head.host] : [],
          ),
          leg("servers", tail),
          one,
          rest,
        ]
      : [one, leg("servers", servers), rest];
  return [ahead, ...order].filter(({ hosts, soak }) => hosts.length > 0 || soak.length > 0);
}
