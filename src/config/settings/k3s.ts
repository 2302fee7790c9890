import type * as z from "zod";
import { formatValue } from "../fault";
import { boolean, choice, group, integer, list, matching, text } from "./kinds";
import { RegistrySchema } from "./registry";
import { PortRangeSchema, PublishedPortsSchema } from "./ports";
import { secretFile } from "./secret-file";
import { SnapshotsSchema } from "./snapshots";

const percent = (example: number) => integer(1, 99, { unit: "percent", example });

export const ImageGcSchema = group(
  {
    /** The kubelet deletes unused images when the disk is fuller than this. */
    highPercent: percent(70),
    /** It deletes them until the disk is no fuller than this; less than `highPercent`. */
    lowPercent: percent(60),
  },
  { highPercent: 70, lowPercent: 60 },
).superRefine((percents, context) => {
  // Otherwise the kubelet does not start (kubernetes, pkg/kubelet/apis/config/validation/validation.go).
  if (percents.lowPercent < percents.highPercent) return;
  const message = `should have a 'lowPercent' below 'highPercent', got ${formatValue(percents)}`;
  context.addIssue({ code: "custom", message });
});

/** When the kubelet deletes images that no pod uses. */
export interface ImageGcSettings extends Readonly<z.input<typeof ImageGcSchema>> {}

const REGION = "a name of at most 63 letters, digits, - _ and .";

const MANIFEST = "manifests/metallb.yaml";

const flags = (example: string) => list(text(example), [example]);

export const K3sSchema = group(
  {
    /**
     * Absolute path, on the hosts, of the file with the join token. The file is delivered apart from NixOS
     * and K3s waits for it; the token itself is never part of this project.
     */
    tokenFile: secretFile("/var/lib/k3s-secrets/token"),
    /**
     * The same for a token of the agents' own, with which no machine joins as a server. Servers have both files, agents only
     * this one. A plain word, and not K3s' long form, which K3s takes for a part of the password here.
     * @default - agents join with the servers' token
     */
    agentTokenFile: secretFile("/var/lib/k3s-secrets/agent-token").optional(),
    /** Run K3s' bundled ingress controller, Traefik. */
    traefik: boolean(),
    /** Run K3s' bundled load balancer (ServiceLB) on ports 80 and 443 of every host, and open them in the firewall. */
    serviceLb: boolean(),
    /** Attribute of `pkgs` for K3s; pins a minor version. @default "k3s" */
    package: matching(/^k3s(_\d+_\d+)?$/, "an attribute such as k3s_1_34", "k3s_1_34").default("k3s"),
    /**
     * How pods of two hosts reach each other: `vxlan`, which trusts everyone who can forge a node's IPv4 and MAC address on the
     * node network; `host-gw`, the same without a tunnel; `wireguard-native`, which trusts nobody without a key.
     * @default "vxlan"
     */
    flannelBackend: choice("vxlan", "host-gw", "wireguard-native").default("vxlan"),
    /** K3s' embedded registry, by which nodes take images of the `registries` from each other. @default false */
    embeddedRegistry: boolean().default(false),
    /**
     * Name of your Proxmox VE as a region of Kubernetes. New nodes get `proxmox://<region>/<VM ID>` as their provider ID, which
     * storage drivers for Proxmox VE need and which Kubernetes never changes; all nodes get the region, and the name of their
     * PVE node as their zone, as the labels `topology.kubernetes.io/region` and `topology.kubernetes.io/zone`.
     * @default - no labels, and K3s' own provider ID `k3s://<hostname>`
     */
    pveRegion: matching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, REGION, "home").optional(),
    /**
     * Registries with mirrors, on every host as `/etc/rancher/k3s/registries.yaml`. For a registry that needs a password, deliver
     * a file of your own and name it with `--private-registry` in `serverFlags` and `agentFlags`. @default - none
     */
    registries: list(RegistrySchema.readonly(), [{ registry: "docker.io" }]).default([]),
    /** Node port range. @default `{ from: 30000, to: 32767 }` */
    nodePorts: PortRangeSchema.readonly().default({ from: 30_000, to: 32_767 }),
    /**
     * Ports of load balancers and host ports of pods that the LAN may reach on every host, in addition to 80 and 443.
     * @default - none
     */
    exposedPorts: list(PublishedPortsSchema.readonly(), [{ protocol: "tcp", from: 8443, to: 8443 }]).default(
      [],
    ),
    /** Serve the kubelet's unauthenticated read-only port 10255 to the other nodes; off in K3s. @default false */
    kubeletReadOnlyPort: boolean().default(false),
    /** How full the disk with K3s' data may be before unused images are deleted. @default - the kubelet's: 85 and 80 */
    imageGc: ImageGcSchema.readonly().optional(),
    /** Snapshots of etcd that every server takes. @default - K3s' own: at 00:00 and 12:00, five kept on its own disk */
    snapshots: SnapshotsSchema.readonly().optional(),
    /**
     * Files with objects of Kubernetes as YAML, by their paths from the folder of `main.ts`. After a rollout has verified the cluster, it
     * applies them. @default - none
     */
    manifests: list(
      matching(/\.(ya?ml|json)$/, "the path of a YAML file, from the folder of main.ts", MANIFEST),
      [MANIFEST],
      { most: 64 },
    ).optional(),
    /** Additional flags of `k3s server`. @default - none */
    serverFlags: flags("--disable=metrics-server").default([]),
    /** Additional flags of `k3s agent`. @default - none */
    agentFlags: flags("--kubelet-arg=max-pods=50").default([]),
  },
  { tokenFile: "/var/lib/k3s-secrets/token", traefik: true, serviceLb: true },
);

/** Settings of K3s. */
export interface K3sSettings extends Readonly<z.input<typeof K3sSchema>> {}
