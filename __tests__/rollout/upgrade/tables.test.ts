import { BAD_RELEASES, badRelease } from "../../../src/rollout/upgrade/bad-releases";
import { deprecatedIn, goneIn } from "../../../src/rollout/upgrade/deprecated-apis";
import { optionsIn } from "../../../src/rollout/upgrade/nix-options";
import { REMOVED_OPTIONS, removedBetween } from "../../../src/rollout/upgrade/removed-options";

describe("bad releases of K3s", () => {
  test("are recognized whatever K3s' own number is, and their neighbours are not", () => {
    expect(badRelease("v1.26.3+k3s1")?.source).toBe("https://github.com/k3s-io/k3s/issues/7203");
    expect(badRelease("v1.26.3+k3s2")).toBeDefined();
    expect(badRelease("v1.26.4+k3s1")).toBeUndefined();
    expect(badRelease("v1.26.30+k3s1")).toBeUndefined();
  });

  test("have a reason and a source each", () => {
    for (const { version, reason, source } of BAD_RELEASES) {
      expect(version).toMatch(/^v1\.\d+\.\d+$/);
      expect(reason).not.toBe("");
      expect(source).toMatch(/^https:\/\/github\.com\/k3s-io\/k3s\/issues\/\d+$/);
    }
  });
});

describe("deprecated APIs", () => {
  const lines = [
    'apiserver_requested_deprecated_apis{group="policy",removed_release="1.25",resource="poddisruptionbudgets",subresource="",version="v1beta1"} 1',
    'apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1',
    'apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="",version="v1beta3"} 1',
    "something else",
  ];

  test("are those with a release that no longer has them", () => {
    expect(deprecatedIn(lines)).toEqual([
      { version: "policy/v1beta1", resource: "poddisruptionbudgets", removed: "1.25" },
      { version: "flowcontrol.apiserver.k8s.io/v1beta3", resource: "flowschemas", removed: "1.32" },
    ]);
  });

  test("are gone in that minor and in later ones, each named once", () => {
    const apis = deprecatedIn([...lines, ...lines]);
    expect(goneIn(apis, "1.31").map(({ resource }) => resource)).toEqual(["poddisruptionbudgets"]);
    expect(goneIn(apis, "1.32").map(({ resource }) => resource)).toEqual([
      "poddisruptionbudgets",
      "flowschemas",
    ]);
  });
});

describe("options in a Nix file", () => {
  test("are found as paths, in nested sets and behind functions", () => {
    const text = `
      { config, lib, pkgs ? null, ... }:
      let port = 80; in
      {
        boot.readOnlyNixStore = false;
        services = {
          polipo.enable = true;
          postfix = lib.mkIf config.services.openssh.enable { sslCert = "/x"; };
        };
        networking.wireless = { userControlled = { enable = true; }; };
        environment.etc."a.conf".text = "services.siproxd.enable = true;";
      }`;
    const found = optionsIn(text);
    for (const path of [
      "boot.readOnlyNixStore",
      "services.polipo.enable",
      "services.postfix.sslCert",
      "networking.wireless.userControlled.enable",
    ])
      expect(found).toContain(path);
  });

  test("are not in comments and strings", () => {
    const text = `{
      # services.polipo.enable = true;
      /* services.siproxd.enable = true; */
      a = "services.crabfit.enable = true;";
      b = ''
        services.sourcehut.enable = true; ''' \${x}
      '';
      c = 1;
    }`;
    expect([...optionsIn(text)].sort()).toEqual(["a", "b", "c"]);
  });

  test("of a file that is no Nix at all are nothing, soon", () => {
    const began = performance.now();
    expect(optionsIn("}{=;.".repeat(50_000)).size).toBe(0);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("removed options of NixOS", () => {
  const stated = new Set(["services.polipo.enable", "system.rebuild.enableNg", "services.polipoX.enable"]);
  const between = (from: string, to: string): string[] =>
    removedBetween(stated, from, to).map(({ option }) => option);

  test("concern an upgrade that passes their release", () => {
    expect(between("25.05", "25.11")).toEqual(["services.polipo"]);
    expect(between("25.11", "26.05")).toEqual(["system.rebuild.enableNg"]);
    expect(between("25.05", "26.05")).toEqual(["services.polipo", "system.rebuild.enableNg"]);
    expect(between("26.05", "26.05")).toEqual([]);
  });

  test("are each in the table once", () => {
    const names = REMOVED_OPTIONS.map(({ option }) => option);
    expect(new Set(names).size).toBe(names.length);
  });
});
