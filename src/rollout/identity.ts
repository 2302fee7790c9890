import { npmRun } from "../base/command-line";
import { guestInterfaces } from "../config/guest-network";
import type { Node } from "../config/model";
import { EMPTY_TEMPLATE } from "../config/template-vm";
import { capturedFrom } from "../emit/header";
import { HARDWARE } from "./description";
import { interfacesWith, type Facts } from "./facts";
import { rootDevice } from "./hardware";
import type { Host } from "./host";

/** A host and what it reports. */
export interface HostState {
  readonly host: Host;
  readonly facts: Facts;
}

/** Why a machine is not the one in the model. Nothing is written to such a machine. */
export function identityFaults({ host, facts }: HostState): string[] {
  const { node } = host;
  const hardware = host.files.get(HARDWARE) ?? "";
  const device = rootDevice(hardware) ?? "";
  const uuid = /^\/dev\/disk\/by-uuid\/(.+)$/.exec(device)?.[1];
  return [
    ...macAddressFaults(node, facts),
    ...(facts.firmware !== node.nixos.firmware
      ? [
          `it was booted by ${facts.firmware}, but nixos.firmware is ${node.nixos.firmware}: it would not boot again`,
        ]
      : []),
    ...(facts.rootDeviceExists
      ? []
      : [
          `${device} of its ${HARDWARE} does not exist there (/ is ${facts.rootSource}, UUID ${facts.rootUuid}): it would not boot. ` +
            `Run ${npmRun(`rollout -- capture ${node.hostname}`)}`,
        ]),
    ...(facts.rootDeviceExists && uuid !== undefined && facts.rootUuid !== "" && facts.rootUuid !== uuid
      ? [
          `its root filesystem is ${facts.rootUuid}, but its ${HARDWARE} names ${uuid}. Run ${npmRun(`rollout -- capture ${node.hostname}`)}`,
        ]
      : []),
    ...(capturedFrom(hardware) === undefined || capturedFrom(hardware) === node.hostname
      ? []
      : [`its ${HARDWARE} was captured from ${capturedFrom(hardware)}`]),
  ];
}

/** The interface gets its name from the new configuration, so that only its MAC address counts. */
function macAddressFaults(node: Node, facts: Facts): string[] {
  if (interfacesWith(facts, node.macAddress).length > 0) return [];
  const there = [...facts.interfaces]
    .filter(([name]) => name !== "lo")
    .map(([name, address]) => `${name} with ${address}`);
  return [
    `no network interface of the machine at ${node.ipv4Address} has MAC address ${node.macAddress}, ${node.hostname}'s ` +
      `(it has ${there.join(", ") || "none"}): it is another machine`,
  ];
}

/** An interface that is found by its MAC address, with the name that it is to have. */
export interface NamedInterface {
  readonly name: string;
  readonly macAddress: string;
}

/** The node's own interface and the further ones, without VLANs, which the host creates. */
export const namedInterfaces = (node: Node): NamedInterface[] => [
  { name: node.nixos.networkInterface, macAddress: node.macAddress },
  ...guestInterfaces(node).filter(({ parent }) => parent === undefined),
];

/** Faults for further interfaces that the machine does not have: its boot would wait for them. */
export const missingInterfaces = ({ host, facts }: HostState): string[] =>
  namedInterfaces(host.node)
    .slice(1)
    .filter(({ macAddress }) => interfacesWith(facts, macAddress).length === 0)
    .map(
      ({ name, macAddress }) =>
        `its VM has no network interface with MAC address ${macAddress}, which main.ts names ${name}: run ${npmRun("apply")} first`,
    );

/**
 * Faults for a machine-id or an SSH host key that a host shares with others. A machine-id is only the host's claim. Keys count
 * only if a host has proven to own them, since anybody can present the public half of another's.
 */
export function sharedIdentity(state: HostState, all: readonly HostState[]): string[] {
  const others = all.filter(({ host }) => host !== state.host);
  const sameId = others.filter(
    ({ facts }) => facts.machineId !== "" && facts.machineId === state.facts.machineId,
  );
  const own = state.host.provenKeys();
  const sameKeys = others.filter(({ host }) => host.provenKeys().some((key) => own.includes(key)));
  const names = (shared: readonly HostState[]): string => shared.map(({ host }) => host.name).join(", ");
  return [
    ...(sameId.length > 0 ? [`its machine-id is also that of ${names(sameId)}`] : []),
    ...(sameKeys.length > 0 ? [`it has an SSH host key of ${names(sameKeys)}`] : []),
  ];
}

export const HOW_TO_EMPTY_THE_TEMPLATE =
  "The template was not cleaned before it was cloned. Run in the template: " +
  `${EMPTY_TEMPLATE.join("; ")}. For an existing clone: --regenerate-identity`;

/** Gives a host a new machine-id and new SSH host keys, and pins the keys. */
export async function regenerateIdentity({ host }: HostState): Promise<void> {
  const report = await host.log.step(host.name, "new machine-id and SSH host keys", () =>
    host.call("identity", {}),
  );
  host.pin(report.all("host_key"));
}
