import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY, temporaryFolder, TSX } from "../fixture";

const CALL = `
import { Log } from "${REPOSITORY}/rollout/log";
import { Blanker } from "${REPOSITORY}/rollout/secrets";
import { Ssh } from "${REPOSITORY}/rollout/ssh";
const ssh = new Ssh("known_hosts", new Log("logs", new Blanker(), () => undefined));
const target = { hostname: "hamal", address: "192.0.2.1" };
ssh.run(target, "true", { timeoutSeconds: 1 }).catch((error) => console.log(error.message));
`;

test("a call ends in its time, also when what the client started lives on", () => {
  const folder = temporaryFolder();
  // As a client with a jump host: its proxy holds the output open.
  writeFileSync(join(folder, "ssh"), "#!/bin/sh\nsleep 300 &\nsleep 300\n");
  chmodSync(join(folder, "ssh"), 0o755);
  writeFileSync(join(folder, "call.ts"), CALL);
  const { stdout, error } = spawnSync(TSX, ["call.ts"], {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    encoding: "utf8",
    timeout: 60_000,
  });
  expect([stdout, error]).toEqual([
    "hamal: no SSH connection to 192.0.2.1: no answer within 1 s\n",
    undefined,
  ]);
});
