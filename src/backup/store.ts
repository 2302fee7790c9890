/** The folder of backups. Nothing in it is half a backup: each is made beside its place, and gets its name when it is complete. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { backupIn, isOwnName, type Backup } from "./manifest";

/** Follows the name of a backup that is being made or removed, before the ID of the rollout that does it. */
const UNFINISHED = ".unfinished-";

const NAME = /^\d{8}T\d{6}Z-[a-z0-9.-]+$/;

export class Store {
  /** Whether the folder was not there before. */
  private readonly isNew: boolean;

  /** Creates the folder if it is not there. */
  public constructor(
    public readonly folder: string,
    /** ID of this rollout. */
    private readonly rollout: string,
  ) {
    this.isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
  }

  /** A new folder in which a backup is made. @param name - of the backup */
  public begin(name: string): string {
    const path = this.unfinished(name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  /** Gives a complete backup its name, for good: also after a power cut. @returns its folder */
  public complete(unfinished: string, name: string): string {
    const path = join(this.folder, name);
    for (const file of readdirSync(unfinished)) sync(join(unfinished, file));
    sync(unfinished);
    renameSync(unfinished, path);
    sync(this.folder);
    return path;
  }

  /** Removes what was begun, and the folder of backups if it was made for it. */
  public abandon(unfinished: string): void {
    rmSync(unfinished, { recursive: true, force: true });
    try {
      if (this.isNew) rmdirSync(this.folder);
    } catch {
      // It has something else by now.
    }
  }

  /** Backups that this program made, and that are complete. */
  public all(): Backup[] {
    return readdirSync(this.folder)
      .filter((name) => NAME.test(name))
      .flatMap((name) => backupIn(join(this.folder, name)) ?? [])
      .filter(isOwnName);
  }

  /** At once: what remains after a power cut no longer has the name of a backup. */
  public remove({ folder }: Backup): void {
    const path = this.unfinished(folder.slice(dirname(folder).length + 1));
    renameSync(folder, path);
    rmSync(path, { recursive: true });
  }

  /** Removes what rollouts left that were killed. @param isOver - whether a rollout has ended */
  public sweep(isOver: (rollout: string) => boolean): void {
    for (const each of readdirSync(this.folder)) {
      const at = each.indexOf(UNFINISHED);
      if (at < 0 || !NAME.test(each.slice(0, at)) || !isOver(each.slice(at + UNFINISHED.length))) continue;
      if (statSync(join(this.folder, each)).isDirectory())
        rmSync(join(this.folder, each), { recursive: true });
    }
  }

  private unfinished(name: string): string {
    return join(this.folder, `${name}${UNFINISHED}${this.rollout}`);
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
