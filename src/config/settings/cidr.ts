import { parseAddress, parseAnyNetwork, parseNetwork, type Network } from "../address";
import { got } from "../fault";
import { judged } from "./kinds";

const IPV4 = "an IPv4 network such as 10.0.0.0/24";
const ANY = "an IPv4 or IPv6 network such as 10.0.0.0/24 or fd00:22::/64";

function objection(text: string, network: Network | undefined, wish: string): string | undefined {
  if (network === undefined) return `should be ${wish}${got(text)}`;
  return network.cidr === text ? undefined : `should be written as ${network.cidr}${got(text)}`;
}

/** An IPv4 network in canonical form. */
export const ipv4Cidr = (example: string) =>
  judged((text) => objection(text, parseNetwork(text), IPV4), IPV4, example).meta({
    pattern: "^\\d+\\.\\d+\\.\\d+\\.\\d+/\\d+$",
  });

/** What is wrong with the CIDR of a network of either family; `undefined` for nothing. */
export const objectionToCidr = (text: string): string | undefined =>
  objection(text, parseAnyNetwork(text), ANY);

/** A network of either family in canonical form. */
export const anyCidr = (example: string) =>
  judged(objectionToCidr, ANY, example).meta({ pattern: "^([\\d.]+|[\\da-f:.]+)/\\d+$" });

export const ipv4Address = (example: string) =>
  judged(
    (text) => (parseAddress(text) === undefined ? `should be an IPv4 address${got(text)}` : undefined),
    "an IPv4 address",
    example,
  ).meta({ format: "ipv4" });
