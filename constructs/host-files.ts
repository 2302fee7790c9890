import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Annotations, AnnotationMetadataEntryType, TerraformStack } from "cdktf";
import { addCustomSynthesis } from "cdktf/lib/synthesize/synthesizer";
import { Construct, type IConstruct } from "constructs";
import { UserError } from "../src/base/user-error";
import { describeFaults, Faults, withNews } from "../src/config/fault";
import {
  isRecordedNode,
  isRecordedPlace,
  renameFaults,
  removedNodes,
  type RecordedNode,
} from "../src/config/history";
import type { Cluster } from "../src/config/model";
import type { LastPlaces } from "../src/config/pve";
import { MODULES } from "../src/config/names";
import { validateSettings, withDefaults } from "../src/config/validation";
import { warningsOf } from "../src/config/warnings";
import { HostFilesSchema, type HostFilesSettings } from "../src/config/settings";
import { HOST_FILES, type EmissionOptions, type EmissionReport } from "../src/emit/app";
import { planEmission, shownPath, type EmissionPlan } from "../src/emit/emission";
import { HOSTS_FOLDER, pathProblem } from "../src/emit/place";
import { describeRefusal, describeStale } from "../src/emit/report";
import { capturedFrom, withHeader } from "../src/emit/header";
import { sharedModules, type SharedModules } from "../src/emit/shared-modules";
import { applyPlan } from "../src/emit/writer";
import { CLUSTER_JSON, parseClusterJson, renderClusterJson } from "../src/render/cluster-json";
import { HAPROXY, renderHaproxy } from "../src/render/haproxy";
import { HARDWARE_CONFIGURATION, renderHosts } from "../src/render/host";
import { renderTemplates } from "../src/render/template-vm";
import { NAMES, renderNames } from "../src/render/names";
import { renderNodeRegion, renderReadme } from "../src/render/readme";
import { constructsBefore } from "./constructs-before";
import { K3sCluster } from "./k3s-cluster";

export type { HostFilesSettings as HostFilesProps };

/** Name of the cluster's README. */
const README = "README.md";

/**
 * Emits the cluster's files to `nix/` of the project: a folder for each host with its NixOS configuration and firewall,
 * `cluster.json` for programs and `README.md` for people. At most one in an app.
 *
 * Writes nothing if anything in the app is invalid. The CDK context `hostFiles` has its options; see `EmissionOptions`.
 */
export class HostFiles extends Construct {
  /** Paths of your Markdown files with a list of the nodes. */
  public readonly documents: readonly string[];

  private readonly faults = new Faults();
  private readonly cluster: K3sCluster;
  private emission?: { readonly plan: EmissionPlan; readonly warnings: readonly string[] };

  /**
   * @param scope - the cluster, or a construct in it
   * @throws Error if the scope is not in a `K3sCluster`; validation reports invalid settings
   */
  public constructor(scope: Construct, id: string, props: HostFilesSettings = {}) {
    super(scope, id);
    this.cluster = K3sCluster.of(scope);
    const stated = validateSettings(props, HostFilesSchema, this.faults);
    const { documents } = withDefaults(HostFilesSchema, stated);
    this.documents = documents;
    for (const document of documents) this.checkDocument(document);
    this.cluster.remember(() => this.lastPlaces());
    this.node.addValidation({ validate: () => this.validate() });
    addCustomSynthesis(this, { onSynthesize: ({ skipValidation }) => this.write(skipValidation !== true) });
  }

  /** Collects everything that prevents writing, and keeps the plan of what to write. */
  private validate(): string[] {
    this.emission = undefined;
    const [other] = constructsBefore<HostFiles>(this, HostFiles);
    if (other !== undefined) {
      return [
        `${other.node.path} already emits ${HOSTS_FOLDER}/, and an app can have only one HostFiles; ` +
          "use a separate project for another cluster",
      ];
    }
    const why = pathProblem(HOSTS_FOLDER);
    if (why !== undefined) return [`${HOSTS_FOLDER} should be a folder of this project${why}`];
    if (this.faults.all.length > 0) return describeFaults(this.faults.all);
    const { cluster, faults, variables } = this.cluster.resolve();
    const { accept = [], check = false } = this.options;
    const accepted = new Set(accept);
    const last = this.last();
    const moves = renameFaults(last.nodes, cluster.nodes, accepted);
    const moved = describeFaults(withNews(faults, moves).slice(faults.length));
    // The cluster reports its faults. The files of a faulty model are not worth comparing with those on disk.
    if (faults.length > 0) return moved;
    const shared = sharedModules(HOSTS_FOLDER, MODULES);
    const files = this.render(cluster, variables, shared);
    const regions = this.regions(cluster);
    const plan = planEmission({ folder: HOSTS_FOLDER, files, regions, previous: last.files, accepted });
    const destroyed = removedNodes(last.nodes, cluster.nodes).map(
      ({ hostname, vmId }) => `${hostname}, VM ${vmId}, will be DESTROYED by the next apply`,
    );
    this.emission = { plan, warnings: [...warningsOf(cluster, last.nodes), ...destroyed] };
    // A check names them among the stale files.
    return [
      ...moved,
      ...unnameable(shared),
      ...tokensIn(files),
      ...(check ? [] : plan.refusals.map(describeRefusal)),
    ];
  }

  private get options(): EmissionOptions {
    return (this.node.tryGetContext(HOST_FILES) ?? {}) as EmissionOptions;
  }

