import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  addCluster,
  agent,
  ALPHARD,
  FIVE_NODES,
  faultsOf,
  faultsOfMizar,
  faultsWith,
  HAMAL,
  MIZAR,
  REFERENCE,
  server,
  temporaryFolder,
  testApp,
  type TestNode,
} from "../fixture";

test("the reference cluster has no faults", () => {
  expect(faultsOf([ALPHARD, HAMAL, MIZAR])).toEqual([]);
});

test("three servers, one of which founds the cluster, have no faults", () => {
  expect(faultsOf(FIVE_NODES)).toEqual([]);
});

describe("what two nodes may not share", () => {
  test.each<[string, Partial<TestNode>, string]>([
    [
      "an IPv4 address",
      { ipv4Address: "172.22.0.135" },
      "'hamal' and 'mizar' both use 172.22.0.135 as 'ipv4Address'",
    ],
    [
      "a MAC address",
      { macAddress: "bc:24:11:b3:ed:02" },
      "'hamal' and 'mizar' both use BC:24:11:B3:ED:02 as 'macAddress'",
    ],
    [
      "a MAC address, also of further interfaces",
      { networkInterfaces: [{ bridge: "b" }, { bridge: "b", macAddress: "bc:24:11:b3:ed:02" }] },
      "'hamal' and 'mizar' both use BC:24:11:B3:ED:02 as 'macAddress'",
    ],
    ["a hostname", { hostname: "hamal" }, "'k3s-agent' and 'k3s-agent-1' both use hamal as 'hostname'"],
    ["a construct id", { id: "k3s-agent" }, "'hamal' and 'mizar' both use k3s-agent as 'construct id'"],
    ["a directory", { directory: "k3s-agent" }, "'hamal' and 'mizar' both use k3s-agent as 'directory'"],
    [
      "a Terraform name, also when ids differ only in - and _",
      { id: "k3s_agent" },
      "'hamal' and 'mizar' both use k3s_agent as 'Terraform name'",
    ],
  ])("%s", (_, mizar, message) => {
    expect(faultsOfMizar(mizar)).toEqual([message]);
  });

  test("nothing that is missing", () => {
    const nameless = [
      agent("a", undefined as unknown as string, 140),
      agent("b", undefined as unknown as string, 141),
    ];
    expect(faultsOf([ALPHARD, ...nameless]).join()).not.toContain("both use");
  });

  test("anything, by more than two", () => {
    const third = agent("k3s-agent-2", "alnair", 137, { ipv4Address: "172.22.0.135" });
    expect(faultsOf([ALPHARD, HAMAL, { ...MIZAR, ipv4Address: "172.22.0.135" }, third])).toEqual([
      "'hamal', 'mizar' and 'alnair' all use 172.22.0.135 as 'ipv4Address'",
    ]);
  });
});

const vm = REFERENCE.vm;
const disk = { interface: "scsi0", datastore: "d", sizeGib: 32 };

