import { hasCode, isDisconnected, joined, messageAtHost, UserError } from "../../src/base/user-error";

describe("an error for a person", () => {
  const full = new UserError("failed", "its disk is full", {
    host: "hamal",
    step: "build",
    remedy: "grow the disk",
  });

  test("says where, what and what to do", () => {
    expect(full.message).toBe("hamal: build: its disk is full: grow the disk");
    expect(messageAtHost(full)).toBe("build: its disk is full: grow the disk");
    expect(full.text).toBe("its disk is full: grow the disk");
  });

  test("has its remedy on a line of its own below a list", () => {
    const { message } = new UserError("invalid", "Two files:\n  a\n  b", { remedy: "run npm run synth" });
    expect(message).toBe("Two files:\n  a\n  b\nRun npm run synth");
  });

  test("is distinguished by its code, and keeps its cause", () => {
    const cause = new Error("closed");
    const lost = new UserError("connection lost", "the connection broke", { cause });
    expect([isDisconnected(lost), isDisconnected(full), isDisconnected(cause)]).toEqual([true, false, false]);
    expect(hasCode(lost, "unreachable")).toBe(false);
    expect(lost.cause).toBe(cause);
  });
});

test("several errors have the code that they share", () => {
  const away = (host: string): UserError => new UserError("unreachable", "no SSH connection", { host });
  const all = joined([away("hamal"), away("mizar")], "\nNo host was changed");
  expect(all).toMatchObject({
    code: "unreachable",
    message: "hamal: no SSH connection\nmizar: no SSH connection\nNo host was changed",
  });
  expect(joined([away("hamal"), new Error("other")]).code).toBe("failed");
});
