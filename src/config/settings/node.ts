import type * as z from "zod";
import { ipv4Address } from "./cidr";
import { got } from "../fault";
import { group, judged, lines, list, matching, text, texts, whole, yesOrNo } from "./kinds";
import { macAddress } from "./mac-address";
import { NixosSchema } from "./nixos";
import { VmSchema } from "./vm";

/** Construct ids end up in Terraform names and folder names, so they keep to what both take. */
export const CONSTRUCT_ID = {
  pattern: /^[a-z][a-z0-9_-]*$/,
  wish: "lower-case letters, digits, - and _, a letter first",
};

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_WISH = "an RFC 1123 label: 1 to 63 of a-z, 0-9 and -";

const hostname = (example: string) =>
  judged(
    (name) => {
      if (!LABEL.test(name)) return `should be ${LABEL_WISH}${got(name)}`;
      return name === "localhost"
        ? `is ${name}, by which every host means itself; give it a name of its own`
        : undefined;
    },
    LABEL_WISH,
    example,
  ).meta({ pattern: LABEL.source });

/** Characters. Source: qemu-server, PVE/QemuServer.pm, `maxLength` of `description`. */
const DESCRIPTION_LENGTH = 8192;

const NAME = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
const DOMAIN = "([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?";
const TAINT = new RegExp(`^${DOMAIN}${NAME}(=(${NAME})?)?:(NoSchedule|PreferNoSchedule|NoExecute)$`);

/** Form of a label's key, which `texts` does not check. */
export const LABEL_KEY = new RegExp(`^${DOMAIN}${NAME}$`);

export const NodeSchema = VmSchema.extend({
  /** RFC 1123 label, in the lower case that Kubernetes wants of a node name; also the VM's name. */
  hostname: hostname("mizar"),
  /** PVE VM ID. */
  vmId: whole(100, 999_999_999, { example: 136 }),
  /** Address of the node. @default - the address of the node network whose host number is the VM ID */
  ipv4Address: ipv4Address("192.0.2.36").optional(),
  /** MAC address of the first network interface. @default - counted from the network's `macAddressBase` */
  macAddress: macAddress().optional(),
  /** Notes of the VM in PVE, as Markdown. @default - the template's */
  description: lines("# K3s agent", { most: DESCRIPTION_LENGTH, whose: "PVE" }).optional(),
  /** Folder of the host's files. @default - the construct id */
  directory: matching(/^[a-z0-9][a-z0-9_-]*$/, "one folder name in lower case", "k3s-agent-1").optional(),
  /**
   * Construct id that the node had before. A `moved` block carries its VM over to the new Terraform name.
   * @default - none
   */
  formerId: matching(CONSTRUCT_ID.pattern, CONSTRUCT_ID.wish, "k3s-agent-1").optional(),
  /** Labels of the Kubernetes node. K3s applies them when the node first joins. @default - none */
  nodeLabels: texts(matching(new RegExp(`^(${NAME})?$`), "at most 63 letters, digits, - _ and .", "ssd"), {
    disk: "ssd",
  }).default({}),
  /** Taints of the Kubernetes node. K3s applies them when the node first joins. @default - none */
  nodeTaints: list(
    matching(
      TAINT,
      "key=value:Effect with NoSchedule, PreferNoSchedule or NoExecute",
      "dedicated=db:NoSchedule",
    ),
    ["dedicated=db:NoSchedule"],
  ).default([]),
  /** Further K3s flags of this node. @default - none */
  k3sFlags: list(text("--kubelet-arg=max-pods=50"), ["--kubelet-arg=max-pods=50"]).default([]),
  /** What this host has that the cluster's NixOS settings have not. @default - nothing */
  nixos: group(NixosSchema.partial().shape, { networkInterface: "ens19" }).readonly().optional(),
});

/** One node: its identity, and what it has that the cluster's VMs have not. */
export interface NodeSettings extends Readonly<z.input<typeof NodeSchema>> {}

export const ServerSchema = NodeSchema.extend({
  /** This server founds the cluster and the others join it. @default - true for an only server */
  clusterInit: yesOrNo().optional(),
});

/** A node that serves the Kubernetes API and holds a member of etcd. */
export interface ServerSettings extends Readonly<z.input<typeof ServerSchema>> {}

export type AgentSettings = NodeSettings;

export type Role = "server" | "agent";
