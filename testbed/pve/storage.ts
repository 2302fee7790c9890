import { Refusal } from "./refusal";

export const GIB = 1024 ** 3;

interface Volume {
  readonly owner: number;
  readonly bytes: number;
}

/** Sizes as written in the option of a drive. */
const printed = (bytes: number): string => (bytes % GIB === 0 ? `${bytes / GIB}G` : `${bytes / 1024}K`);

/** Volumes of all storages: block devices like those of LVM or ZFS, in the format `raw`. */
export class Storage {
  private readonly volumes = new Map<string, Volume>();

  public constructor(private readonly names: readonly string[]) {}

  public has(volume: string): boolean {
    return this.volumes.has(volume);
  }

  public find(volume: string): Volume {
    const found = this.volumes.get(volume);
    if (found === undefined)
      throw new Refusal(500, `no such logical volume ${volume} - volume does not exist`);
    return found;
  }

  public size(volume: string): string {
    return printed(this.find(volume).bytes);
  }

  /** @returns its name, `STORE:vm-ID-disk-N` */
  public allocate(storage: string, owner: number, bytes: number): string {
    this.exists(storage);
    let number = 0;
    while (this.volumes.has(`${storage}:vm-${owner}-disk-${number}`)) number++;
    const volume = `${storage}:vm-${owner}-disk-${number}`;
    this.volumes.set(volume, { owner, bytes });
    return volume;
  }

  public grow(volume: string, bytes: number): void {
    const { owner, bytes: before } = this.find(volume);
    if (bytes < before) throw new Refusal(500, "shrinking disks is not supported");
    this.volumes.set(volume, { owner, bytes });
  }

  public remove(volume: string): void {
    this.volumes.delete(volume);
  }

  public ofOwner(owner: number): string[] {
    return [...this.volumes].filter(([, volume]) => volume.owner === owner).map(([name]) => name);
  }

  public exists(storage: string): void {
    if (!this.names.includes(storage)) throw new Refusal(500, `storage '${storage}' does not exist`);
  }
}
