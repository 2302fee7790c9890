import { join } from "node:path";
import { cluster, disksWith, emitted, inFolderWith, KEY } from "./clusters";
import { clusterFaults, configured, configuredAll, type Copy } from "./configured";
import { parseErrors } from "./evaluation";
import { describeWith, NIX } from "./tools";

// nix.test.ts is worth only what its check catches. Here the emitted text gets one mistake at a time.

const model = cluster({
  servers: 3,
  agents: 1,
  network: { gateway: "172.22.0.1", nameservers: ["9.9.9.9"] },
  agent: [
    {
      disks: disksWith({ path: "/var/lib/rancher" }),
      networkInterfaces: [
        { bridge: "vmbr0" },
        { bridge: "vmbr1", name: "storage0", address: { network: "198.18.0.0/24" } },
        { bridge: "vmbr2", name: "lab0", address: "dhcp" },
      ],
    },
  ],
});
const files = emitted(model);

const SYSTEM = "k3s-agent-1/configuration.nix";
const HARDWARE = "k3s-agent-1/hardware-configuration.nix";
const AGENT = "k3s-agent-1/k3s-agent.nix";
const DISKS = "k3s-agent-1/data-disks.nix";
const NETWORKS = "k3s-agent-1/networks.nix";
const FOUNDER = "k3s-server-1/k3s-server.nix";
const SERVER = "k3s-server-2/k3s-server.nix";
const TOKEN = '"/var/lib/k3s-secrets/token"';
const IFACE = '"--flannel-iface=ens18"';

/** The text that is replaced in a file, its replacement, and the fault that must be reported. */
type Mistake = readonly [name: string, path: string, from: string, to: string, fault: RegExp];

