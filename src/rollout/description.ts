import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npmRun } from "../base/command-line";
import { UserError } from "../base/user-error";
import type { Cluster, Node } from "../config/model";
import { GROUPS } from "../config/names";
import { isExampleKey } from "../config/ssh-keys";
import { suggestion } from "../config/suggestion";
import { readHostFolder, type HostFolder } from "../emit/host-folder";
import { capturedFrom, headerState } from "../emit/header";
import { CLUSTER_JSON, FORMAT_VERSION, parseClusterJson } from "../render/cluster-json";
import { rootDevice } from "./hardware";

export const HARDWARE = "hardware-configuration.nix";
export const LOCAL = "local.nix";

/** The files that HostFiles emitted, on the operator's disk. */
export interface Description extends Cluster {
  /** Folder of the hosts' directories. */
  readonly folder: string;
}

/**
 * Reads `cluster.json`, and compares the hash of every emitted file with it.
 *
 * @throws UserError with every file that differs from what HostFiles wrote
 */
export function readDescription(folder: string): Description {
  const path = join(folder, CLUSTER_JSON);
  if (!existsSync(path))
    throw new UserError("invalid", `${path} is missing`, { remedy: "run npm run synth first" });
  const text = readFileSync(path, "utf8");
  const json = parseClusterJson(text);
  if (json === undefined)
    throw new UserError("invalid", `${path} is damaged`, { remedy: "run npm run synth" });
  const { formatVersion, cluster, nodes, files } = json;
  if (formatVersion !== FORMAT_VERSION) {
    const asked = `${path} has format version ${formatVersion}, and this program reads ${FORMAT_VERSION}`;
    throw new UserError("invalid", asked, { remedy: "update the project, then npm ci && npm run synth" });
  }
  if (headerState(path, text) !== "ours") {
    throw new UserError(
      "invalid",
      `${path} was changed by hand or by a merge, since its hash does not match`,
      {
        remedy: "run npm run synth",
      },
    );
  }
  const wrong = Object.entries(files).flatMap(([file, hash]) => objection(folder, file, hash));
  if (wrong.length > 0) {
    throw new UserError("invalid", ["Not as HostFiles wrote them:", ...wrong].join("\n  "), {
      remedy: "run npm run synth",
    });
  }
  return { ...cluster, nodes, folder };
}

function objection(folder: string, file: string, hash: string): string[] {
  const path = join(folder, file);
  if (!existsSync(path)) return [`${path} is missing`];
  const text = readFileSync(path, "utf8");
  // A checkout with git's autocrlf has other line endings, but the same content.
  const hashes = [text, text.replaceAll("\r\n", "\n")].map((form) =>
    createHash("sha256").update(form).digest("hex"),
  );
  if (hashes.includes(hash) || (file.endsWith(`/${HARDWARE}`) && capturedFrom(text) !== undefined)) return [];
  return [`${path} was changed: its hash does not match cluster.json`];
}

/** Everything that a host gets: emitted files, captured hardware, its `local.nix`, and the files that these name. */
export const hostFolder = ({ folder }: Description, { directory }: Node): HostFolder =>
  readHostFolder(folder, directory);

/** Faults in a host's directory that can be found without asking the host. */
export function directoryFaults(description: Description, node: Node): string[] {
  const { files, faults } = hostFolder(description, node);
  const hardware = files.get(HARDWARE);
  const captured = hardware === undefined ? undefined : capturedFrom(hardware);
  const path = join(description.folder, node.directory, HARDWARE);
  return [
    ...faults,
    ...(captured !== undefined && captured !== node.hostname
      ? [`${path} was captured from ${captured}; run ${npmRun(`rollout -- capture ${node.hostname}`)}`]
      : []),
    ...(hardware !== undefined && rootDevice(hardware) === undefined
      ? [`${path} names no device for the root filesystem, so the host would not boot`]
      : []),
  ];
}

export function checkKeys(description: Description): void {
  if (!description.authorizedKeys.some(isExampleKey)) return;
  throw new UserError("refused", "The example SSH key is still in the list of keys that may log in as root", {
    remedy: "put your own public keys into the file that authorizedKeysFile names, then npm run synth",
  });
}

/**
 * Hostnames of the nodes that `--on` names by hostname or group, of all nodes if it names none.
 *
 * @throws UserError for an unknown name, and for a group without nodes
 */
export function hostnamesOn(description: Description, names: readonly string[]): string[] {
  const { nodes } = description;
  const hostnames = names.flatMap((name) => {
    const role = GROUPS.get(name);
    if (role === undefined) return name;
    const members = nodes.filter((node) => node.role === role);
    if (members.length === 0) throw new UserError("usage", `There are no ${name} in main.ts`);
    return members.map(({ hostname }) => hostname);
  });
  return selectNodes(description, hostnames, [...GROUPS.keys()]).map(({ hostname }) => hostname);
}

/**
 * The nodes with these hostnames, or all nodes if there are none.
 *
 * @param others - what else a person may have meant
 */
export function selectNodes(
  description: Description,
  hostnames: readonly string[],
  others: readonly string[] = [],
): Node[] {
  const known = description.nodes.map(({ hostname }) => hostname);
  const unknown = [...new Set(hostnames)].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const meant = unknown.length === 1 ? suggestion(unknown.join(""), [...known, ...others]) : "";
    throw new UserError(
      "usage",
      `No such host in main.ts: ${unknown.join(", ")}${meant || "."} There are ${[...known, ...others].join(", ")}`,
    );
  }
  return description.nodes.filter(({ hostname }) => hostnames.length === 0 || hostnames.includes(hostname));
}
