import { npmRun } from "../base/command-line";
import { hasCode, joined, UserError } from "../base/user-error";
import { activate } from "./activation";
import { apiVipJoinFaults, lacksApiVip } from "./api-vip";
import { build, buildInWords, type Build } from "./build";
import type { Builder } from "./builder";
import { Deadline, pause } from "./deadline";
import { readFacts, type Facts } from "./facts";
import { serversOf, type Fleet } from "./fleet";
import type { Host } from "./host";
import type { HostState } from "./identity";
import type { Kubernetes, KubeNode } from "./kubernetes";
import type { Lock } from "./lock";
import type { Log } from "./log";
import { phases, skewFaults, type Built, type Phase } from "./order";
import type { HostPlan } from "./plan";
import { barePodFaults, checkQuorum, drain, reboot, uncordon, type RebootOptions } from "./reboot";
import { revertUnconfirmed } from "./return";
import { Semaphore } from "./semaphore";
import { interrupted, unlessStopped } from "./stopping";
import {
  deliver,
  formerTokens,
  isFormer,
  isMissing,
  tokenFiles,
  withTokens,
  type JoinTokens,
  type TokenFile,
} from "./token";
import { admitsTokens, catchUp, mustAdmit } from "./token-rotation";
import { awaitReady } from "./turns";
import { bootOnTrial, HOW_TO_BOOT, notOnceInWords, type Trial, type TrialOptions } from "./trial";

export interface ApplyOptions extends RebootOptions, TrialOptions {
  /** Boot, on trial, into systems that cannot be activated while the host runs. */
  readonly boot: boolean;
  /** Maximum number of agents changed, and of nodes rebooting, at the same time. */
  readonly agentsAtOnce: number;
  readonly rebootsAtOnce: number;
}

/** How long an API that had answered may be unavailable: the server asked may be the one just changed. */
const API_SECONDS = 60;

/** What a rollout does in its order and between its phases, where it is more than an apply. */
export interface Course {
  /** Why the hosts cannot be changed to what was built. */
  faults(jobs: readonly Job[]): string[];
  /** @default - the order of an apply */
  phases?(jobs: readonly Job[]): Phase<Job>[];
  /** Called after each host. @throws UserError to begin no other */
  changed?(host: Host): Promise<void>;
  /** Called after each phase. @throws UserError to begin no other */
  passed?(phase: Phase<Job>): Promise<void>;
}

/** A host to be changed. */
export interface Job extends Built {
  readonly host: Host;
  readonly node: Host["node"];
  readonly facts: Facts;
  readonly built: Build;
}

/** Changes hosts in an order that keeps the cluster available. */
export class Apply {
  private readonly agents: Semaphore;
  private readonly reboots: Semaphore;
  private kubernetes: Kubernetes;
  private readonly failures: unknown[] = [];
  private readonly started = new Set<string>();

  public constructor(
    private readonly fleet: Fleet,
    private plans: readonly HostPlan[],
    private readonly tokens: JoinTokens,
    private readonly options: ApplyOptions,
    private readonly log: Log,
    private readonly lock: Lock,
    /** When aborted, finishes what has begun, and begins nothing else. */
    private readonly stop: AbortSignal,
    /** @default - each host builds its own system */
    private readonly builder?: Builder,
    /** @default - the order of an apply, and nothing between its phases */
    private readonly course?: Course,
  ) {
    this.agents = new Semaphore(options.agentsAtOnce);
    this.reboots = new Semaphore(options.rebootsAtOnce);
    this.kubernetes = fleet.kubernetes;
  }