describe("a node's settings", () => {
  test.each<[string, Partial<TestNode>, string]>([
    [
      "an id that is no folder name",
      { id: "K3s/agent" },
      "'construct id' of 'mizar' should be lower-case letters, digits, - and _, a letter first, got 'K3s/agent'",
    ],
    [
      "an empty id",
      { id: "" },
      "'construct id' of 'mizar' should be lower-case letters, digits, - and _, a letter first, got ''",
    ],
    [
      "a hostname with _",
      { hostname: "mi_zar" },
      "'hostname' of 'mi_zar' should be an RFC 1123 label: 1 to 63 of a-z, 0-9 and -, got 'mi_zar'",
    ],
    ["a hostname of 64", { hostname: "m".repeat(64) }, "'hostname' of 'mmm"],
    [
      "a directory outside",
      { directory: "../mizar" },
      "'directory' of 'mizar' should be one folder name in lower case, got '../mizar'",
    ],
    [
      "a former id that is its own",
      { formerId: "k3s-agent-1" },
      "'formerId' of 'mizar' is k3s_agent_1, its own Terraform name",
    ],
    [
      "a former id that another bears",
      { formerId: "k3s-agent" },
      "'formerId' of 'mizar' is k3s_agent, the present or former Terraform name of 'hamal'",
    ],
    ["a malformed former id", { formerId: "K" }, "'formerId' of 'mizar' should be lower-case letters"],
    [
      "a VM ID below 100",
      { vmId: 99, ipv4Address: "172.22.0.9", macAddress: "BC:24:11:00:00:09" },
      "'vmId' of 'mizar' should be a whole number from 100 to 999999999, got 99",
    ],
    [
      "a VM ID above the largest",
      { vmId: 1_000_000_000, ipv4Address: "172.22.0.9", macAddress: "BC:24:11:00:00:09" },
      "'vmId' of 'mizar' should be a whole number from 100 to 999999999, got 1000000000",
    ],
    [
      "a VM ID that is no host number",
      { vmId: 300 },
      "'ipv4Address' of 'mizar' has to be stated: VM ID 300 is not a host number in 172.22.0.0/24",
    ],
    [
      "a VM ID whose host number is broadcast",
      { vmId: 255 },
      "'ipv4Address' of 'mizar' has to be stated: VM ID 255 is not a host number in 172.22.0.0/24",
    ],
    [
      "an address outside the network",
      { ipv4Address: "172.23.0.1" },
      "'ipv4Address' of 'mizar' should be in the node network 172.22.0.0/24, got '172.23.0.1'",
    ],
    [
      "the network's own address",
      { ipv4Address: "172.22.0.0" },
      "'ipv4Address' of 'mizar' is the address of the node network itself, 172.22.0.0",
    ],
    [
      "the broadcast address",
      { ipv4Address: "172.22.0.255" },
      "'ipv4Address' of 'mizar' is the node network's broadcast address, 172.22.0.255",
    ],
    [
      "no address",
      { ipv4Address: "172.22.0" },
      "'ipv4Address' of 'mizar' should be an IPv4 address, got '172.22.0'",
    ],
    [
      "a multicast MAC address",
      { macAddress: "01:24:11:B3:ED:03" },
      "'macAddress' of 'mizar' should be a unicast MAC address such as BC:24:11:00:00:01, got '01:24:11:B3:ED:03'",
    ],
    [
      "a malformed MAC address",
      { macAddress: "BC-24-11-B3-ED-03" },
      "'macAddress' of 'mizar' should be a unicast MAC address such as BC:24:11:00:00:01, got 'BC-24-11-B3-ED-03'",
    ],
    [
      "a VM ID too far for its MAC address",
      { vmId: 99_999_999, ipv4Address: "172.22.0.9" },
      "'macAddress' of 'mizar' has to be stated: VM ID 99999999 is too far from VM ID 134 of 'network.macAddressBase'",
    ],
    [
      "too little memory",
      { memoryMib: 63 },
      "'memoryMib' of 'mizar' should be a whole number of MiB from 64 to 268435456, got 63",
    ],
    [
      "a fraction of memory",
      { memoryMib: 1024.5 },
      "'memoryMib' of 'mizar' should be a whole number of MiB from 64 to 268435456, got 1024.5",
    ],
    [
      "a balloon above the memory",
      { memoryMib: 1024, balloonMib: 2048 },
      "'balloonMib' of 'mizar' should be a whole number of MiB from 0 to 1024, got 2048",
    ],
    ["no cores", { cores: 0 }, "'cores' of 'mizar' should be a whole number from 1 to 2304, got 0"],
    [
      "too many sockets",
      { sockets: 17 },
      "'sockets' of 'mizar' should be a whole number from 1 to 16, got 17",
    ],
    [
      "a CPU type with a space",
      { cpuType: "x86 64" },
      "'cpuType' of 'mizar' should be a CPU type of PVE, got 'x86 64'",
    ],
    [
      "CPU units above PVE's",
      { cpuUnits: 262_145 },
      "'cpuUnits' of 'mizar' should be a whole number from 1 to 262144, got 262145",
    ],
    [
      "an agent timeout of nothing",
      { agentTimeoutSeconds: 0 },
      "'agentTimeoutSeconds' of 'mizar' should be a whole number of seconds from 1 to 3600, got 0",
    ],
    ["no disk", { disks: [] }, "'disks' of 'mizar' should be at least the template's disk, got []"],
    [
      "a disk of nothing",
      { disks: [{ ...disk, sizeGib: 0 }] },
      "'disks[scsi0].sizeGib' of 'mizar' should be a whole number of GiB from 1 to 131072, got 0",
    ],
    [
      "a disk below the template's",
      { disks: [{ ...disk, sizeGib: 16 }], templateDiskGib: 32 },
      "'disks[scsi0].sizeGib' of 'mizar' should be at least 'templateDiskGib', 32 GiB, got 16",
    ],
    ["two disks on one interface", { disks: [disk, disk] }, "'disks' of 'mizar' has two disks on scsi0"],
    [
      "a disk on no interface",
      { disks: [{ ...disk, interface: "scsi31" }] },
      "'disks[scsi31].interface' of 'mizar' should be ide0-3, sata0-5, scsi0-30 or virtio0-15, got 'scsi31'",
    ],
    [
      "a disk in no datastore",
      { disks: [{ ...disk, datastore: "" }] },
      "'disks[scsi0].datastore' of 'mizar' should be the name of a PVE datastore, got ''",
    ],
    [
      "no network interface",
      { networkInterfaces: [] },
      "'networkInterfaces' of 'mizar' should be at least the node's own, got []",
    ],
    [
      "33 network interfaces",
      { networkInterfaces: Array(33).fill({ bridge: "vmbr0" }) },
      "'networkInterfaces' of 'mizar' should be at most 32, got 33",
    ],
    [
      "no bridge",
      { networkInterfaces: [{ bridge: "" }] },
      "'networkInterfaces[0].bridge' of 'mizar' should be the name of a PVE bridge, got ''",
    ],
    [
      "VLAN 4095",
      { networkInterfaces: [{ bridge: "vmbr0", vlanId: 4095 }] },
      "'networkInterfaces[0].vlanId' of 'mizar' should be a whole number from 1 to 4094, got 4095",
    ],
    [
      "a malformed MTU",
      { networkInterfaces: [{ bridge: "vmbr0", mtu: 0 }] },
      "'networkInterfaces[0].mtu' of 'mizar' should be a whole number of bytes from 1 to 65520, got 0",
    ],
    [
      "too many queues",
      { networkInterfaces: [{ bridge: "vmbr0", queues: 65 }] },
      "'networkInterfaces[0].queues' of 'mizar' should be a whole number from 0 to 64, got 65",
    ],
    [
      "malformed trunks",
      { networkInterfaces: [{ bridge: "vmbr0", trunks: "10,20" }] },
      "'networkInterfaces[0].trunks' of 'mizar' should be VLANs such as 10;20, got '10,20'",
    ],
    [
      "a malformed second MAC address",
      { networkInterfaces: [{ bridge: "vmbr0" }, { bridge: "vmbr1", macAddress: "x" }] },
      "'networkInterfaces[1].macAddress' of 'mizar' should be a unicast MAC address such as BC:24:11:00:00:01, got 'x'",
    ],
    [
      "a MAC address of the first interface",
      { networkInterfaces: [{ bridge: "vmbr0", macAddress: "BC:24:11:00:00:01" }] },
      "'networkInterfaces[0].macAddress' of 'mizar' should be left out",
    ],
    [
      "a boot device that is not there",
      { bootOrder: ["scsi1"] },
      "'bootOrder' of 'mizar' should be interfaces of the VM's disks, or netN, got 'scsi1'",
    ],
    [
      "a start-up order below 0",
      { startup: { order: -1 } },
      "'startup.order' of 'mizar' should be a whole number from 0 to 999999, got -1",
    ],
    [
      "a start-up delay of half a second",
      { startup: { order: 1, upDelaySeconds: 0.5 } },
      "'startup.upDelaySeconds' of 'mizar' should be a whole number of seconds from 0 to 86400, got 0.5",
    ],
    [
      "tags that PVE does not take",
      { tags: ["K3s"] },
      "'tags[0]' of 'mizar' should be lower-case letters, digits, _ . + -, got 'K3s'",
    ],
    [
      "a template that is no VM ID",
      { templateVmId: 9 },
      "'templateVmId' of 'mizar' should be a whole number from 100 to 999999999, got 9",
    ],
    [
      "a datastore for a linked clone",
      { linkedClone: true, cloneDatastore: "d" },
      "'cloneDatastore' of 'mizar' should be left out for a linked clone, which stays in its template's datastore, got 'd'",
    ],
    ["no PVE node", { pveNode: "" }, "'pveNode' of 'mizar' should be the name of a PVE node, got ''"],
    [
      "a label value with a space",
      { nodeLabels: { disk: "fast ssd" } },
      "'nodeLabels[disk]' of 'mizar' should be at most 63 letters, digits, - _ and ., got 'fast ssd'",
    ],
    [
      "a malformed label key",
      { nodeLabels: { "-disk": "x" } },
      "'nodeLabels' of 'mizar' should be label keys such as disk or example.org/disk, got '-disk'",
    ],
    [
      "a label with which the kubelet does not start",
      { nodeLabels: { "node-role.kubernetes.io/worker": "true" } },
      "'nodeLabels' of 'mizar' should be keys that a kubelet may set on its own node, got 'node-role.kubernetes.io/worker'",
    ],
    [
      "a taint without effect",
      { nodeTaints: ["dedicated=db"] },
      "'nodeTaints[0]' of 'mizar' should be key=value:Effect with NoSchedule, PreferNoSchedule or NoExecute, got 'dedicated=db'",
    ],
    [
      "a flag with a space",
      { k3sFlags: ["--kubelet-arg=max-pods=50 --x"] },
      "'k3sFlags' of 'mizar' has a flag that should be --name or --name=value",
    ],
    [
      "a flag that the model decides",
      { k3sFlags: ["--node-ip=172.22.0.9"] },
      "'k3sFlags' of 'mizar' has --node-ip, which is said by 'ipv4Address'",
    ],
    [
      "a server's flag on an agent",
      { k3sFlags: ["--disable=metrics-server"] },
      "'k3sFlags' of 'mizar' has --disable, which only a server knows",
    ],
    [
      "a server's certificate on an agent",
      { k3sFlags: ["--tls-san=a.b"] },
      "'k3sFlags' of 'mizar' has --tls-san, which only a server knows",
    ],
    [
      "a server's etcd on an agent",
      { k3sFlags: ["--etcd-expose-metrics"] },
      "'k3sFlags' of 'mizar' has --etcd-expose-metrics, which only a server knows",
    ],
    ["a flag with a quote", { k3sFlags: ['--x="a'] }, "'k3sFlags' of 'mizar' has a flag that should be"],
    [
      "a flag with an apostrophe",
      { k3sFlags: ["--x='a"] },
      "'k3sFlags' of 'mizar' has a flag that should be",
    ],
    ["a flag with a backslash", { k3sFlags: ["--x=\\a"] }, "'k3sFlags' of 'mizar' has a flag that should be"],
    [
      "a directory that starts with a dot",
      { directory: ".git" },
      "'directory' of 'mizar' should be one folder name in lower case, got '.git'",
    ],
    [
      "an interface name of 16",
      { nixos: { networkInterface: "e".repeat(16) } },
      "'nixos.networkInterface' of 'mizar'",
    ],
    [
      "another platform",
      { nixos: { platform: "riscv64-linux" as "x86_64-linux" } },
      "'nixos.platform' of 'mizar' should be one of x86_64-linux, aarch64-linux, got 'riscv64-linux'",
    ],
    [
      "the VM ID of its template",
      { vmId: 9903, ipv4Address: "172.22.0.9" },
      "'vmId' of 'mizar' is that of its template, 9903",
    ],
    [
      "a chipset that is none",
      { machine: "q36" },
      "'machine' of 'mizar' should be a chipset of PVE such as q35, got 'q36'",
    ],
    [
      "a rate limit of nothing",
      { networkInterfaces: [{ bridge: "vmbr0", rateLimitMBps: 0 }] },
      "'networkInterfaces[0].rateLimitMBps' of 'mizar' should be a number of megabytes a second above 0, got 0",
    ],
    [
      "another flannel backend",
      { k3sFlags: ["--flannel-backend=host-gw"] },
      "'k3sFlags' of 'mizar' has --flannel-backend, which is said by 'k3s.flannelBackend'",
    ],
    [
      "the embedded registry by a flag",
      { k3sFlags: ["--embedded-registry"] },
      "'k3sFlags' of 'mizar' has --embedded-registry, which is said by 'k3s.embeddedRegistry'",
    ],
    [
      "the read-only port by a flag",
      { k3sFlags: ["--kubelet-arg=read-only-port=10255"] },
      "'k3s.kubeletReadOnlyPort' says so",
    ],
    [
      "pods' interface as the node's",
      { nixos: { networkInterface: "cni0" } },
      "'nixos.networkInterface' of 'mizar' should be the name of the node's own interface, such as ens18, got 'cni0'",
    ],
    [
      "an interface that is WireGuard's among pods",
      { nixos: { networkInterface: "flannel-wg" } },
      "'nixos.networkInterface' of 'mizar' should be the name of the node's own interface, such as ens18, got 'flannel-wg'",
    ],
    [
      "a NixOS setting of its own",
      { nixos: { networkInterface: "an-interface-name-too-long" } },
      "'nixos.networkInterface' of 'mizar' should be the name of the node's own interface, such as ens18, got 'an-interface-name-too-long'",
    ],
  ])("%s", (_, mizar, message) => {
    const faults = faultsOfMizar(mizar);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(message);
  });

  test.each<[string, Partial<TestNode>]>([
    [
      "labels and taints",
      {
        nodeLabels: { "example.org/disk": "ssd", "node.kubernetes.io/pool": "" },
        nodeTaints: ["a/b=c:NoExecute", "d:NoSchedule"],
      },
    ],
    ["flags with % and $", { k3sFlags: ["--kubelet-arg=a=%i$HOME", "--debug"] }],
    [
      "labels that a kubelet may set on its own node",
      { nodeLabels: { "topology.kubernetes.io/zone": "a", "kubernetes.io/hostname": "mizar" } },
    ],
    [
      "a flag with every character that a command line takes",
      { k3sFlags: ["--x=!#%&()*+,-./:;<=>?@[]^_`{|}~"] },
    ],
    ["an interface name that starts like the bridge's", { nixos: { networkInterface: "cni01" } }],
    ["an interface name of 15", { nixos: { networkInterface: "e".repeat(15) } }],
    [
      "a second disk below the template's",
      { templateDiskGib: 32, disks: [disk, { ...disk, interface: "scsi1", sizeGib: 1 }] },
    ],
    ["an agent's flag that begins as a server's", { k3sFlags: ["--disable-apiserver-lb"] }],
    [
      "an address and a MAC address of its own",
      { vmId: 5000, ipv4Address: "172.22.0.9", macAddress: "02:00:00:00:00:01" },
    ],
    [
      "a boot order, start-up order and tags",
      { bootOrder: ["scsi0", "net0"], startup: { order: 2, upDelaySeconds: 30 }, tags: ["k3s", "a+b"] },
    ],
  ])("%s pass", (_, mizar) => {
    expect(faultsOfMizar(mizar)).toEqual([]);
  });
});

