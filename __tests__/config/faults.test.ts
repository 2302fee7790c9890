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

test("three servers, one of which initializes the cluster, have no faults", () => {
  expect(faultsOf(FIVE_NODES)).toEqual([]);
});

describe("what two nodes may not share", () => {
  test("nothing that is missing", () => {
    const nameless = [
      agent("a", undefined as unknown as string, 140),
      agent("b", undefined as unknown as string, 141),
    ];
    expect(faultsOf([ALPHARD, ...nameless]).join()).not.toContain("both use");
  });

  test("anything, also not by more than two nodes", () => {
    const third = agent("k3s-agent-2", "alnair", 137, { ipv4Address: "172.22.0.135" });
    expect(faultsOf([ALPHARD, HAMAL, { ...MIZAR, ipv4Address: "172.22.0.135" }, third])).toEqual([
      "'hamal', 'mizar' and 'alnair' all use 172.22.0.135 as 'ipv4Address'",
    ]);
  });
});

const disk = { interface: "scsi0", datastore: "d", sizeGib: 32 };

describe("a node's settings", () => {
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

test("a pod network with a /24 for each node has no fault", () => {
  expect(
    faultsOf([ALPHARD, HAMAL], { ...REFERENCE, network: { ...REFERENCE.network, podCidr: "10.42.0.0/23" } }),
  ).toEqual([]);
});

test("two nodes cannot both have the same former name", () => {
  expect(faultsOf([ALPHARD, { ...HAMAL, formerId: "old" }, { ...MIZAR, formerId: "old" }])).toEqual([
    "'formerId' of 'mizar' is old, the present or former Terraform name of 'hamal'",
  ]);
});

describe("servers", () => {
  test("agents need one", () => {
    expect(faultsOf([HAMAL, MIZAR], { ...REFERENCE, apiEndpoint: "https://172.22.0.9:6443" })).toEqual([
      "the cluster has no server for 'hamal' and 'mizar' to join; add a K3sServerNode",
    ]);
  });

  test("a cluster without nodes has none", () => {
    expect(faultsOf([])).toEqual(["the cluster has no server; add a K3sServerNode"]);
  });

  const three = [ALPHARD, server("s1", "acrux", 137), server("s2", "alnair", 138)];

  test("one of several has to found the cluster", () => {
    expect(faultsOf(three)).toEqual([
      "'clusterInit' should be true for exactly one server, but it is for none of 'alphard', 'acrux' and 'alnair'",
    ]);
  });

  test("only one of several may found the cluster", () => {
    expect(faultsOf(three.map((node) => ({ ...node, clusterInit: node.id !== "s2" })))).toEqual([
      "'clusterInit' should be true for exactly one server, but it is for 'alphard' and 'acrux'",
    ]);
  });

  test("the only one cannot join itself", () => {
    expect(faultsOf([{ ...ALPHARD, clusterInit: false }])).toEqual([
      "'clusterInit' should be true for exactly one server, but it is for none of 'alphard'",
    ]);
  });

  const two = [{ ...ALPHARD, clusterInit: true }, server("s1", "acrux", 137)];

  test("an even number is refused, unless it is asked for", () => {
    expect(faultsOf(two)).toEqual([
      "2 servers, 'alphard' and 'acrux', tolerate no more failures than 1; " +
        "add or remove one, or set 'allowEvenServerCount: true' during a change",
    ]);
    expect(faultsOf(two, { ...REFERENCE, allowEvenServerCount: true })).toEqual([]);
  });
});

describe("an unknown setting, or one of the wrong kind", () => {
  test("is a fault of the cluster, too", () => {
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

  test("a node without settings is a fault, not an exception", () => {
    expect(faultsOf([ALPHARD, { id: "x", role: "agent" } as TestNode]).join()).toContain("'hostname' of 'x'");
  });

  test("an undefined setting overrides nothing", () => {
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

describe("characters that no emitted file can contain, or that deceive a reader", () => {
  test.each<[string, Partial<TestNode>, string]>([
    [
      "a NUL",
      { k3sFlags: ["--debug\0"] },
      "'k3sFlags[0]' of 'mizar' contains the character U+0000, which no setting may contain",
    ],
    ["a line break", { pool: "a\nb" }, "'pool' of 'mizar' contains the character U+000A"],
    ["an escape", { description: "\u001b[2J" }, "'description' of 'mizar' contains the character U+001B"],
    ["a NUL", { description: "a\0b" }, "'description' of 'mizar' contains the character U+0000"],
    ["half a character", { description: "\ud83e" }, "'description' of 'mizar' contains the character U+D83E"],
    [
      "a reordering",
      { description: "\u202egnp.live" },
      "'description' of 'mizar' contains the character U+202E",
    ],
    [
      "a reordering in a label",
      { nodeLabels: { a: "\u2066" } },
      "'nodeLabels[a]' of 'mizar' contains the character U+2066",
    ],
    [
      "a line break in a label's name",
      { nodeLabels: { "a\n": "b" } },
      "'nodeLabels' of 'mizar' contains the character U+000A",
    ],
  ])("%s", (_, mizar, message) => {
    expect(faultsOfMizar(mizar)).toEqual([expect.stringContaining(message)]);
  });

  test("are faults in the file of keys", () => {
    const file = join(temporaryFolder(), "keys");
    writeFileSync(file, readFileSync(REFERENCE.authorizedKeysFile, "utf8").trimEnd() + "\u0007\n");
    expect(faultsWith({ authorizedKeysFile: file })).toEqual([
      expect.stringMatching(/^'authorizedKeysFile' .*: entry 1 contains the character U\+0007$/),
    ]);
  });

  test("line breaks are allowed in text for people", () => {
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

  test("a token where a list of flags or a boolean belongs", () => {
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

  test("a private key among the public keys", () => {
    const file = join(temporaryFolder(), "keys");
    writeFileSync(file, "-----BEGIN OPENSSH PRIVATE KEY-----\nfeedface\n-----END OPENSSH PRIVATE KEY-----\n");
    const faults = faultsWith({ authorizedKeysFile: file });
    expect(faults).toEqual([
      `'authorizedKeysFile' ${file} contains a private key; remove it from the project and from git, and replace the key pair`,
    ]);
  });
});

describe("operators' keys", () => {
  test("are not accepted, and not repeated, where the path of their file belongs", () => {
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nfeedface\n-----END OPENSSH PRIVATE KEY-----\n";
    expect(faultsWith({ authorizedKeysFile: key })).toEqual([
      "'authorizedKeysFile' contains the character U+000A, which no setting may contain",
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

  test("are missing when the file has none", () => {
    expect(faultsOfKeys("# none\n\n")).toEqual([
      "'authorizedKeysFile' keys contains no key, so that nobody could log in; add yours",
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
  ])("with one %s are refused", (_, line) => {
    expect(faultsOfKeys(`${key} a@b\n${line}\n`)).toEqual([
      `'authorizedKeysFile' keys: entry 2 should be a public key such as "ssh-ed25519 AAAA... name"`,
    ]);
  });

  test("are not comments or blank lines", () => {
    expect(faultsOfKeys(`# operators\r\n\r\n${key} a comment with spaces\r\n`)).toEqual([]);
  });
});

test.each<[string, object, string]>([
  [
    "that is the servers'",
    { k3s: { ...REFERENCE.k3s, agentTokenFile: REFERENCE.k3s.tokenFile } },
    "'k3s.agentTokenFile' should be another file than 'k3s.tokenFile': agents must not get the servers' token",
  ],
  [
    "without a place on the hosts",
    { rollout: { agentTokenPath: "agent-token" } },
    "'rollout.agentTokenPath' has no effect without 'k3s.agentTokenFile'; set that to the path of the token on the hosts",
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
      "'rollout.tokenPath' and 'rollout.tokenCommand' exclude each other; keep one of them",
    ],
    [
      "the token in the place of its path",
      { tokenPath: LONG },
      "'rollout.tokenPath' should be the path of a file; the value is not shown, since it may be a token",
    ],
    [
      "the token in a command",
      { tokenCommand: ["echo", LONG] },
      "'rollout.tokenCommand' prints its own arguments, which would put the join token into main.ts, cluster.json and git; use a secret store",
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
    [["/bin/echo", PRINTED], "prints its own arguments"],
    [["printf", "%s", PRINTED], "prints its own arguments"],
    [["sh", "-c", `true; echo ${PRINTED}`], "prints its own arguments"],
    [["vault", "login", LONG], "has an argument that looks like a secret"],
    [
      ["curl", "-H", "Authorization: Bearer 0f1e2d3c4b5a69788796a5b4c3d2e1f0"],
      "has an argument that looks like a secret",
    ],
    [["cat", "/dev/null", "b3J9Wq0Zt7Lx2Vn8Kc4Rm1"], "has an argument that looks like a secret"],
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
  ])("the command %j is not a fault", (tokenCommand) => {
    expect(faultsWith({ rollout: { tokenCommand } })).toEqual([]);
  });

  test.each([[{ tokenPath: "secrets/token" }], [{ tokenCommand: ["sops", "-d", "token.enc"] }], [{}]])(
    "%j is not a fault",
    (rollout) => {
      expect(faultsWith({ rollout })).toEqual([]);
    },
  );
});
