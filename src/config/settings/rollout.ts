import type * as z from "zod";
import { group, list, text } from "./kinds";

const command = () => list(text("sops"), ["sops", "-d", "token.enc"]);

export const RolloutSchema = group(
  {
    /** File with the join token on the operator's machine; one that git has or would take is refused. Excludes `tokenCommand`. @default - none */
    tokenPath: text("secrets/token").optional(),
    /**
     * Program and arguments that print the join token. It runs beside `main.ts`.
     * @default - none: the token is delivered to the hosts by other means
     */
    tokenCommand: command().optional(),
    /** As `tokenPath`, for the token of `k3s.agentTokenFile`. Excludes `agentTokenCommand`. @default - none */
    agentTokenPath: text("secrets/agent-token").optional(),
    /** As `tokenCommand`, for the token of `k3s.agentTokenFile`. @default - none */
    agentTokenCommand: command().optional(),
  },
  { tokenPath: "secrets/token" },
);

/** What `npm run rollout` needs to know. */
export interface RolloutSettings extends Readonly<z.input<typeof RolloutSchema>> {}