const MISTAKES: readonly Mistake[] = [
  ["flushRuleset left to its default", SYSTEM, "flushRuleset = false;", "", /flushRuleset is true/],
  ["flushRuleset on", SYSTEM, "flushRuleset = false", "flushRuleset = true", /flushRuleset is true/],
  ["firewall left to its default", SYSTEM, "networking.firewall.enable", "# ", /firewall is on/],
  ["firewall on", SYSTEM, "firewall.enable = false", "firewall.enable = true", /firewall is on/],
  [
    "nftables left to its default",
    SYSTEM,
    "enable = true;\n    # The default",
    "# The default",
    /nftables is not enabled/,
  ],
  ["a ruleset that is not there", SYSTEM, "./nftables.nft", "./nft.nft", /rulesetFile is no file beside/],
  ["a ruleset by a relative string", SYSTEM, "./nftables.nft", '"nft"', /rulesetFile .* no absolute path/],
  ["deletions that delete nothing", SYSTEM, "delete table inet k3s_host", "", /extraDeletions/],
  ["a misspelt option", SYSTEM, "flushRuleset", "flushRules", /flushRules in .* is no option/],
  ["an option's wrong place", SYSTEM, "settings = {", "extra = {", /openssh\.extra\.Permit.* is no option/],
  ["a boolean as a string", SYSTEM, "useDHCP = false", 'useDHCP = "no"', /useDHCP .* no boolean/],
  ["an address without a length", SYSTEM, "prefixLength = 24;", "", /addresses .* no list of/],
  ["another host's address", SYSTEM, '"172.22.0.137"', '"172.22.0.138"', /has not 172\.22\.0\.137/],
  ["DHCP on every interface", SYSTEM, "useDHCP = false", "useDHCP = true", /useDHCP would ask/],
  ["another host's card", SYSTEM, "BC:24:11:B3:ED:04", "BC:24:11:B3:ED:03", /does not find ens18/],
  ["a card with another name", SYSTEM, 'Name = "ens18"', 'Name = "eth0"', /does not find ens18/],
  ["no nameserver", SYSTEM, '"9.9.9.9"', "", /nameservers is empty/],
  ["GRUB without a device", SYSTEM, "boot.loader.grub.device", "# ", /grub has no device/],
  ["no boot loader", SYSTEM, "grub.enable = true", "grub.enable = false", /one boot loader/],
  ["two boot loaders", SYSTEM, "boot.kernel", "boot.loader.systemd-boot.enable = true; #", /one boot loader/],
  ["no stateVersion", SYSTEM, "system.stateVersion", "# ", /stateVersion is missing/],
  ["a stateVersion that is a number", SYSTEM, 'stateVersion = "25.11"', "stateVersion = 25.11", /no string/],
  ["another host's name", SYSTEM, 'hostName = "agent-1"', 'hostName = "agent-2"', /hostName is not agent-1/],
  ["passwords over SSH", SYSTEM, "PasswordAuthentication = false;", "", /takes passwords/],
  ["root shut out", SYSTEM, '"prohibit-password"', '"no"', /let root in/],
  ["a login of a kind that there is not", SYSTEM, '"prohibit-password"', '"key"', /RootLogin .* no one of/],
  ["nobody's key", SYSTEM, `"${KEY} example@replace-me"`, "", /nobody can log in/],
  ["no guest agent", SYSTEM, "services.qemuGuest.enable", "# ", /qemuGuest is not enabled/],
  ["no hardware configuration", SYSTEM, "./hardware-configuration.nix", "", /root file system/],
  ["no K3s", SYSTEM, "./k3s-agent.nix", "", /k3s is not enabled/],
  [
    "a partition that grows without its filesystem",
    SYSTEM,
    'fileSystems."/".autoResize',
    "# ",
    /belong together/,
  ],
  [
    "a filesystem that NixOS cannot grow",
    HARDWARE,
    'fsType = "ext4"',
    'fsType = "zfs"',
    /not supported for "zfs"/,
  ],
  ["an interface without its name", NETWORKS, 'Name = "storage0"', 'Name = "storage"', /its name/],
  ["a default route by DHCP", NETWORKS, "nogateway", "", /lab0 would give a default route/],
  ["name servers by DHCP", NETWORKS, "nohook resolv.conf", "", /lab0 would give .* name servers/],
  [
    "an IPv6 router's advertisement",
    NETWORKS,
    'storage0.accept_ra" = false',
    'storage0.accept_ra" = true',
    /IPv6/,
  ],
  ["K3s that waits for another's lease", NETWORKS, 'wait = "background"', 'wait = "any"', /K3s would wait/],
  ["garbage collection that keeps all", SYSTEM, "--delete-older-than 30d", "", /delete no generation/],
  ["no root file system", HARDWARE, 'fileSystems."/"', 'fileSystems."/data"', /root file system/],
  ["swap", HARDWARE, "swapDevices = [ ]", 'swapDevices = [ { device = "/swap"; } ]', /swapped out/],
  [
    "two files that disagree",
    HARDWARE,
    "swapDevices",
    "networking.useDHCP = true; swapDevices",
    /differently in/,
  ],
  ["no platform", HARDWARE, "nixpkgs.hostPlatform", "# ", /hostPlatform is missing/],
  [
    "no forwarding between pods on different hosts",
    SYSTEM,
    '"net.ipv4.conf.all.forwarding" = true',
    '"net.ipv4.conf.all.forwarding" = false',
    /would not forward/,
  ],
  [
    "no forwarding of new interfaces",
    SYSTEM,
    '"net.ipv4.conf.default.forwarding"',
    "# ",
    /would not forward/,
  ],
  ["K3s without its firewall", AGENT, 'requires = [ "nftables.service" ];', "", /ruleset was not loaded/],
  ["K3s before its firewall", AGENT, 'after = [ "nftables.service" ];', "", /before the ruleset is loaded/],
  ["a server that is killed while it waits", SERVER, "serviceConfig.TimeoutStartSec", "# ", /after 90 s/],
  ["no way back from a boot on trial", SYSTEM, 'wantedBy = [ "sysinit.target" ];', "", /would lead back/],
  ["no way back from emergency mode", SYSTEM, "DefaultDependencies", "# ", /not start in emergency mode/],
  ["a way back from every boot", SYSTEM, "ConditionPathExists", "# ", /would run at every boot/],
  ["a way back that is begun anew", SYSTEM, "restartIfChanged", "# ", /begin its time anew/],
  [
    "a role that there is not",
    AGENT,
    'role = "agent"',
    'role = "master"',
    /role .* no one of \["server","agent"\]/,
  ],
  ["the other role", AGENT, 'role = "agent"', 'role = "server"', /role is not agent/],
  [
    "an agent that founds a cluster",
    AGENT,
    "role =",
    "clusterInit = true; role =",
    /must be false on an agent/,
  ],
  ["an agent that joins nowhere", AGENT, "serverAddr", "# ", /serverAddr is missing/],
  ["an agent that joins itself", AGENT, "https://172.22.0.134", "https://172.22.0.137", /own address/],
  ["a server's address that is no URL", AGENT, "https://172.22.0.134", "172.22.0.134", /no https address/],
  ["a token that goes to the store", AGENT, TOKEN, "./token", /tokenFile is no string/],
  ["a token that is in the store", AGENT, TOKEN, '"/nix/store/token"', /tokenFile is no string/],
  ["a token's path that is relative", AGENT, TOKEN, '"token"', /tokenFile .* no absolute path/],
  ["no token", AGENT, "tokenFile", "# ", /tokenFile is no string/],
  ["the token itself", AGENT, "role =", 'token = "s3cret"; role =', /k3s\.token in .* is no option/],
  ["another node's name", AGENT, "--node-name=agent-1", "--node-name=agent-2", /--node-name is not agent-1/],
  ["another node's address", AGENT, "--node-ip=172.22.0.137", "--node-ip=172.22.0.9", /--node-ip is not/],
  ["no interface for flannel", AGENT, IFACE, "", /one --flannel-iface/],
  ["a flag of two words", AGENT, IFACE, `${IFACE} "--debug --rootless"`, /systemd would not take/],
  ["a bare % in a flag", AGENT, IFACE, `${IFACE} "--x=%n"`, /systemd would not take/],
  ["a bare $ in a flag", AGENT, IFACE, `${IFACE} "--x=$HOME"`, /systemd would not take/],
  ["a server that joins nowhere", SERVER, "serverAddr", "# ", /serverAddr is missing/],
  ["a server that joins itself", SERVER, "https://172.22.0.134", "https://172.22.0.135", /own address/],
  [
    "a founder that joins",
    FOUNDER,
    "role =",
    'serverAddr = "https://a:6443"; role =',
    /there on the server that/,
  ],
  ["two founders", SERVER, "clusterInit = false", "clusterInit = true", /true on 2 hosts/],
  ["a data disk that stops the boot", DISKS, '"nofail"', '"noatime"', /would stop the boot/],
  ["a data disk that is waited for", DISKS, '"x-systemd.device-timeout=30s"', "", /waits too long/],
  [
    "a data disk that nothing formats",
    DISKS,
    "x-systemd.requires=format-scsi1",
    "x-systemd.requires=none",
    /no unit/,
  ],
  ["a data disk that is checked while it is empty", DISKS, '"systemd-fsck@', '"fsck@', /checked before/],
  ["a unit that waits for itself", DISKS, "DefaultDependencies = false;", "", /wait for it/],
  ["a unit whose change unmounts its disk", DISKS, "restartIfChanged", "# ", /would unmount/],
  ["K3s without its data", AGENT, "unitConfig.RequiresMountsFor", "# ", /start without its data/],
  ["no founder", FOUNDER, "clusterInit = true", "clusterInit = false", /true on 0 hosts/],
];

