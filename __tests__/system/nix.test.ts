import fs from "node:fs";
import { basename, join } from "node:path";
import type { Cluster, Node } from "../../src/config/model";
import { HARDWARE_CONFIGURATION, renderHosts } from "../../src/render/host";
import { delivered, readHostFolder } from "../../src/emit/host-folder";
import { REPOSITORY } from "../fixture";
import { cluster, CLUSTERS, committedHosts, disksWith, emitted, inFolderWith } from "./clusters";
import { clusterFaults, configurations, configured, type Configured } from "./configured";
import { evaluate, parseErrors } from "./evaluation";
import { hostFaults, merged, type Host, type Identity } from "./nixos-options";
import { describeWith, NIX } from "./tools";

const JOINS = "services.k3s.serverAddr";
const FOUNDS = "services.k3s.clusterInit";
const FLAGS = "services.k3s.extraFlags";
const KEYS = "users.users.root.openssh.authorizedKeys.keys";

const ofNodes = (model: Cluster, value: (node: Node) => unknown): Record<string, unknown> =>
  Object.fromEntries(model.nodes.map((node) => [node.id, value(node)]));

const ofHosts = (hosts: Configured, value: (host: Host) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(hosts).map(([id, host]) => [id, value(host)]));

/** Options of a host that follow only from its model. */
const machineOptions = ({ hostname, nixos }: Node): Record<string, unknown> => ({
  "networking.hostName": hostname,
  "system.stateVersion": nixos.stateVersion,
  "nixpkgs.hostPlatform": nixos.platform,
  "boot.kernelPackages": { __package: nixos.kernelPackages },
  ...(nixos.binaryCaches === undefined
    ? {}
    : {
        "nix.settings.substituters": nixos.binaryCaches.map(({ url }) => url),
        "nix.settings.trusted-public-keys": nixos.binaryCaches.map(({ publicKey }) => publicKey),
      }),
  ...(nixos.storage?.includes("longhorn")
    ? {
        "services.openiscsi.enable": true,
        "services.openiscsi.name": `iqn.2020-08.org.linux-iscsi.initiatorhost:${hostname}`,
        "systemd.tmpfiles.rules": ["L+ /usr/local/bin - - - - /run/current-system/sw/bin"],
        "boot.supportedFilesystems": ["nfs"],
      }
    : {}),
  'fileSystems."/".device': `/dev/disk/by-uuid/${nixos.rootFilesystem.uuid}`,
  'fileSystems."/".fsType': nixos.rootFilesystem.type,
  ...(nixos.firmware === "bios"
    ? { "boot.loader.grub.device": nixos.bootDisk }
    : {
        "boot.loader.systemd-boot.enable": true,
        'fileSystems."/boot".device': `/dev/disk/by-uuid/${nixos.efiSystemPartition}`,
      }),
});

const k3sOptions = ({ k3s, authorizedKeys }: Cluster, node: Node): Record<string, unknown> => ({
  [KEYS]: authorizedKeys,
  "services.k3s.role": node.role,
  "services.k3s.package": { __package: k3s.package },
  "services.k3s.tokenFile": k3s.tokenFile,
  [FLAGS]: expect.arrayContaining([
    `--node-name=${node.hostname}`,
    `--node-ip=${node.ipv4Address}`,
    `--flannel-iface=${node.nixos.networkInterface}`,
    ...node.nodeLabels.map((label) => `--node-label=${label}`),
    ...node.nodeTaints.map((taint) => `--node-taint=${taint}`),
    ...(node.role === "server" ? k3s.serverFlags : k3s.agentFlags),
    ...node.k3sFlags,
  ]),
});

