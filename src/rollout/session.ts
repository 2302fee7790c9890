import { join } from "node:path";
import { backupsFolder, HOSTS_FOLDER } from "../config/names";
import { buildPlace, EACH_HOST, THIS_MACHINE } from "../config/rollout";
import { Builder } from "./builder";
import type { FindAddresses } from "./clones";
import { hostnamesOn, selectNodes, readDescription, type Description } from "./description";
import { hostsOf } from "./fleet";
import type { Host } from "./host";
import { HostKeys } from "./host-keys";
import { Log, type Listener } from "./log";
import { ThisMachine } from "./machine";
import { Redactor } from "./secrets";
import { Ssh } from "./ssh";

/** Places and names of one cluster on this machine. Paths are relative to the folder of `main.ts`. */
export interface Paths {
  /** Folder of the emitted files. */
  readonly hosts: string;
  /** SSH host keys, pinned at first contact; to be committed. One file for all clusters, whose hosts have different names. */
  readonly knownHosts: string;
  /** Folder of the logs. */
  readonly logs: string;
  /** Folder in which this machine builds the hosts' systems, where `main.ts` says so. */
  readonly builds: string;
  /** Folder of the backups. */
  readonly backups: string;
  /** Name in the operator's kubeconfig. */
  readonly context: string;
}

/** What every command uses: the emitted cluster, its hosts, and a log without secrets. */
export class Session {
  public readonly redactor = new Redactor();
  public readonly log: Log;
  public readonly description: Description;
  public readonly hosts: readonly Host[];
  /** @default - each host builds its own system */
  public readonly builder?: Builder;
  private unfinished?: string;
  private readonly here: ThisMachine;
  private readonly keys: HostKeys;
  public readonly ssh: Ssh;

  /**
   * @param addresses - of hosts until they have their own, by hostname
   * @param findAddresses - says where to try hosts that do not answer at their own addresses. @default - nowhere
   */
  public constructor(
    public readonly paths: Paths,
    listener: Listener,
    addresses: ReadonlyMap<string, string> = new Map(),
    public readonly findAddresses: FindAddresses = () => Promise.resolve(new Map()),
  ) {
    this.description = readDescription(paths.hosts);
    selectNodes(this.description, [...addresses.keys()]);
    this.log = new Log(paths.logs, this.redactor, listener);
    this.keys = new HostKeys(paths.knownHosts, join(paths.logs, `host-keys-seen-by-${process.pid}`));
    this.ssh = new Ssh(this.keys, this.log);
    this.hosts = hostsOf(this.description, this.ssh, this.log, addresses);
    this.here = new ThisMachine(paths.builds, this.log);
    const place = buildPlace(this.description);
    if (place !== EACH_HOST) {
      this.builder = new Builder(place === THIS_MACHINE ? this.here : this.host(place), this.log);
    }
  }

  /** @param names - of `--on`: hostnames and groups. @returns hostnames; of all hosts if there are none */
  public hostnamesOn(names: readonly string[]): string[] {
    return hostnamesOn(this.description, names);
  }

  public host(hostname: string): Host {
    selectNodes(this.description, [hostname]);
    return this.hosts.find(({ name }) => name === hostname) as Host;
  }

  /** The command that goes on after an interruption, while one runs that leaves K3s stopped then. */
  public get goOn(): string | undefined {
    return this.unfinished;
  }

  /** Runs what leaves K3s stopped unless it succeeds. @param command - goes on then */
  public async goingOn<T>(command: string, run: () => Promise<T>): Promise<T> {
    this.unfinished = command;
    const result = await run();
    this.unfinished = undefined;
    return result;
  }

  /** Closes all connections. */
  public stop(): void {
    this.ssh.stop();
    this.here.stop();
    this.keys.forgetSeen();
  }
}

/**
 * The paths of the cluster with its hosts in that folder. A further cluster has its own inside of the first one's, which `.gitignore` names:
 * logs that are not a host's, retention of backups and builds are about one cluster.
 */
export function pathsOf(hosts: string): Paths {
  const own = hosts === HOSTS_FOLDER ? "" : hosts;
  return {
    hosts,
    knownHosts: "known_hosts",
    logs: join(".rollout", own, "logs"),
    builds: join(".rollout", own, "builds"),
    backups: backupsFolder(hosts),
    context: hosts.replace(HOSTS_FOLDER, "k3s"),
  };
}
