/** Which servers are trusted, by a real connection. */
import { createServer, request, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { trustOf } from "../../src/pve/trust";
import { ownCertificate } from "../../testbed/pve/certificate";
import { temporaryFolder } from "../fixture";

const { key, cert, ca } = ownCertificate();

let server: Server;
beforeAll(
  () =>
    new Promise<void>((resolve) => {
      server = createServer({ key, cert, maxVersion: "TLSv1.2" }, (_, response) => response.end());
      server.listen(0, "127.0.0.1", resolve);
    }),
);
afterAll(() => server.close());

/** The code of the error, or the version of TLS. */
const connected = (env: NodeJS.ProcessEnv): Promise<string> =>
  new Promise((resolve) => {
    const { port } = server.address() as AddressInfo;
    // Without the session of the connection before, which was trusted.
    request({ port, host: "127.0.0.1", agent: false, ...trustOf(env) })
      .on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      .on("response", (response) => {
        resolve((response.socket as unknown as { getProtocol(): string }).getProtocol());
        response.destroy();
      })
      .end();
  });

const KNOWN = "with its authority in SSL_CERT_FILE";

test.each<[string, NodeJS.ProcessEnv, string]>([
  [`an old version of TLS is refused ${KNOWN}`, {}, "EPROTO"],
  [`PROXMOX_VE_MIN_TLS admits it ${KNOWN}`, { PROXMOX_VE_MIN_TLS: "1.2" }, "TLSv1.2"],
  ["an unknown authority is refused", { PROXMOX_VE_MIN_TLS: "1.2" }, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  [
    "PROXMOX_VE_INSECURE trusts every server",
    { PROXMOX_VE_MIN_TLS: "1.2", PROXMOX_VE_INSECURE: "true" },
    "TLSv1.2",
  ],
])("%s", async (title, env, expected) => {
  const file = join(temporaryFolder(), "ca.pem");
  writeFileSync(file, ca);
  expect(await connected(title.endsWith(KNOWN) ? { ...env, SSL_CERT_FILE: file } : env)).toBe(expected);
});