describeWith([NIX], "the configurations in Nix", () => {
  describe.each(Object.entries(CLUSTERS))("of every host of %s", (_, resolve) => {
    const model = resolve();
    let hosts: Configured;
    beforeAll(async () => {
      hosts = await configured(model);
    });

    test("parse", () =>
      inFolderWith(emitted(model), async (folder) => {
        const files = [...emitted(model).keys()].filter((file) => file.endsWith(".nix"));
        expect(files.length).toBeGreaterThanOrEqual(3 * model.nodes.length);
        expect(await parseErrors(files.map((file) => join(folder, file)))).toBe("");
      }));

    test("set only options of NixOS, to values of their types, and all that a host needs", () => {
      expect(ofHosts(hosts, ({ faults }) => faults)).toEqual(ofNodes(model, () => []));
      expect(clusterFaults(Object.values(hosts))).toEqual([]);
    });

    test("let exactly one server found the cluster, and all others join it elsewhere than at themselves", () => {
      const founders = model.nodes.filter(({ id }) => hosts[id]?.options[FOUNDS] === true);
      expect(founders).toHaveLength(1);
      for (const node of model.nodes) {
        const joins = hosts[node.id]?.options[JOINS] as string | undefined;
        if (node === founders[0]) expect(joins).toBeUndefined();
        else expect([node.ipv4Address, node.hostname]).not.toContain(new URL(joins as string).hostname);
      }
    });

    test("match the model", () => {
      const options = ofHosts(hosts, (host) => host.options);
      expect(options).toMatchObject(ofNodes(model, machineOptions));
      expect(options).toMatchObject(ofNodes(model, (node) => k3sOptions(model, node)));
    });
  });

  describe("as committed", () => {
    const nodes: (Identity & { directory: string })[] = JSON.parse(
      fs.readFileSync(join(REPOSITORY, "nix", "cluster.json"), "utf8"),
    ).nodes;

    test("parse", async () => {
      const files = committedHosts().flatMap((folder) =>
        fs
          .readdirSync(folder)
          .filter((file) => file.endsWith(".nix"))
          .map((file) => join(folder, file)),
      );
      expect(files.length).toBeGreaterThanOrEqual(3 * nodes.length);
      expect(await parseErrors(files)).toBe("");
    });

    test("are complete and correct", async () => {
      expect(committedHosts().map((folder) => basename(folder))).toEqual(
        nodes.map(({ directory }) => directory).sort(),
      );
      const hosts = await configurations(
        join(REPOSITORY, "nix"),
        nodes.map(({ directory }) => directory),
      );
      const faults = nodes.map((node) => hostFaults(hosts[node.directory] as Host, node));
      expect(faults).toEqual(nodes.map(() => []));
      expect(clusterFaults(Object.values(hosts))).toEqual([]);
    });
  });

  test("the address of a host is static behind a gateway, and from DHCP without one", async () => {
    const gateway = { network: { gateway: "172.22.0.1", nameservers: ["172.22.0.1", "9.9.9.9"] } };
    const [still, leased] = await Promise.all([configured(cluster(gateway)), configured(cluster({}))]);
    expect(still["k3s-agent-1"]?.options).toMatchObject({
      "networking.interfaces.ens18.ipv4.addresses": [{ address: "172.22.0.135", prefixLength: 24 }],
      "networking.defaultGateway.address": "172.22.0.1",
      "networking.defaultGateway.interface": "ens18",
      "networking.nameservers": ["172.22.0.1", "9.9.9.9"],
    });
    expect(leased["k3s-agent-1"]?.options).toMatchObject({ "networking.interfaces.ens18.useDHCP": true });
  });

  test("the root grows to the size of its disk, and the store is cleaned, unless settings say otherwise", async () => {
    const nixos = { growRoot: false, configurationLimit: 3, deleteGenerationsAfterDays: 0 };
    const [plain, other] = await Promise.all([
      configured(cluster({})),
      configured(cluster({ agent: [{ nixos }] })),
    ]);
    expect(plain["k3s-agent-1"]?.options).toMatchObject({
      "boot.growPartition": true,
      'fileSystems."/".autoResize': true,
      "boot.loader.grub.configurationLimit": 10,
      "nix.gc.options": "--delete-older-than 30d",
    });
    expect(other["k3s-agent-1"]?.faults).toEqual([]);
    expect(other["k3s-agent-1"]?.options).toMatchObject({ "boot.loader.grub.configurationLimit": 3 });
    for (const option of ["boot.growPartition", 'fileSystems."/".autoResize', "nix.gc.automatic"])
      expect(other["k3s-agent-1"]?.options).not.toHaveProperty([option]);
  });

  test("metrics are served on the node's address, and written once a minute", async () => {
    const hosts = await configured(CLUSTERS["metrics for networks and for pods, and drills"]());
    const { options } = hosts["k3s-agent-1"] as Host;
    expect(options).toMatchObject({
      "services.prometheus.exporters.node.enable": true,
      "services.prometheus.exporters.node.listenAddress": "172.22.0.137",
      "services.prometheus.exporters.node.port": 9101,
      "services.prometheus.exporters.node.extraFlags": [
        "--collector.textfile.directory=/run/k3s-host-metrics",
      ],
      "systemd.services.k3s-host-metrics.startAt": "minutely",
      "systemd.services.k3s-host-metrics.script": expect.stringContaining("k3s-host.prom"),
      "systemd.services.k3s-host-metrics.scriptArgs":
        "/etc/k3s-host/nftables.nft /var/lib/rancher/k3s /var/lib/rancher/k3s/server/db/snapshots /run/k3s-host-metrics",
      "systemd.services.k3s-host-metrics.serviceConfig.RuntimeDirectory": "k3s-host-metrics",
      'environment.etc."k3s-host/nftables.nft".source': options["networking.nftables.rulesetFile"],
    });
    expect(hosts["k3s-server-1"]?.options["systemd.services.k3s-host-metrics.scriptArgs"]).toBe(
      "/etc/k3s-host/nftables.nft /var/lib/rancher/k3s /srv/snapshots /run/k3s-host-metrics /var/lib/k3s-rollout-drill",
    );
  });

  test("data disks are formatted and mounted by the names that they have in a guest, and K3s waits for its own", async () => {
    const hosts = await configured(CLUSTERS["data disks, with K3s' and other data"]());
    const [server, agent, plain] = ["k3s-server-1", "k3s-agent-1", "k3s-agent-2"].map(
      (id) => hosts[id] as Host,
    );
    const device = "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi1";
    const db = "/var/lib/rancher/k3s/server/db";
    expect(server?.options).toMatchObject({
      [`fileSystems."${db}".device`]: device,
      [`fileSystems."${db}".fsType`]: "ext4",
      [`fileSystems."${db}".autoResize`]: true,
      [`fileSystems."${db}".options`]: [
        "nofail",
        "x-systemd.device-timeout=30s",
        "x-systemd.requires=format-scsi1.service",
        "noatime",
      ],
      "systemd.services.format-scsi1.scriptArgs": `${device} ext4 /var/lib/data-disks/scsi1 30`,
      "systemd.services.format-scsi1.script": expect.stringContaining("wipefs"),
      "systemd.services.format-scsi1.before": [
        "systemd-fsck@dev-disk-by\\x2did-scsi\\x2d0QEMU_QEMU_HARDDISK_drive\\x2dscsi1.service",
        "shutdown.target",
      ],
      "systemd.services.k3s.unitConfig.RequiresMountsFor": db,
      'environment.etc."systemd/journald.conf.d/size.conf".text': "[Journal]\nSystemMaxUse=500M\n",
      [FLAGS]: expect.arrayContaining([
        "--kubelet-arg=image-gc-high-threshold=70",
        "--kubelet-arg=image-gc-low-threshold=60",
      ]),
    });
    expect(agent?.options).toMatchObject({
      'fileSystems."/var/lib/rancher".fsType': "xfs",
      'fileSystems."/srv/a-b.c/d".device': device.replace("scsi1", "scsi2"),
      "systemd.services.format-scsi1.path": ["diffutils", "xfsprogs", "util-linux"].map((__package) => ({
        __package,
      })),
      "systemd.services.k3s.unitConfig.RequiresMountsFor": "/var/lib/rancher",
    });
    expect(
      Object.keys(plain?.options ?? {}).filter((option) => /format-|RequiresMountsFor/.test(option)),
    ).toEqual(["systemd.services.k3s-rollout-trial.unitConfig.RequiresMountsFor"]);
  });

  test("further networks have the names, addresses, routes and VLANs of main.ts", async () => {
    const model = CLUSTERS["further networks: static with routes and VLANs, DHCP, and without an address"]();
    const hosts = await configured(model);
    const [agent, plain] = ["k3s-agent-1", "k3s-agent-2"].map((id) => (hosts[id] as Host).options);
    expect(agent).toMatchObject({
      'systemd.network.links."10-storage0".matchConfig.PermanentMACAddress': "0A:24:11:B3:ED:02",
      'systemd.network.links."10-storage0".linkConfig.Name': "storage0",
      'systemd.network.links."10-storage0".linkConfig.MTUBytes': "9000",
      'systemd.network.links."10-lab0".matchConfig.PermanentMACAddress': "BC:24:11:00:00:99",
      "networking.interfaces.storage0.useDHCP": false,
      "networking.interfaces.storage0.ipv4.addresses": [{ address: "198.18.0.135", prefixLength: 24 }],
      "networking.interfaces.storage0.ipv4.routes": [
        { address: "198.51.100.0", prefixLength: 24, via: "198.18.0.1" },
      ],
      "networking.vlans.backup0.id": 30,
      "networking.vlans.backup0.interface": "storage0",
      "networking.interfaces.backup0.ipv4.addresses": [{ address: "198.19.3.7", prefixLength: 16 }],
      "networking.vlans.raw-31.id": 31,
      "networking.interfaces.raw-31.useDHCP": false,
      "networking.interfaces.lab0.useDHCP": true,
    });
    expect(agent).not.toHaveProperty(["networking.interfaces.raw-31.ipv4.addresses"]);
    expect(Object.keys(plain ?? {}).filter((option) => /storage0|vlans|dhcpcd/.test(option))).toEqual([]);
    // The owner's own lines for dhcpcd come before: after a section they would be part of it.
    expect(emitted(model).get("k3s-agent-1/networks.nix")).toContain("extraConfig = lib.mkAfter ''");
  });

  test("a captured hardware configuration may name a data disk by its UUID", async () => {
    const model = cluster({ agents: 1, agent: [{ disks: disksWith({ path: "/srv/data" }) }] });
    const captured = emitted(model)
      .get("k3s-agent-1/hardware-configuration.nix")
      ?.replace(
        /\}\s*$/,
        'fileSystems."/srv/data" = { device = "/dev/disk/by-uuid/0e5b2d3c"; fsType = "ext4"; };\n}\n',
      );
    const hosts = await configured(model, { "k3s-agent-1/hardware-configuration.nix": captured as string });
    expect(hosts["k3s-agent-1"]?.faults).toEqual([]);
    expect(hosts["k3s-agent-1"]?.options['fileSystems."/srv/data".device']).toMatch(/drive-scsi1$/);
  });

  test("a server does not join itself by its own hostname", async () => {
    const hosts = await configured(cluster({ servers: 3, apiEndpoint: "https://server-2:6443" }));
    expect(hosts["k3s-server-2"]?.faults).toEqual([]);
  });

  test("Traefik and ServiceLB are left out by flags of the servers", async () => {
    const without = { k3s: { traefik: false, serviceLb: false } };
    const [bare, full] = await Promise.all([configured(cluster(without)), configured(cluster({}))]);
    const disabled = (hosts: Configured, id: string): string[] =>
      (hosts[id]?.options[FLAGS] as string[]).filter((flag) => flag.startsWith("--disable"));
    expect(disabled(bare, "k3s-server-1")).toEqual(["--disable=traefik", "--disable=servicelb"]);
    expect(disabled(bare, "k3s-agent-1")).toEqual([]);
    expect(disabled(full, "k3s-server-1")).toEqual([]);
  });

  test("a host refuses to build with another release of NixOS", async () => {
    const hosts = await configured(cluster({ agents: 0 }), {}, "25.05");
    expect(hosts["k3s-server-1"]?.faults).toEqual([
      "assertion: This host is written for NixOS 25.11, and nixpkgs is 25.05.",
    ]);
  });

  describe("a host's own configuration", () => {
    const model = cluster({ agents: 0 });
    const withLocal = async (text: string): Promise<Host> =>
      (await configured(model, { "k3s-server-1/local.nix": text }))["k3s-server-1"] as Host;

    test("adds to lists, and overrides with mkForce", async () => {
      const host = await withLocal(`
        { lib, ... }: {
          users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA another" ];
          services.k3s.tokenFile = lib.mkForce "/run/secrets/token";
          time.timeZone = "Europe/Berlin";
        }`);
      expect(host.faults).toEqual([]);
      expect(host.options).toMatchObject({
        [KEYS]: [...model.authorizedKeys, "ssh-ed25519 AAAA another"],
        "services.k3s.tokenFile": "/run/secrets/token",
        "time.timeZone": "Europe/Berlin",
      });
    });

    test("is refused by NixOS when it contradicts an option without mkForce", async () => {
      const host = await withLocal('{ networking.hostName = "other"; }');
      expect(host.faults).toEqual([
        "networking.hostName is defined differently in configuration.nix and local.nix",
      ]);
    });

    test("may refer to files next to it and of all hosts, which a rollout delivers", async () => {
      const files = new Map([
        ...emitted(model),
        [
          "k3s-server-1/local.nix",
          `{ imports = [ ./monitoring/node.nix ../common.nix ];
             environment.etc."rancher/k3s/registries.yaml".text = builtins.readFile ./registries.yaml; }`,
        ],
        ["k3s-server-1/monitoring/node.nix", '{ time.timeZone = "Europe/Berlin"; }'],
        ["k3s-server-1/registries.yaml", "mirrors: {}\n"],
        ["common.nix", "{ services.chrony.enable = true; }"],
      ]);
      const own = await inFolderWith(files, async (folder) => readHostFolder(folder, "k3s-server-1"));
      expect(own.faults).toEqual([]);
      const modules = await inFolderWith(delivered(own.files, "k3s-server-1"), (folder) =>
        evaluate({ host: folder }),
      );
      const written = ["local.nix", "node.nix", "common.nix"];
      const host = merged(modules["host"] ?? [], written);
      expect(host.options).toMatchObject({
        "networking.hostName": "server-1",
        "time.timeZone": "Europe/Berlin",
        "services.chrony.enable": true,
        'environment.etc."rancher/k3s/registries.yaml".text': "mirrors: {}\n",
      });
      expect(host.faults).toEqual([]);
    });

    test("may be its hardware configuration, as nixos-generate-config writes it", async () => {
      const captured = `
        { config, lib, pkgs, modulesPath, ... }:
        {
          imports = [ (modulesPath + "/profiles/qemu-guest.nix") ];
          boot.initrd.availableKernelModules = [ "ata_piix" "uhci_hcd" "virtio_pci" "virtio_scsi" "sd_mod" "sr_mod" ];
          boot.initrd.kernelModules = [ ];
          boot.kernelModules = [ ];
          boot.extraModulePackages = [ ];
          fileSystems."/" = { device = "/dev/disk/by-uuid/0e5b2d3c"; fsType = "ext4"; };
          swapDevices = [ ];
          networking.useDHCP = lib.mkDefault true;
          nixpkgs.hostPlatform = lib.mkDefault "x86_64-linux";
        }`;
      const files = renderHosts(model, new Set(["k3s-server-1"]));
      expect(files.has(`k3s-server-1/${HARDWARE_CONFIGURATION}`)).toBe(false);
      files.set(`k3s-server-1/${HARDWARE_CONFIGURATION}`, captured);
      await inFolderWith(files, async (folder) => {
        const modules = await evaluate({ host: join(folder, "k3s-server-1") });
        const host = merged(modules["host"] ?? [], [HARDWARE_CONFIGURATION]);
        expect(hostFaults(host, model.nodes[0] as Node)).toEqual([]);
        expect(host.options["networking.useDHCP"]).toBe(false);
      });
    });
  });
});
