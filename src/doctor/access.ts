/** Checks that Proxmox VE answers and accepts the token. */
import { PveApi, PveError } from "../pve/api";
import { ok, problem, unknown, type Check } from "./check";
import { originOf, TOKEN_FORM } from "../pve/environment";
import { trustOf } from "../pve/trust";

const ENDPOINT = "PVE endpoint";
const TOKEN = "PVE token";

export interface Access {
  readonly checks: readonly Check[];
  /** The API, with the token. @default - no access */
  readonly api?: PveApi;
  /** Major version of Proxmox VE. */
  readonly major?: number;
}

export async function access(env: NodeJS.ProcessEnv): Promise<Access> {
  const origin = originOf(env.PROXMOX_VE_ENDPOINT);
  if (origin === undefined) return { checks: [noEndpoint(env.PROXMOX_VE_ENDPOINT), unasked(env)] };
  const trust = trustOf(env);
  const endpoint = await checkEndpoint(origin, new PveApi(origin, trust), trust.rejectUnauthorized);
  if (endpoint.state !== "ok") return { checks: [endpoint, unasked(env)] };
  const token = env.PROXMOX_VE_API_TOKEN ?? "";
  const malformed = checkTokenForm(token, env);
  if (malformed !== undefined) return { checks: [endpoint, malformed] };
  const api = new PveApi(origin, trust, token);
  const { check, major } = await checkToken(api, token);
  return check.state === "ok" ? { checks: [endpoint, check], api, major } : { checks: [endpoint, check] };
}

const noEndpoint = (endpoint: string | undefined): Check =>
  problem(
    ENDPOINT,
    (endpoint ?? "") === "" ? "PROXMOX_VE_ENDPOINT is not set" : "PROXMOX_VE_ENDPOINT is not an https URL",
    "Set it, for example: export PROXMOX_VE_ENDPOINT=https://pve.example.org:8006/",
  );

/** The check of the token without an endpoint. */
const unasked = (env: NodeJS.ProcessEnv): Check =>
  checkTokenForm(env.PROXMOX_VE_API_TOKEN ?? "", env) ?? unknown(TOKEN, "is set; it could not be tried");

async function checkEndpoint(origin: string, api: PveApi, isChecked: boolean): Promise<Check> {
  try {
    await api.get(["version"]);
  } catch (error) {
    // Proxmox VE refuses a request without a token.
    if (!(error instanceof PveError)) throw error;
    if (error.status !== 401) return problem(ENDPOINT, `${origin}: ${error.message}`, remedyOf(error));
  } finally {
    api.close();
  }
  return ok(
    ENDPOINT,
    `${origin}, ${isChecked ? "certificate trusted" : "certificate NOT verified (PROXMOX_VE_INSECURE)"}`,
  );
}

/** By the error codes of Node and OpenSSL. */
const REMEDIES: readonly (readonly [codes: RegExp, remedy: string])[] = [
  [
    /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/,
    "Proxmox VE signs its certificate itself after an installation: copy /etc/pve/pve-root-ca.pem from the PVE node, and set SSL_CERT_FILE to that file. PROXMOX_VE_INSECURE=true would send the token to any server that answers.",
  ],
  [/ALTNAME/, "Set PROXMOX_VE_ENDPOINT to a name or address that its certificate contains."],
  [/CERT_/, "Renew the certificate: pvecm updatecerts --force on the PVE node."],
  [/ENOTFOUND|EAI_/, "Correct the name in PROXMOX_VE_ENDPOINT, or your DNS."],
  [
    /^ERR_SSL|EPROTO/,
    "The server does not support TLS 1.3: set PROXMOX_VE_MIN_TLS=1.2 to allow an older version.",
  ],
];

function remedyOf({ code = "" }: PveError): string {
  const [, remedy] = REMEDIES.find(([codes]) => codes.test(code)) ?? [];
  return (
    remedy ?? "Correct PROXMOX_VE_ENDPOINT (the port is 8006), or check the network and firewalls in between."
  );
}

/** Never shows more of the token than its name. @returns `undefined` for a valid one */
function checkTokenForm(token: string, env: NodeJS.ProcessEnv): Check | undefined {
  const remedy =
    "Create a token with pveum user token add, and set it: export PROXMOX_VE_API_TOKEN='terraform@pve!k3s=…'";
  if (token === "" && (env.PROXMOX_VE_USERNAME ?? env.PROXMOX_VE_AUTH_TICKET ?? "") !== "")
    return unknown(
      TOKEN,
      "PROXMOX_VE_API_TOKEN is not set; access by a password or a ticket was not checked",
    );
  if (token === "") return problem(TOKEN, "PROXMOX_VE_API_TOKEN is not set", remedy);
  if (!TOKEN_FORM.test(token))
    return problem(TOKEN, "PROXMOX_VE_API_TOKEN does not have the format USER@REALM!NAME=SECRET", remedy);
  return undefined;
}

async function checkToken(api: PveApi, token: string): Promise<{ check: Check; major?: number }> {
  const [, name = ""] = TOKEN_FORM.exec(token) ?? [];
  try {
    const { version } = (await api.get(["version"])) as { version: string };
    return {
      check: ok(TOKEN, `${name}, accepted by Proxmox VE ${version}`),
      major: Number.parseInt(version, 10),
    };
  } catch (error) {
    api.close();
    if (!(error instanceof PveError)) throw error;
    const check =
      error.status === 401
        ? problem(
            TOKEN,
            `${name} is not accepted`,
            "It has expired, was removed, or has another secret: pveum user token list USER@REALM lists the tokens.",
          )
        : unknown(TOKEN, `${name}: ${error.message}`);
    return { check };
  }
}
