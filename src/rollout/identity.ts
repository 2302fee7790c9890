import { EMPTY_TEMPLATE } from "../config/template-vm";
import { capturedFrom } from "../emit/header";
import { HARDWARE } from "./description";
import type { Facts } from "./facts";
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
  const nic = node.nixos.networkInterface;
  const mac = facts.interfaces.get(nic);
  const there = [...facts.interfaces]
    .filter(([name]) => name !== "lo")
    .map(([name, address]) => `${name} ${address}`);
  const hardware = host.files.get(HARDWARE) ?? "";
  const device = rootDevice(hardware) ?? "";
  const uuid = /^\/dev\/disk\/by-uuid\/(.+)$/.exec(device)?.[1];
  return [
    ...(mac === undefined
      ? [
          `its network interface is not ${nic} but ${there.join(", ") || "missing"}: see nixos.networkInterface`,
        ]
      : []),
    ...(mac !== undefined && mac !== node.macAddress
      ? [
          `the machine at ${node.ipv4Address} has MAC address ${mac}, and ${node.hostname} has ${node.macAddress}: it is another machine`,
        ]
      : []),
    ...(facts.firmware !== node.nixos.firmware
      ? [
          `it was booted by ${facts.firmware}, but nixos.firmware is ${node.nixos.firmware}: it would not boot again`,
        ]
      : []),
    ...(facts.rootDeviceExists
      ? []
      : [
          `${device} of its ${HARDWARE} does not exist there (/ is ${facts.rootSource}, UUID ${facts.rootUuid}): it would not boot. ` +
            `Run npm run rollout -- capture ${node.hostname}`,
        ]),
    ...(facts.rootDeviceExists && uuid !== undefined && facts.rootUuid !== "" && facts.rootUuid !== uuid
      ? [
          `its root filesystem is ${facts.rootUuid}, but its ${HARDWARE} names ${uuid}. Run npm run rollout -- capture ${node.hostname}`,
        ]
      : []),
    ...(capturedFrom(hardware) === undefined || capturedFrom(hardware) === node.hostname
      ? []
      : [`its ${HARDWARE} was captured from ${capturedFrom(hardware)}`]),
  ];
}

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
