import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Facts, Unconfirmed } from "../../src/rollout/facts";
import type { Host } from "../../src/rollout/host";
import type { HostState } from "../../src/rollout/identity";
import { planHost, type HostPlan, type PlanContext } from "../../src/rollout/plan";
import { saltedHash } from "../../src/rollout/token";
import { formatPlan } from "../../src/rollout/format";
import { ALPHARD, HAMAL, MIZAR, REFERENCE, type TestNode } from "../fixture";
import { clone, described, hosts, hostState, kubeNode, context } from "./plan-context";

const UNCONFIRMED: Unconfirmed = {
  state: "activating",
  rollout: "desk:7:5ca1ab1e",
  operator: "eve@desk, process 7",
  secondsLeft: 288,
  before: "/nix/store/hamal-former-system",
};

type Three = [alphard: Host, hamal: Host, mizar: Host];

const three = (settings?: Parameters<typeof described>[1]): Three =>
  hosts(described([ALPHARD, HAMAL, MIZAR], settings)) as Three;

/** The plan of hamal, with other facts. */
function planOfHamal(
  facts: Partial<Facts>,
  more: Partial<PlanContext> = {},
  settings?: Parameters<typeof described>[1],
): HostPlan {
  const [alphard, hamal, mizar] = three(settings);
  const all = [hostState(alphard), hostState(hamal, facts), hostState(mizar)];
  return planHost(all[1] as HostState, context(all, more));
}

test("a host that a dead rollout left unconfirmed is changed at once, and the plan says so", () => {
  const isOver = (rollout: string): boolean => rollout === UNCONFIRMED.rollout;
  expect(planOfHamal({ unconfirmed: UNCONFIRMED }, { hasEnded: isOver })).toMatchObject({
    verdict: "unfinished",
    faults: [],
    notes: [
      "a rollout that has ended (eve@desk, process 7) left it unconfirmed: it reverts to its previous system first",
    ],
  });
});

test("units that had already failed are named", () => {
  expect(planOfHamal({ failedUnits: ["backup.service", "mnt-nas.mount"] }).notes).toEqual([
    "units have already failed on it: backup.service, mnt-nas.mount; see systemctl status there. " +
      "A rollout does not revert it because of these",
  ]);
});

test("a host that matches what was emitted is unchanged", () => {
  expect(planOfHamal({})).toMatchObject({
    verdict: "unchanged",
    faults: [],
    notes: [],
    changes: [],
    member: true,
  });
});

test("a changed file is shown by its changed lines, without the header", () => {
  const [, hamal] = three();
  const before = (hamal.files.get("nftables.nft") as string)
    .replace(/^ +172\.22\.0\.136 .*\n/m, "")
    .replace(/(sha256 of the lines below): .*/, "$1: 0");
  const plan = planOfHamal({ files: new Map([...hamal.files, ["nftables.nft", before]]) });
  expect(plan.verdict).toBe("changed");
  expect(plan.changes).toEqual([
    { file: "nftables.nft", kind: "changed", lines: ["+ 172.22.0.136 . BC:24:11:B3:ED:03, # mizar"] },
  ]);
});

test("a file of the host that will be removed is named", () => {
  const [, hamal] = three();
  const plan = planOfHamal({ files: new Map([...hamal.files, ["desktop.nix", "{ }"]]) });
  expect(plan.changes).toEqual([{ file: "desktop.nix", kind: "removed", lines: [] }]);
  expect(formatPlan([plan])).toContain("desktop.nix: removed; the dated copy of /etc/nixos keeps it");
});

test("a clone of the template is new", () => {
  const [alphard, hamal] = three();
  const all = [hostState(alphard), clone(hamal)];
  expect(planHost(all[1] as HostState, context(all))).toMatchObject({
    verdict: "new",
    member: false,
    faults: [],
  });
});

