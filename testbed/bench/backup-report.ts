import type { Copy } from "./backup";
import type { Bar, Column } from "./report";

const speed = (mebibytes: number, seconds: number): string => (mebibytes / seconds).toFixed(0);

export const BACKUP_COLUMNS: readonly Column<Copy>[] = [
  ["MiB", ({ mebibytes }) => `${mebibytes}`],
  ["backup s", ({ backupSeconds }) => backupSeconds.toFixed(2)],
  ["scp s", ({ scpSeconds }) => scpSeconds.toFixed(2)],
  ["backup MiB/s", ({ mebibytes, backupSeconds }) => speed(mebibytes, backupSeconds)],
  ["scp MiB/s", ({ mebibytes, scpSeconds }) => speed(mebibytes, scpSeconds)],
];

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

export const BACKUP_BARS: readonly Bar<Copy>[] = [
  {
    claim: "a backup copies at 90 % of scp's speed or more",
    unit: "% of it",
    value: (...all) =>
      (100 * median(all.map(({ scpSeconds }) => scpSeconds))) /
      median(all.map(({ backupSeconds }) => backupSeconds)),
    met: (value) => value >= 90,
  },
];
