import type { UserError } from "../base/user-error";
import type { Host } from "./host";
import { lockHeld, type Claimant, type LockStore } from "./lock";
import { isDead } from "./rollout-id";
import type { Report } from "./script";

/** A lock in a file on a host, which a reboot removes. It excludes operators who can reach that host. */
export class FileLock implements LockStore {
  /** Boot ID of the host when the lock was taken. */
  private boot = "";

  public constructor(private readonly host: Host) {}

  public get name(): string {
    return this.host.name;
  }

  public async take(claimant: Claimant): Promise<void> {
    const report = await this.call(claimant, {});
    if (report.one("taken") === "yes") return;
    const dead = report.one("held_id");
    if (!isDead(dead)) throw this.held(report);
    const again = await this.call(claimant, { dead });
    if (again.one("taken") !== "yes") throw this.held(again);
  }

  public async renew(claimant: Claimant): Promise<void> {
    const report = await this.call(claimant, { boot: this.boot });
    if (report.one("taken") !== "yes") throw this.held(report);
  }

  public async release({ id }: Claimant): Promise<void> {
    await this.host.call("unlock", { id });
  }

  private async call({ id, owner }: Claimant, { dead = "", boot = "" }): Promise<Report> {
    const report = await this.host.call("lock", { id, owner, dead, boot });
    if (report.one("taken") === "yes") this.boot = report.one("boot");
    return report;
  }

  private held(report: Report): UserError {
    if (report.one("gone") === "yes") return lockHeld(this);
    return lockHeld(this, {
      id: report.one("held_id"),
      owner: report.one("held"),
      heldSeconds: Number(report.one("held_for")),
      renewedSeconds: Number(report.one("heard")),
    });
  }
}