  /** @throws UserError after the first failure, once everything begun has finished, with the names of the remaining hosts */
  public async run(): Promise<void> {
    await this.endTrials();
    const jobs = await this.build();
    const servers = serversOf(this.fleet);
    const ignorant = this.fleet.hosts.filter(lacksAgentToken);
    const faults = [
      ...skewFaults(jobs, servers),
      ...agentTokenFaults(jobs, ignorant),
      ...apiVipJoinFaults(
        jobs.map(({ host }) => host),
        this.fleet.hosts,
      ),
      ...(this.options.boot ? [] : jobs.flatMap(refusalFaults)),
      ...(await this.podFaults(jobs)),
      ...(await this.rotationFaults(jobs)),
      ...(this.course?.faults(jobs) ?? []),
    ];
    if (faults.length > 0) throw new UserError("refused", `${faults.join("\n")}\nNo host was changed`);
    const running = servers.map(({ k3sVersion }) => k3sVersion);
    const order = this.course?.phases?.(jobs) ?? phases(jobs, running, agentsNeedOf(this.fleet.hosts));
    this.reportOrder(order);
    if (this.fleet.nodes === undefined && servers.length > 0) {
      this.log.info(
        "cluster",
        "no server's API answers: the quorum cannot be checked, and nodes are not drained",
      );
    }
    for (const phase of order) {
      await this.runPhase(phase);
      if (this.failures.length > 0 || this.stop.aborted) break;
      await this.course?.passed?.(phase).catch((error: unknown) => this.failures.push(error));
      if (this.failures.length > 0) break;
    }
    const untouched = jobs.filter(({ host }) => !this.started.has(host.name)).map(({ host }) => host.name);
    const rest =
      untouched.length === 0
        ? ""
        : `\nNot touched: ${untouched.join(", ")}. Run the same command again to continue`;
    if (this.failures.length > 0) throw joined(this.failures, rest);
    if (this.stop.aborted && untouched.length > 0) throw interrupted(rest);
  }

  /**
   * Ends trials that an ended rollout left open, as the hosts would do by themselves. The build compares with the running
   * system, so this comes first.
   */
  private async endTrials(): Promise<void> {
    const open = this.plans.filter(({ facts }) => facts?.unconfirmed?.state === "trial");
    for (const { host, facts } of open) {
      if (facts !== undefined) await revertUnconfirmed(host, facts, this.options.rebootSeconds);
      const now = await readFacts(host, { bootLoader: true });
      this.plans = this.plans.map((plan) => (plan.host === host ? { ...plan, facts: now } : plan));
    }
    // A server's API starts later than its SSH server.
    if (open.length > 0) await this.nodes();
  }

  /** Builds all hosts before any is changed: one failed build stops the rollout before anything has happened. */
  private async build(): Promise<Job[]> {
    try {
      return await this.buildAll();
    } finally {
      await this.builder?.forget();
    }
  }

  private async buildAll(): Promise<Job[]> {
    const work = this.plans.filter(({ verdict }) => verdict !== "unchanged");
    const results = await Promise.allSettled(
      work.map(async ({ host, facts, member }): Promise<Job> => {
        if (facts === undefined) throw new UserError("unreachable", `${host.name} cannot be reached`);
        const built = await this.buildOne(host, facts);
        const { k3sVersion } = built;
        return { host, node: host.node, facts, member, built, k3sVersion, holdsApiVip: facts.holdsApiVip };
      }),
    );
    const failures = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    if (failures.length > 0) throw joined(failures, "\nNo host was changed");
    return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  }

  private buildOne(host: Host, facts: Facts): Promise<Build> {
    if (this.builder !== undefined) return this.builder.build(host, facts, this.stop);
    return this.log.step(host.name, "build", () => build(host, facts), buildInWords);
  }

  /** Before any host is changed: pods that a drain would delete for good. */
  private async podFaults(jobs: readonly Job[]): Promise<string[]> {
    const { nodes } = this.fleet;
    const drained = jobs.filter((job) => job.member && needsReboot(job)).map(({ host }) => host.name);
    if (nodes === undefined || drained.length === 0) return [];
    return barePodFaults(drained, await this.kubernetes.pods(), nodes, this.options);
  }

  /** An interrupted rotation is finished by its own command: K3s on the servers may not have read the new token. */
  private async rotationFaults(jobs: readonly Job[]): Promise<string[]> {
    const behind = jobs.filter((job) => this.tokenFiles(job).some(isFormer)).map(({ host }) => host.name);
    if (behind.length === 0) return [];
    const servers = withTokens(this.fleet.hosts, this.tokens);
    const have = await Promise.all(servers.map(({ host }) => admitsTokens(host)));
    if (have.every(Boolean)) return [];
    return [
      `${behind.join(", ")}: the last rotation of the join token is not finished: ${npmRun("rollout -- rotate token")}`,
    ];
  }

