import { Address4, Address6 } from "ip-address";

/** A network in canonical form, as numbers that compare. */
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
    return undefined; // the library has no other way to say no
  }
}

/** The network, or `undefined` for what is not an IPv4 CIDR. Host bits are allowed: see `cidr` of the result. */
export const parseNetwork = (text: unknown): Network | undefined =>
  isCidr(text) ? networkOf(4, parsed(Address4, text)) : undefined;

/** The network, or `undefined` for what is not an IPv4 or IPv6 CIDR. Host bits are allowed. */
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

/** The address as a number, or `undefined` for what is not a plain IPv4 address. */
export function parseAddress(text: unknown): bigint | undefined {
  if (typeof text !== "string" || text.includes("/")) return undefined;
  return parsed(Address4, text)?.bigInt();
}

export const contains = (network: Network, address: bigint): boolean =>
  network.first <= address && address <= network.last;

export const overlap = (a: Network, b: Network): boolean =>
  a.family === b.family && a.first <= b.last && b.first <= a.last;

/** Whether the networks hold every address of the network, one of them alone or several together. */
export function cover(networks: readonly Network[], network: Network): boolean {
  const inOrder = networks
    .filter((each) => overlap(each, network))
    .sort((a, b) => (a.first < b.first ? -1 : 1));
  let next = network.first; // the first address that was not found yet
  for (const { first, last } of inOrder) {
    if (first > next) return false;
    if (last >= next) next = last + 1n;
  }
  return next > network.last;
}

/** The address with that number in the network, or `undefined` where it is none that a host can have. */
export function hostAddress(network: Network, hostNumber: number): string | undefined {
  if (!Number.isSafeInteger(hostNumber)) return undefined;
  const address = network.first + BigInt(hostNumber);
  if (address <= network.first || address >= network.last) return undefined;
  return Address4.fromBigInt(address).correctForm();
}

const MAC_ADDRESS = /^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/i;

/** Six bytes, the first of them even: PVE refuses multicast addresses. */
export const isUnicastMac = (text: unknown): text is string =>
  typeof text === "string" && MAC_ADDRESS.test(text) && parseInt(text.slice(0, 2), 16) % 2 === 0;

/** `BC:24:11:B3:ED:01`: the form in which PVE stores and the provider compares. */
export const canonicalMac = (text: string): string => text.toUpperCase();

/** The MAC address that many after another, or `undefined` outside the 24 bits below its vendor's prefix. */
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

export const ofFamily = (family: 4 | 6, cidrs: readonly string[]): string[] =>
  cidrs.filter((cidr) => parseAnyNetwork(cidr)?.family === family);
