import { Address4, Address6 } from "ip-address";

/** A network in canonical form, with its bounds as numbers so that networks can be compared. */
export interface Network {
  readonly cidr: string;
  readonly family: 4 | 6;
  readonly prefixLength: number;
  readonly first: bigint;
  readonly last: bigint;
}

function parsed<T>(family: new (text: string) => T, text: unknown): T | undefined {
  try {
    return new family(text as string);
  } catch {
    return undefined; // the library reports invalid input only by throwing
  }
}

/** Parses an IPv4 CIDR; `undefined` for anything else. Host bits may be set: `cidr` of the result has them cleared. */
export const parseNetwork = (text: unknown): Network | undefined =>
  isCidr(text) ? networkOf(4, parsed(Address4, text)) : undefined;

/** Parses an IPv4 or IPv6 CIDR; `undefined` for anything else. Host bits may be set. */
export const parseAnyNetwork = (text: unknown): Network | undefined =>
  parseNetwork(text) ?? (isCidr(text) ? networkOf(6, parsed(Address6, text)) : undefined);

const isCidr = (text: unknown): text is string => typeof text === "string" && /^[\da-f.:]+\/\d+$/i.test(text);

function networkOf(family: 4 | 6, address: Address4 | Address6 | undefined): Network | undefined {
  if (address === undefined) return undefined;
  const start = address.startAddress();
  return {
    cidr: `${start.correctForm()}/${address.subnetMask}`,
    family,
    prefixLength: address.subnetMask,
    first: start.bigInt(),
    last: address.endAddress().bigInt(),
  };
}

/** Parses a plain IPv4 address to a number; `undefined` for anything else. */
export function parseAddress(text: unknown): bigint | undefined {
  if (typeof text !== "string" || text.includes("/")) return undefined;
  return parsed(Address4, text)?.bigInt();
}

export const contains = (network: Network, address: bigint): boolean =>
  network.first <= address && address <= network.last;

export const overlap = (a: Network, b: Network): boolean =>
  a.family === b.family && a.first <= b.last && b.first <= a.last;

/** Whether the networks together contain every address of the network. */
export function coversNetwork(networks: readonly Network[], network: Network): boolean {
  const inOrder = networks
    .filter((each) => overlap(each, network))
    .sort((a, b) => (a.first < b.first ? -1 : 1));
  let next = network.first; // the first address not yet covered
  for (const { first, last } of inOrder) {
    if (first > next) return false;
    if (last >= next) next = last + 1n;
  }
  return next > network.last;
}

/** The address with that host number in the network; `undefined` if a host cannot use it. */
export function hostAddress(network: Network, hostNumber: number): string | undefined {
  if (!Number.isSafeInteger(hostNumber)) return undefined;
  const address = network.first + BigInt(hostNumber);
  if (address <= network.first || address >= network.last) return undefined;
  return Address4.fromBigInt(address).correctForm();
}

/** The address in the CIDR whose host number is the VM ID; `undefined` if a host cannot use it. */
export const derivedAddress = (cidr: string, vmId: number): string | undefined => {
  const network = parseNetwork(cidr);
  return network && hostAddress(network, vmId);
};

const MAC_ADDRESS = /^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/i;

/** Six bytes, the first of them even: PVE refuses multicast addresses. */
export const isUnicastMac = (text: unknown): text is string =>
  typeof text === "string" && MAC_ADDRESS.test(text) && parseInt(text.slice(0, 2), 16) % 2 === 0;

/** Upper case, such as `BC:24:11:B3:ED:01`: PVE stores it so, and the provider compares it letter by letter. */
export const canonicalMac = (text: string): string => text.toUpperCase();

/** The MAC address at an offset from another; `undefined` if it leaves the 24 bits below the vendor prefix. */
export function macAddressAfter(base: string, offset: number): string | undefined {
  if (!isUnicastMac(base) || !Number.isSafeInteger(offset)) return undefined;
  const bytes = base.split(":");
  const low = parseInt(bytes.slice(3).join(""), 16) + offset;
  if (low < 0 || low > 0xffffff) return undefined;
  const digits = low.toString(16).padStart(6, "0");
  return canonicalMac(
    [...bytes.slice(0, 3), digits.slice(0, 2), digits.slice(2, 4), digits.slice(4)].join(":"),
  );
}

/**
 * The MAC address of a further interface: the node's, with the interface's index in the first byte, below the two bits that make it
 * a locally administered unicast address. `undefined` if there is none.
 *
 * @param index - from 1 to 31: a VM of PVE has at most 32 interfaces
 */
export function furtherMacAddress(nodeMacAddress: string, index: number): string | undefined {
  if (!isUnicastMac(nodeMacAddress) || index < 1 || index > 31) return undefined;
  const first = ((index << 2) | 0b10).toString(16).padStart(2, "0");
  return canonicalMac(`${first}${nodeMacAddress.slice(2)}`);
}

export const ofFamily = (family: 4 | 6, cidrs: readonly string[]): string[] =>
  cidrs.filter((cidr) => parseAnyNetwork(cidr)?.family === family);
