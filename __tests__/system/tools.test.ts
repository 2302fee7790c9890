import { verdict, type Tool } from "./tools";

const there: Tool = { name: "sh", debianPackage: "dash", works: () => true };
const missing: Tool = { name: "frobnicate", debianPackage: "frob-utils", works: () => false };
const unreachable: Tool = { name: "the moon", advice: "fly there", works: () => false };
const unbuilt: Tool = { name: "widget", module: "widgets", works: () => false };

describe("a suite that needs tools", () => {
  test.each([true, false])("runs when all are there: in CI %s", (ci) => {
    expect(verdict([there], ci)).toMatchObject({ run: true, instead: [] });
  });

  test("fails in CI under the name of the missing tool and of its Debian package", () => {
    expect(verdict([there, missing], true)).toEqual({
      run: false,
      fail: true,
      instead: ["frobnicate is missing; install Debian's package frob-utils"],
    });
  });

  test("is skipped elsewhere, with the name of the missing tool", () => {
    expect(verdict([there, missing], false)).toEqual({
      run: false,
      fail: false,
      instead: ["frobnicate is missing, so none of this was tested; Debian: frob-utils"],
    });
  });

  test.each([
    [true, "widget is missing; run testbed/build/build.sh widgets"],
    [false, "widget is missing, so none of this was tested; to build it: testbed/build/build.sh widgets"],
  ])("says how a program is built: in CI %s", (ci, words) => {
    expect(verdict([unbuilt], ci).instead).toEqual([words]);
  });

  test("says what to do when there is nothing to install", () => {
    expect(verdict([unreachable], true).instead).toEqual(["the moon is missing; fly there"]);
  });
});
