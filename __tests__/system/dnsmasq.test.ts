import { spawnSync } from "node:child_process";
import { renderReadme } from "../../src/render/readme";
import { fenced } from "../markdown";
import { cluster } from "./clusters";
import { describeWith, DNSMASQ } from "./tools";

const SNIPPET = fenced(renderReadme(cluster({ servers: 3 }), ["nix"]), "conf")[0] ?? "";

const tested = (configuration: string): number | null =>
  spawnSync("dnsmasq", ["--test", "--conf-file=-"], { input: configuration }).status;

describeWith([DNSMASQ], "the DHCP reservations of the cluster's document", () => {
  test("are valid for dnsmasq itself", () => {
    expect(SNIPPET.trim().split("\n")).toHaveLength(5);
    expect(tested(SNIPPET)).toBe(0);
  });

  test("and it refuses an invalid one", () => {
    expect(tested(SNIPPET.replace("dhcp-host=BC:24", "dhcp-host=BC:2X"))).not.toBe(0);
  });
});