  private tokenFiles({ host, facts }: HostState): TokenFile[] {
    return tokenFiles(host, this.tokens, facts, formerTokens(this.fleet.hosts, this.tokens));
  }

  private reportOrder(order: readonly Phase<Job>[]): void {
    const words = order.map(({ words, hosts }) =>
      hosts.length === 0 ? words : `${words}: ${hosts.map(nameAndReboot).join(", ")}`,
    );
    this.log.info("cluster", words.length === 0 ? "nothing to do" : `in this order: ${words.join("; ")}`);
    for (const job of order.flatMap(({ hosts }) => hosts)) {
      const fault = onceFault(job);
      if (fault !== undefined && bootsAnew(job.built)) this.log.info(job.host.name, notOnceInWords(fault));
    }
  }

  private async runPhase({ hosts }: Phase<Job>): Promise<void> {
    if (hosts[0]?.node.role === "server") {
      for (const job of hosts) await this.attempt(job);
    } else {
      await Promise.all(hosts.map((job) => this.agents.run(() => this.attempt(job))));
    }
  }

  private async attempt(job: Job): Promise<void> {
    if (this.failures.length > 0 || this.stop.aborted) return;
    const run = (): Promise<void> => this.change(job);
    try {
      this.lock.check();
      await (needsReboot(job) ? this.reboots.run(run) : run());
      if (this.started.has(job.host.name)) await this.course?.changed?.(job.host);
    } catch (error) {
      // If switch-to-configuration has no check, only the activation shows it.
      if (hasCode(error, "needs boot") && this.options.boot && trialOf(job) === undefined)
        return this.attempt({ ...job, built: { ...job.built, refusal: error.message } });
      if (!(error instanceof UserError)) this.log.write(job.host.name, (error as Error).stack ?? "");
      this.failures.push(error);
    }
  }

  private async change(job: Job): Promise<void> {
    const { host, built } = job;
    // Another host of this phase may have failed while this one waited for its turn.
    if (this.failures.length > 0 || this.stop.aborted) return;
    const nodes = await unlessStopped(this.stop, () => this.nodes());
    this.started.add(host.name);
    if (job.node.role === "server") checkQuorum(host, nodes);
    await this.deliverTokens(job);
    const ours = nodes.some(({ name, cordonedByUs }) => name === host.name && cordonedByUs);
    const drained = needsReboot(job) && (await drain(host, this.kubernetes, nodes, this.options));
    const cordoned = drained || ours;
    // The first server is asked about its own node through its own API.
    if (job.node.role === "server") this.kubernetes = this.kubernetes.with(host);
    try {
      // Draining takes time, in which another server may have failed.
      if (drained && job.node.role === "server") checkQuorum(host, await this.nodes());
      await this.switchSystem(job);
    } catch (error) {
      if (cordoned) {
        const left = `it is still cordoned: kubectl uncordon ${host.name}`;
        await uncordon(host, this.kubernetes).catch(() => this.log.info(host.name, left));
      }
      throw error;
    }
    if (needsReboot(job) && trialOf(job) === undefined) {
      if (job.member && job.node.role === "server") checkQuorum(host, await this.nodes());
      await reboot(host, built, this.kubernetes, this.options);
    }
    if (cordoned) await uncordon(host, this.kubernetes);
  }

  /** Switches to the built system and makes it the boot default. @throws UserError when the host is unchanged */
  private async switchSystem(job: Job): Promise<void> {
    const { host, facts, built } = job;
    const trial = trialOf(job);
    const start = await revertUnconfirmed(host, facts, this.options.rebootSeconds);
    if (trial !== undefined) {
      await bootOnTrial(host, start, built, this.kubernetes, this.lock, trial, this.options);
    } else {
      await activate(host, start, built, this.kubernetes, this.lock, this.options.confirmSeconds);
    }
  }

  /** @throws UserError when the API had answered, and is down for a minute: without it nothing shows which node can be spared */
  private async nodes(): Promise<KubeNode[]> {
    if (this.fleet.nodes === undefined) return (await this.kubernetes.nodesIfAny()) ?? [];
    const deadline = new Deadline(API_SECONDS);
    for (;;) {
      const nodes = await this.kubernetes.nodesIfAny();
      if (nodes !== undefined) return nodes;
      if (deadline.passed) return this.kubernetes.nodes();
      await pause(1);
    }
  }

