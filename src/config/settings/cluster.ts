import type * as z from "zod";
import { FirewallSchema } from "./firewall";
import { K3sSchema } from "./k3s";
import { group, judged, yesOrNo } from "./kinds";
import { NetworkSchema } from "./network";
import { NixosSchema } from "./nixos";
import { RolloutSchema } from "./rollout";
import { VmSchema } from "./vm";
import { got } from "../fault";

const ENDPOINT = "a URL such as https://192.0.2.10:6443, without a path";

/** By a pattern too, since the URL class repairs what K3s would take as it stands. */
function objectionToEndpoint(url: string): string | undefined {
  const [matches, , port] = /^https:\/\/[a-z0-9]+([.-]+[a-z0-9]+)*(:\d{1,5})?$/.exec(url) ?? [];
  if (matches === undefined || !URL.canParse(url)) return `should be ${ENDPOINT}${got(url)}`;
  // K3s would take 443 for it, which is hardly ever meant.
  return port === undefined
    ? `has no port${got(url)}; write ${url}:6443, or ${url}:443 where that is meant`
    : undefined;
}

const KEYS_FILE = "the path of a file";

const objectionToKeysFile = (path: string): string | undefined =>
  /^\s*(ssh-|ecdsa-|sk-)\S+ +AAAA/.test(path)
    ? `should be ${KEYS_FILE} that holds the key, such as authorized_keys, got the key itself`
    : undefined;

export const ClusterSchema = group({
  /** Networks, and who may reach what from where. */
  network: NetworkSchema.readonly(),
  /** URL under which agents and further servers reach the Kubernetes API. */
  apiEndpoint: judged(objectionToEndpoint, ENDPOINT, "https://192.0.2.10:6443"),
  /** Settings of every VM; a node overrides them one by one. */
  vm: VmSchema.readonly(),
  /** Settings of every host; a node overrides them one by one. */
  nixos: NixosSchema.readonly(),
  /** What K3s is told. */
  k3s: K3sSchema.readonly(),
  /** What the firewall admits. @default - what K3s needs */
  firewall: FirewallSchema.readonly().optional(),
  /** Where a rollout takes the join token from. @default - the join token is delivered by other means */
  rollout: RolloutSchema.readonly().optional(),
  /** File of operators' public SSH keys, in the format of `authorized_keys`; they log in as root. */
  authorizedKeysFile: judged(objectionToKeysFile, KEYS_FILE, "authorized_keys"),
  /** Accept an even number of servers, which tolerates no more failures than one fewer. @default false */
  allowEvenServerCount: yesOrNo().default(false),
});

/** What all nodes share. */
export interface ClusterSettings extends Readonly<z.input<typeof ClusterSchema>> {}
