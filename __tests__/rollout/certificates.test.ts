/** Certificates as a host reports them. They are real ones, made by OpenSSL for the test. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import {
  certificateFaults,
  certificatesIn,
  daysOf,
  expiries,
  leftInWords,
} from "../../src/rollout/certificates";
import { kubeconfigFaults, ownKubeconfig } from "../../src/rollout/kubeconfig";
import { Report } from "../../src/rollout/script";
import { ALPHARD, HAMAL, temporaryFolder } from "../fixture";
import { described, hosts } from "./plan-context";

const folder = temporaryFolder();

/** A certificate that is valid for so many days, and some hours. */
function certificate(days: number): string {
  const path = join(folder, `${days}.crt`);
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    `${path}.key`,
  ];
  execFileSync("openssl", ["req", "-x509", "-days", `${days + 1}`, "-subj", "/CN=x", ...key, "-out", path], {
    stdio: "ignore",
  });
  return readFileSync(path, "utf8");
}

const YEAR = certificate(364);
const MONTH = certificate(20);
const DECADE = certificate(3649);
const now = new Date();

const reported = (files: Readonly<Record<string, string>>): Report =>
  new Report(
    [
      "@now 60",
      ...Object.entries(files).flatMap(([file, text]) => [
        `@certificate ${file} 0`,
        ...text.split("\n").map((line) => `@pem ${file} ${line}`),
      ]),
    ].join("\n"),
  );

const SERVER = {
  "server/tls/client-admin.crt": YEAR + DECADE,
  "server/tls/dynamic-cert.json": YEAR,
  "agent/serving-kubelet.crt": YEAR,
  "server/tls/server-ca.crt": DECADE,
};

const [server] = hosts(described([ALPHARD, HAMAL]));

test("the first expiry counts, of what K3s renews and of what it does not", () => {
  const certificates = certificatesIn(reported({ ...SERVER, "agent/client-kubelet.crt": MONTH }), "server");
  expect(daysOf(certificates, now)).toEqual({ issued: 20, authorities: 3649 });
  expect(daysOf(certificatesIn(reported({}), "server"), now)).toEqual({});
});

test("the certificate of its authority behind a certificate does not count as the host's", () => {
  expect(
    daysOf(certificatesIn(reported({ "agent/client-kubelet.crt": YEAR + MONTH }), "agent"), now),
  ).toEqual({
    issued: 364,
  });
});

test("a file that a host reports unasked does not count", () => {
  const strange = reported({ "agent/left-over.crt": MONTH, "server/tls/client-admin.crt": MONTH });
  expect(certificatesIn(strange, "agent")).toEqual({ issued: [], authorities: [], unreadable: [] });
});

test("what a host reports is read as far as it is a certificate", () => {
  const block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  expect(expiries(block + "x".repeat(1000))).toEqual([]);
  expect(expiries(MONTH.repeat(100))).toHaveLength(20);
  const { unreadable } = certificatesIn(reported({ ...SERVER, "agent/client-kubelet.crt": block }), "server");
  expect(unreadable).toEqual(["agent/client-kubelet.crt"]);
});

describe("a verification fails", () => {
  const faultsOf = (files: Readonly<Record<string, string>>, limit?: number): string[] => {
    const [host] =
      limit === undefined ? [server] : hosts(described([ALPHARD], { rollout: { certificateDays: limit } }));
    if (host === undefined) throw new Error("no host");
    return certificateFaults(host, certificatesIn(reported(files), "server"), now);
  };

  test("below the limit of main.ts, 30 days by default, and says that a restart renews it", () => {
    const files = { ...SERVER, "agent/client-kubelet.crt": MONTH };
    expect(faultsOf(SERVER)).toEqual([]);
    expect(faultsOf(files)).toEqual([
      expect.stringMatching(
        /^its certificate agent\/client-kubelet\.crt expires in 20 days: restart K3s on it \(systemctl restart k3s\), which then renews every certificate with fewer than 120 days left/,
      ),
    ]);
    expect(faultsOf(files, 20)).toEqual([]);
    expect(faultsOf(files, 21)).toHaveLength(1);
  });

  test("for a certificate authority, which no restart renews", () => {
    expect(faultsOf({ ...SERVER, "server/tls/etcd/peer-ca.crt": MONTH })).toEqual([
      expect.stringContaining("peer-ca.crt expires in 20 days, and no restart renews it"),
    ]);
  });

  test("for a file that is no certificate", () => {
    expect(faultsOf({ ...SERVER, "server/tls/client-admin.crt": "" })).toEqual([
      "its certificate server/tls/client-admin.crt cannot be read as one",
    ]);
  });
});

test.each([
  [2, "expires in 2 days"],
  [1, "expires in 1 day"],
  [0, "expires in 0 days"],
  [-1, "expired 1 day ago"],
  [-9, "expired 9 days ago"],
])("%d days left are said as '%s'", (days, words) => {
  expect(leftInWords(days)).toBe(words);
});

describe("the operator's kubeconfig", () => {
  const description = described([ALPHARD]);
  const { apiEndpoint } = description;
  const written = (text: string): string => {
    const path = join(temporaryFolder(), "config");
    writeFileSync(path, text);
    return path;
  };
  const config = (pem: string, endpoint = apiEndpoint): string =>
    stringify({
      clusters: [
        { name: "work", cluster: { server: "https://work" } },
        { name: "c", cluster: { server: endpoint } },
      ],
      users: [{ name: "u", user: { "client-certificate-data": Buffer.from(pem).toString("base64") } }],
      contexts: [{ name: "home", context: { cluster: "c", user: "u" } }],
    });

  test("is found by the cluster's API endpoint", () => {
    const path = written(config(MONTH + DECADE));
    expect(ownKubeconfig(description, path, now)).toEqual({ path, name: "home", days: 20 });
  });

  test.each([
    ["another cluster", config(MONTH, "https://elsewhere:6443")],
    ["a login by other means", config("")],
    ["what is no kubeconfig", "- a\n- b\n"],
    ["what is no YAML", "{"],
    ["nothing", ""],
    ["odd parts", "clusters: [1, null]\ncontexts: {}\nusers: 7\n"],
  ])("is not looked at where it has %s", (_, text) => {
    expect(ownKubeconfig(description, written(text), now)).toBeUndefined();
  });

  test("fails a verification below the limit, with the command that fetches a newer one", () => {
    const kubeconfig = { path: "~/.kube/config", name: "home", days: 29 };
    expect(kubeconfigFaults(description, kubeconfig)).toEqual([
      "the certificate of context home in ~/.kube/config expires in 29 days: npm run rollout -- kubeconfig --name home, " +
        "once the servers' own are newer",
    ]);
    expect(kubeconfigFaults(description, { ...kubeconfig, days: 30 })).toEqual([]);
    expect(kubeconfigFaults(description, undefined)).toEqual([]);
  });
});
