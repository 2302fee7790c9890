import { readFileSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../base/markdown";
import { CLUSTER_JSON, FORMAT_VERSION, parseClusterJson, type ClusterJson } from "../render/cluster-json";
import { access, type Access } from "./access";
import { ok, problem, unknown, type Check } from "./check";
import { checkEtcdDisks } from "./etcd-disks";
import {
  asked,
  checkBridges,
  checkDatastores,
  checkPveNodes,
  checkVmIds,
  guests,
  lookAtPveNodes,
  vnetsOf,
} from "./inventory";
import { checkGit, checkNix, checkNode, checkOpenTofu, checkSsh, checkTokens } from "./machine";
import { checkAddresses, checkDns, resolveHere, type Resolve } from "./network";
import { checkRights } from "./rights";
import { checkTemplates } from "./template";
import type { Surroundings } from "./surroundings";

/** Checks everything that a cluster needs before its first apply. It changes nothing. */
export async function diagnose(
  surroundings: Surroundings,
  { version = process.versions.node, resolve = resolveHere }: { version?: string; resolve?: Resolve } = {},
): Promise<Check[]> {
  const file = join(surroundings.hosts, CLUSTER_JSON);
  const cluster = clusterIn(join(surroundings.folder, file));
  const [machine, pve, dns] = await Promise.all([
    Promise.all([checkOpenTofu(surroundings), checkSsh(surroundings, cluster), checkGit(surroundings)]),
    checkPve(surroundings.env, cluster),
    cluster && checkDns(cluster, resolve),
  ]);
  const checks = [checkNode(version), ...machine, checkCluster(cluster, file)];
  if (cluster) checks.push(...checkTokens(surroundings, cluster), ...checkNix(surroundings, cluster));
  checks.push(...pve);
  if (cluster && dns) checks.push(dns, checkAddresses(cluster, surroundings.hosts));
  return checks.map((check) => withoutSecret(check, surroundings.env.PROXMOX_VE_API_TOKEN));
}

function clusterIn(file: string): ClusterJson | undefined {
  try {
    const cluster = parseClusterJson(readFileSync(file, "utf8"));
    return cluster?.formatVersion === FORMAT_VERSION ? cluster : undefined;
  } catch {
    return undefined;
  }
}

const checkCluster = (cluster: ClusterJson | undefined, file: string): Check =>
  cluster === undefined
    ? problem(
        "Cluster",
        `${file} is missing or of another version, so what the cluster needs was not checked`,
        "Run npm run synth in the project's folder.",
      )
    : ok("Cluster", `${counted(cluster.nodes.length, "node")} at the last synth`);

/** Checks that ask Proxmox VE. */
const ASKED = ["PVE rights", "PVE nodes", "Template", "Datastores", "Disks of etcd", "Bridges", "VM IDs"];

async function checkPve(env: NodeJS.ProcessEnv, cluster: ClusterJson | undefined): Promise<Check[]> {
  const { checks, api, major = 0 } = await access(env);
  if (cluster === undefined) {
    api?.close();
    return [...checks];
  }
  if (api === undefined)
    return [
      ...checks,
      ...ASKED.map((name) => unknown(name, "not checked: there is no access to Proxmox VE")),
    ];
  try {
    return [...checks, ...(await inventoryOf(api, major, cluster, env))];
  } finally {
    api.close();
  }
}

async function inventoryOf(
  api: NonNullable<Access["api"]>,
  major: number,
  { cluster: { pve: settings }, nodes }: ClusterJson,
  env: NodeJS.ProcessEnv,
): Promise<Check[]> {
  const wanted = { nodes, env };
  const pve = await lookAtPveNodes(api, wanted);
  return Promise.all([
    asked("PVE rights", () =>
      checkRights(api, { nodes, pve: settings }, { env, major, vnets: vnetsOf(pve) }),
    ),
    asked("PVE nodes", () => checkPveNodes(api, wanted)),
    asked("Template", async () => checkTemplates(api, await guests(api), wanted)),
    asked("Datastores", () => checkDatastores(pve, wanted)),
    asked("Disks of etcd", () => checkEtcdDisks(api, wanted)),
    asked("Bridges", () => checkBridges(pve, wanted)),
    asked("VM IDs", async () => checkVmIds(api, await guests(api), wanted)),
  ]);
}

/** An answer may repeat the request with the token. */
function withoutSecret(check: Check, token: string | undefined): Check {
  const secret = token?.slice(token.lastIndexOf("=") + 1) ?? "";
  if (secret === "") return check;
  const blanked = (text: string): string => text.replaceAll(secret, "[blanked]");
  const { found, remedy } = check;
  return { ...check, found: blanked(found), ...(remedy === undefined ? {} : { remedy: blanked(remedy) }) };
}
