import {
  coversNetwork,
  hostAddress,
  macAddressAfter,
  parseAnyNetwork,
  parseNetwork,
  type Network,
} from "../../src/config/address";

const network = (cidr: string): Network => parseNetwork(cidr) as Network;

describe("the address with a host number", () => {
  test.each<[string, number, string | undefined]>([
    ["172.22.0.0/24", 134, "172.22.0.134"],
    ["10.0.0.0/16", 300, "10.0.1.44"],
    ["172.22.0.128/25", 126, "172.22.0.254"],
    ["172.22.0.0/24", 0, undefined],
    ["172.22.0.0/24", 255, undefined],
    ["172.22.0.0/24", 256, undefined],
    ["172.22.0.0/24", 1.5, undefined],
    ["172.22.0.0/31", 1, undefined],
    ["172.22.0.0/32", 0, undefined],
  ])("of %s and %d is %s", (cidr, hostNumber, address) => {
    expect(hostAddress(network(cidr), hostNumber)).toBe(address);
  });
});

describe("a network", () => {
  const any = (cidr: string): Network => parseAnyNetwork(cidr) as Network;

  test.each<[string, string[], boolean]>([
    ["10.0.0.0/24", ["10.0.0.0/24"], true],
    ["10.0.0.0/24", ["9.0.0.0/8", "10.0.0.0/16"], true],
    ["10.0.0.0/24", ["10.0.0.128/25", "10.0.0.0/25"], true],
    ["10.0.0.0/24", ["10.0.0.0/26", "10.0.0.0/25", "10.0.0.128/25"], true],
    ["10.0.0.0/24", ["10.0.0.0/25", "10.0.0.0/26", "10.0.0.128/25"], true],
    ["10.0.0.0/24", ["10.0.0.0/25", "10.0.0.192/26"], false],
    ["10.0.0.0/30", ["10.0.0.0/31", "10.0.0.3/32"], false], // all but one
    ["10.0.0.0/24", ["10.0.0.1/32"], false],
    ["10.0.0.0/24", ["10.0.0.0/25"], false],
    ["10.0.0.0/24", [], false],
    ["10.0.0.0/24", ["::/0"], false],
    ["fd00:22::/64", ["fd00::/16"], true],
    ["fd00:22::/64", ["0.0.0.0/0"], false],
  ])("%s is covered by %j: %s", (cidr, networks, covered) => {
    expect(coversNetwork(networks.map(any), any(cidr))).toBe(covered);
  });

  test.each(["10.0.0.0", "fd00::", "10.0.0.0/33", "fd00::/129", "fd00::1::/64", "fd00::/64%eth0", "x/8", 8])(
    "%s is not a network",
    (text) => {
      expect(parseAnyNetwork(text)).toBeUndefined();
    },
  );
});

describe("a MAC address counted from another", () => {
  test.each<[string, number, string | undefined]>([
    ["BC:24:11:B3:ED:01", 0, "BC:24:11:B3:ED:01"],
    ["bc:24:11:b3:ed:ff", 1, "BC:24:11:B3:EE:00"],
    ["BC:24:11:B3:ED:01", -34, "BC:24:11:B3:EC:DF"],
    ["BC:24:11:FF:FF:FF", 1, undefined],
    ["BC:24:11:00:00:00", -1, undefined],
    ["01:24:11:00:00:00", 1, undefined],
    ["BC:24:11:B3:ED:01", 0.5, undefined],
  ])("%s by %d is %s", (base, offset, address) => {
    expect(macAddressAfter(base, offset)).toBe(address);
  });
});
