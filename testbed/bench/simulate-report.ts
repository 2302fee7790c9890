import type { Bar, Column } from "./report";
import type { Simulated } from "./simulate";

export const SIMULATE_COLUMNS: readonly Column<Simulated>[] = [
  ["nodes", ({ nodes }) => `${nodes}`],
  ["failures", ({ failures }) => `${failures}`],
  ["pairs", ({ pairs }) => `${pairs}`],
  ["s", ({ seconds }) => seconds.toFixed(2)],
  ["CPU s", ({ cpuSeconds }) => cpuSeconds.toFixed(2)],
];

export const SIMULATE_BARS: readonly Bar<Simulated>[] = [
  {
    claim: "250 nodes on 20 PVE nodes are simulated in less than 2 s of a processor",
    unit: "s",
    sizes: [250],
    value: (...[measured]) => measured?.cpuSeconds,
    met: (seconds) => seconds < 2,
  },
];
