import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { counted, enumerated } from "../base/markdown";
import { PACKAGE_ROOT } from "../base/package-root";
import { hostAddress, parseNetwork } from "../config/address";
import { formatLiteral } from "../config/fault";
import { fill } from "../render/templates";
import type { Answers, Forge } from "./options";

export interface ProjectSettings {
  readonly name: string;
  readonly answers: Answers;
  readonly publicKeys: readonly string[];
  readonly forge: Forge;
  /** The version or path by which `package.json` requires this package. */
  readonly packageSpec: string;
}

export interface ProjectFile {
  readonly path: string;
  readonly text: string;
  /** Readable only by its owner. */
  readonly secret?: true;
}

export const TOKEN_PATH = "secrets/token";

/** The files of an owner's repository, before its first synth. */
export function projectFiles(settings: ProjectSettings): ProjectFile[] {
  const { name, answers, publicKeys, forge } = settings;
  const context = contextOf(answers);
  return [
    { path: "main.ts", text: fill("init/main.ts", context) },
    { path: "package.json", text: fill("init/package.json", { name, ...versions(settings.packageSpec) }) },
    { path: "tsconfig.json", text: fill("init/tsconfig.json", {}) },
    { path: "cdktf.json", text: fill("init/cdktf.json", { projectId: randomUUID() }) },
    { path: "authorized_keys", text: publicKeys.map((key) => `${key}\n`).join("") },
    { path: "__tests__/cluster.test.ts", text: fill("init/cluster.test.ts", {}) },
    { path: "README.md", text: fill("init/README.md", { name, ...answers, ...context }) },
    { path: ".gitignore", text: fill("init/gitignore", {}) },
    { path: ".gitattributes", text: fill("init/gitattributes", {}) },
    ...checks(forge),
    ...(answers.tokenCommand.length > 0
      ? []
      : [{ path: TOKEN_PATH, text: `${randomBytes(32).toString("hex")}\n`, secret: true as const }]),
  ];
}

function checks(forge: Forge): ProjectFile[] {
  if (forge === "github")
    return [
      {
        path: ".github/workflows/pull-request.yml",
        text: fill("init/github.yml", { runner: "ubuntu-24.04" }),
      },
    ];
  if (forge === "forgejo")
    return [
      { path: ".forgejo/workflows/pull-request.yml", text: fill("init/github.yml", { runner: "docker" }) },
    ];
  return forge === "gitlab" ? [{ path: ".gitlab-ci.yml", text: fill("init/gitlab-ci.yml", {}) }] : [];
}

/** Versions that an owner's project installs: those that this package was tested with. */
function versions(spec: string): object {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"),
  ) as Record<"dependencies" | "devDependencies", Record<string, string>>;
  return {
    package: spec,
    cdktf: devDependencies.cdktf,
    constructs: devDependencies.constructs,
    tsx: dependencies.tsx,
    typesNode: devDependencies["@types/node"],
    typescript: devDependencies.typescript,
  };
}

function contextOf(answers: Answers): Record<string, unknown> {
  const { pveNodes, network, servers, agents, firstVmId, rootUuid, tokenCommand } = answers;
  const [pveNode] = pveNodes;
  return {
    ...answers,
    pveNode,
    // VMs on other nodes are cloned from where the template is.
    templatePveNode: pveNodes.length > 1 ? pveNode : "",
    pveNodesInWords: enumerated(pveNodes),
    macAddress: randomMacAddress(),
    apiEndpoint: `https://${addressOf(network, firstVmId)}:6443`,
    knowsRoot: rootUuid !== "",
    rootUuid: rootUuid === "" ? randomUUID() : rootUuid,
    tokenSetting:
      tokenCommand.length > 0
        ? `tokenCommand: ${formatLiteral(tokenCommand)}`
        : `tokenPath: ${formatLiteral(TOKEN_PATH)}`,
    tokenStep:
      tokenCommand.length > 0
        ? `The join token, which \`${tokenCommand.join(" ")}\` has to print.`
        : `The join token is in \`${TOKEN_PATH}\`, outside of git. Keep a copy: without it no snapshot of etcd can be restored.`,
    counts: [counted(servers, "server"), ...(agents > 0 ? [counted(agents, "agent")] : [])].join(" and "),
    nodes: nodesOf(answers),
  };
}

/** Servers, then agents, spread over the PVE nodes in turn. */
function nodesOf({ servers, agents, firstVmId, pveNodes }: Answers): object[] {
  const roles = [...Array<"server">(servers).fill("server"), ...Array<"agent">(agents).fill("agent")];
  return roles.map((role, index) => {
    const number = role === "server" ? index + 1 : index - servers + 1;
    const hostname = `k3s-${role}-${number}`;
    const pveNode = pveNodes[index % pveNodes.length];
    const settings = {
      hostname,
      vmId: firstVmId + index,
      ...(role === "server" && servers > 1 && index === 0 ? { clusterInit: true } : {}),
      ...(index % pveNodes.length > 0 ? { pveNode } : {}),
    };
    return {
      construct: role === "server" ? "K3sServerNode" : "K3sAgentNode",
      hostname,
      settings: formatLiteral(settings).slice(2, -2),
    };
  });
}

/** The address that the first synth derives from the VM ID; empty when the ID is not a host number of the network. */
function addressOf(network: string, vmId: number): string {
  const parsed = parseNetwork(network);
  return (parsed && hostAddress(parsed, vmId)) ?? "";
}

/** In the range of Proxmox Server Solutions, with room for 65536 nodes. */
const randomMacAddress = (): string =>
  `BC:24:11:${randomBytes(1).toString("hex").toUpperCase().padStart(2, "0")}:00:00`;
