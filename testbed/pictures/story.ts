/** What the picture of a session tells: scenes of commands, each on an empty screen. */
import type { Answer } from "./pty";

export interface Step {
  /** A line of a shell, as a person types it. */
  readonly typed: string;
  /** What that person writes into main.ts before, in place of what was written there last. */
  readonly statement?: string;
  readonly answer?: Answer;
  /** @default 0 */
  readonly status?: number;
}

export interface Scene {
  readonly caption: string;
  readonly steps: readonly Step[];
}

export const TITLE =
  "A terminal. A line with two mistakes is added to main.ts, and a synth names both. The preview says what the corrected line " +
  "does: one VM more, and firewalls that reload. A rollout asks, brings it to the machines, and verifies the cluster.";

/** The line of main.ts that was written last. */
const SHOW = "git diff -U0 main.ts | tail -n 1";

export const STORY: readonly Scene[] = [
  {
    caption: "A node is one line of main.ts. Mistakes are found before anything is written.",
    steps: [
      {
        typed: SHOW,
        statement: 'new K3sAgentNode(cluster, "k3s-agent-2", { hostname: "al_nair", vmId: 136 });',
      },
      { typed: "npm run synth", status: 1 },
    ],
  },
  {
    caption: "See what the line does to VMs, firewalls and hosts.",
    steps: [
      {
        typed: SHOW,
        statement: 'new K3sAgentNode(cluster, "k3s-agent-2", { hostname: "alnair", vmId: 137 });',
      },
      { typed: "npm run preview" },
    ],
  },
  {
    caption: "Bring it to the live machines. It cannot lock you out, and checks what it did.",
    steps: [
      { typed: "npm run synth" },
      {
        typed: "npm run rollout -- apply",
        answer: { after: "Only 'yes' is accepted: ", typed: "yes" },
      },
    ],
  },
];
