import fc from "fast-check";
import type { Cluster, Node } from "../../src/config/model";
import { nixString, systemdWord } from "../../src/base/escape";
import { cluster, emitted, KEY } from "./clusters";
import { configured, configuredAll } from "./configured";
import { evaluateExpression } from "./evaluation";
import { describeWith, NIX } from "./tools";

/** Text that ends a string, is evaluated in one, or is special to Nix, systemd, a shell or line formats. */
const HOSTILE = [
  '"; builtins.abort "executed"; "',
  '${builtins.abort "executed"}',
  '$${builtins.abort "executed"}',
  '\\${builtins.abort "executed"}',
  "''${builtins.abort ''executed''}''",
  "'' ''' ''$ ''\\",
  "\\",
  "$",
  "${",
  "%h %% %n $HOME $$ ${HOME}",
  "a\tb\rc\nd\r\n",
  "\u2028 \u{1f984} \u0001\u007f",
  "*/ /* # comment",
];

const FLAGS = "services.k3s.extraFlags";
const KEYS = "users.users.root.openssh.authorizedKeys.keys";

const valid = cluster({ agents: 1, network: { gateway: "172.22.0.1", nameservers: ["9.9.9.9"] } });

/** The cluster with a change on every node, or shared by them, that validation would refuse. */
const onNodes = (change: (node: Node) => Partial<Node>): Cluster => ({
  ...valid,
  nodes: valid.nodes.map((node) => ({ ...node, ...change(node) })),
});
const inNixos = (change: Partial<Node["nixos"]>): Cluster =>
  onNodes(({ nixos }) => ({ nixos: { ...nixos, ...change } }));
const inNetwork = (change: Partial<Cluster["network"]>): Cluster => ({
  ...valid,
  network: { ...valid.network, ...change },
});

/** A setting, how a text is put into it, the option that gets it, and the value that the option must have. */
type Place = readonly [
  setting: string,
  put: (text: string) => Cluster,
  option: string,
  value: (text: string) => unknown,
];

const asItIs = (text: string): string => text;

const PLACES: readonly Place[] = [
  ["hostname", (hostname) => onNodes(() => ({ hostname })), "networking.hostName", asItIs],
  [
    "ipv4Address",
    (ipv4Address) => onNodes(() => ({ ipv4Address })),
    "networking.interfaces.ens18.ipv4.addresses",
    (address) => [{ address, prefixLength: 24 }],
  ],
  ["network.gateway", (gateway) => inNetwork({ gateway }), "networking.defaultGateway.address", asItIs],
  [
    "network.nameservers",
    (text) => inNetwork({ nameservers: [text] }),
    "networking.nameservers",
    (text) => [text],
  ],
  ["apiEndpoint", (apiEndpoint) => ({ ...valid, apiEndpoint }), "services.k3s.serverAddr", asItIs],
  [
    "k3s.tokenFile",
    (tokenFile) => ({ ...valid, k3s: { ...valid.k3s, tokenFile } }),
    "services.k3s.tokenFile",
    asItIs,
  ],
  [
    "nixos.networkInterface",
    (networkInterface) => inNixos({ networkInterface }),
    "networking.defaultGateway.interface",
    asItIs,
  ],
  ["nixos.stateVersion", (stateVersion) => inNixos({ stateVersion }), "system.stateVersion", asItIs],
  ["nixos.bootDisk", (bootDisk) => inNixos({ bootDisk }), "boot.loader.grub.device", asItIs],
  ["nixos.platform", (it) => inNixos({ platform: it as "x86_64-linux" }), "nixpkgs.hostPlatform", asItIs],
  [
    "nixos.rootFilesystem.uuid",
    (uuid) => inNixos({ rootFilesystem: { uuid, type: "ext4" } }),
    'fileSystems."/".device',
    (uuid) => `/dev/disk/by-uuid/${uuid}`,
  ],
  [
    "nixos.efiSystemPartition",
    (efiSystemPartition) => inNixos({ efiSystemPartition }),
    'fileSystems."/boot".device',
    (uuid) => `/dev/disk/by-uuid/${uuid}`,
  ],
  [
    "nixos.release",
    (release) => inNixos({ release }),
    "assertions",
    (release) => [
      { assertion: false, message: `This host is written for NixOS ${release}, and nixpkgs is 25.11.` },
    ],
  ],
  [
    "k3sFlags",
    (flag) => onNodes(() => ({ k3sFlags: [flag] })),
    FLAGS,
    (flag) => expect.arrayContaining([systemdWord(flag)]),
  ],
];

describeWith([NIX], "text from the model, in Nix", () => {
  test("is the same string, whatever it contains", async () => {
    const special = fc.constantFrom("$", "{", "}", '"', "\\", "'", "\n", "\r", "\t", "%", "#", "a", " ");
    const texts = fc.sample(
      fc.oneof(
        fc.array(special, { maxLength: 12 }).map((parts) => parts.join("")),
        // A Nix string cannot contain the character 0.
        fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !text.includes("\0")),
      ),
      { numRuns: 1_000, seed: 1 },
    );
    const strings = [...HOSTILE, ...texts];
    expect(await evaluateExpression(`[\n${strings.map(nixString).join("\n")}\n]`)).toEqual(strings);
  });

  test("is unchanged in the comments of SSH keys", async () => {
    const comments = HOSTILE.map((text) => text.replace(/[\r\n]/g, "").trim());
    const keys = comments.map((text) => `${KEY} ${text}`);
    const hosts = await configured({ ...cluster({ agents: 0 }), authorizedKeys: keys });
    expect(hosts["k3s-server-1"]?.options[KEYS]).toEqual(keys);
    expect(hosts["k3s-server-1"]?.faults).toEqual([]);
  });

  test("is unchanged in K3s flags, with the % and $ of systemd doubled", async () => {
    const k3sFlags = [
      "--kubelet-arg=a=%h%%n",
      "--kubelet-arg=b=$HOME$$",
      "--kubelet-arg=c=${builtins.abort(executed)}",
      "--kubelet-arg=d=$${HOME}%{x}",
    ];
    const hosts = await configured(cluster({ agents: 1, agent: [{ k3sFlags }] }));
    expect(hosts["k3s-agent-1"]?.faults).toEqual([]);
    expect((hosts["k3s-agent-1"]?.options[FLAGS] as string[]).slice(-4)).toEqual([
      "--kubelet-arg=a=%%h%%%%n",
      "--kubelet-arg=b=$$HOME$$$$",
      "--kubelet-arg=c=$${builtins.abort(executed)}",
      "--kubelet-arg=d=$$$${HOME}%%{x}",
    ]);
  });

  test.each(PLACES)(
    "executes nothing, even if validation was bypassed: %s",
    async (_, put, option, value) => {
      const copies = HOSTILE.map(put).map((model) => ({ model, files: emitted(model) }));
      const configurations = await configuredAll(copies);
      expect(configurations.map((hosts) => hosts["k3s-agent-1"]?.options[option])).toEqual(
        HOSTILE.map(value),
      );
    },
  );
});