test.each<[string, Partial<Facts>, Partial<PlanContext>, string]>([
  [
    "the running system is not the boot default",
    { profile: "/nix/store/other" },
    {},
    "the running system is not the boot default",
  ],
  ["a reboot is due", { rebootDue: ["kernel"] }, {}, "it needs a reboot, for its kernel"],
  ["K3s does not run", { k3s: "failed" }, {}, "K3s does not run (failed)"],
])("an unfinished rollout is continued: %s", (_, facts, more, note) => {
  expect(planOfHamal(facts, more)).toMatchObject({ verdict: "unfinished", notes: [note] });
});

test("an unfinished rollout is continued when it cordoned the node", () => {
  const [alphard, hamal] = three();
  const all = [hostState(alphard), hostState(hamal)];
  const nodes = [kubeNode(alphard), kubeNode(hamal, { cordoned: true, cordonedByUs: true })];
  expect(planHost(all[1] as HostState, context(all, { nodes }))).toMatchObject({
    verdict: "unfinished",
    notes: ["an earlier rollout cordoned it"],
  });
});

test("another person's cordon is no reason for a change", () => {
  const [alphard, hamal] = three();
  const all = [hostState(alphard), hostState(hamal)];
  const nodes = [kubeNode(alphard), kubeNode(hamal, { cordoned: true })];
  expect(planHost(all[1] as HostState, context(all, { nodes })).verdict).toBe("unchanged");
});

test("rules that would be flushed are named", () => {
  const plan = planOfHamal({ deletions: "#! nft -f\n flush ruleset\n" });
  expect(plan.notes).toEqual([expect.stringContaining("has saved a flush of the whole ruleset")]);
});

