import { checkSources } from "../../src/rollout/token-rotation";
import { ALPHARD, REFERENCE } from "../fixture";
import { described } from "./plan-context";

const NEW = "0123456789abcdef0123456789abcdef";

describe("a rotation of tokens", () => {
  const checked = (server: string | undefined, k3s: object = {}): string => {
    try {
      checkSources(described([ALPHARD], { k3s: { ...REFERENCE.k3s, ...k3s } }), { server, agent: undefined });
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  test("begins with a token from the source of main.ts, in either form", () => {
    expect(checked(NEW)).toBe("");
    expect(checked(`K10${"0".repeat(64)}::server:${NEW}`)).toBe("");
    expect(checked(undefined)).toContain("no source of the join token");
  });

  test("refuses a token that no server could join with, without repeating it", () => {
    const fault = checked("abcdef.0123456789abcdef");
    expect(fault).toContain("the form of a bootstrap token");
    expect(fault).not.toContain("abcdef.0123");
  });

  test("leaves to an activation what an activation delivers", () => {
    for (const k3s of [{ tokenFile: "/run/secrets/token" }, { agentTokenFile: "/run/secrets/agents" }])
      expect(checked(NEW, k3s)).toContain("is written when a host is activated, not by a rollout");
  });
});
