import { backupSettings, isTokenByHand } from "../../src/config/rollout";
import { resolveK3s } from "../../src/config/k3s";
import type { RolloutSettings } from "../../src/config/settings";
import { REFERENCE } from "../fixture";

const SERVERS = REFERENCE.k3s.tokenFile;
const AGENTS = "/var/lib/k3s-secrets/agent-token";
const BUCKET = "/var/lib/k3s-secrets/s3";

const k3s = () =>
  resolveK3s({
    ...REFERENCE.k3s,
    agentTokenFile: AGENTS,
    snapshots: { s3: { endpoint: "s3.example.org", bucket: "etcd", secretFile: BUCKET } },
  });

/** Which of the three files somebody has to write on the hosts by hand. */
const byHand = (rollout: RolloutSettings | undefined): string[] =>
  [SERVERS, AGENTS, BUCKET].filter((path) => isTokenByHand({ k3s: k3s(), rollout }, path));

test.each<[RolloutSettings | undefined, string[]]>([
  [undefined, [SERVERS, AGENTS, BUCKET]],
  [{ tokenPath: "secrets/token" }, [AGENTS, BUCKET]],
  [{ tokenCommand: ["sops"] }, [AGENTS, BUCKET]],
  [{ agentTokenPath: "secrets/agents" }, [SERVERS, BUCKET]],
  [{ agentTokenCommand: ["sops"] }, [SERVERS, BUCKET]],
  [{ s3Path: "secrets/s3" }, [SERVERS, AGENTS]],
  [{ s3Command: ["sops"] }, [SERVERS, AGENTS]],
])("with %j a rollout brings all secrets but %j", (rollout, files) => {
  expect(byHand(rollout)).toEqual(files);
});

test("nobody writes by hand what a secret store puts below /run", () => {
  expect(isTokenByHand({ k3s: { ...k3s(), tokenFile: "/run/secrets/token" }, rollout: undefined })).toBe(
    false,
  );
  expect(isTokenByHand({ k3s: { ...k3s(), tokenFile: "/var/run/" }, rollout: undefined })).toBe(true);
});

test("thirty backups are kept, unless it is stated otherwise", () => {
  expect(backupSettings({ rollout: undefined })).toEqual({ recipients: [], retention: { keep: 30 } });
  expect(backupSettings({ rollout: { backup: { recipients: ["age1"], keep: 7, keepDays: 90 } } })).toEqual({
    recipients: ["age1"],
    retention: { keep: 7, keepDays: 90 },
  });
});
