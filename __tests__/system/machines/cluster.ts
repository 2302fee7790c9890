import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterSettings } from "../../../src/config/settings";
import type { Ran } from "../../../testbed/namespaces/supervisor";
import { agent, ALPHARD, emit, HAMAL, MIZAR, REFERENCE, type TestNode } from "../../fixture";
import type { Machine } from "../../../testbed/machines/disk";
import { makeOperatorKey, type OperatorKey } from "../../../testbed/machines/operator";
import { Testbed, type TestbedSettings } from "../../../testbed/machines/testbed";

export const ALNAIR = agent("k3s-agent-2", "alnair", 137);
/** The cluster's join token. Tests search for it everywhere. */
export const TOKEN = "planted-5ca1ab1e5ca1ab1e";

export const THREE = [ALPHARD, HAMAL, MIZAR];

/** An owner's project and its machines. */
export class LiveCluster {
  private constructor(
    /** The folder of the project, where `main.ts` would be. */
    public readonly folder: string,
    public readonly key: OperatorKey,
    public readonly testbed: Testbed,
    private readonly settings: ClusterSettings,
  ) {}

  /**
   * @param before - the nodes as the members know them
   * @param after - the nodes of `main.ts` now; machines that are not in `before` are clones of the template
   */
  public static async start(
    before: readonly TestNode[],
    after: readonly TestNode[] = before,
    more: {
      settings?: Partial<ClusterSettings>;
      later?: Partial<ClusterSettings>;
      machines?: Record<string, Machine>;
      container?: TestbedSettings["container"];
      /** The SSH host keys are pinned already. @default true */
      pinned?: boolean;
    } = {},
  ): Promise<LiveCluster> {
    const folder = mkdtempSync(join(tmpdir(), "k3s-live-")); // longer than one test
    const key = makeOperatorKey(folder);
    writeFileSync(join(folder, "authorized_keys"), key.publicKey);
    writeFileSync(join(folder, "token"), `${TOKEN}\n`, { mode: 0o600 });
    const settings = {
      ...REFERENCE,
      authorizedKeysFile: join(folder, "authorized_keys"),
      rollout: { tokenPath: "token" },
      ...more.settings,
    };
    const former = join(folder, "former");
    if (before.length > 0) {
      emit(folder, before, settings);
      cpSync(join(folder, "nix"), former, { recursive: true });
    }
    emit(folder, after, { ...settings, ...more.later });
    const machines = Object.fromEntries(
      after.map(({ hostname }): [string, Machine] => {
        const member = before.some((node) => node.hostname === hostname);
        const own = more.machines?.[hostname];
        return [hostname, { ...(member ? { state: "member", nix: former } : { state: "template" }), ...own }];
      }),
    );
    const testbed = await Testbed.start(
      { nix: join(folder, "nix"), machines, container: more.container },
      key,
      TOKEN,
    );
    if (more.pinned !== false) {
      const keys = await Promise.all(
        after.map(({ hostname }) =>
          testbed.on(hostname, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub"),
        ),
      );
      const lines = after.map(({ hostname }, at) => `${hostname} ${keys[at]}`);
      writeFileSync(join(folder, "known_hosts"), lines.join(""));
    }
    return new LiveCluster(folder, key, testbed, { ...settings, ...more.later });
  }

  /** Emits another `main.ts`. */
  public emit(nodes: readonly TestNode[], settings: Partial<ClusterSettings> = {}): void {
    emit(this.folder, nodes, { ...this.settings, ...settings });
  }

  /** `npm run rollout -- <words>` */
  public async rollout(...words: string[]): Promise<Result> {
    return new Result(await this.testbed.rollout(words, this.folder));
  }

  /** `npm run simulate -- <words>` */
  public async simulate(...words: string[]): Promise<Result> {
    return new Result(await this.testbed.run(["simulate", ...words], this.folder));
  }

  /** As `rollout`, with more environment variables, such as another SSH key: `OPERATOR_KEY`. */
  public async rolloutWith(environment: Record<string, string>, ...words: string[]): Promise<Result> {
    return new Result(await this.testbed.rollout(words, this.folder, environment));
  }

  /** As `rollout`, at a terminal, with an answer to the question. */
  public async answered(answer: string, ...words: string[]): Promise<Result> {
    const main = this.testbed.program;
    const command = [process.execPath, main, "rollout", ...words].join(" ");
    const typed = `(sleep 4; echo ${answer}; sleep 2) | script -qec "${command}" /dev/null`;
    return new Result(await this.testbed.operator(["sh", "-c", typed], this.folder));
  }

  /** Whether the operator gets a new SSH connection. @param key - @default - the emitted one */
  public async admitsSsh(hostname: string, key?: string): Promise<boolean> {
    const settings = ["ConnectTimeout=1", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
    const words = settings.flatMap((setting) => ["-o", setting]);
    const address = this.testbed.nodes.find((node) => node.hostname === hostname)?.ipv4Address ?? "";
    const command = ["ssh", ...words, `root@${address}`, "true"];
    const environment: Record<string, string> = key === undefined ? {} : { OPERATOR_KEY: key };
    return (await this.testbed.operator(command, this.folder, environment)).status === 0;
  }

  public async stop(): Promise<void> {
    await this.testbed.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  public log(hostname: string): string {
    return readFileSync(join(this.folder, ".rollout", "logs", `${hostname}.log`), "utf8");
  }
}

/** The result of a run. */
export class Result {
  public constructor(private readonly ran: Ran) {}

  public get status(): number | null {
    return this.ran.status;
  }

  /** All that was printed. */
  public get output(): string {
    return `${this.ran.stdout}\n${this.ran.stderr}`;
  }

  public get stdout(): string {
    return this.ran.stdout;
  }

  public get stderr(): string {
    return this.ran.stderr;
  }

  /** @throws with the whole output, unless it succeeded */
  public mustSucceed(): this {
    if (this.status !== 0) throw new Error(`ended with ${this.status}:\n${this.output}`);
    return this;
  }
}