const { network, nixos, k3s } = REFERENCE;

describe("the cluster's settings", () => {
  test.each<[string, Parameters<typeof faultsWith>[0], string]>([
    [
      "a CIDR with host bits",
      { network: { ...network, nodeCidr: "172.22.0.1/24", lanCidrs: ["172.22.0.0/24"] } },
      "'network.nodeCidr' should be written as 172.22.0.0/24, got '172.22.0.1/24'",
    ],
    [
      "no CIDR",
      { network: { ...network, podCidr: "10.42" } },
      "'network.podCidr' should be an IPv4 network such as 10.0.0.0/24, got '10.42'",
    ],
    [
      "pods among services",
      { network: { ...network, podCidr: "10.43.0.0/17" } },
      "'network.podCidr' 10.43.0.0/17 overlaps 'serviceCidr' 10.43.0.0/16",
    ],
    [
      "pods among nodes",
      { network: { ...network, podCidr: "172.22.0.0/22" } },
      "'network.podCidr' 172.22.0.0/22 overlaps 'nodeCidr' 172.22.0.0/24",
    ],
    [
      "services in the LAN",
      { network: { ...network, lanCidrs: ["172.22.0.0/24", "10.43.1.0/24"] } },
      "'network.serviceCidr' 10.43.0.0/16 overlaps 'lanCidrs' 10.43.1.0/24",
    ],
    [
      "a gateway elsewhere",
      { network: { ...network, gateway: "172.23.0.1", nameservers: ["9.9.9.9"] } },
      "'network.gateway' should be a host's address in 172.22.0.0/24, got '172.23.0.1'",
    ],
    [
      "a gateway that is the network's own address",
      { network: { ...network, gateway: "172.22.0.0", nameservers: ["9.9.9.9"] } },
      "'network.gateway' should be a host's address in 172.22.0.0/24, got '172.22.0.0'",
    ],
    [
      "a gateway that is the broadcast address",
      { network: { ...network, gateway: "172.22.0.255", nameservers: ["9.9.9.9"] } },
      "'network.gateway' should be a host's address in 172.22.0.0/24, got '172.22.0.255'",
    ],
    [
      "a pod network below a /24",
      { network: { ...network, podCidr: "10.42.0.0/25" } },
      "'network.podCidr' 10.42.0.0/25 has a /24 for 0 nodes, the cluster has 3",
    ],
    [
      "a network that ends where another starts",
      { network: { ...network, podCidr: "10.43.252.0/22" } },
      "'network.podCidr' 10.43.252.0/22 overlaps 'serviceCidr' 10.43.0.0/16",
    ],
    [
      "a malformed VM ID to count from",
      { network: { ...network, macAddressBase: { vmId: 99, macAddress: "BC:24:11:00:00:01" } } },
      "'network.macAddressBase.vmId' should be a whole number from 100 to 999999999, got 99",
    ],
    [
      "a root filesystem that is none",
      { nixos: { ...nixos, rootFilesystem: { ...nixos.rootFilesystem, type: "zfs" as "ext4" } } },
      "'nixos.rootFilesystem.type' should be one of ext4, btrfs, xfs, got 'zfs'",
    ],
    [
      "a token file above its folder",
      { k3s: { ...k3s, tokenFile: "/var/lib/../token" } },
      "'k3s.tokenFile' should be an absolute path on the hosts",
    ],
    [
      "a token file in this folder",
      { k3s: { ...k3s, tokenFile: "/var/./token" } },
      "'k3s.tokenFile' should be an absolute path on the hosts",
    ],
    [
      "a gateway without nameservers",
      { network: { ...network, gateway: "172.22.0.1" } },
      "'network.nameservers' should be at least one address beside a gateway, got []",
    ],
    [
      "a malformed nameserver",
      { network: { ...network, nameservers: ["dns.example"] } },
      "'network.nameservers[0]' should be an IPv4 address, got 'dns.example'",
    ],
    [
      "a node on the gateway's address",
      { network: { ...network, gateway: "172.22.0.135", nameservers: ["9.9.9.9"] } },
      "'ipv4Address' of 'hamal' is the gateway's, 172.22.0.135",
    ],
    [
      "a pod network too small for its nodes",
      { network: { ...network, podCidr: "10.42.0.0/23" } },
      "'network.podCidr' 10.42.0.0/23 has a /24 for 2 nodes, the cluster has 3",
    ],
    [
      "MAC addresses counted from a multicast one",
      { network: { ...network, macAddressBase: { vmId: 134, macAddress: "01:00:00:00:00:00" } } },
      "'network.macAddressBase.macAddress' should be a unicast MAC address",
    ],
    [
      "no MAC addresses to count from",
      { network: { ...network, macAddressBase: undefined } },
      "'macAddress' of 'alphard', 'hamal' and 'mizar' has to be stated, since 'network.macAddressBase' is not",
    ],
    [
      "an endpoint without https",
      { apiEndpoint: "http://172.22.0.134:6443" },
      "'apiEndpoint' should be a URL such as https://192.0.2.10:6443, without a path, got 'http://172.22.0.134:6443'",
    ],
    [
      "an endpoint with a path",
      { apiEndpoint: "https://172.22.0.134:6443/x" },
      "'apiEndpoint' should be a URL",
    ],
    [
      "an endpoint on no address",
      { apiEndpoint: "https://172.22.0.999:6443" },
      "'apiEndpoint' should be a URL",
    ],
    [
      "an endpoint on an agent",
      { apiEndpoint: "https://172.22.0.135:6443" },
      "'apiEndpoint' https://172.22.0.135:6443 is on 'hamal', an agent; the API is on servers",
    ],
    [
      "an endpoint on an agent, by name",
      { apiEndpoint: "https://hamal.lan:6443" },
      "'apiEndpoint' https://hamal.lan:6443 is on 'hamal', an agent; the API is on servers",
    ],
    [
      "a release that is none",
      { nixos: { ...nixos, release: "25.10" } },
      "'nixos.release' should be a NixOS release such as 25.11, got '25.10'",
    ],
    [
      "a state version after the release",
      { nixos: { ...nixos, release: "25.05" } },
      "'nixos.stateVersion' should be at most the release, 25.05, got '25.11'",
    ],
    [
      "BIOS without a boot disk",
      { nixos: { ...nixos, bootDisk: undefined } },
      "'nixos.bootDisk' should be a device such as /dev/sda, for bios, got nothing",
    ],
    [
      "UEFI without its partition",
      { nixos: { ...nixos, firmware: "uefi" } },
      "'nixos.efiSystemPartition' should be a vfat UUID such as 1A2B-3C4D, for uefi, got nothing",
    ],
    [
      "a root filesystem without UUID",
      { nixos: { ...nixos, rootFilesystem: { uuid: "sda1" } } },
      "'nixos.rootFilesystem.uuid' should be a filesystem UUID in lower case, got 'sda1'",
    ],
    [
      "kernel packages that are an expression",
      { nixos: { ...nixos, kernelPackages: "linuxPackages; x = 1" } },
      "'nixos.kernelPackages' should be an attribute such as linuxPackages_6_12",
    ],
    [
      "a boot menu without a way back",
      { nixos: { ...nixos, configurationLimit: 1 } },
      "'nixos.configurationLimit' should be a whole number of generations from 2 to 100, got 1",
    ],
    [
      "generations that are deleted before they are made",
      { nixos: { ...nixos, deleteGenerationsAfterDays: -1 } },
      "'nixos.deleteGenerationsAfterDays' should be a whole number of days from 0 to 3650, got -1",
    ],
    [
      "a K3s package that is an expression",
      { k3s: { ...k3s, package: "k3s; x = 1" } },
      "'k3s.package' should be an attribute such as k3s_1_34",
    ],
    [
      "a token file in the Nix store",
      { k3s: { ...k3s, tokenFile: "/nix/store/x/token" } },
      "'k3s.tokenFile' should be an absolute path on the hosts, outside /nix/store",
    ],
    [
      "node ports reversed",
      { k3s: { ...k3s, nodePorts: { from: 32767, to: 30000 } } },
      "'k3s.nodePorts' should be a range from low to high",
    ],
    [
      "node ports that are none",
      { k3s: { ...k3s, nodePorts: { from: 30000, to: 65536 } } },
      "'k3s.nodePorts.to' should be a whole number from 1 to 65535, got 65536",
    ],
    [
      "a server flag that the model decides",
      { k3s: { ...k3s, serverFlags: ["--cluster-cidr=10.0.0.0/8"] } },
      "'k3s.serverFlags' has --cluster-cidr, which is said by 'network.podCidr'",
    ],
    [
      "ServiceLB off by a flag",
      { k3s: { ...k3s, serverFlags: ["--disable=traefik,servicelb"] } },
      "'k3s.serverFlags' has --disable with a value that it cannot have here: 'k3s.traefik' and 'k3s.serviceLb' say so",
    ],
    [
      "another API port",
      { k3s: { ...k3s, serverFlags: ["--https-listen-port=7443"] } },
      "the firewall opens the API, and what nodes join by,",
    ],
    [
      "node ports by a flag",
      { k3s: { ...k3s, serverFlags: ["--kube-apiserver-arg=service-node-port-range=1-2"] } },
      "'k3s.nodePorts' says so",
    ],
    [
      "exposed ports reversed",
      { k3s: { ...k3s, exposedPorts: [{ protocol: "tcp", from: 9, to: 8 }] } },
      "'k3s.exposedPorts[0]' should be a range from low to high",
    ],
    [
      "an endpoint on a server and another port",
      { apiEndpoint: "https://alphard.lan:7443" },
      "'apiEndpoint' https://alphard.lan:7443 is on 'alphard', which serves the API on port 6443",
    ],
    [
      "an endpoint whose host ends in a hyphen",
      { apiEndpoint: "https://k3s-:6443" },
      "'apiEndpoint' should be a URL",
    ],
    [
      "exposed ports of no protocol",
      {
        k3s: { ...k3s, exposedPorts: [{ from: 8, to: 9 } as { protocol: "tcp"; from: number; to: number }] },
      },
      "'k3s.exposedPorts[0].protocol' should be one of tcp, udp, got nothing",
    ],
    [
      "kube-proxy in another mode",
      { k3s: { ...k3s, agentFlags: ["--kube-proxy-arg=proxy-mode=ipvs"] } },
      "the firewall goes by the destinations that kube-proxy rewrites",
    ],
    [
      "flags in a file",
      { k3s: { ...k3s, agentFlags: ["--config=/etc/x"] } },
      "flags in a file are not seen here",
    ],
    [
      "a choice that is not made",
      { k3s: { ...k3s, traefik: undefined as unknown as boolean } },
      "'k3s.traefik' should be true or false, got nothing",
    ],
    [
      "keys in no file",
      { authorizedKeysFile: "/nowhere/keys" },
      "'authorizedKeysFile' /nowhere/keys cannot be read: ENOENT",
    ],
    [
      "what all VMs share",
      { vm: { ...vm, cores: 0 } },
      "'vm.cores' should be a whole number from 1 to 2304, got 0",
    ],
  ])("%s", (_, settings, message) => {
    const faults = faultsWith(settings);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(message);
  });
});

