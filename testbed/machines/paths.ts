import { join } from "node:path";

/** Paths in the folder of a sandbox of machines. */
export class Paths {
  /** @param further - hostnames of the machines of another cluster */
  public constructor(
    public readonly folder: string,
    private readonly further: readonly string[] = [],
  ) {}

  /** Stand-ins, which machines see at `/programs`. */
  public get programs(): string {
    return join(this.folder, "machines", "programs");
  }

  /** State of the first Kubernetes cluster. */
  public get cluster(): string {
    return join(this.folder, "machines", "cluster");
  }

  /** State of the cluster of a machine, which the machine sees at `/cluster`. */
  public clusterOf(hostname: string): string {
    return this.further.includes(hostname) ? join(this.folder, "machines", "further") : this.cluster;
  }

  public machine(hostname: string): string {
    return join(this.folder, "machines", hostname);
  }

  /** The root of a machine's file system. */
  public disk(hostname: string): string {
    return join(this.machine(hostname), "root");
  }

  public get operator(): string {
    return join(this.folder, "operator");
  }

  /** The command-line program, compiled. */
  public get program(): string {
    return join(this.folder, "app", "program.js");
  }
}
