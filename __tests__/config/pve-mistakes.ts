/** Mistakes with the PVE nodes that a cluster states. At the last synth each VM was on `pve`. */
import { ALPHARD, HAMAL, MIZAR, REFERENCE, server } from "../fixture";
import type { Edit, Mistake } from "./mistakes";

const { vm } = REFERENCE;
const [disk] = vm.disks ?? [];

const PVE = {
  cores: 16,
  memoryMib: 65_536,
  datastores: { "Cesspool-VM": { sizeGib: 900 } },
  bridges: ["vmbr0"],
  templateVmId: 9000,
};
const PVE2 = { ...PVE, templateVmId: 9002 };
const SHARED = { "Cesspool-VM": { sizeGib: 900, shared: true } };
const ON_SHARED = { pve: { ...PVE, datastores: SHARED }, pve2: { ...PVE2, datastores: SHARED } };

/** An edit that places the VMs on PVE nodes. */
const placed = (pve: object, more: object = {}, edit: Edit = {}): Edit => ({
  ...edit,
  settings: { vm: { ...vm, pveNode: undefined, ...more }, pve: { nodes: { pve: PVE, pve2: PVE2 }, ...pve } },
});

const SERVERS = [{ ...ALPHARD, clusterInit: true }, server("s1", "acrux", 137), server("s2", "alnair", 138)];