test("a pod network with a /24 for each node has no faults", () => {
  expect(
    faultsOf([ALPHARD, HAMAL], { ...REFERENCE, network: { ...REFERENCE.network, podCidr: "10.42.0.0/23" } }),
  ).toEqual([]);
});

test("two nodes cannot both have had one name", () => {
  expect(faultsOf([ALPHARD, { ...HAMAL, formerId: "old" }, { ...MIZAR, formerId: "old" }])).toEqual([
    "'formerId' of 'mizar' is old, the present or former Terraform name of 'hamal'",
  ]);
});

describe("servers", () => {
  test("agents need one", () => {
    expect(faultsOf([HAMAL, MIZAR], { ...REFERENCE, apiEndpoint: "https://172.22.0.9:6443" })).toEqual([
      "there is no server for 'hamal' and 'mizar' to join; add a K3sServerNode",
    ]);
  });

  test("a cluster without nodes has none", () => {
    expect(faultsOf([])).toEqual(["there is no server; add a K3sServerNode"]);
  });

  const three = [ALPHARD, server("s1", "acrux", 137), server("s2", "alnair", 138)];

  test("one of several has to found the cluster", () => {
    expect(faultsOf(three)).toEqual([
      "'clusterInit' should be true for exactly one server, it is for none of 'alphard', 'acrux' and 'alnair'",
    ]);
  });

  test("only one of several may found the cluster", () => {
    expect(faultsOf(three.map((node) => ({ ...node, clusterInit: node.id !== "s2" })))).toEqual([
      "'clusterInit' should be true for exactly one server, it is for 'alphard' and 'acrux'",
    ]);
  });

  test("the only one cannot join itself", () => {
    expect(faultsOf([{ ...ALPHARD, clusterInit: false }])).toEqual([
      "'clusterInit' should be true for exactly one server, it is for none of 'alphard'",
    ]);
  });

  const two = [{ ...ALPHARD, clusterInit: true }, server("s1", "acrux", 137)];

  test("an even number is refused, unless it is asked for", () => {
    expect(faultsOf(two)).toEqual([
      "2 servers, 'alphard' and 'acrux', tolerate no more failures than 1; " +
        "add or remove one, or state 'allowEvenServerCount' for the time of a change",
    ]);
    expect(faultsOf(two, { ...REFERENCE, allowEvenServerCount: true })).toEqual([]);
  });
});

