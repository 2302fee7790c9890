/** What the settings of a cluster become: the defaults, and what is derived from other settings. */
import { FIVE_NODES, REFERENCE, server } from "../fixture";
import * as every from "./every-setting";
import { OPERATOR_KEY } from "./operator-key";
import { resolved } from "./resolved";

const SMALL = { templateVmId: 9000, networkInterfaces: [{ bridge: "vmbr0" }] };

test("a cluster in which little is stated", () => {
  const { cluster, faults } = resolved(REFERENCE, FIVE_NODES, OPERATOR_KEY);
  expect(faults).toEqual([]);
  expect(cluster).toMatchSnapshot();
});

test("a cluster in which everything is stated", () => {
  const { tokenPath, agentTokenPath, s3Path, backup, build } = every.stated(every.rollout("secrets"));
  const { cluster, faults } = resolved(
    {
      ...every.stated(every.cluster("keys")),
      apiEndpoint: undefined, // it excludes 'apiVip'
      network: { ...every.stated(every.NETWORK), operatorNetworkWaived: false },
      nixos: { ...every.stated(every.NIXOS), ...every.stated(every.CLUSTER_NIXOS) },
      k3s: { ...every.stated(every.K3S), ...every.WITHOUT_SERVICE_LB, manifests: ["manifests/one.yaml"] },
      firewall: every.stated(every.FIREWALL),
      rollout: { tokenPath, agentTokenPath, s3Path, backup, build },
      vm: {},
      pve: {
        ...every.stated(every.PVE),
        nodes: { pve1: { ...every.stated(every.PVE_NODE), bridges: ["vmbr0", "vmbr1"] } },
        ha: undefined, // it needs a second PVE node
      },
    },
    [
      server("k3s-server", "alphard", 134, { ...SMALL, disks: [every.FIRST_DISK] }),
      {
        ...every.stated(every.VM),
        ...every.stated(every.NODE),
        pveNode: "pve1",
        id: "k3s-agent",
        role: "agent",
      },
    ],
    OPERATOR_KEY,
    { places: new Map(), isReadable: true },
  );
  expect(faults).toEqual([]);
  expect(cluster).toMatchSnapshot();
});