  /** Installs missing tokens; replaces one only where a server shows that the last rotation has replaced it there. */
  private async deliverTokens(job: Job): Promise<void> {
    const { host } = job;
    const files = this.tokenFiles(job);
    for (const file of files.filter(isMissing)) {
      const what = file.kind === "s3" ? "S3 credentials" : "token";
      await this.log.step(host.name, what, () => deliver(host, file), String);
    }
    const former = files.filter(isFormer);
    if (former.length === 0) return;
    await this.log.step(host.name, "replace the former token", () => catchUp(job, former));
    await this.log.step(host.name, "wait until it is Ready", () =>
      awaitReady(host, this.kubernetes, this.options.rebootSeconds),
    );
    if (host.node.role === "server")
      await this.log.step(host.name, "try both tokens", () => mustAdmit(host), String);
  }
}

/** A member server that does not know the agents' token, or reads it from another file than it will. */
function lacksAgentToken({ host, facts }: HostState): boolean {
  const fileOf = (text = ""): string => /--agent-token-file=[^"\s]*/.exec(text)?.[0] ?? "";
  const [now, then] = [facts.files, host.files].map((files) => fileOf(files.get("k3s-server.nix")));
  return host.node.role === "server" && facts.joined && now !== then;
}

/** Faults for agents that would join with a token unknown to a server that is not part of this rollout. */
function agentTokenFaults(jobs: readonly Job[], ignorant: readonly HostState[]): string[] {
  const left = ignorant.filter((known) => !jobs.some(({ host }) => host === known.host));
  const agents = jobs.filter(({ node }) => node.role === "agent").map(({ host }) => host.name);
  if (left.length === 0 || agents.length === 0) return [];
  const names = left.map(({ host }) => host.name);
  return [
    `${names.join(", ")} has to know the agents' token before ${agents.join(", ")} uses it: apply --on ${names.join(",")} first, or all hosts`,
  ];
}

/** What servers have to do before agents rely on it; `undefined` if nothing is new. */
export function agentsNeedOf(hosts: readonly HostState[]): string | undefined {
  const needs = [
    ...(hosts.some(lacksAgentToken) ? ["know the agents' token"] : []),
    ...(hosts.some(lacksApiVip) ? ["hold the API's address"] : []),
  ];
  return needs.length === 0 ? undefined : needs.join(" and ");
}

const needsReboot = ({ built }: Pick<Job, "built">): boolean =>
  built.reboot.length > 0 || built.refusal !== "";

/** Whether nothing but a boot shows that the system boots. Another hostname is no reason to doubt it. */
const bootsAnew = ({ reboot, refusal }: Build): boolean =>
  refusal !== "" || reboot.some((reason) => reason !== "hostname");

/** Why the host does not boot its new system once. From the system that it runs nothing leads back to it. */
const onceFault = ({ built, facts }: Pick<Job, "built" | "facts">): string | undefined =>
  facts.current === built.path ? "it runs that system already" : facts.onceFault;

/** How the host boots its new system on trial. @returns `undefined` if it activates it, and reboots afterwards if it has to */
function trialOf(job: Pick<Job, "built" | "facts">): Trial | undefined {
  const { built, facts } = job;
  if (onceFault(job) === undefined && bootsAnew(built)) return "once";
  return built.refusal === "" || facts.current === built.path ? undefined : "as default";
}

/** Faults for systems that NixOS refuses to activate, without `--boot`. */
const refusalFaults = ({ host: { name }, built: { refusal } }: Job): string[] =>
  refusal === ""
    ? []
    : [
        `${name}: what was built cannot be activated while the host runs:\n  ${refusal.replaceAll("\n", "\n  ")}\n${HOW_TO_BOOT}`,
      ];

function nameAndReboot(job: Job): string {
  const { host, built } = job;
  const parts = built.reboot.length === 0 ? "" : `, for its ${built.reboot.join(", ")}`;
  if (trialOf(job) !== undefined) return `${host.name} (by a boot on trial${parts})`;
  return needsReboot(job) ? `${host.name} (with a reboot${parts})` : host.name;
}
