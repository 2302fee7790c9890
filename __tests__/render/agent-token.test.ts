import { ALPHARD, emit, HAMAL, REFERENCE, temporaryFolder } from "../fixture";
import { readFileSync } from "node:fs";
import { join } from "node:path";

test("where agents have a token of their own, servers know it and no agent has the servers'", () => {
  const folder = temporaryFolder();
  const k3s = { ...REFERENCE.k3s, agentTokenFile: "/var/lib/k3s-secrets/agent-token" };
  emit(folder, [ALPHARD, HAMAL], { ...REFERENCE, k3s });
  const text = (file: string): string => readFileSync(join(folder, "nix", file), "utf8");
  expect(text("k3s-server/k3s-server.nix")).toContain('tokenFile = "/var/lib/k3s-secrets/token";');
  expect(text("k3s-server/k3s-server.nix")).toContain(
    '"--agent-token-file=/var/lib/k3s-secrets/agent-token"',
  );
  expect(text("k3s-agent/k3s-agent.nix")).toContain('tokenFile = "/var/lib/k3s-secrets/agent-token";');
  expect(text("k3s-agent/k3s-agent.nix")).not.toContain("k3s-secrets/token");
  // The runbook writes each token only to the hosts that use it.
  const runbook = text("README.md");
  expect(runbook).toMatch(/for host in 172\.22\.0\.134; do\n.*\/dev\/stdin \/var\/lib\/k3s-secrets\/token\n/);
  expect(runbook).toMatch(
    /for host in 172\.22\.0\.134 172\.22\.0\.135; do\n.*\/dev\/stdin \/var\/lib\/k3s-secrets\/agent-token\n/,
  );
});