describe("refused is", () => {
  test.each<[string, Partial<Facts>, string]>([
    [
      "another machine",
      { interfaces: new Map([["ens18", "BC:24:11:B3:ED:99"]]) },
      "no network interface of the machine at 172.22.0.135 has MAC address BC:24:11:B3:ED:02, hamal's (it has ens18 with BC:24:11:B3:ED:99): it is another machine",
    ],
    [
      "another firmware",
      { firmware: "uefi" },
      "it was booted by uefi, but nixos.firmware is bios: it would not boot again",
    ],
    [
      "a root device that is not there",
      { rootDeviceExists: false, rootUuid: "1234" },
      "/dev/disk/by-uuid/dd933e34-9e75-4a1c-8597-61e6d3b7af63 of its hardware-configuration.nix does not exist there " +
        "(/ is /dev/sda1, UUID 1234): it would not boot. Run npm run rollout -- capture hamal",
    ],
    [
      "another root filesystem",
      { rootUuid: "1234" },
      "its root filesystem is 1234, but its hardware-configuration.nix names dd933e34-9e75-4a1c-8597-61e6d3b7af63. " +
        "Run npm run rollout -- capture hamal",
    ],
    [
      "a local.nix that only the host has",
      { files: new Map([["local.nix", "{ }"]]) },
      "it has an /etc/nixos/local.nix that the project does not have",
    ],
    [
      "a host on which an activation of another rollout runs",
      { unconfirmed: UNCONFIRMED },
      "an activation of another rollout (eve@desk, process 7) is running on it; it reverts in 288 s unless that rollout confirms it",
    ],
    [
      "a host whose timer alone waits",
      { unconfirmed: { ...UNCONFIRMED, state: "armed" } },
      "another rollout (eve@desk, process 7) has activated a system that it has not confirmed yet: it reverts in 288 s",
    ],
    [
      "a host that is on its way back",
      { unconfirmed: { ...UNCONFIRMED, state: "reverting" } },
      "it is reverting to its previous system: run the same command again in a minute",
    ],
    [
      "an operator whose key would not be installed",
      { operatorKey: "SHA256:other" },
      "your SSH key SHA256:other is not among the keys to be installed: add it to the authorized keys",
    ],
    [
      "an operator from where SSH would not be admitted",
      { operatorAddress: "10.8.0.9" },
      "you connect from 10.8.0.9, and hamal's new firewall would not admit SSH from there",
    ],
    [
      "an operator who comes by IPv6, which the firewall would not admit",
      { operatorAddress: "fd00:22::50" },
      "you connect from fd00:22::50, and hamal's new firewall would not admit SSH from there",
    ],
  ])("%s", (_, facts, fault) => {
    const plan = planOfHamal(facts);
    expect(plan.verdict).toBe("refused");
    expect(plan.faults).toEqual([expect.stringContaining(fault)]);
    expect(plan.notes.filter((note) => note.includes("has ended"))).toEqual([]);
  });

  test("a machine that does not have an interface yet which main.ts names", () => {
    const networkInterfaces = [
      { bridge: "vmbr0" },
      { bridge: "vmbr1", name: "storage0", vlans: [{ id: 30, name: "backup0" }] },
    ];
    const all = hosts(described([ALPHARD, { ...HAMAL, networkInterfaces }]));
    const plan = (interfaces: Record<string, string>): HostPlan => {
      const states = all.map((host) =>
        hostState(host, host.name === "hamal" ? { interfaces: new Map(Object.entries(interfaces)) } : {}),
      );
      return planHost(states[1] as HostState, context(states));
    };
    const own = { ens18: "BC:24:11:B3:ED:02" };
    expect(plan(own).faults).toEqual([
      "its VM has no network interface with MAC address 06:24:11:B3:ED:02, which main.ts names storage0: run npm run apply first",
    ]);
    expect(plan({ ...own, ens19: "06:24:11:B3:ED:02" }).faults).toEqual([]);
  });

  test("a second cluster", () => {
    const [alphard, acrux] = hosts(
      described([
        { ...ALPHARD, clusterInit: true },
        { ...MIZAR, id: "s1", role: "server" },
        { ...HAMAL, id: "s2", role: "server" },
      ]),
    ).reverse() as [Host, Host];
    const founder = [alphard, acrux].find(({ node }) => node.clusterInit === true) ?? alphard;
    const all = hosts(founder.description).map((host) =>
      host.node.clusterInit === true ? clone(host) : hostState(host),
    );
    const plan = planHost(all.find(({ host }) => host.node.clusterInit === true) as HostState, context(all));
    expect(plan.faults).toEqual([expect.stringContaining("it would found a second cluster")]);
    // Without its peer it has no quorum, and does not finish its start.
    const stuck = all.map((each) =>
      each.facts.serverData ? { ...each, facts: { ...each.facts, k3s: "activating" } } : each,
    );
    const again = planHost(
      stuck.find(({ host }) => host.node.clusterInit === true) as HostState,
      context(stuck),
    );
    expect(again.faults).toEqual(plan.faults);
  });

  test("another hostname on a node", () => {
    const [alphard, hamal, mizar] = three();
    const all = [hostState(alphard), hostState(hamal, { hostname: "mizar" })];
    const nodes = [kubeNode(alphard), kubeNode(mizar)];
    expect(planHost(all[1] as HostState, context(all, { nodes })).faults).toEqual([
      "it is the Kubernetes node mizar. Another hostname is another node: run npm run rollout -- remove mizar first, then add hamal",
    ]);
  });

  test("an operator to whom SSH is open over a further interface alone", () => {
    const storage = { bridge: "vmbr1", name: "storage0", address: { network: "198.18.0.0/24" } };
    const ssh = { protocol: "tcp", ports: { from: 22, to: 22 }, why: "SSH" } as const;
    const { faults } = planOfHamal(
      {
        operatorAddress: "198.18.0.50",
        interfaces: new Map([
          ["ens18", "BC:24:11:B3:ED:02"],
          ["storage0", "06:24:11:B3:ED:02"],
        ]),
      },
      {},
      {
        vm: { ...REFERENCE.vm, networkInterfaces: [{ bridge: "vmbr0" }, storage] },
        firewall: { allow: [{ from: "everyone", to: "every host", over: "storage0", ...ssh }] },
      },
    );
    expect(faults).toEqual([expect.stringContaining("hamal's new firewall would not admit SSH from there")]);
  });

  test("a token that is another one, with the way to rotate it", () => {
    const [alphard, hamal] = three();
    const all = [hostState(alphard), hostState(hamal)];
    const plan = planHost(
      all[1] as HostState,
      context(all, { tokens: { server: "another-token", agent: undefined } }),
    );
    expect(plan.faults).toEqual([
      expect.stringMatching(
        /join token at \/var\/lib\/k3s-secrets\/token is another one\..*: npm run rollout -- rotate token gives the whole cluster/,
      ),
    ]);
  });

  describe("a token that is another one than a server shows to be that of before the last rotation", () => {
    const PATH = "/var/lib/k3s-secrets/token";
    const [ours, former, other] = ["the-new-token", "the-former-token", "some-other-token"].map((token) =>
      saltedHash("salt", token),
    ) as [string, string, string];
    const planned = (server: Partial<Facts>, agent: Partial<Facts>): HostPlan => {
      const [alphard, hamal] = three();
      const done = { tokens: new Map([[PATH, ours]]), keptToken: ours, oldTokens: new Map([[PATH, former]]) };
      const all = [hostState(alphard, { ...done, ...server }), hostState(hamal, agent)];
      return planHost(
        all[1] as HostState,
        context(all, { tokens: { server: "the-new-token", agent: undefined } }),
      );
    };
    const behind = { tokens: new Map([[PATH, former]]) };

    test("while that one is caught up", () => {
      const { verdict, faults, notes } = planned({}, behind);
      expect([verdict, faults]).toEqual(["unfinished", []]);
      expect(notes).toEqual([expect.stringContaining("it was off when the join token was rotated")]);
    });

    test.each([
      ["its own", {}, { tokens: new Map([[PATH, other]]) }],
      ["on a server whose data has another one", { keptToken: other }, behind],
      ["on a server that has not got the new one", { tokens: new Map([[PATH, former]]) }, behind],
      ["on a server on which K3s does not run", { k3s: "failed" }, behind],
      ["one of an earlier rotation", { oldTokens: new Map([[PATH, other]]) }, behind],
    ])("%s", (_, server, agent) => {
      expect(planned(server, agent).faults).toEqual([
        expect.stringContaining("rotate token gives the whole"),
      ]);
    });
  });

  const WITH_S3 = {
    k3s: {
      ...REFERENCE.k3s,
      snapshots: {
        s3: { endpoint: "s3.example.org", bucket: "etcd", secretFile: "/var/lib/k3s-secrets/s3" },
      },
    },
  };
  const S3 = "AWS_ACCESS_KEY_ID=AKIA1234\nAWS_SECRET_ACCESS_KEY=5ca1ab1e";

  test("a server with other S3 credentials, which are not replaced", () => {
    const [alphard] = three(WITH_S3);
    const tokens = new Map([
      ["/var/lib/k3s-secrets/token", "hash"],
      ["/var/lib/k3s-secrets/s3", saltedHash("salt", S3.replace("5ca", "6ca"))],
    ]);
    const all = [hostState(alphard, { salt: "salt", tokens })];
    const plan = planHost(
      all[0] as HostState,
      context(all, { tokens: { server: undefined, agent: undefined, s3: S3 } }),
    );
    expect(plan.faults).toEqual([
      expect.stringContaining(
        "its S3 credentials at /var/lib/k3s-secrets/s3 are others than those of main.ts",
      ),
    ]);
  });

  test("a host without a token, when main.ts names no source", () => {
    const [alphard, hamal] = three();
    const all = [hostState(alphard), clone(hamal, { tokens: new Map() })];
    expect(planHost(all[1] as HostState, context(all)).faults).toEqual([
      expect.stringContaining("it has no join token at /var/lib/k3s-secrets/token"),
    ]);
  });
});

