/** The product: what an owner's `main.ts` does, with as many nodes as asked for. */
import { App, TerraformStack, TerraformVariable } from "cdktf";
import { HostFiles, K3sAgentNode, K3sCluster, K3sServerNode } from "proxmox-nixos-k3s";
import { reportMemoryAtExit } from "./memory";
import { nodes } from "./nodes";
import { settings } from "./settings";

const app = new App();
const stack = new TerraformStack(app, "k3s");
const proxmoxNode = new TerraformVariable(stack, "proxmox_node", { type: "string" });

const cluster = new K3sCluster(stack, "cluster", settings(proxmoxNode.stringValue));

for (const [index, { id, role, ...props }] of nodes(Number(process.argv[2])).entries()) {
  if (role === "server") new K3sServerNode(cluster, id, { ...props, clusterInit: index === 0 });
  else new K3sAgentNode(cluster, id, props);
}
new HostFiles(cluster, "nix");

reportMemoryAtExit();
app.synth();
