/** What programs in their own namespaces get from the machine. */
import type * as OwnSystem from "../../../testbed/namespaces/unshare";

describe("the environment of a program in its own network", () => {
  const before = { ...process.env };

  afterEach(() => {
    process.env = { ...before };
  });

  test.each(["HTTPS_PROXY", "http_proxy", "NO_PROXY"])(
    "has no %s, which would be unreachable there",
    (name) => {
      process.env[name] = "http://127.0.0.1:9";
      jest.isolateModules(() => {
        const { environment } = jest.requireActual<typeof OwnSystem>("../../../testbed/namespaces/unshare");
        expect(environment).not.toHaveProperty(name);
        expect(environment).toHaveProperty("HOME");
      });
    },
  );
});