test("a host whose boot loader cannot boot a system once says so where it may have to boot one", () => {
  const onceFault = "its /boot is on btrfs, to which GRUB cannot write";
  expect(planOfHamal({ onceFault }).notes).toEqual([]);
  const files = new Map([["configuration.nix", "{ }\n"]]);
  expect(planOfHamal({ onceFault, files }).notes).toEqual([
    expect.stringContaining(
      `since ${onceFault}. If it gets no further than its initrd, choose an older generation`,
    ),
  ]);
});

test("a host whose interface has another name is not refused: it is found by its MAC address", () => {
  const interfaces = new Map([
    ["ens18", "BC:24:11:B3:ED:99"],
    ["eth0", "BC:24:11:B3:ED:02"],
  ]);
  expect(planOfHamal({ interfaces }).faults).toEqual([]);
});

describe("a host without a token is not refused", () => {
  test.each([
    ["when main.ts names a source", { rollout: { tokenPath: "/run/secrets/token" } }],
    [
      "when it comes with the activation",
      { k3s: { tokenFile: "/run/secrets/k3s-token", traefik: true, serviceLb: true } },
    ],
  ])("%s", (_, settings) => {
    const [alphard, hamal] = three(settings);
    const all = [hostState(alphard), clone(hamal, { tokens: new Map() })];
    expect(planHost(all[1] as HostState, context(all)).faults).toEqual([]);
  });
});

