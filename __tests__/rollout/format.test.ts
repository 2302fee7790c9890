/** Results of a rollout at a terminal and in a pipe. */
import { displayWidth } from "../../src/base/wrap";
import { formatTurns, formatVerification } from "../../src/rollout/format";
import type { Turn } from "../../src/rollout/rotation";
import { ALPHARD, HAMAL, MIZAR } from "../fixture";
import { textOf } from "../markdown";
import { described, hosts } from "./plan-context";

const HEALTHY = {
  address: "172.22.0.134",
  version: "v1.34.2+k3s1",
  ready: true,
  reaches: "2/2",
  certificates: { issued: 364, authorities: 3649 },
  firewall: "as emitted",
  counters: { forged: 0, refused_input: 12, refused_forward: 0 },
  faults: [],
};

const VERIFICATION = {
  nodes: [
    { ...HEALTHY, name: "alphard", role: "server" },
    { ...HEALTHY, name: "hamal", role: "agent", address: "172.22.0.135" },
  ],
  faults: [],
};

test("a verification fits a terminal of 80 columns, and is one line for each node in a pipe", () => {
  const at80 = formatVerification(VERIFICATION, 80).split("\n");
  expect(at80.filter((line) => displayWidth(line) > 80)).toEqual([]);
  expect(formatVerification(VERIFICATION).split("\n")).toEqual([
    "node     role    address       K3s           ready  reaches  certs  firewall    dropped",
    "alphard  server  172.22.0.134  v1.34.2+k3s1  yes    2/2      364 d  as emitted  forged 0, input 12, forward 0",
    "hamal    agent   172.22.0.135  v1.34.2+k3s1  yes    2/2      364 d  as emitted  forged 0, input 12, forward 0",
    "",
    "Days left: certificate authorities 3649 d",
    "",
    "The cluster matches main.ts.",
  ]);
});

test("a verification says how long the operator's own access is valid, and what could not be read", () => {
  const kubeconfig = { path: "/home/me/.kube/config", name: "k3s", days: -2 };
  const nodes = VERIFICATION.nodes.map((node) => ({ ...node, certificates: undefined }));
  const lines = formatVerification({ nodes, kubeconfig, faults: [] }).split("\n");
  expect(lines[1]).toContain("2/2      ?      as emitted");
  expect(lines).toContain("Days left: /home/me/.kube/config -2 d");
});

test("a verification has a column with the nixpkgs of each host where main.ts states one for all", () => {
  const [one, other] = VERIFICATION.nodes as [(typeof VERIFICATION.nodes)[0], (typeof VERIFICATION.nodes)[0]];
  const nodes = [
    { ...one, nixpkgs: "0123456789abcdef0123456789abcdef01234567" },
    { ...other, nixpkgs: "" },
  ];
  expect(formatVerification({ nodes, faults: [] }).split("\n").slice(0, 3)).toEqual([
    "node     role    address       K3s           nixpkgs       ready  reaches  certs  firewall    dropped",
    "alphard  server  172.22.0.134  v1.34.2+k3s1  0123456789ab  yes    2/2      364 d  as emitted  forged 0, input 12, forward 0",
    "hamal    agent   172.22.0.135  v1.34.2+k3s1  ?             yes    2/2      364 d  as emitted  forged 0, input 12, forward 0",
  ]);
});

test("a rotation says what it will do to each host", () => {
  const [alphard, hamal, mizar] = hosts(described([ALPHARD, HAMAL, MIZAR])) as [
    Turn["host"],
    Turn["host"],
    Turn["host"],
  ];
  const due = { verdict: "due" as const, words: "the first expires in 20 days" };
  const left = {
    verdict: "left" as const,
    words: "all were issued within a day; the first expires in 364 days",
  };
  const words = formatTurns("certificates", [
    { host: alphard, ...due },
    { host: hamal, ...due },
    { host: mizar, ...left },
  ]);
  expect(textOf("docs/how-to/rotate.md")).toContain(`rotate certificates\n${words}\n`);
  expect(formatTurns("certificates", [{ host: mizar, ...left }])).toContain(
    "Nothing to do for the certificates.",
  );
  const away = { host: hamal, verdict: "unreachable" as const, words: "no route\nto it" };
  expect(formatTurns("certificates", [away])).toContain("  hamal: NOT REACHED: no route\n      to it");
});