describe("what is not a setting, or not of its kind", () => {
  test.each<[string, object, string]>([
    [
      "a misspelt one",
      { memoryMiB: 8192 },
      "'memoryMiB' of 'mizar' is not a setting; did you mean memoryMib?",
    ],
    ["an unknown one", { colour: "red" }, "'colour' of 'mizar' is not a setting"],
    [
      "a misspelt one in a list",
      { disks: [{ ...disk, size: 32 }] },
      "'disks[scsi0].size' of 'mizar' is not a setting; did you mean sizeGib?",
    ],
    [
      "a text for a yes or no",
      { protection: "no" },
      "'protection' of 'mizar' should be true or false, got 'no'",
    ],
    ["two letters exchanged", { coers: 4 }, "'coers' of 'mizar' is not a setting; did you mean cores?"],
    ["a letter too many", { soockets: 2 }, "'soockets' of 'mizar' is not a setting; did you mean sockets?"],
    [
      "one that begins like several",
      { networkMode: "x" },
      "'networkMode' of 'mizar' is not a setting; did you mean networkInterfaces?",
    ],
    [
      "a text for a number",
      { cores: "4" },
      "'cores' of 'mizar' should be a whole number from 1 to 2304, got '4'",
    ],
    [
      "a text for a number of something",
      { memoryMib: "16384" },
      "'memoryMib' of 'mizar' should be a whole number of MiB from 64 to 268435456, got '16384'",
    ],
    ["a number for a text", { pool: 5 }, "'pool' of 'mizar' should be a text in quotes, got 5"],
    [
      "none of the values that there are",
      { disks: [{ ...disk, cache: "fast" }] },
      "'disks[scsi0].cache' of 'mizar' should be one of none, directsync",
    ],
    ["one value for a list", { tags: "k3s" }, `'tags' of 'mizar' should be a list such as ["k3s", "agent"]`],
    [
      "nothing for a part of a list's entry",
      { disks: [{ interface: "scsi0", sizeGib: 32 }] },
      "'disks[scsi0].datastore' of 'mizar' should be the name of a PVE datastore, got nothing",
    ],
    [
      "a group for a list of groups",
      { disks: disk },
      "'disks' of 'mizar' should be a list such as " +
        `[{ interface: "scsi0", datastore: "local-lvm", sizeGib: 32 }]`,
    ],
    ["nothing in a list", { tags: [null] }, "'tags[0]' of 'mizar' should be a text in quotes"],
    [
      "nothing for a group",
      { startup: null },
      "'startup' of 'mizar' should be a group of settings such as { order: 1 }, got null",
    ],
    [
      "a list for texts by their names",
      { nodeLabels: ["a"] },
      `'nodeLabels' of 'mizar' should be texts by their names such as { disk: "ssd" }`,
    ],
    ["a server's setting on an agent", { clusterInit: true }, "'clusterInit' of 'mizar' is not a setting"],
  ])("%s", (_, mizar, message) => {
    const faults = faultsOfMizar(mizar);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(message);
  });

  test("the same holds for the cluster's", () => {
    expect(faultsWith({ network: { ...network, gatway: "172.22.0.1" } as typeof network })).toEqual([
      "'network.gatway' is not a setting; did you mean gateway?",
    ]);
    expect(faultsWith({ k3s: { ...k3s, kubeletReadOnlyPort: "false" as unknown as boolean } })).toEqual([
      "'k3s.kubeletReadOnlyPort' should be true or false, got 'false'",
    ]);
    expect(faultsWith({ nixos: null as unknown as typeof nixos }).join()).toContain(
      "'nixos' should be a group of settings, got null",
    );
  });

  test("a node without any settings is no exception", () => {
    expect(faultsOf([ALPHARD, { id: "x", role: "agent" } as TestNode]).join()).toContain("'hostname' of 'x'");
  });

  test("a setting that is there and undefined overrides nothing", () => {
    const mizar = { cores: undefined, nixos: { kernelPackages: undefined } };
    const settings = { ...REFERENCE, nixos: { ...nixos, kernelPackages: "linuxPackages_6_12" } };
    const { cluster } = addCluster(testApp(), [ALPHARD, { ...MIZAR, ...mizar }], settings).resolve();
    expect(cluster.nodes[1]?.nixos.kernelPackages).toBe("linuxPackages_6_12");
  });
});

