/** A snapshot restored on a host, aside of its own K3s, and tried there. */
import { randomBytes } from "node:crypto";
import type { Backup } from "../backup/manifest";
import type { Snapshot } from "../backup/snapshot";
import { percentTeller } from "../base/percent";
import { UserError } from "../base/user-error";
import { ASIDE_LIMITS, TRY_SECONDS } from "../config/k3s-aside";
import { K3S_DATA } from "../config/settings";
import { programAside } from "../render/drill";
import { apiObjects, readBack, type ApiObjects, type ReadBack } from "./api-objects";
import type { Host } from "./host";
import { unitFlags, unitFlagsAside } from "./k3s-unit";
import type { Restorable } from "./restorable";
import type { Report } from "./script";
import { upload } from "./upload";

/** On the disk of K3s' data, so that what is restored there can take its place. */
const ASIDE = `${K3S_DATA}/restore`;

const { memoryMib: MEMORY_MIB, startSeconds: START_SECONDS } = ASIDE_LIMITS;
const COPY_SECONDS = 3600;

/** What the server said that was started on what was restored. */
export interface Tried {
  readonly restoredSeconds: number;
  readonly readySeconds: number;
  readonly api: ApiObjects;
  readonly back: ReadBack;
}

/** Where a snapshot is restored aside of the cluster. */
export interface TrialPlace {
  /** Hostname, or `this machine`. */
  readonly name: string;
  /** Of hashes that are compared with those of the cluster's own API. */
  readonly salt: string;
  /** Nothing of the cluster is touched. @throws UserError when K3s does not restore it, or what it restored is not what the snapshot holds */
  try(what: Restorable): Promise<Tried>;
  /** Removes all of it. */
  clear(): Promise<void>;
}

export class Aside implements TrialPlace {
  /** @param host - where it is. @param founder - the server whose flags and address it gets */
  public constructor(
    private readonly host: Host,
    private readonly founder: Host,
    public readonly salt = randomBytes(16).toString("hex"),
  ) {}

  public get name(): string {
    return this.host.name;
  }

  /**
   * Copies the snapshot there, restores it, starts a server on a copy, and reads its objects back. Nothing of the cluster is touched.
   *
   * @throws UserError when K3s does not restore it, or what it restored is not what the snapshot holds
   */
  public async try(what: Restorable): Promise<Tried> {
    const { host, founder } = this;
    const flags = unitFlagsAside(founder, await unitFlags(founder));
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
  public async restore(what: Restorable, flags: readonly string[]): Promise<Tried> {
    const { node, description } = this.founder;
    const program = programAside(description, node, flags, {
      aside: ASIDE,
      snapshot: what.backup.manifest.snapshot.file,
      salt: this.salt,
    });
    const report = await this.host.call(
      "restore-aside",
      { aside: ASIDE, token: what.token, program },
      { timeoutSeconds: TRY_SECONDS },
    );
    return triedIn(report, what, this.host.name);
  }
}

/** @param report - of `try-aside`. @throws UserError when what came up is not what the snapshot holds */
export function triedIn(report: Report, { snapshot }: Restorable, host: string): Tried {
  const api = apiObjects(report);
  const back = readBack(snapshot, api);
  check(snapshot, api, back, { host, step: "restore it aside" });
  return {
    restoredSeconds: Number(report.one("restored_seconds")),
    readySeconds: Number(report.one("ready_seconds")),
    api,
    back,
  };
}

function check(
  snapshot: Snapshot,
  { clusterUid }: ApiObjects,
  { same, missing }: ReadBack,
  at: { readonly host: string; readonly step: string },
): void {
  if (clusterUid !== snapshot.clusterUid)
    throw new UserError("failed", "the restored server is another cluster than the one in the snapshot", at);
  if (missing.length > 0 || same === 0) {
    const some = missing.slice(0, 3).join(", ");
    throw new UserError(
      "failed",
      `the restored server lacks ${missing.length} objects of the snapshot, such as ${some}`,
      at,
    );
  }
}
