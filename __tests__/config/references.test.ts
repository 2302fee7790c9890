import { isLiteral, settled, settledAll } from "../../src/config/references";

describe("a value that cluster.json has", () => {
  test.each(["pve", "local-lvm", "pve-local.example", "variable", "a.module.b"])(
    "is a name, and not an expression: %s",
    (text) => {
      expect(isLiteral(text)).toBe(true);
      expect(settled(text, {})).toEqual({ value: text });
    },
  );

  test.each(["${var.a}", "local.place", "data.proxmox_node.a.name", "module.b.c", "lower(var.a)", "a${b}"])(
    "is known to OpenTofu alone: %s",
    (text) => {
      expect(isLiteral(text)).toBe(false);
      expect(settled(text, {})).toEqual({ unseen: `only OpenTofu knows ${text}` });
    },
  );

  test("is that of a variable, if the environment has it", () => {
    expect(settled("var.place", { TF_VAR_place: "pve2" })).toEqual({ value: "pve2" });
    for (const env of [{}, { TF_VAR_place: "" }])
      expect(settled("var.place", env)).toEqual({ unseen: "TF_VAR_place is not set" });
    expect(settled("var.places[0]", { TF_VAR_places: "a" })).toEqual({
      unseen: "only OpenTofu knows var.places[0]",
    });
  });

  test("is named once, with every other", () => {
    const env = { TF_VAR_a: "pve" };
    expect(settledAll(["var.a", "pve", "pve", "var.b", "local.c", "var.b"], env)).toEqual({
      values: ["pve"],
      unseen: ["TF_VAR_b is not set", "only OpenTofu knows local.c"],
    });
  });
});