describe("clones that share an identity", () => {
  const shared = { machineId: "one" };

  const plans = (more: Partial<PlanContext> = {}): HostPlan[] => {
    const [alphard, hamal, mizar] = three();
    for (const host of [alphard, hamal]) host.pin(["ssh-ed25519 b25l"]);
    const all = [hostState(alphard, shared), clone(hamal, shared), hostState(mizar)];
    return all.map((each) => planHost(each, context(all, more)));
  };

  test("are refused with the way to mend the template, and the member stays what it is", () => {
    const [alphard, hamal, mizar] = plans();
    expect([alphard?.verdict, hamal?.verdict, mizar?.verdict]).toEqual(["unchanged", "refused", "unchanged"]);
    expect(hamal?.faults).toEqual([
      expect.stringMatching(
        /^its machine-id is also that of alphard, and it has an SSH host key of alphard\. The template was not cleaned.*--regenerate-identity$/,
      ),
    ]);
  });

  test("a member that claims other members' machine-id blocks none of them", () => {
    const all = three().map((host) => hostState(host, shared));
    expect(all.map((each) => planHost(each, context(all)).verdict)).toEqual(Array(3).fill("unchanged"));
    expect(planHost(all[0] as HostState, context(all)).notes).toEqual([
      "its machine-id is also that of hamal, mizar: each should have its own",
    ]);
  });

  test("are not hosts that report no machine-id", () => {
    const all = three().map((host) => hostState(host, { machineId: "" }));
    expect(all.flatMap((each) => planHost(each, context(all)).notes)).toEqual([]);
  });

  test("are not refused when they will get new identities", () => {
    expect(plans({ regenerateIdentity: true })[1]?.verdict).toBe("new");
  });
});

test("a key that local.nix may add is looked for after the build", () => {
  const description = described([ALPHARD, HAMAL]);
  writeFileSync(join(description.folder, "k3s-agent", "local.nix"), "{ }\n");
  const [alphard, hamal] = hosts(description) as [Host, Host];
  const all = [hostState(alphard), hostState(hamal, { operatorKey: "SHA256:other" })];
  expect(planHost(all[1] as HostState, context(all)).faults).toEqual([]);
});