test("one run reports every problem of every node", () => {
  const faults = faultsOf([
    { ...ALPHARD, cores: 0 },
    { ...HAMAL, hostname: "Hamal", vmId: 5 },
    { ...MIZAR, memoryMib: 1, ipv4Address: "172.22.0.134" },
  ]);
  expect(faults).toEqual([
    expect.stringContaining("'cores' of 'alphard'"),
    expect.stringContaining("'hostname' of 'Hamal'"),
    expect.stringContaining("'vmId' of 'Hamal'"),
    expect.stringContaining("'memoryMib' of 'mizar'"),
    "'alphard' and 'mizar' both use 172.22.0.134 as 'ipv4Address'",
  ]);
});

describe("characters that no emitted file can hold, or that show a reader something else", () => {
  test.each<[string, Partial<TestNode>, string]>([
    [
      "a NUL",
      { k3sFlags: ["--debug\0"] },
      "'k3sFlags[0]' of 'mizar' has the character U+0000, which no setting can have",
    ],
    ["a line break", { pool: "a\nb" }, "'pool' of 'mizar' has the character U+000A"],
    ["an escape", { description: "\u001b[2J" }, "'description' of 'mizar' has the character U+001B"],
    ["a NUL", { description: "a\0b" }, "'description' of 'mizar' has the character U+0000"],
    ["half a character", { description: "\ud83e" }, "'description' of 'mizar' has the character U+D83E"],
    ["a reordering", { description: "\u202egnp.live" }, "'description' of 'mizar' has the character U+202E"],
    [
      "a reordering in a label",
      { nodeLabels: { a: "\u2066" } },
      "'nodeLabels[a]' of 'mizar' has the character U+2066",
    ],
    [
      "a line break in a label's name",
      { nodeLabels: { "a\n": "b" } },
      "'nodeLabels' of 'mizar' has the character U+000A",
    ],
  ])("%s", (_, mizar, message) => {
    expect(faultsOfMizar(mizar)).toEqual([expect.stringContaining(message)]);
  });

  test("in the keys' file", () => {
    const file = join(temporaryFolder(), "keys");
    writeFileSync(file, readFileSync(REFERENCE.authorizedKeysFile, "utf8").trimEnd() + "\u0007\n");
    expect(faultsWith({ authorizedKeysFile: file })).toEqual([
      expect.stringMatching(/^'authorizedKeysFile' .*: entry 1 has the character U\+0007$/),
    ]);
  });

  test("but what people read may have several lines", () => {
    const allow = [
      { from: "nodes", to: "every host", protocol: "tcp" as const, ports: { from: 9, to: 9 }, why: "a\nb" },
    ];
    expect(faultsOfMizar({ description: "# a\n\tb" })).toEqual([]);
    expect(faultsWith({ firewall: { allow } })).toEqual([]);
  });
});

