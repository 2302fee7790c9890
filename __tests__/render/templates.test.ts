import { fill } from "../../render/templates";

test("a template that is not given all that it names is an error and not a gap", () => {
  expect(() => fill("k3s-agent.nix", { hostname: "mizar" })).toThrow(/package/);
});