test.each<[string, Parameters<typeof described>[1], string]>([
  [
    "a management network",
    {
      network: {
        nodeCidr: "172.22.0.0/24",
        managementCidrs: ["172.22.0.0/24", "10.8.0.0/24"],
        operatorNetworkWaived: true,
        macAddressBase: { vmId: 134, macAddress: "BC:24:11:B3:ED:01" },
      },
    },
    "10.8.0.9",
  ],
  [
    "what main.ts allows",
    {
      firewall: {
        allow: [
          { from: "203.0.113.0/24", to: "agents", protocol: "tcp", ports: { from: 20, to: 30 }, why: "SSH" },
        ],
      },
    },
    "203.0.113.9",
  ],
  ["another node", {}, "172.22.0.136"],
])("an operator may connect from %s", (_, settings, operatorAddress) => {
  expect(planOfHamal({ operatorAddress }, {}, settings).faults).toEqual([]);
});

test("without an API, the data on its disk shows whether a host has joined", () => {
  const [alphard, hamal] = three();
  const all = [hostState(alphard, { k3s: "failed" }), clone(hamal)];
  const plans = all.map((each) => planHost(each, context(all, { nodes: undefined })));
  expect(plans.map(({ member }) => member)).toEqual([true, false]);
});

describe("K3s' data on a disk of its own", () => {
  const DISK = { interface: "scsi0", datastore: "local-lvm", sizeGib: 32 };
  const withDisk = (path: string): readonly TestNode[] => [
    ALPHARD,
    { ...HAMAL, disks: [DISK, { ...DISK, interface: "scsi1", mount: { path } }] },
  ];

  function planWith(
    nodes: readonly TestNode[],
    facts: Partial<Facts>,
    more: Partial<PlanContext> = {},
  ): HostPlan {
    const [alphard, hamal] = hosts(described(nodes)) as [Host, Host];
    const all = [hostState(alphard), hostState(hamal, facts)];
    return planHost(all[1] as HostState, context(all, more));
  }

  const HIDDEN =
    "the disk on scsi1 would hide K3s' data in /var/lib/rancher, and K3s would start as a new node: copy the data to the disk and " +
    'mount it there first (see "Move K3s\' data of a running node" in docs/how-to/data-disks.md)';

  test.each([
    ["a member", {}],
    ["a host whose cluster does not answer", { nodes: undefined }],
  ])("is refused where it would hide the data of %s", (_, more) => {
    const plan = planWith(withDisk("/var/lib/rancher"), { joined: true }, more);
    expect([plan.verdict, plan.faults]).toEqual(["refused", [HIDDEN]]);
  });

  test.each(["/var/lib/rancher/k3s/server/db", "/var/lib/kubelet"])("is refused on %s too", (path) => {
    expect(planWith(withDisk(path), { joined: true }).faults).toEqual([
      HIDDEN.replace("/var/lib/rancher", path),
    ]);
  });

  test.each([
    ["on a host that has not joined", "/var/lib/rancher", { joined: false }],
    ["where it is mounted already", "/var/lib/rancher", { k3sMounts: ["/var/lib/rancher"] }],
    [
      "where it was mounted by an earlier rollout",
      "/var/lib/rancher",
      { k3sMounts: ["/var/lib/rancher"], k3sMounted: ["/var/lib/rancher"] },
    ],
    ["with other data", "/srv/data", { joined: true }],
  ])("is allowed %s", (_, path, facts) => {
    expect(planWith(withDisk(path), facts).faults).toEqual([]);
  });

  test("is the owner's own where local.nix mounts it", () => {
    expect(planWith([ALPHARD, HAMAL], { joined: true, k3sMounted: ["/var/lib/rancher"] }).faults).toEqual([]);
  });

  test("is refused when main.ts forgets it", () => {
    const files = hosts(described(withDisk("/var/lib/rancher")))[1]?.files as Facts["files"];
    const facts = { joined: true, k3sMounted: ["/var/lib/rancher"], files };
    expect(planWith([ALPHARD, HAMAL], facts).faults).toEqual([
      "K3s' data in /var/lib/rancher is on a disk that main.ts no longer mounts there, and K3s would start as a new node: set its " +
        "'mount' again, or copy the data to the root disk and unmount it first " +
        '(see "Move K3s\' data of a running node" in docs/how-to/data-disks.md)',
    ]);
  });
});