/** The text of a file with one part replaced; throws when the part is missing. */
function spoilt(path: string, from: string, to: string): string {
  const text = files.get(path);
  if (!text?.includes(from)) throw new Error(`${path} has no ${JSON.stringify(from)}`);
  return text.replace(from, () => to);
}

describeWith([NIX], "the check of configurations", () => {
  const reported = new Map<string, readonly string[]>();
  beforeAll(async () => {
    const copies = MISTAKES.map(([, path, from, to]): Copy => {
      return { model, files: new Map(files).set(path, spoilt(path, from, to)) };
    });
    const clusters = await configuredAll([...copies, { model, files }]);
    [...MISTAKES.map(([name]) => name), "none"].forEach((name, index) => {
      const hosts = Object.values(clusters[index] ?? {});
      reported.set(name, [...hosts.flatMap(({ faults }) => faults), ...clusterFaults(hosts)]);
    });
  });

  test.each(MISTAKES)("catches %s", (name, _path, _from, _to, fault) => {
    expect(reported.get(name)).toContainEqual(expect.stringMatching(fault));
  });

  test("reports nothing without a mistake", () => {
    expect(reported.get("none")).toEqual([]);
  });

  test("fails on a package that does not exist", async () => {
    const text = spoilt(AGENT, "pkgs.k3s", "pkgs.k3z");
    await expect(configured(model, { [AGENT]: text })).rejects.toThrow("attribute 'k3z' missing");
  });

  test("fails on a module that NixOS cannot call", async () => {
    const text = spoilt(AGENT, "{ pkgs, ... }:", "{ pkgs }:");
    await expect(configured(model, { [AGENT]: text })).rejects.toThrow("unexpected argument");
  });

  test("names a file that does not parse", async () => {
    const bad = new Map([["bad.nix", "{ a = ; }"]]);
    await inFolderWith(bad, async (folder) => {
      expect(await parseErrors([join(folder, "bad.nix")])).toMatch(/syntax error[^]*bad\.nix/);
    });
  });
});
