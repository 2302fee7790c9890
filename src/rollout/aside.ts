/** A snapshot restored on a host, aside of its own K3s, and tried there. */
import { randomBytes } from "node:crypto";
import type { Backup } from "../backup/manifest";
import type { Snapshot } from "../backup/snapshot";
import { percentTeller } from "../base/percent";
import { UserError } from "../base/user-error";
import { K3S_DATA } from "../config/settings";
import { apiObjects, readBack, type ApiObjects, type ReadBack } from "./api-objects";
import type { Host } from "./host";
import { flagsAside, unitFlags } from "./k3s-unit";
import type { Restorable } from "./restorable";
import { remoteScript } from "./script";
import { upload } from "./upload";

/** On the disk of K3s' data, so that what is restored there can take its place. */
const ASIDE = `${K3S_DATA}/restore`;

/** That has to be free: a server took half of it. */
const MEMORY_MIB = 1024;
/** K3s took 12 s for a small cluster, and etcd writes its data once. */
const RESET_SECONDS = 600;
/** It took 13 s on two busy cores. */
const START_SECONDS = 300;
const COPY_SECONDS = 3600;

/** What the server said that was started on what was restored. */
export interface Tried {
  readonly restoredSeconds: number;
  readonly readySeconds: number;
  readonly api: ApiObjects;
  readonly back: ReadBack;
}

export class Aside {
  /** @param host - where it is. @param founder - the server whose flags and address it gets */
  public constructor(
    private readonly host: Host,
    private readonly founder: Host,
    /** Of hashes that are compared with those of the cluster's own API. */
    public readonly salt = randomBytes(16).toString("hex"),
  ) {}

  /**
   * Copies the snapshot there, restores it, starts a server on a copy, and reads its objects back. Nothing of the cluster is touched.
   *
   * @throws UserError when K3s does not restore it, or what it restored is not what the snapshot holds
   */
  public async try(what: Restorable): Promise<Tried> {
    const { host, founder } = this;
    const flags = flagsAside(founder, await unitFlags(founder));
    await host.log.step(host.name, "copy the snapshot", () => this.send(what.backup));
    return host.log.step(
      host.name,
      "restore it aside",
      () => this.restore(what, flags),
      ({ restoredSeconds, readySeconds }) =>
        `restored in ${restoredSeconds} s, Ready after ${readySeconds} s`,
    );
  }

  /** The same words of the API of the host's own K3s. */
  public async live(): Promise<ApiObjects> {
    return apiObjects(
      await this.host.call("objects", { salt: this.salt }, { timeoutSeconds: START_SECONDS }),
    );
  }

  /** Puts what was restored in the place of the server's data. @returns paths of the former data */
  public async become(serverData: string): Promise<string[]> {
    const report = await this.host.call(
      "switch-data",
      { aside: ASIDE, server_data: serverData },
      { timeoutSeconds: START_SECONDS },
    );
    return report.all("former");
  }

  public async clear(): Promise<void> {
    await this.host.call("clear-aside", { aside: ASIDE });
  }

  private async send({ manifest, snapshot }: Backup): Promise<void> {
    const { host } = this;
    const { file, bytes, sha256 } = manifest.snapshot;
    await host.call("offer-snapshot", { aside: ASIDE, file, bytes, sha256, memory_mib: MEMORY_MIB });
    const sink = host.start("receive-snapshot");
    const { isLate, sink: end } = await upload(snapshot, sink, {
      seconds: COPY_SECONDS,
      onBytes: percentTeller(bytes, (words) => host.log.progress(host.name, "copy the snapshot", words)),
    });
    if (isLate)
      throw new UserError("failed", `no end within ${COPY_SECONDS} s`, {
        host: host.name,
        step: "copy the snapshot",
      });
    host.end("receive-snapshot", sink, end);
  }

  /** Restores the snapshot that was copied there, and tries it. */
  public async restore({ backup, snapshot, token }: Restorable, flags: readonly string[]): Promise<Tried> {
    const { node, description } = this.founder;
    const program = remoteScript("try-aside", {
      aside: ASIDE,
      snapshot: backup.manifest.snapshot.file,
      flags: flags.join("\n"),
      interface: node.nixos.networkInterface,
      address: `${node.ipv4Address}/${description.network.nodeCidr.split("/")[1]}`,
      reset_seconds: RESET_SECONDS,
      start_seconds: START_SECONDS,
      salt: this.salt,
    });
    const report = await this.host.call(
      "restore-aside",
      { aside: ASIDE, token, program },
      { timeoutSeconds: RESET_SECONDS + 2 * START_SECONDS },
    );
    const api = apiObjects(report);
    const back = readBack(snapshot, api);
    this.check(snapshot, api, back);
    return {
      restoredSeconds: Number(report.one("restored_seconds")),
      readySeconds: Number(report.one("ready_seconds")),
      api,
      back,
    };
  }

  private check(snapshot: Snapshot, { clusterUid }: ApiObjects, { same, missing }: ReadBack): void {
    const at = { host: this.host.name, step: "restore it aside" };
    if (clusterUid !== snapshot.clusterUid)
      throw new UserError(
        "failed",
        "the restored server is another cluster than the one in the snapshot",
        at,
      );
    if (missing.length > 0 || same === 0) {
      const some = missing.slice(0, 3).join(", ");
      throw new UserError(
        "failed",
        `the restored server lacks ${missing.length} objects of the snapshot, such as ${some}`,
        at,
      );
    }
  }
}