describe("secrets in the wrong place are refused and not repeated", () => {
  const secret = "K10deadbeefdeadbeef::server:feedface";

  test("a join token where its path belongs", () => {
    const faults = faultsWith({ k3s: { ...REFERENCE.k3s, tokenFile: secret } });
    expect(faults).toEqual([
      expect.stringContaining("'k3s.tokenFile' should be an absolute path on the hosts"),
    ]);
    expect(faults.join()).not.toContain("feedface");
  });

  test.each([
    `--token=${secret}`,
    `--token ${secret}`,
    `--agent-token=${secret}`,
    `--datastore-endpoint=postgres://u:${secret}@h/d`,
  ])("a flag with a secret, in whatever form: %s", (flag) => {
    const faults = [
      ...faultsOfMizar({ k3sFlags: [flag] }),
      ...faultsWith({ k3s: { ...REFERENCE.k3s, agentFlags: [flag] } }),
    ];
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain("feedface");
  });

  test("a token where a list of flags belongs, or a yes or no", () => {
    const wrong = secret as unknown;
    const faults = [
      ...faultsWith({ k3s: { ...REFERENCE.k3s, serverFlags: wrong as string[] } }),
      ...faultsWith({ k3s: { ...REFERENCE.k3s, traefik: wrong as boolean } }),
      ...faultsWith({ k3s: wrong as typeof k3s }),
      ...faultsOfMizar({ k3sFlags: wrong as string[] }),
      ...faultsOfMizar({ scsiHardware: wrong as "lsi" }),
      ...faultsOfMizar({
        cpuType: secret,
        ipv4Address: secret,
        pool: secret,
        cores: wrong as number,
        startup: wrong as { order: 1 },
      }),
    ];
    expect(faults.length).toBeGreaterThanOrEqual(10);
    expect(faults.join()).not.toContain("feedface");
  });

  test("a private key among the public ones", () => {
    const file = join(temporaryFolder(), "keys");
    writeFileSync(file, "-----BEGIN OPENSSH PRIVATE KEY-----\nfeedface\n-----END OPENSSH PRIVATE KEY-----\n");
    const faults = faultsWith({ authorizedKeysFile: file });
    expect(faults).toEqual([
      `'authorizedKeysFile' ${file} holds a private key; take it out of the project and of git, and replace the pair`,
    ]);
  });
});

