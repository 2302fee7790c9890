import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Annotations, AnnotationMetadataEntryType, TerraformStack } from "cdktf";
import { addCustomSynthesis } from "cdktf/lib/synthesize/synthesizer";
import { Construct, type IConstruct } from "constructs";
import { namingCluster } from "../src/base/command-line";
import { enumerated } from "../src/base/markdown";
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
import { emittedClusters } from "../src/emit/clusters";
import { pathProblem } from "../src/emit/place";
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
 * Emits the cluster's files to `nix/` of the project, or to its `folder`: a folder for each host with its NixOS configuration and
 * firewall, `cluster.json` for programs and `README.md` for people. At most one in a cluster.
 *
 * Writes nothing if anything in the app is invalid. The CDK context `hostFiles` has its options; see `EmissionOptions`.
 */
export class HostFiles extends Construct {
  /** Folder of the hosts' files in the project. */
  public readonly folder: string;
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
    const { folder, documents } = withDefaults(HostFilesSchema, stated);
    this.folder = folder;
    this.documents = documents;
    this.cluster.addFolder(folder);
    for (const document of documents) this.checkDocument(document);
    this.cluster.remember(() => this.lastPlaces());
    this.node.addValidation({ validate: () => namingCluster(this.nameAmongSeveral, () => this.validate()) });
    addCustomSynthesis(this, { onSynthesize: ({ skipValidation }) => this.write(skipValidation !== true) });
  }

  /** Collects everything that prevents writing, and keeps the plan of what to write. */
  private validate(): string[] {
    this.emission = undefined;
    if (this.faults.all.length > 0) return describeFaults(this.faults.all);
    const clash = this.clash();
    if (clash !== undefined) return [clash];
    const why = pathProblem(this.folder);
    if (why !== undefined) return [`${this.folder} should be a folder of this project${why}`];
    const { cluster, faults, variables } = this.cluster.resolve();
    const { accept = [], check = false } = this.options;
    const accepted = new Set(accept);
    const last = this.last();
    const moves = renameFaults(last.nodes, cluster.nodes, accepted);
    const moved = describeFaults(withNews(faults, moves).slice(faults.length));
    // The cluster reports its faults. The files of a faulty model are not worth comparing with those on disk.
    if (faults.length > 0) return moved;
    const shared = sharedModules(this.folder, MODULES);
    const files = this.render(cluster, variables, shared);
    const regions = this.regions(cluster);
    const plan = planEmission({ folder: this.folder, files, regions, previous: last.files, accepted });
    const destroyed = removedNodes(last.nodes, cluster.nodes).map(
      ({ hostname, vmId }) => `${hostname}, VM ${vmId}, will be DESTROYED by the next apply`,
    );
    this.emission = { plan, warnings: [...warningsOf(cluster, last.nodes), ...destroyed] };
    // A check names them among the stale files.
    return [
      ...this.leftOver(),
      ...moved,
      ...unnameable(this.folder, shared),
      ...tokensIn(files),
      ...(check ? [] : plan.refusals.map(describeRefusal)),
    ];
  }

  private get options(): EmissionOptions {
    return (this.node.tryGetContext(HOST_FILES) ?? {}) as EmissionOptions;
  }

  /** Warns of its cluster. The last one of the app writes the files of all, or none. */
  private write(validated: boolean): void {
    const stack = TerraformStack.of(this);
    if (!validated) this.validate();
    // On the stack, since the CLI prints its annotations first.
    for (const warning of this.emission?.warnings ?? []) Annotations.of(stack).addWarning(warning);
    const all = this.all();
    if (all.at(-1) !== this) return;
    const problems = this.node.root.node.findAll().flatMap((construct) => [
      // CDKTF validates each stack just before writing it, so later stacks are not validated yet.
      ...(validated && construct.node.scopes.includes(stack) ? [] : construct.node.validate()),
      ...errorAnnotations(construct),
    ]);
    const folders = all.map(({ folder }) => folder);
    if (problems.length > 0)
      throw new UserError(
        "invalid",
        `Nothing was written to ${enumerated(folders)}:\n  ${problems.join("\n  ")}`,
      );
    const plans = all.flatMap(({ emission }) => emission?.plan ?? []);
    const { check = false, report } = this.options;
    if (check) mustBeFresh(plans);
    else plans.forEach(applyPlan);
    if (report !== undefined) writeFileSync(report, JSON.stringify(reportOf(plans)));
  }

  /** Those of the app, in the order of its tree. */
  private all(): HostFiles[] {
    return this.node.root.node.findAll().filter((construct) => construct instanceof HostFiles);
  }

  /** Why another one of the app, before this one, leaves no room for it. */
  private clash(): string | undefined {
    for (const other of constructsBefore<HostFiles>(this, HostFiles)) {
      const paths = `${other.node.path} and ${this.node.path}`;
      if (other.cluster === this.cluster)
        return `${paths} are of the same cluster, which has one HostFiles; remove one`;
      if (other.folder === this.folder)
        return `${paths} would both write to ${this.folder}/; give the newer one a folder of its own: { folder: "${this.folder}-NAME" }`;
      const [shared] = this.documents.filter((document) => other.documents.includes(document));
      if (shared !== undefined)
        return `${paths} would both write the list of nodes in ${shared}; leave it in the 'documents' of one`;
    }
    return undefined;
  }

  /** Folders of clusters that the app does not have: commands would still find them. The first of the app tells. */
  private leftOver(): string[] {
    const all = this.all();
    if (all[0] !== this) return [];
    return emittedClusters()
      .filter(({ folder }) => all.every((other) => other.folder !== folder))
      .map(({ folder, stack }) => {
        const moved = all.find(({ name }) => name === stack);
        if (moved === undefined)
          return `${folder}/ has the files of a cluster that main.ts does not have; remove the folder once its VMs are gone`;
        return (
          `${folder}/ has the files of ${stack}, whose 'folder' is ${moved.folder} now; state '${folder}' again: ` +
          "rollouts and the default state of OpenTofu go by it"
        );
      });
  }

  /** Name of the cluster in the app. */
  private get name(): string {
    return TerraformStack.of(this).node.id;
  }

  /** @default - it is the only one */
  private get nameAmongSeveral(): string | undefined {
    return this.all().length > 1 ? this.name : undefined;
  }

  /** The text of each file, by its path in the folder. `cluster.json`, which lists the others, is last. */
  private render(cluster: Cluster, variables: readonly string[], shared: SharedModules): Map<string, string> {
    const captured = this.captured(cluster);
    const files = new Map<string, string>();
    const sums = new Map<string, string>();
    const haproxy = renderHaproxy(cluster);
    const readme = renderReadme(cluster, [this.folder, ...this.documents], variables);
    for (const [path, body] of [
      ...renderHosts(cluster, captured, shared.paths),
      ...renderTemplates(cluster, this.folder),
      [README, readme] as const,
      [NAMES, renderNames(cluster)] as const,
      ...(haproxy === undefined ? [] : [[HAPROXY, haproxy] as const]),
    ]) {
      const text = withHeader(path, body);
      files.set(path, text);
      sums.set(path, createHash("sha256").update(text).digest("hex"));
    }
    const description = renderClusterJson(cluster, captured, sums, this.documents, this.name);
    return files.set(CLUSTER_JSON, withHeader(CLUSTER_JSON, description));
  }

  /** The emitted regions of the owner's documents, by their paths relative to the folder. */
  private regions(cluster: Cluster): Map<string, string> {
    const text = withHeader(README, renderNodeRegion(cluster));
    return new Map(this.documents.map((document) => [relative(this.folder, document), text]));
  }

  private checkDocument(document: string): void {
    const why = pathProblem(document) ?? (document.endsWith(".md") ? undefined : "");
    if (why !== undefined) {
      this.faults.addInvalid(
        "documents",
        `Markdown files of this project, such as k8s/README.md${why}`,
        document,
      );
    } else if (!relative(this.folder, document).startsWith("..")) {
      this.faults.add(
        "documents",
        `${document} is in ${this.folder}/, which is only for emitted files; move it`,
      );
    }
  }

  /** Directories whose hardware configuration was captured from the host. */
  private captured(cluster: Cluster): Set<string> {
    const directories = cluster.nodes.map((node) => node.directory);
    const isCaptured = (directory: string): boolean =>
      capturedFrom(textOf(join(this.folder, directory, HARDWARE_CONFIGURATION))) !== undefined;
    return new Set(directories.filter(isCaptured));
  }

  private lastPlaces(): LastPlaces {
    const { text, json } = this.recorded();
    const known = (json?.nodes ?? []).filter(isRecordedNode).filter(isRecordedPlace);
    return {
      places: new Map(known.map(({ vmId, vm }) => [vmId, vm.pveNode])),
      isReadable: text === "" || json !== undefined,
    };
  }

  private last(): { nodes: readonly RecordedNode[]; files: readonly string[] } {
    const { json } = this.recorded();
    return { nodes: (json?.nodes ?? []).filter(isRecordedNode), files: Object.keys(json?.files ?? {}) };
  }

  /** What the last synth wrote. */
  private recorded(): { readonly text: string; readonly json: ReturnType<typeof parseClusterJson> } {
    const text = textOf(join(this.folder, CLUSTER_JSON));
    return { text, json: parseClusterJson(text) };
  }
}

/** What was done; of a check, which finds nothing to do, that nothing was. */
const reportOf = (plans: readonly EmissionPlan[]): EmissionReport => ({
  folders: plans.map(({ folder }) => folder),
  written: plans.flatMap(({ folder, writes }) => writes.map(({ path }) => shownPath(folder, path))),
  removed: plans.flatMap(({ folder, removals }) => removals.map((path) => shownPath(folder, path))),
});

function mustBeFresh(plans: readonly EmissionPlan[]): void {
  const stale = plans.map(describeStale).filter(Boolean);
  if (stale.length > 0) throw new UserError("stale", stale.join("\n\n"));
}

/** Modules that no host would import. */
const unnameable = (folder: string, { unnameable: paths }: SharedModules): string[] =>
  paths.map(
    (path) =>
      `${folder}/${path} has a name that no Nix path can have; rename it to letters, digits, . _ + and -`,
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
