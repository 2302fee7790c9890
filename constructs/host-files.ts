import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { Annotations, AnnotationMetadataEntryType, TerraformStack } from "cdktf";
import { addCustomSynthesis } from "cdktf/lib/synthesize/synthesizer";
import { Construct, type IConstruct } from "constructs";
import { describeFaults } from "../cluster/fault";
import { parseLast, renamed, vanished, type Last, type LastNode } from "../cluster/history";
import type { Cluster } from "../cluster/model";
import { planEmission, type EmissionPlan } from "../files/emission";
import { describeRefusal, describeStale } from "../files/report";
import { capturedFrom, stamp } from "../files/stamp";
import { carryOut } from "../files/writer";
import { renderClusterJson } from "../render/cluster-json";
import { HARDWARE_CONFIGURATION, renderHosts } from "../render/host";
import { earlier } from "./earlier";
import { K3sCluster } from "./k3s-cluster";

export interface HostFilesProps {
  /** Folder of the hosts' folders, relative to the working directory. @default "nix" */
  readonly folder?: string;
}

/** Name of the list of files and description of the cluster for programs. */
const CLUSTER_JSON = "cluster.json";

/**
 * The cluster's files for its hosts: a folder for each with its NixOS configuration and firewall, and
 * `cluster.json`, which describes all of them for programs.
 *
 * Nothing is written while anything in the app is invalid. Environment variables:
 * - `HOST_FILES_ACCEPT`: what its owner accepts, separated by commas: files to be overwritten although they were
 *   edited, Terraform addresses to which a VM was moved in the state.
 * - `HOST_FILES_CHECK=1`: write nothing, and report files that are not as they would be written.
 */
export class HostFiles extends Construct {
  public readonly folder: string;

  private readonly cluster: K3sCluster;
  private emission?: { readonly plan: EmissionPlan; readonly destroyed: readonly LastNode[] };

  /** Throws outside a `K3sCluster`. */
  public constructor(scope: Construct, id: string, props: HostFilesProps = {}) {
    super(scope, id);
    this.cluster = K3sCluster.of(scope);
    this.folder = props.folder ?? "nix";
    this.node.addValidation({ validate: () => this.validate() });
    addCustomSynthesis(this, { onSynthesize: ({ skipValidation }) => this.write(skipValidation !== true) });
  }

  /** Everything that stands against writing. Leaves the plan of what would be written. */
  private validate(): string[] {
    this.emission = undefined;
    const rival = this.rival();
    if (relative(this.folder, ".") === "") return ["'folder' should be a folder of its own, got this one"];
    if (rival !== undefined) {
      return [`'folder' ${this.folder} lies in or around that of ${rival.node.path}; give each its own`];
    }
    const { cluster, faults } = this.cluster.resolve();
    const accepted = acceptedByOwner();
    const last = this.last();
    const moved = describeFaults(renamed(last.nodes, cluster.nodes, accepted));
    // The cluster says them. What a faulty model would render says nothing about the files on disk.
    if (faults.length > 0) return moved;
    const files = this.render(cluster);
    const plan = planEmission({ folder: this.folder, files, previous: last.files, accepted });
    this.emission = { plan, destroyed: vanished(last.nodes, cluster.nodes) };
    return [
      ...moved,
      ...tokensIn(files),
      ...(checking() ? [describeStale(plan)].filter(Boolean) : plan.refusals.map(describeRefusal)),
    ];
  }

  private write(validated: boolean): void {
    const stack = TerraformStack.of(this);
    const problems = this.node.root.node.findAll().flatMap((construct) => [
      // CDKTF validates a stack just before it writes it, and not the stacks that come later.
      ...(validated && construct.node.scopes.includes(stack) ? [] : construct.node.validate()),
      ...errorAnnotations(construct),
    ]);
    if (problems.length > 0)
      throw new Error(`Nothing was written to ${this.folder}:\n  ${problems.join("\n  ")}`);
    if (this.emission === undefined) return;
    const { plan, destroyed } = this.emission;
    for (const { hostname, vmId } of destroyed) {
      // On the stack, whose annotations the CLI prints first.
      Annotations.of(stack).addWarning(`${hostname}, VM ${vmId}, will be DESTROYED by the next apply`);
    }
    if (!checking()) carryOut(plan);
  }

  /** Path below the folder, to the whole text. The list of them comes last. */
  private render(cluster: Cluster): Map<string, string> {
    const captured = this.captured(cluster);
    const files = new Map<string, string>();
    const sums = new Map<string, string>();
    for (const [path, body] of renderHosts(cluster, captured)) {
      const text = stamp(path, body);
      files.set(path, text);
      sums.set(path, createHash("sha256").update(text).digest("hex"));
    }
    return files.set(CLUSTER_JSON, stamp(CLUSTER_JSON, renderClusterJson(cluster, captured, sums)));
  }

  /** Directories of the hosts whose hardware configuration came from the host itself. */
  private captured(cluster: Cluster): Set<string> {
    const directories = cluster.nodes.map((node) => node.directory);
    const isCaptured = (directory: string): boolean =>
      capturedFrom(textOf(join(this.folder, directory, HARDWARE_CONFIGURATION))) !== undefined;
    return new Set(directories.filter(isCaptured));
  }

  private last(): Last {
    return parseLast(textOf(join(this.folder, CLUSTER_JSON))) ?? { nodes: [], files: [] };
  }

  /** An earlier `HostFiles` of this app that could write or remove the same files. */
  private rival(): HostFiles | undefined {
    return earlier<HostFiles>(this, HostFiles).find(
      ({ folder }) => nested(folder, this.folder) || nested(this.folder, folder),
    );
  }
}

const acceptedByOwner = (): Set<string> =>
  new Set((process.env.HOST_FILES_ACCEPT ?? "").split(",").map((word) => word.trim()));

const checking = (): boolean => process.env.HOST_FILES_CHECK === "1";

const textOf = (file: string): string =>
  statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, "utf8") : "";

const nested = (outer: string, inner: string): boolean => !relative(outer, inner).startsWith("..");

/** The last line of defence against `${TfToken[...]}` in a host's configuration. */
const tokensIn = (files: ReadonlyMap<string, string>): string[] =>
  [...files]
    .filter(([, text]) => text.includes("TfToken["))
    .map(([path]) => `${path} would hold a CDKTF token`);

/** CDKTF heeds these only after files are written. */
const errorAnnotations = (construct: IConstruct): string[] =>
  construct.node.metadata
    .filter(({ type }) => type === AnnotationMetadataEntryType.ERROR)
    .map(({ data }) => String(data));
