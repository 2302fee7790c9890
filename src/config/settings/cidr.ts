import { parseAddress, parseAnyNetwork, parseNetwork, type Network } from "../address";
import { describeActual } from "../fault";
import { checkedText } from "./kinds";

const IPV4 = "an IPv4 network such as 10.0.0.0/24";
const ANY = "an IPv4 or IPv6 network such as 10.0.0.0/24 or fd00:22::/64";

function problemWith(text: string, network: Network | undefined, expected: string): string | undefined {
  if (network === undefined) return `should be ${expected}${describeActual(text)}`;
  return network.cidr === text ? undefined : `should be written as ${network.cidr}${describeActual(text)}`;
}

/** The problem with an IPv4 CIDR; `undefined` if it is valid and in canonical form. */
export const ipv4CidrProblem = (text: string): string | undefined =>
  problemWith(text, parseNetwork(text), IPV4);

/** An IPv4 network in canonical form. */
export const ipv4Cidr = (example: string) =>
  checkedText(ipv4CidrProblem, IPV4, example).meta({
    pattern: "^\\d+\\.\\d+\\.\\d+\\.\\d+/\\d+$",
  });

/** The problem with an IPv4 or IPv6 CIDR; `undefined` if it is valid and in canonical form. */
export const cidrProblem = (text: string): string | undefined =>
  problemWith(text, parseAnyNetwork(text), ANY);

/** An IPv4 or IPv6 network in canonical form. */
export const anyCidr = (example: string) =>
  checkedText(cidrProblem, ANY, example).meta({ pattern: "^([\\d.]+|[\\da-f:.]+)/\\d+$" });

export const ipv4Address = (example: string) =>
  checkedText(
    (text) =>
      parseAddress(text) === undefined ? `should be an IPv4 address${describeActual(text)}` : undefined,
    "an IPv4 address",
    example,
  ).meta({ format: "ipv4" });
