import { readFileSync } from "node:fs";
import {
  Annotations,
  Lazy,
  LocalBackend,
  TerraformBackend,
  TerraformLocal,
  TerraformOutput,
  TerraformStack,
  type IResolvable,
} from "cdktf";
import { Construct } from "constructs";
import { DataProxmoxVirtualEnvironmentContainers } from "../.gen/providers/proxmox/data-proxmox-virtual-environment-containers";
import { DataProxmoxVirtualEnvironmentVms } from "../.gen/providers/proxmox/data-proxmox-virtual-environment-vms";
import type { VirtualEnvironmentVm } from "../.gen/providers/proxmox/virtual-environment-vm";
import { ProxmoxProvider } from "../.gen/providers/proxmox/provider";
import { isHa } from "../src/config/ha";
import type { LastPlaces } from "../src/config/pve";
import { resolveCluster, resolveCommon } from "../src/config/cluster";
import { faultsBetweenClusters } from "../src/config/clusters";
import { describeFaults, Faults, withNews, type Fault } from "../src/config/fault";
import { terraformAddress, type Cluster, type Common, type Node } from "../src/config/model";
import type { NamedCluster } from "../src/config/named-cluster";
import { HOSTS_FOLDER } from "../src/config/names";
import { policyFaults } from "../src/firewall/policy";
import { resolveNode } from "../src/config/node";
import { validateSettings } from "../src/config/validation";
import {
  ClusterSchema,
  NodeSchema,
  ServerSchema,
  type ClusterSettings,
  type Role,
  type ServerSettings,
} from "../src/config/settings";
import { isExampleKey } from "../src/config/ssh-keys";
import { readManifests } from "../src/emit/kubernetes-manifests";
import { keepApart, type HaVm } from "./high-availability";
import { constructsBefore } from "./constructs-before";
import { tokenFaults, variablesIn, withReferences } from "../src/provider/tokens";

export type { ClusterSettings as K3sClusterProps };

/**
 * State path for stacks without a backend, relative to the stack's folder. It is outside of `cdktf.out`, since the CLI
 * deletes the folder of a renamed stack. It follows the folder of the hosts, and neither the stack's name nor its place in the app: those
 * may change, and a state that is looked for elsewhere is an empty one.
 */
const statePath = (folder: string): string =>
  `../../../state/${folder === HOSTS_FOLDER ? "terraform" : folder}.tfstate`;

/** A rollout would refuse such files; here it is said before anything is made. */
const manifestFaults = ({ k3s: { manifests = [] } }: Common): Fault[] =>
  readManifests(manifests).faults.map(({ file, problem }) => ({
    nodes: [],
    setting: "k3s.manifests",
    message: `'k3s.manifests' ${file} ${problem}`,
  }));

/**
 * A K3s cluster: the settings that all nodes share, and the registry of its nodes. At most one in a stack.
 *
 * The stack's state is in `state/` of the project, for a further cluster by the folder of its `HostFiles`. To keep it elsewhere, construct
 * a backend such as CDKTF's `S3Backend` before the cluster. The Proxmox provider reads `PROXMOX_VE_ENDPOINT` and `PROXMOX_VE_API_TOKEN`.
 */
export class K3sCluster extends Construct {
  /**
   * The cluster that contains a scope.
   *
   * @throws Error if there is none
   */
  public static of(scope: Construct): K3sCluster {
    const cluster = scope.node.scopes.reverse().find((construct) => construct instanceof K3sCluster);
    if (cluster === undefined)
      throw new Error(`${scope.node.path}: nodes and HostFiles must be inside a K3sCluster`);
    return cluster;
  }

  /** The generated provider of the stack, for arguments that do not come from the environment. */
  public readonly provider: ProxmoxProvider;

  /**
   * The stack's `moved` blocks, for nodes with a `formerId`.
   *
   * @internal
   */
  public readonly moves: IResolvable;

  private readonly settings: ClusterSettings;
  private readonly common: Common;
  private readonly nodes: Node[] = [];
  /** By the node's own Terraform name, for which an owner may state another. */
  private readonly vms = new Map<string, VirtualEnvironmentVm>();
  /** In the order in which they were constructed. */
  private readonly haServers: { readonly vmId: number; readonly ha: HaVm }[] = [];
  /** Cached for the nodes so far, since several callers need it, and it is slow with a thousand nodes. */
  private resolved?: { readonly cluster: Cluster; readonly faults: readonly Fault[] };
  private faults: readonly Fault[];
  private lastPlaces?: () => LastPlaces;
  /** Of its `HostFiles`. @default - it has none */
  private folder?: string;
  /** The default backend, unless the stack has its own. */
  private readonly state?: LocalBackend;

