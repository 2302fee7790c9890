/** A control plane of the testbed, used by the rollout's own code. Only SSH is left out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../src/base/user-error";
import { HostKeys } from "../../../src/rollout/host-keys";
import { Host } from "../../../src/rollout/host";
import { Kubernetes } from "../../../src/rollout/kubernetes";
import { Log } from "../../../src/rollout/log";
import { Redactor } from "../../../src/rollout/secrets";
import { Ssh, type CommandResult, type RunOptions, type Target } from "../../../src/rollout/ssh";
import { ControlPlane, PROGRAMS } from "../../../testbed/kubernetes/control-plane";
import type { TestNode } from "../../fixture";
import { described } from "../../rollout/plan-context";
import { built, LAB } from "../tools";

export const KUBERNETES = [...LAB, ...PROGRAMS.map((name) => built("kubernetes", name))];

/** Instead of SSH: runs scripts where the host's kubectl is. */
class Console extends Ssh {
  /** Hosts that were asked, and the scripts. */
  public readonly asked: { readonly host: string; readonly script: string }[] = [];

  public constructor(
    private readonly plane: ControlPlane,
    log: Log,
  ) {
    super(new HostKeys("/dev/null", "/nonexistent"), log);
  }

  public override async run(
    { hostname }: Target,
    script: string,
    options: RunOptions,
  ): Promise<CommandResult> {
    this.asked.push({ host: hostname, script });
    if (this.plane.isDown(hostname))
      throw new UserError("unreachable", "no SSH connection", { host: hostname });
    const { status, stdout, stderr } = await this.plane.on(hostname, script, options.timeoutSeconds);
    return { status: status ?? 255, stdout, stderr, operatorKey: "" };
  }
}

export class Bed {
  private constructor(
    public readonly plane: ControlPlane,
    public readonly hosts: readonly Host[],
    public readonly kubernetes: Kubernetes,
    public readonly log: Log,
    /** Answers of hosts, in order. */
    public readonly said: string[],
    private readonly console: Console,
    private readonly logs: string,
  ) {}

  public static async start(nodes: readonly TestNode[]): Promise<Bed> {
    const description = described(nodes);
    const plane = await ControlPlane.start(description.nodes);
    const said: string[] = [];
    const logs = mkdtempSync(join(tmpdir(), "k3s-bed-")); // longer than one test
    const log = new Log(logs, new Redactor(), ({ words }) => said.push(words ?? ""));
    const console = new Console(plane, log);
    const hosts = description.nodes.map((node) => new Host(node, description, console, log));
    const servers = hosts.filter(({ node }) => node.role === "server");
    return new Bed(plane, hosts, new Kubernetes(servers), log, said, console, logs);
  }

  public host(name: string): Host {
    return this.hosts.find((host) => host.name === name) as Host;
  }

  /** Names of the hosts that got a script with that text since the last call. */
  public askedFor(word: string): string[] {
    return this.asksFor(word).map(({ host }) => host);
  }

  /** The same, with the time limit of each request in seconds. */
  public asksFor(word: string): { readonly host: string; readonly seconds: number }[] {
    const says = new RegExp(`^commands=(?:[^]*[\\s'])?${word}\\s[^]*^main\\(\\)`, "m");
    const all = this.console.asked.splice(0).filter(({ script }) => says.test(script));
    return all.map(({ host, script }) => ({
      host,
      seconds: Number(/--request-timeout=(\d+)s/.exec(script)?.[1]),
    }));
  }

  /** Creates pods, and waits until they run. */
  public async run(...pods: readonly { readonly metadata: { readonly name: string } }[]): Promise<void> {
    await this.plane.create(...pods);
    const names = pods.map(({ metadata }) => metadata.name);
    await this.plane.until("pods run", async () => {
      const words = ["get", "pods", "--field-selector=status.phase=Running", "-o", "name"];
      const { stdout } = await this.plane.kubectl(words);
      return names.every((name) => stdout.includes(`pod/${name}\n`));
    });
  }

  public async podsOn(node: string): Promise<string[]> {
    return (await this.kubernetes.pods()).filter((pod) => pod.node === node).map(({ name }) => name);
  }

  public async stop(): Promise<void> {
    await this.plane.stop();
    rmSync(this.logs, { recursive: true, force: true });
  }
}

interface PodSettings {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly emptyDir?: boolean;
}

/** A pod that is created on that node. */
export const pod = (name: string, node: string, { annotations, emptyDir }: PodSettings = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name }, annotations },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "main", image: "none" }],
    volumes: emptyDir === true ? [{ name: "scratch", emptyDir: {} }] : [],
  },
});
