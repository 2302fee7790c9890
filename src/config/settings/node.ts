import type * as z from "zod";
import { ipv4Address } from "./cidr";
import { describeActual } from "../fault";
import { GROUPS } from "../names";
import { group, checkedText, multilineText, list, matching, text, textMap, integer, boolean } from "./kinds";
import { macAddress } from "./mac-address";
import { NixosSchema } from "./nixos";
import { VmSchema } from "./vm";

/** Construct ids become Terraform names and folder names, so they must be valid as both. */
export const CONSTRUCT_ID = {
  pattern: /^[a-z][a-z0-9_-]*$/,
  expected: "lower-case letters, digits, - and _, starting with a letter",
};

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_WISH = "an RFC 1123 label: 1 to 63 of a-z, 0-9 and -";

const hostname = (example: string) =>
  checkedText(
    (name) => {
      if (!LABEL.test(name)) return `should be ${LABEL_WISH}${describeActual(name)}`;
      if (name === "localhost")
        return `is ${name}, by which every host means itself; give it a name of its own`;
      return GROUPS.has(name)
        ? `is ${name}, by which a rollout means every ${GROUPS.get(name)} (--on ${name}); give it a name of its own`
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

/** Form of a label key, which `texts` does not check. */
export const LABEL_KEY = new RegExp(`^${DOMAIN}${NAME}$`);

export const NodeSchema = VmSchema.extend({
  /** RFC 1123 label in lower case, as Kubernetes requires of a node name; also the VM's name. */
  hostname: hostname("mizar"),
  /** PVE VM ID. */
  vmId: integer(100, 999_999_999, { example: 136 }),
  /** IPv4 address of the node. @default - the address in the node network whose host number is the VM ID */
  ipv4Address: ipv4Address("192.0.2.36").optional(),
  /** MAC address of the first network interface. @default - derived from `network.macAddressBase` */
  macAddress: macAddress().optional(),
  /** Notes of the VM in PVE, in Markdown. @default - the template's */
  description: multilineText("# K3s agent", { most: DESCRIPTION_LENGTH, whose: "PVE" }).optional(),
  /** Folder of the host's files. @default - the construct id */
  directory: matching(/^[a-z0-9][a-z0-9_-]*$/, "one folder name in lower case", "k3s-agent-1").optional(),
  /**
   * Former construct id of the node. A `moved` block moves its VM to the new Terraform name in the state.
   * @default - none
   */
  formerId: matching(CONSTRUCT_ID.pattern, CONSTRUCT_ID.expected, "k3s-agent-1").optional(),
  /** Labels of the Kubernetes node. K3s sets them when the node first joins. @default - none */
  nodeLabels: textMap(matching(new RegExp(`^(${NAME})?$`), "at most 63 letters, digits, - _ and .", "ssd"), {
    disk: "ssd",
  }).default({}),
  /** Taints of the Kubernetes node. K3s sets them when the node first joins. @default - none */
  nodeTaints: list(
    matching(
      TAINT,
      "key=value:Effect with NoSchedule, PreferNoSchedule or NoExecute",
      "dedicated=db:NoSchedule",
    ),
    ["dedicated=db:NoSchedule"],
  ).default([]),
  /** Additional K3s flags of this node. @default - none */
  k3sFlags: list(text("--kubelet-arg=max-pods=50"), ["--kubelet-arg=max-pods=50"]).default([]),
  /** NixOS settings of this host, which override the cluster's. @default - none */
  nixos: group(NixosSchema.partial().shape, { networkInterface: "ens19" }).readonly().optional(),
});

/** One node: its identity, and VM settings that override the cluster's. */
export interface NodeSettings extends Readonly<z.input<typeof NodeSchema>> {}

export const ServerSchema = NodeSchema.extend({
  /** This server initializes the cluster and the others join it. @default - true for an only server */
  clusterInit: boolean().optional(),
});

/** A node that runs the control plane and a member of etcd. */
export interface ServerSettings extends Readonly<z.input<typeof ServerSchema>> {}

/** A node that runs pods but no control plane. */
export interface AgentSettings extends NodeSettings {}

export type Role = "server" | "agent";
