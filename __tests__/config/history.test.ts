import { isRecordedNode, isRecordedPlace, removedNodes, renameFaults } from "../../src/config/history";
import { terraformName } from "../../src/config/names";
import type { Cluster } from "../../src/config/model";
import { ALPHARD, HAMAL, MIZAR, REFERENCE, type TestNode } from "../fixture";
import { OPERATOR_KEY } from "./operator-key";
import { resolved } from "./resolved";

const recorded = ({ id, hostname, vmId }: TestNode) => ({
  id,
  hostname,
  vmId,
  terraformName: terraformName(id),
});

const last = () => [ALPHARD, HAMAL, MIZAR].map(recorded);

const now = (mizar: Partial<TestNode>): Cluster["nodes"] =>
  resolved(REFERENCE, [ALPHARD, HAMAL, { ...MIZAR, ...mizar }], OPERATOR_KEY).cluster.nodes;

const NOTHING: ReadonlySet<string> = new Set();

describe("a VM that OpenTofu would destroy", () => {
  test("is none while all nodes are there", () => {
    expect(removedNodes(last(), now({}))).toEqual([]);
    expect(renameFaults(last(), now({}), NOTHING)).toEqual([]);
  });

  test("is that of a node that is gone, and not of one that keeps its VM ID or its Terraform name", () => {
    const names = (mizar: Partial<TestNode>) =>
      removedNodes(last(), now(mizar)).map(({ hostname }) => hostname);
    expect(names({ id: "k3s-agent-2", vmId: 140 })).toEqual(["mizar"]);
    expect(names({ vmId: 140 })).toEqual([]);
    expect(names({ id: "k3s-agent-2" })).toEqual([]);
    expect(names({ id: "k3s-agent-2", vmId: 140, formerId: "k3s-agent-1" })).toEqual([]);
  });

  test("is that of a node with another construct id, unless it says which one it had or was moved", () => {
    const [fault, ...others] = renameFaults(last(), now({ id: "k3s-agent-2" }), NOTHING);
    expect(others).toEqual([]);
    expect(fault?.nodes).toEqual(["mizar"]);
    expect(fault?.message).toMatchInlineSnapshot(`
      "'construct id' of 'mizar': VM 136 was proxmox_virtual_environment_vm.k3s_agent_1 and would be proxmox_virtual_environment_vm.k3s_agent_2, so the next apply would destroy it and clone another. Either
          set formerId: "k3s-agent-1" on the node, and the next apply moves the VM in the state; or
          move it yourself: npm run tofu -- state mv proxmox_virtual_environment_vm.k3s_agent_1 proxmox_virtual_environment_vm.k3s_agent_2
                            npm run synth -- --accept proxmox_virtual_environment_vm.k3s_agent_2"
    `);
    const moved = new Set(["proxmox_virtual_environment_vm.k3s_agent_2"]);
    expect(renameFaults(last(), now({ id: "k3s-agent-2" }), moved)).toEqual([]);
    expect(renameFaults(last(), now({ id: "k3s-agent-2", formerId: "k3s-agent-1" }), NOTHING)).toEqual([]);
    expect(renameFaults(last(), now({ id: "k3s-agent-2", formerId: "k3s-agent-9" }), NOTHING)).toHaveLength(
      1,
    );
  });
});

describe("what cluster.json says of a node", () => {
  const node = recorded(MIZAR);

  test("is believed if it has the form that a synth writes", () => {
    expect(isRecordedNode(node)).toBe(true);
    for (const wrong of [{ id: 1 }, { hostname: undefined }, { terraformName: null }, { vmId: "136" }])
      expect(isRecordedNode(Object.assign({ ...node }, wrong))).toBe(false);
  });

  test("says where its VM is, or does not", () => {
    expect(isRecordedPlace({ ...node, vm: { pveNode: "pve" } } as typeof node)).toBe(true);
    for (const vm of [undefined, {}, { pveNode: 7 }])
      expect(isRecordedPlace({ ...node, vm } as typeof node)).toBe(false);
  });
});
