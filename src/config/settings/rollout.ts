import type * as z from "zod";
import { group, integer, list, text } from "./kinds";

const command = () => list(text("sops"), ["sops", "-d", "token.enc"]);

export const RolloutSchema = group(
  {
    /** File with the join token on the operator's machine. A file that git tracks or does not ignore is refused. Excludes `tokenCommand`. @default - none */
    tokenPath: text("secrets/token").optional(),
    /**
     * Program and arguments that print the join token. The program runs in the folder of `main.ts`.
     * @default - none: you deliver the token to the hosts by other means
     */
    tokenCommand: command().optional(),
    /** Like `tokenPath`, for the token of `k3s.agentTokenFile`. Excludes `agentTokenCommand`. @default - none */
    agentTokenPath: text("secrets/agent-token").optional(),
    /** Like `tokenCommand`, for the token of `k3s.agentTokenFile`. @default - none */
    agentTokenCommand: command().optional(),
    /**
     * Where the hosts' systems are built: `"each host"`, `"this machine"`, where you run the rollout and which then needs Nix, or
     * the hostname of a host that builds for all. What is built elsewhere is copied to its host over SSH. Needs `nixos.nixpkgs`.
     * @default - each host builds its own system
     */
    build: text("hamal", '"each host", "this machine" or the hostname of a node').optional(),
    /**
     * A verification fails where a certificate of K3s, a certificate authority or your kubeconfig has fewer days left. At most 90,
     * below which every K3s renews its certificates when it starts.
     * @default 30
     */
    certificateDays: integer(1, 90, { unit: "days", example: 45 }).optional(),
  },
  { tokenPath: "secrets/token" },
);

/** Settings of `npm run rollout`. */
export interface RolloutSettings extends Readonly<z.input<typeof RolloutSchema>> {}