  /**
   * Invalid settings do not throw: validation reports all faults of the cluster and its nodes together.
   *
   * @param scope - the stack, or a construct in it
   */
  public constructor(scope: Construct, id: string, props: ClusterSettings) {
    super(scope, id);
    const shape = new Faults();
    const groups = { network: {}, k3s: {}, nixos: {}, vm: {} };
    this.settings = { ...groups, ...validateSettings(props, ClusterSchema, shape) };
    const keys = this.authorizedKeys();
    const { common, faults } = resolveCommon(this.settings, keys.text);
    this.common = common;
    const known = withNews(tokenFaults(this.settings, [], this.stack), shape.all);
    const first = withNews(known, keys.faults);
    this.faults = withNews(withNews(first, faults), manifestFaults(common));
    this.node.addValidation({ validate: () => describeFaults(this.everyFault()) });
    this.warnOfExampleKey();

    if (!this.stack.node.children.some((child) => TerraformBackend.isBackend(child))) {
      this.state = new LocalBackend(this.stack, {
        path: Lazy.stringValue({ produce: () => this.statePath }),
      });
    }
    this.provider = new ProxmoxProvider(this, "Provider", {});
    this.moves = Lazy.anyValue({ produce: () => movesOf(this.nodes.map((node) => this.asStated(node))) });
    this.addInventory();
    const endpoint = new TerraformOutput(this, "ApiEndpoint", { value: this.common.apiEndpoint });
    endpoint.overrideLogicalId("api_endpoint");
  }

  /**
   * Resolves the whole cluster, its faults, and the OpenTofu variables that its VMs' settings use.
   *
   * @internal
   */
  public resolve(): { cluster: Cluster; faults: Fault[]; variables: string[] } {
    const { cluster } = this.resolveNodes();
    // Only a VM's settings may contain tokens; `tokenFaults` refuses them elsewhere.
    const nodes = cluster.nodes.map((node) => ({
      ...this.asStated(node),
      vm: withReferences(node.vm, this.stack),
    }));
    const variables = variablesIn(
      cluster.nodes.map(({ vm }) => vm),
      this.stack,
    );
    return { cluster: { ...cluster, nodes }, faults: this.everyFault(), variables };
  }

  /**
   * Has VMs stay where they were; only `HostFiles` calls it, which emits the file that says so.
   *
   * @internal
   */
  public remember(lastPlaces: () => LastPlaces): void {
    this.lastPlaces = lastPlaces;
    this.resolved = undefined;
  }

  private everyFault(): Fault[] {
    const own = withNews(this.faults, this.resolveNodes().faults);
    return [...withNews(own, this.faultsBetween()), ...this.rivals()];
  }

  private faultsBetween(): Fault[] {
    const before = constructsBefore<K3sCluster>(this, K3sCluster);
    const others = before.filter(({ stack }) => stack !== this.stack).map(({ named }) => named);
    return faultsBetweenClusters(others, this.named);
  }

  private get named(): NamedCluster {
    const { cluster } = this.resolveNodes();
    return { name: this.stack.node.id, cluster, pveEndpoint: this.provider.endpoint };
  }

  private resolveNodes(): { readonly cluster: Cluster; readonly faults: readonly Fault[] } {
    if (this.resolved === undefined) {
      const { cluster, faults } = resolveCluster(this.common, this.nodes, {
        allowEvenServerCount: this.settings.allowEvenServerCount,
        templateVmId: this.settings.vm.templateVmId,
        // Read only where something is placed.
        lastPlaces: this.common.pve && this.lastPlaces?.(),
      });
      this.resolved = { cluster, faults: withNews(faults, policyFaults(cluster)) };
    }
    return this.resolved;
  }

  /**
   * Terraform addresses of the VMs of all servers constructed so far, sorted.
   *
   * @internal
   */
  public get serverAddresses(): string[] {
    return this.nodes
      .filter(({ role }) => role === "server")
      .map((node) => terraformAddress(this.asStated(node).terraformName))
      .sort();
  }

  /**
   * Registers a node; only `K3sNode` calls it. Values of the result may contain CDKTF tokens.
   *
   * @internal
   */
  public add(id: string, role: Role, settings: ServerSettings): Node {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a `.js` app has no type checks
    const name = [settings?.hostname || id];
    const shape = new Faults(name);
    const conformed = validateSettings(settings, role === "server" ? ServerSchema : NodeSchema, shape);
    const { node, faults } = resolveNode(id, role, conformed, this.settings);
    this.nodes.push(node);
    this.resolved = undefined;
    const first = withNews(tokenFaults(conformed, name, this.stack), shape.all);
    this.faults = withNews(this.faults, withNews(first, faults));
    return node;
  }

