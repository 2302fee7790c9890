import { hostAddress, macAddressAfter, parseNetwork, type Network } from "../../cluster/address";

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
