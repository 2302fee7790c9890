/** Finds new VMs that are not at their own addresses yet: a clone gets its static address only in its first rollout. */
import * as z from "zod";
import { parseJson } from "../base/json";
import { parseAddress, parseNetwork, contains } from "../config/address";
import type { Node } from "../config/model";

/** Addresses of nodes, by hostname, at which to try them. */
export type FindAddresses = (nodes: readonly Node[]) => Promise<ReadonlyMap<string, string>>;

/** The parts of OpenTofu's state (version 4) and of the provider's VM that are read here. */
const STATE = z.object({
  resources: z.array(
    z.object({ type: z.string(), instances: z.array(z.object({ attributes: z.unknown() })) }),
  ),
});
const VM = z.object({
  vm_id: z.number(),
  mac_addresses: z.array(z.string()),
  ipv4_addresses: z.array(z.array(z.string())),
});

/**
 * The address of each node's own interface, as its guest agent reported it when OpenTofu last read the VM.
 *
 * @param states - as `tofu state pull` prints them
 */
export function reportedAddresses(states: readonly string[], nodes: readonly Node[]): Map<string, string> {
  const vms = states.flatMap(vmsIn);
  return new Map(
    nodes.flatMap((node): [string, string][] => {
      const vm = vms.find(({ vm_id }) => vm_id === node.vmId);
      const at = vm?.mac_addresses.findIndex((mac) => mac.toUpperCase() === node.macAddress) ?? -1;
      const address = vm?.ipv4_addresses[at]?.find((each) => isReachable(each) && each !== node.ipv4Address);
      return address === undefined ? [] : [[node.hostname, address]];
    }),
  );
}

function vmsIn(text: string): z.output<typeof VM>[] {
  const { data } = STATE.safeParse(parseJson(text));
  return (data?.resources ?? [])
    .filter(({ type }) => type === "proxmox_virtual_environment_vm")
    .flatMap(({ instances }) => instances.flatMap(({ attributes }) => VM.safeParse(attributes).data ?? []));
}

const UNREACHABLE = ["127.0.0.0/8", "169.254.0.0/16"].flatMap((cidr) => parseNetwork(cidr) ?? []);

function isReachable(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && !UNREACHABLE.some((network) => contains(network, address));
}
