import type * as z from "zod";
import { ApiVipSchema } from "./api-vip";
import { FirewallSchema } from "./firewall";
import { K3sSchema } from "./k3s";
import { group, checkedText, boolean } from "./kinds";
import { LoadBalancerSchema } from "./load-balancer";
import { NetworkSchema } from "./network";
import { ClusterNixosSchema } from "./nixos";
import { PveSchema } from "./pve";
import { RolloutSchema } from "./rollout";
import { VmSchema } from "./vm";
import { describeActual } from "../fault";

const ENDPOINT = "a URL such as https://192.0.2.10:6443, without a path";

/** Also checked by a pattern, since the URL class repairs input that K3s would use unchanged. */
function objectionToEndpoint(url: string): string | undefined {
  const [matches, , port] = /^https:\/\/[a-z0-9]+([.-]+[a-z0-9]+)*(:\d{1,5})?$/.exec(url) ?? [];
  if (matches === undefined || !URL.canParse(url)) return `should be ${ENDPOINT}${describeActual(url)}`;
  // K3s would take 443 for it, which is hardly ever meant.
  return port === undefined
    ? `has no port${describeActual(url)}; write ${url}:6443, or ${url}:443 where that is meant`
    : undefined;
}

const KEYS_FILE = "the path of a file";

const objectionToKeysFile = (path: string): string | undefined =>
  /^\s*(ssh-|ecdsa-|sk-)\S+ +AAAA/.test(path)
    ? `should be ${KEYS_FILE} that holds the key, such as authorized_keys, got the key itself`
    : undefined;

export const ClusterSchema = group({
  /** Networks of the cluster, and which networks may reach it. */
  network: NetworkSchema.readonly(),
  /** URL by which agents and joining servers reach the Kubernetes API. @default - required, unless `apiVip` makes it */
  apiEndpoint: checkedText(objectionToEndpoint, ENDPOINT, "https://192.0.2.10:6443").optional(),
  /**
   * An address of the API's own, which a server holds while its API is ready and another takes over within 3 seconds. It becomes the
   * `apiEndpoint`. @default - none: agents join through `apiEndpoint`
   */
  apiVip: ApiVipSchema.readonly().optional(),
  /**
   * Addresses for services of the type LoadBalancer, and what gives them to services instead of K3s' ServiceLB.
   * @default - the nodes' own addresses, by ServiceLB where `k3s.serviceLb` is true
   */
  loadBalancer: LoadBalancerSchema.readonly().optional(),
  /** Settings of every VM; a node can override each of them. */
  vm: VmSchema.readonly(),
  /**
   * PVE nodes, and how the nodes without `pveNode` are placed on them. @default - each node states `pveNode`, and what a PVE node has
   * is not known
   */
  pve: PveSchema.readonly().optional(),
  /** NixOS settings of every host; a node can override each of them, but not `nixpkgs`. */
  nixos: ClusterNixosSchema.readonly(),
  /** Settings of K3s. */
  k3s: K3sSchema.readonly(),
  /** Traffic that the firewall allows. @default - what K3s needs */
  firewall: FirewallSchema.readonly().optional(),
  /** Where a rollout gets the join token, and where it builds. @default - you deliver the join token by other means, and each host builds */
  rollout: RolloutSchema.readonly().optional(),
  /** File of the operators' public SSH keys, in the format of `authorized_keys`. Operators log in as root. */
  authorizedKeysFile: checkedText(objectionToKeysFile, KEYS_FILE, "authorized_keys"),
  /** Allow an even number of servers, which tolerates no more failures than one server fewer. @default false */
  allowEvenServerCount: boolean().default(false),
});

/** What all nodes share. */
export interface ClusterSettings extends Readonly<z.input<typeof ClusterSchema>> {}
