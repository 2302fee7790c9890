import { fill } from "../../src/render/templates";

test("a template that is not given all that it names is an error and not a gap", () => {
  expect(() => fill("k3s-agent.nix", { hostname: "mizar" })).toThrow(/package/);
});

describe("a name that the context lacks is an error", () => {
  const context = {
    hostname: "mizar",
    package: "k3s",
    serverAddr: "https://k3s:6443",
    tokenFile: "/token",
    clusterInit: false,
    joins: true,
    flags: [],
  };
  const without = (name: keyof typeof context): object => ({ ...context, [name]: undefined });

  test.each([
    ["of its own", "package"],
    ["as an argument of a helper", "tokenFile"],
    ["as the list of a loop", "flags"],
    ["as a condition", "joins"],
  ] as const)("%s", (_, name) => {
    expect(() => fill("k3s-server.nix", context)).not.toThrow();
    const lacking = Object.entries(context).filter(([key]) => key !== name);
    expect(() => fill("k3s-server.nix", Object.fromEntries(lacking))).toThrow();
    if (name !== "package") expect(() => fill("k3s-server.nix", without(name))).toThrow("was not given");
  });
});
