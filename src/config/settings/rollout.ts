import type * as z from "zod";
import { checkedText, group, integer, list, text } from "./kinds";

const command = () => list(text("sops"), ["sops", "-d", "token.enc"]);

const RECIPIENT = "a public key of age such as age1…, or of SSH such as ssh-ed25519 AAAA…";

/** Does not repeat a value that may be a secret key. */
const recipientProblem = (text: string): string | undefined =>
  /^(age1[0-9a-z]{20,2000}|ssh-(ed25519|rsa) AAAA[A-Za-z0-9+/]+={0,2}( .*)?)$/.test(text)
    ? undefined
    : `should be ${RECIPIENT}; the value is not shown, since it may be a secret key`;

const AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

export const BackupSchema = group(
  {
    /**
     * For whom the join token is encrypted, which a restore needs, with the program `age` on the operator's machine.
     * @default - none: the backup does not have the token
     */
    recipients: list(checkedText(recipientProblem, RECIPIENT, AGE), [AGE]).optional(),
    /** Number of backups of the cluster that are kept; the newest always is. @default - 30 */
    keep: integer(1, 100_000, { example: 30 }).optional(),
    /** Days for which they are kept. @default - of any age */
    keepDays: integer(1, 36_500, { unit: "days", example: 90 }).optional(),
  },
  { keep: 30 },
);

/** Settings of `npm run rollout -- backup`. */
export interface BackupSettings extends Readonly<z.input<typeof BackupSchema>> {}

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
    /** Like `tokenPath`, for the S3 credentials of `k3s.snapshots.s3`. Excludes `s3Command`. @default - none */
    s3Path: text("secrets/s3").optional(),
    /** Like `tokenCommand`, for the S3 credentials of `k3s.snapshots.s3`. @default - none: you deliver them to the servers by other means */
    s3Command: command().optional(),
    /** Backups of the cluster on the operator's machine. @default - 30 are kept, without the join token */
    backup: BackupSchema.readonly().optional(),
    /**
     * Where the hosts' systems are built: `"each host"`, `"this machine"`, where you run the rollout and which then needs Nix, or
     * the hostname of a host that builds for all. What is built elsewhere is copied to its host over SSH. Needs `nixos.nixpkgs`.
     * @default - each host builds its own system
     */
    build: text("hamal", '"each host", "this machine" or the hostname of a node').optional(),
    /**
     * A verification fails where a certificate of K3s, a certificate authority or your kubeconfig has fewer days left. At most 90,
     * below which every K3s renews its certificates when it starts.
     * @default - 30
     */
    certificateDays: integer(1, 90, { unit: "days", example: 45 }).optional(),
  },
  { tokenPath: "secrets/token" },
);

/** Settings of `npm run rollout`. */
export interface RolloutSettings extends Readonly<z.input<typeof RolloutSchema>> {}
