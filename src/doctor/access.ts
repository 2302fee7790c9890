/** Whether Proxmox VE is there, and lets the token in. */
import { PveApi, PveError } from "./pve-api";
import { ok, problem, unknown, type Check } from "./check";
import { trustOf } from "./trust";

const ENDPOINT = "PVE endpoint";
const TOKEN = "PVE token";

/** As the provider wants it: `USER@REALM!NAME=SECRET`. */
const TOKEN_FORM = /^(\S+@\S+!\S+)=[a-zA-Z0-9-]+$/;

export interface Access {
  readonly checks: readonly Check[];
  /** What can be asked. @default - nobody is let in */
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

/** Without a user's name or password in it. @returns `undefined` for what the provider refuses */
function originOf(endpoint: string | undefined): string | undefined {
  try {
    const url = new URL(endpoint ?? "");
    return url.protocol === "https:" ? url.origin : undefined;
  } catch {
    return undefined;
  }
}

const noEndpoint = (endpoint: string | undefined): Check =>
  problem(
    ENDPOINT,
    (endpoint ?? "") === "" ? "PROXMOX_VE_ENDPOINT is not set" : "PROXMOX_VE_ENDPOINT is no URL of https",
    "Set it as in export PROXMOX_VE_ENDPOINT=https://pve.example.org:8006/.",
  );

/** What can be said of the token where nobody can be asked. */
const unasked = (env: NodeJS.ProcessEnv): Check =>
  checkTokenForm(env.PROXMOX_VE_API_TOKEN ?? "", env) ??
  unknown(TOKEN, "is set; nobody could be asked whether it is accepted");

async function checkEndpoint(origin: string, api: PveApi, isChecked: boolean): Promise<Check> {
  try {
    await api.get(["version"]);
  } catch (error) {
    // Whoever asks without a token is not let in.
    if (!(error instanceof PveError)) throw error;
    if (error.status !== 401) return problem(ENDPOINT, `${origin}: ${error.message}`, remedyOf(error));
  } finally {
    api.close();
  }
  return ok(
    ENDPOINT,
    `${origin}, ${isChecked ? "certificate trusted" : "certificate NOT looked at (PROXMOX_VE_INSECURE)"}`,
  );
}

/** By Node's codes of errors, which those of OpenSSL are among. */
const REMEDIES: readonly (readonly [codes: RegExp, remedy: string])[] = [
  [
    /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/,
    "Its certificate is its own, as after an installation: fetch /etc/pve/pve-root-ca.pem from the PVE node, and set SSL_CERT_FILE to that file. PROXMOX_VE_INSECURE=true would send the token to whoever answers.",
  ],
  [/ALTNAME/, "State the endpoint by a name or address that its certificate has."],
  [/CERT_/, "Renew the certificate: pvecm updatecerts --force on the PVE node."],
  [/ENOTFOUND|EAI_/, "Correct the name in PROXMOX_VE_ENDPOINT, or your DNS."],
  [/^ERR_SSL|EPROTO/, "It speaks no TLS 1.3: PROXMOX_VE_MIN_TLS=1.2 admits an older version."],
];

function remedyOf({ code = "" }: PveError): string {
  const [, remedy] = REMEDIES.find(([codes]) => codes.test(code)) ?? [];
  return remedy ?? "Correct PROXMOX_VE_ENDPOINT (the port is 8006), or see what keeps this machine from it.";
}

/** Nothing of the token is said but its name. @returns `undefined` for a right one */
function checkTokenForm(token: string, env: NodeJS.ProcessEnv): Check | undefined {
  const remedy = "Set it as in export PROXMOX_VE_API_TOKEN='terraform@pve!k3s=…', of pveum user token add.";
  if (token === "" && (env.PROXMOX_VE_USERNAME ?? env.PROXMOX_VE_AUTH_TICKET ?? "") !== "")
    return unknown(TOKEN, "PROXMOX_VE_API_TOKEN is not set; with a password or ticket nothing was looked at");
  if (token === "") return problem(TOKEN, "PROXMOX_VE_API_TOKEN is not set", remedy);
  if (!TOKEN_FORM.test(token))
    return problem(TOKEN, "PROXMOX_VE_API_TOKEN is not USER@REALM!NAME=SECRET", remedy);
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
            "It expired, was removed, or its secret is another: pveum user token list shows those that there are.",
          )
        : unknown(TOKEN, `${name}: ${error.message}`);
    return { check };
  }
}