  /**
   * The node as its VM states it: where the cluster places nodes, its PVE node and template are known when the stack is written.
   *
   * @internal
   */
  public whenPlaced(node: Node): Node {
    if (this.common.pve === undefined) return node;
    const vm = (): Node["vm"] =>
      this.resolveNodes().cluster.nodes.find(({ id }) => id === node.id)?.vm ?? node.vm;
    return {
      ...node,
      vm: {
        ...node.vm,
        pveNode: Lazy.stringValue({ produce: () => vm().pveNode }),
        templateVmId: Lazy.numberValue({ produce: () => vm().templateVmId }),
        templatePveNode: Lazy.stringValue({ produce: () => vm().templatePveNode }),
      },
    };
  }

  /**
   * Registers a node's VM; only `K3sNode` calls it.
   *
   * @internal
   */
  public addVm({ terraformName }: Node, vm: VirtualEnvironmentVm): void {
    this.vms.set(terraformName, vm);
  }

  /**
   * Whether Proxmox VE's HA manager looks after the VMs of that role.
   *
   * @internal
   */
  public hasHa(role: Role): boolean {
    return isHa(this.common.pve, role);
  }

  /**
   * Registers such a VM; only `K3sNode` calls it.
   *
   * @internal
   */
  public addHa({ role, vmId }: Node, ha: HaVm): void {
    if (role === "server" && this.haServers.push({ vmId, ha }) === 2) keepApart(this, () => this.haServers);
  }

  /**
   * Registers the folder of its hosts; only `HostFiles` calls it.
   *
   * @internal
   */
  public addFolder(folder: string): void {
    this.folder ??= folder;
  }

  private get statePath(): string {
    return statePath(this.folder ?? HOSTS_FOLDER);
  }

  /** With the Terraform name that the VM has, which its owner may override until the stack is written. */
  private asStated(node: Node): Node {
    return {
      ...node,
      terraformName: this.vms.get(node.terraformName)?.friendlyUniqueId ?? node.terraformName,
    };
  }

  /** Other clusters of this app that would clash with this one in a stack or in a state file. */
  private rivals(): Fault[] {
    return constructsBefore<K3sCluster>(this, K3sCluster).flatMap((other) => {
      const paths = `${other.node.path} and ${this.node.path}`;
      if (other.stack === this.stack) {
        return [
          { nodes: [], setting: "cluster", message: `${paths} are in the same stack; give each its own` },
        ];
      }
      if (!other.state || !this.state || other.statePath !== this.statePath) return [];
      // Two HostFiles with one folder are a fault already.
      if (other.folder !== undefined && this.folder !== undefined) return [];
      const message = `${paths} would share a state file; give one of them HostFiles with a folder of its own, or construct a backend before it`;
      return [{ nodes: [], setting: "backend", message }];
    });
  }

  private get stack(): TerraformStack {
    return TerraformStack.of(this);
  }

  private authorizedKeys(): { text: string; faults: Fault[] } {
    const file = this.settings.authorizedKeysFile;
    const fault = (sentence: string): { text: string; faults: Fault[] } => {
      return { text: "", faults: [{ nodes: [], setting: "authorizedKeysFile", sentence }] };
    };
    if (!file) return fault("should be the path of a file, got nothing");
    // The value may be the keys themselves instead of a path, including a private one.
    if (/PRIVATE KEY/.test(file)) return fault("should be the path of a file; the value is not shown");
    try {
      return { text: readFileSync(file, "utf8"), faults: [] };
    } catch (error) {
      return fault(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    }
  }

  private warnOfExampleKey(): void {
    if (!this.common.authorizedKeys.some(isExampleKey)) return;
    Annotations.of(this).addWarning(
      `${this.settings.authorizedKeysFile} contains the example key, for which no private key exists. ` +
        "Replace it with your own key before the first deployment, or you cannot log in to new hosts",
    );
  }

  /** VMs and containers that exist in Proxmox VE, for the nodes' `<node>_exists` and their checks. */
  private addInventory(): void {
    new DataProxmoxVirtualEnvironmentVms(this, "Vms").overrideLogicalId("all");
    new DataProxmoxVirtualEnvironmentContainers(this, "Containers").overrideLogicalId("all");
    // Grouped (`...`), since PVE may list a VM twice during a migration, and duplicate keys would be an error.
    const names =
      "${{for vm in data.proxmox_virtual_environment_vms.all.vms : tostring(vm.vm_id) => vm.name...}}";
    new TerraformLocal(this, "VmNames", names).overrideLogicalId("vm_names");
    const containers =
      "${toset([for ct in data.proxmox_virtual_environment_containers.all.containers : tostring(ct.vm_id)])}";
    new TerraformLocal(this, "ContainerIds", containers).overrideLogicalId("container_ids");
  }
}

const movesOf = (nodes: readonly Node[]): { readonly from: string; readonly to: string }[] =>
  nodes
    .flatMap(({ formerTerraformName, terraformName }) =>
      formerTerraformName === undefined
        ? []
        : [{ from: terraformAddress(formerTerraformName), to: terraformAddress(terraformName) }],
    )
    .sort((a, b) => (a.to < b.to ? -1 : 1));