export const OF_PVE: readonly Mistake[] = [
  ["no PVE node", placed({ nodes: {} }), "'pve.nodes' should have at least one entry"],
  [
    "a PVE node whose name is none",
    placed({ nodes: { "pve/1": PVE } }),
    "'pve.nodes' has \"pve/1\", which is no name in Proxmox VE",
  ],
  [
    "a PVE node without its memory: where VMs are, and that they fit",
    placed({ nodes: { pve: { ...PVE, memoryMib: undefined }, pve2: PVE2 } }),
    "'pve.nodes.pve.memoryMib' should be a whole number of MiB from 1024 to 268435456, got nothing",
  ],
  [
    "memory as other programs take it",
    placed({ nodes: { pve: { ...PVE, memoryMib: "64G" } } }),
    "'pve.nodes.pve.memoryMib' should be a whole number of MiB from 1024 to 268435456, got '64G'; write 65536",
  ],
  [
    "a setting that a PVE node does not have",
    placed({ nodes: { pve: { ...PVE, memory: 65_536 } } }),
    "'pve.nodes.pve.memory' is not a setting; did you mean memoryMib?",
  ],
  [
    "a datastore without its size",
    placed({ nodes: { pve: { ...PVE, datastores: { "Cesspool-VM": {} } } } }),
    "'pve.nodes.pve.datastores.Cesspool-VM.sizeGib' should be a whole number of GiB from 1 to 1000000000, got nothing",
  ],
  [
    "another word for the spread",
    placed({ spread: "agents" }),
    "'pve.spread' should be one of servers, all, got 'agents'",
  ],
  [
    "an overcommit of nothing",
    placed({ overcommit: { memory: 0 } }),
    "'pve.overcommit.memory' should be a number of MiB per MiB above 0, got 0",
  ],
  [
    "a PVE node that is not stated",
    placed({}, {}, { mizar: { pveNode: "pve3" } }),
    "'pveNode' of 'mizar' should be one of 'pve.nodes', got 'pve3'; did you mean pve or pve2?",
  ],
  [
    "a bridge that its PVE node does not have",
    placed({ nodes: { pve: { ...PVE, bridges: ["vmbr1"] }, pve2: PVE2 } }),
    "'pveNode' of 'alphard', 'hamal' and 'mizar' is pve, which has no bridge vmbr0",
  ],
  [
    "more cores than its PVE node has, which starts no such VM",
    placed({}, {}, { mizar: { cores: 17 } }),
    "'pveNode' of 'mizar' is pve, which has only 16 cores",
  ],
  [
    "a new node that no PVE node can run",
    {
      ...placed({}),
      nodes: [ALPHARD, HAMAL, { ...MIZAR, vmId: 140, networkInterfaces: [{ bridge: "vmbr7" }] }],
    },
    "'pveNode' of 'mizar' cannot be chosen, since pve has no bridge vmbr7, pve2 has no bridge vmbr7",
  ],
  [
    "more memory than a PVE node has for VMs",
    placed({}, { memoryMib: 24_576 }),
    "'pve.nodes' has 63488 MiB of memory for VMs on pve, but 'alphard', 'hamal' and 'mizar' take 73728; state another 'pveNode' for one of them, or raise 'pve.overcommit.memory'",
  ],
  [
    "more memory than ZFS leaves",
    placed(
      { nodes: { pve: { ...PVE, datastores: { "Cesspool-VM": { sizeGib: 900, zfs: true } } }, pve2: PVE2 } },
      { memoryMib: 20_480 },
    ),
    "'pve.nodes' has 56935 MiB of memory for VMs on pve, but 'alphard', 'hamal' and 'mizar' take 61440; state another 'pveNode' for one of them, or raise 'pve.overcommit.memory'",
  ],
  [
    "more cores than may be promised",
    placed({ overcommit: { cpu: 1 } }, { cores: 8 }),
    "'pve.nodes' has 16 cores for VMs on pve, but 'alphard', 'hamal' and 'mizar' take 24; state another 'pveNode' for one of them, or raise 'pve.overcommit.cpu'",
  ],
  [
    "larger disks than the datastore",
    placed({}, { disks: [{ ...disk, sizeGib: 400 }] }),
    "'pve.nodes' has 900 GiB on Cesspool-VM for VMs on pve, but 'alphard', 'hamal' and 'mizar' take 1200; state another 'pveNode' for one of them, or raise 'pve.overcommit.disk'",
  ],
  [
    "larger disks than a shared datastore, wherever the VMs are",
    placed({ nodes: ON_SHARED }, { disks: [{ ...disk, sizeGib: 400 }] }, { mizar: { pveNode: "pve2" } }),
    "'pve.nodes' has 900 GiB on Cesspool-VM for VMs, but 'alphard', 'hamal' and 'mizar' take 1200; make a disk smaller, or raise 'pve.overcommit.disk'",
  ],
  [
    "a datastore that is shared on one PVE node alone",
    placed({ nodes: { pve: PVE, pve2: { ...PVE2, datastores: SHARED } } }),
    "'pve.nodes.pve2.datastores.Cesspool-VM.shared' is shared, but on pve it is not",
  ],
  [
    "a shared datastore of two sizes",
    placed({
      nodes: {
        ...ON_SHARED,
        pve2: { ...PVE2, datastores: { "Cesspool-VM": { sizeGib: 800, shared: true } } },
      },
    }),
    "'pve.nodes.pve2.datastores.Cesspool-VM.sizeGib' should be 900, as on pve, since it is shared, got 800",
  ],
  [
    "one template for two PVE nodes",
    placed(
      { nodes: { pve: { ...PVE, templateVmId: undefined }, pve2: { ...PVE2, templateVmId: undefined } } },
      {},
      { mizar: { pveNode: "pve2" } },
    ),
    "'templatePveNode' of 'alphard', 'hamal' and 'mizar' should be the PVE node of template 9903, which is on one of pve, pve2 only; or copy the template to each PVE node, and state the copies: pve.nodes.<name>.templateVmId",
  ],
  [
    "a template from where the datastore of the clone is not",
    placed(
      {
        nodes: {
          pve: {
            ...PVE,
            datastores: { "Cesspool-VM": { sizeGib: 900 }, other: { sizeGib: 9 } },
            templateVmId: undefined,
          },
          pve2: { ...PVE2, datastores: { other: { sizeGib: 9 } } },
        },
      },
      { templatePveNode: "pve2" },
    ),
    "'cloneDatastore' of 'alphard', 'hamal' and 'mizar' should be on pve2 too, where the template is cloned before the copy moves to pve, got Cesspool-VM; or copy the template to pve, and state pve.nodes.pve.templateVmId",
  ],
  [
    "linked clones of another PVE node's template",
    placed(
      { nodes: { pve: { ...PVE, templateVmId: undefined }, pve2: PVE2 } },
      { templatePveNode: "pve2", linkedClone: true },
    ),
    "'linkedClone' of 'alphard', 'hamal' and 'mizar' should be false: Cesspool-VM of the template on pve2 is not shared with pve",
  ],
  [
    "two copies of the template with one VM ID",
    placed({ nodes: { pve: PVE, pve2: PVE } }),
    "'pve.nodes.pve2.templateVmId' should be a VM ID of its own, got 9000, which pve has",
  ],
  [
    "a copy of the template with a node's VM ID",
    placed({ nodes: { pve: PVE, pve2: { ...PVE2, templateVmId: 135 } } }),
    "'pve.nodes.pve2.templateVmId' should be a VM ID of its own, got 135, which 'hamal' has",
  ],
  [
    "no template on one of the PVE nodes",
    placed({ nodes: { pve: PVE, pve2: { ...PVE2, templateVmId: undefined } } }, { templateVmId: undefined }),
    "'templateVmId' of 'alphard', 'hamal' and 'mizar' should be a whole number from 100 to 999999999, got nothing",
  ],
  [
    "servers on one PVE node",
    {
      ...placed({}),
      nodes: [
        ...SERVERS.map((each, index) => (index < 2 ? { ...each, pveNode: "pve" } : each)),
        HAMAL,
        MIZAR,
      ],
    },
    "Warning: 'alphard' and 'acrux' are servers on one PVE node, pve, and fail with it: where another is free of servers, state it as 'pveNode' of one",
  ],
  [
    "a rule for as many servers as PVE nodes",
    {
      ...placed({
        ha: "servers",
        nodes: { ...ON_SHARED, pve3: { ...ON_SHARED.pve, templateVmId: 9003 } },
      }),
      nodes: [
        ...SERVERS.map((each, index) => ({ ...each, pveNode: ["pve", "pve2", "pve3"][index] })),
        HAMAL,
        MIZAR,
      ],
    },
    "Warning: 'pve.ha' keeps 3 servers apart on as many PVE nodes: where one fails, its server starts again only when it is back",
  ],
  [
    "HA without another PVE node",
    placed({ nodes: { pve: { ...PVE, datastores: SHARED } }, ha: "agents" }),
    "'pve.ha' is agents, but 'pve.nodes' has only pve: where it fails, no other can start its VMs; leave it out",
  ],
  [
    "HA of VMs whose disks stay behind",
    placed({ ha: "agents" }),
    "'disks[scsi0].datastore' of 'hamal' and 'mizar' should be a shared datastore for 'pve.ha', got Cesspool-VM: no other PVE node has its disks",
  ],
  [
    "HA of VMs that another PVE node cannot run",
    placed({ ha: "agents", nodes: { ...ON_SHARED, pve2: { ...PVE2, datastores: SHARED, bridges: [] } } }),
    "'pve.ha' of 'hamal' and 'mizar' may start its VM on pve2, which has no bridge vmbr0",
  ],
  [
    "a rule for more servers than there are PVE nodes",
    { ...placed({ ha: "servers", nodes: ON_SHARED }), nodes: SERVERS },
    "'pve.ha' keeps 'alphard', 'acrux' and 'alnair' apart, but 'pve.nodes' has 2: Proxmox VE would drop the rule without an error; state ha: \"agents\", or another PVE node",
  ],
  [
    "a rule against the PVE nodes that servers state",
    {
      ...placed({
        ha: "servers",
        nodes: { ...ON_SHARED, pve3: { ...ON_SHARED.pve, templateVmId: 9003 } },
      }),
      nodes: SERVERS.map((each) => ({ ...each, pveNode: "pve" })),
    },
    "'pveNode' of 'alphard', 'acrux' and 'alnair' is pve, but 'pve.ha' keeps servers apart: Proxmox VE would migrate running servers at once; state another 'pveNode' for all but one of them",
  ],
];