  private write(validated: boolean): void {
    const stack = TerraformStack.of(this);
    const problems = this.node.root.node.findAll().flatMap((construct) => [
      // CDKTF validates each stack just before writing it, so later stacks are not validated yet.
      ...(validated && construct.node.scopes.includes(stack) ? [] : construct.node.validate()),
      ...errorAnnotations(construct),
    ]);
    if (problems.length > 0)
      throw new UserError("invalid", `Nothing was written to ${HOSTS_FOLDER}:\n  ${problems.join("\n  ")}`);
    if (this.emission === undefined) return;
    const { plan, warnings } = this.emission;
    // On the stack, since the CLI prints its annotations first.
    for (const warning of warnings) Annotations.of(stack).addWarning(warning);
    const { check = false, report } = this.options;
    if (check) mustBeFresh(plan);
    else applyPlan(plan);
    if (report !== undefined) writeFileSync(report, JSON.stringify(reportOf(plan)));
  }

  /** The text of each file, by its path in the folder. `cluster.json`, which lists the others, is last. */
  private render(cluster: Cluster, variables: readonly string[], shared: SharedModules): Map<string, string> {
    const captured = this.captured(cluster);
    const files = new Map<string, string>();
    const sums = new Map<string, string>();
    const haproxy = renderHaproxy(cluster);
    const readme = renderReadme(cluster, [HOSTS_FOLDER, ...this.documents], variables);
    for (const [path, body] of [
      ...renderHosts(cluster, captured, shared.paths),
      ...renderTemplates(cluster, HOSTS_FOLDER),
      [README, readme] as const,
      [NAMES, renderNames(cluster)] as const,
      ...(haproxy === undefined ? [] : [[HAPROXY, haproxy] as const]),
    ]) {
      const text = withHeader(path, body);
      files.set(path, text);
      sums.set(path, createHash("sha256").update(text).digest("hex"));
    }
    const description = renderClusterJson(cluster, captured, sums, this.documents);
    return files.set(CLUSTER_JSON, withHeader(CLUSTER_JSON, description));
  }

  /** The emitted regions of the owner's documents, by their paths relative to the folder. */
  private regions(cluster: Cluster): Map<string, string> {
    const text = withHeader(README, renderNodeRegion(cluster));
    return new Map(this.documents.map((document) => [relative(HOSTS_FOLDER, document), text]));
  }

  private checkDocument(document: string): void {
    const why = pathProblem(document) ?? (document.endsWith(".md") ? undefined : "");
    if (why !== undefined) {
      this.faults.addInvalid(
        "documents",
        `Markdown files of this project, such as k8s/README.md${why}`,
        document,
      );
    } else if (!relative(HOSTS_FOLDER, document).startsWith("..")) {
      this.faults.add(
        "documents",
        `${document} is in ${HOSTS_FOLDER}/, which is only for emitted files; move it`,
      );
    }
  }

  /** Directories whose hardware configuration was captured from the host. */
  private captured(cluster: Cluster): Set<string> {
    const directories = cluster.nodes.map((node) => node.directory);
    const isCaptured = (directory: string): boolean =>
      capturedFrom(textOf(join(HOSTS_FOLDER, directory, HARDWARE_CONFIGURATION))) !== undefined;
    return new Set(directories.filter(isCaptured));
  }

  private lastPlaces(): LastPlaces {
    const text = textOf(join(HOSTS_FOLDER, CLUSTER_JSON));
    const json = parseClusterJson(text);
    const known = (json?.nodes ?? []).filter(isRecordedNode).filter(isRecordedPlace);
    return {
      places: new Map(known.map(({ vmId, vm }) => [vmId, vm.pveNode])),
      isReadable: text === "" || json !== undefined,
    };
  }

  private last(): { nodes: readonly RecordedNode[]; files: readonly string[] } {
    const json = parseClusterJson(textOf(join(HOSTS_FOLDER, CLUSTER_JSON)));
    return { nodes: (json?.nodes ?? []).filter(isRecordedNode), files: Object.keys(json?.files ?? {}) };
  }
}

/** What was done; of a check, which finds nothing to do, that nothing was. */
const reportOf = ({ folder, writes, removals }: EmissionPlan): EmissionReport => ({
  written: writes.map(({ path }) => shownPath(folder, path)),
  removed: removals.map((path) => shownPath(folder, path)),
});

function mustBeFresh(plan: EmissionPlan): void {
  const stale = describeStale(plan);
  if (stale !== "") throw new UserError("stale", stale);
}

/** Modules that no host would import. */
const unnameable = ({ unnameable: paths }: SharedModules): string[] =>
  paths.map(
    (path) =>
      `${HOSTS_FOLDER}/${path} has a name that no Nix path can have; rename it to letters, digits, . _ + and -`,
  );

const textOf = (file: string): string =>
  statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, "utf8") : "";

/** Last check against `${TfToken[...]}` in a host's configuration. */
const tokensIn = (files: ReadonlyMap<string, string>): string[] =>
  [...files]
    .filter(([, text]) => text.includes("TfToken["))
    .map(
      ([path]) => `${path} would contain a CDKTF token, whose value only OpenTofu knows; use a literal value`,
    );

/** Error annotations, which CDKTF reports only after files are written. */
const errorAnnotations = (construct: IConstruct): string[] =>
  construct.node.metadata
    .filter(({ type }) => type === (AnnotationMetadataEntryType.ERROR as string))
    .map(({ data }) => String(data));