describe("operators' keys", () => {
  test("belong into a file, and are not repeated where its path belongs", () => {
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nfeedface\n-----END OPENSSH PRIVATE KEY-----\n";
    expect(faultsWith({ authorizedKeysFile: key })).toEqual([
      "'authorizedKeysFile' has the character U+000A, which no setting can have",
    ]);
    expect(faultsWith({ authorizedKeysFile: undefined })).toEqual([
      "'authorizedKeysFile' should be the path of a file, got nothing",
    ]);
  });

  const faultsOfKeys = (text: string): string[] => {
    const file = join(temporaryFolder(), "keys");
    writeFileSync(file, text);
    return faultsWith({ authorizedKeysFile: file }).map((fault) => fault.replace(file, "keys"));
  };
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVYQU1QTEUgS0VZISBQVVQgSU4gWU9VUiBPV04gT05F";

  test("there has to be one", () => {
    expect(faultsOfKeys("# none\n\n")).toEqual([
      "'authorizedKeysFile' keys holds no key: nobody could log in",
    ]);
  });

  test.each([
    ["cut short", key.slice(0, -6)],
    ["of another type than it says", key.replace("ssh-ed25519", "ssh-rsa")],
    ["of a type that OpenSSH has dropped", "ssh-dss AAAAB3NzaC1kc3MAAAABAA=="],
    ["that ends in the middle of a field", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVYQQ=="],
    [
      "with something behind its last field",
      `ssh-ed25519 ${Buffer.concat([Buffer.from(key.split(" ")[1] as string, "base64"), Buffer.from([0, 0])]).toString("base64")}`,
    ],
    ["that is a type and nothing else", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"],
    ["that is no key", "hello world"],
    ["behind options", `from="10.0.0.0/8" ${key}`],
  ])("one %s is refused", (_, line) => {
    expect(faultsOfKeys(`${key} a@b\n${line}\n`)).toEqual([
      `'authorizedKeysFile' keys: entry 2 should be a public key such as "ssh-ed25519 AAAA... name"`,
    ]);
  });

  test("comments and blank lines are none", () => {
    expect(faultsOfKeys(`# operators\r\n\r\n${key} a comment with spaces\r\n`)).toEqual([]);
  });
});

test.each<[string, object, string]>([
  [
    "that is the servers'",
    { k3s: { ...REFERENCE.k3s, agentTokenFile: REFERENCE.k3s.tokenFile } },
    "'k3s.agentTokenFile' should be another file than 'k3s.tokenFile': agents have no token of the servers",
  ],
  [
    "without a place on the hosts",
    { rollout: { agentTokenPath: "agent-token" } },
    "'rollout.agentTokenPath' has no effect without 'k3s.agentTokenFile', which says where hosts have it",
  ],
])("an agents' token %s is a fault", (_, settings, message) => {
  expect(faultsWith(settings)).toEqual([message]);
});

describe("where the join token comes from", () => {
  const LONG = `K10${"ab".repeat(32)}::server:secret`;

  test.each<[string, object, string]>([
    [
      "two sources",
      { tokenPath: "token", tokenCommand: ["cat", "token"] },
      "'rollout.tokenPath' and 'rollout.tokenCommand' exclude each other: the join token has one source",
    ],
    [
      "the token in the place of its path",
      { tokenPath: LONG },
      "'rollout.tokenPath' should be the path of a file; what was given is not repeated, since it may be a token",
    ],
    [
      "the token in a command",
      { tokenCommand: ["echo", LONG] },
      "'rollout.tokenCommand' prints its own words, so that the join token would be in main.ts, cluster.json and git; take it from a store of secrets",
    ],
    [
      "an empty command",
      { tokenCommand: [] },
      '\'rollout.tokenCommand\' should be a program and its arguments, such as ["sops", "-d", "token.enc"]',
    ],
    [
      "an unknown source",
      { token: "x" },
      "'rollout.token' is not a setting; did you mean tokenPath or tokenCommand?",
    ],
  ])("%s is a fault", (_, rollout, message) => {
    expect(faultsWith({ rollout })).toEqual([message]);
    expect(message).not.toContain(LONG);
  });

  const PRINTED = "should not be in a file";
  test.each<[string[], string]>([
    [["/bin/echo", PRINTED], "prints its own words"],
    [["printf", "%s", PRINTED], "prints its own words"],
    [["sh", "-c", `true; echo ${PRINTED}`], "prints its own words"],
    [["vault", "login", LONG], "has a word that looks like a secret"],
    [
      ["curl", "-H", "Authorization: Bearer 0f1e2d3c4b5a69788796a5b4c3d2e1f0"],
      "has a word that looks like a secret",
    ],
    [["cat", "/dev/null", "b3J9Wq0Zt7Lx2Vn8Kc4Rm1"], "has a word that looks like a secret"],
  ])("the command %j is a fault, and no word of it is repeated", (tokenCommand, sentence) => {
    const faults = faultsWith({ rollout: { tokenCommand } });
    expect(faults).toEqual([expect.stringContaining(`'rollout.tokenCommand' ${sentence}`)]);
    for (const word of tokenCommand.slice(1)) expect(faults.join()).not.toContain(word);
  });

  test.each<[string[]]>([
    [["sops", "-d", "token.enc"]],
    [["sh", "-c", 'echo "$TOKEN"']],
    [["sh", "-c", "printf %s `pass show k3s`"]],
    [["op", "read", "op://Infrastructure/3vb7kq2l6gqtn5hgxw4cmzsu2e/password"]],
    [
      [
        "aws",
        "secretsmanager",
        "get-secret-value",
        "--secret-id",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:K3sJoinToken-AbCdEf",
      ],
    ],
    [["gopass", "show", "-o", "Infrastructure/ClusterNumber1/ProductionJoinToken2026"]],
    [["vault", "kv", "get", "-field=token", "kv/9f8e7d6c-5b4a-3928-1706-f5e4d3c2b1a0"]],
  ])("the command %j is none", (tokenCommand) => {
    expect(faultsWith({ rollout: { tokenCommand } })).toEqual([]);
  });

  test.each([[{ tokenPath: "secrets/token" }], [{ tokenCommand: ["sops", "-d", "token.enc"] }], [{}]])(
    "%j is none",
    (rollout) => {
      expect(faultsWith({ rollout })).toEqual([]);
    },
  );
});
