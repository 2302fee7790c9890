/** An upgrade before it is made, for a person and for a program. */
import { counted } from "../../base/markdown";
import { textTable } from "../../base/table";
import type { Pod } from "../pods";
import { pathInWords, hopOf, isMinorHop, type Goal, type Versions } from "./path";
import { isToChange, rebootOf, type Candidate } from "./survey";

/** What an upgrade does to a host. */
export interface UpgradeRow {
  readonly host: string;
  readonly role: string;
  readonly runs: Versions & { readonly kernel: string };
  readonly builds: Versions & { readonly kernel: string };
  readonly changes: boolean;
  readonly reboot: "yes" | "no" | "unknown";
  /** Names of the pods that move when it reboots. */
  readonly pods: readonly string[];
}

export const rowOf =
  (pods: readonly Pod[]) =>
  (candidate: Candidate): UpgradeRow => {
    const { path, kernel } = candidate;
    return {
      host: path.hostname,
      role: path.role,
      runs: { ...path.runs, kernel: kernel.runs },
      builds: { ...path.builds, kernel: kernel.builds },
      changes: isToChange(candidate),
      reboot: rebootOf(candidate),
      pods: pods
        .filter(({ node, ofDaemonSet }) => node === path.hostname && !ofDaemonSet)
        .map(({ name }) => name),
    };
  };

const step = (from: string, to: string): string => (from === to ? from : `${from} → ${to || "?"}`);

/** The words for `reboot`. Only a build shows whether the initrd or the kernel's parameters change. */
const REBOOTS: Readonly<Record<UpgradeRow["reboot"], string>> = {
  yes: "reboots",
  no: "",
  unknown: "its build shows whether it reboots",
};

function movesOf({ reboot, pods }: UpgradeRow): string {
  if (reboot === "no" || pods.length === 0) return "";
  return `${counted(pods.length, "pod")} ${reboot === "yes" ? "move" : "would move"}`;
}

/** @param wayBack - sentences */
export function formatUpgrade(
  candidates: readonly Candidate[],
  rows: readonly UpgradeRow[],
  goal: Goal,
  canary: string | undefined,
  wayBack: readonly string[],
): string {
  const paths = candidates.map(({ path }) => path);
  const table = rows.map((row) => [
    row.host,
    row.role,
    `NixOS ${step(row.runs.nixos, row.builds.nixos)}`,
    `K3s ${step(row.runs.k3s, row.builds.k3s)}`,
    `Linux ${step(row.runs.kernel, row.builds.kernel)}`,
    row.changes ? [REBOOTS[row.reboot], movesOf(row)].filter((words) => words !== "").join(", ") : "is done",
  ]);
  return [
    `Path: ${pathInWords(paths, goal)}`,
    ...textTable(table),
    ...orderInWords(candidates, canary),
    ...wayBack,
  ].join("\n");
}

function orderInWords(candidates: readonly Candidate[], canary: string | undefined): string[] {
  if (!candidates.some(isToChange)) return [];
  const serversFirst = isMinorHop(hopOf(candidates.map(({ path }) => path)));
  const agent = canary === undefined ? "" : `${canary}, the agent with the fewest pods, and a pause; `;
  return [
    serversFirst
      ? `Order: backup and drill; servers one by one, with a pause after the first; ${agent}agents`
      : `Order: backup and drill; ${agent}servers one by one; agents`,
  ];
}
