import { join } from "node:path";
import { buildPlace, EACH_HOST, THIS_MACHINE } from "../config/rollout";
import { HOSTS_FOLDER } from "../emit/place";
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

/** Paths in the project, relative to the folder of `main.ts`. */
export interface Paths {
  /** Folder of the emitted files. */
  readonly hosts: string;
  /** SSH host keys, pinned at first contact; to be committed. */
  readonly knownHosts: string;
  /** Folder of the logs. */
  readonly logs: string;
  /** Folder in which this machine builds the hosts' systems, where `main.ts` says so. */
  readonly builds: string;
}

/** What every command uses: the emitted cluster, its hosts, and a log without secrets. */
export class Session {
  public readonly redactor = new Redactor();
  public readonly log: Log;
  public readonly description: Description;
  public readonly hosts: readonly Host[];
  /** @default - each host builds its own system */
  public readonly builder?: Builder;
  /** The command that goes on, of one that leaves K3s stopped when it is interrupted. @default - none does */
  public goOn?: string;
  private readonly here: ThisMachine;
  private readonly keys: HostKeys;
  public readonly ssh: Ssh;

  /**
   * @param addresses - of hosts until they have their own, by hostname
   * @param findAddresses - says where to try hosts that do not answer at their own addresses. @default - nowhere
   */
  public constructor(
    paths: Paths,
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

  /** Closes all connections. */
  public stop(): void {
    this.ssh.stop();
    this.here.stop();
    this.keys.forgetSeen();
  }
}

export const DEFAULT_PATHS: Paths = {
  hosts: HOSTS_FOLDER,
  knownHosts: "known_hosts",
  logs: join(".rollout", "logs"),
  builds: join(".rollout", "builds"),
};
