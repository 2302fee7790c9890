import { isApiUnavailable, kubectl } from "../../src/rollout/kubectl";
import { Report } from "../../src/rollout/script";

/** A server on which kubectl failed like this, and whose API was ready right after it. */
const serverThatSaid = (stderr: string): Parameters<typeof kubectl>[0] => {
  const lines = ["@status 1", `@stderr ${Buffer.from(stderr).toString("base64")}`, "@api ready"];
  return { name: "alphard", call: () => new Report(lines.join("\n")) } as never;
};

const asksAnother = (stderr: string): Promise<boolean> =>
  kubectl(serverThatSaid(stderr), [["get", "nodes"]], 5).then(() => {
    throw new Error("it has not failed");
  }, isApiUnavailable);

test.each([
  "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n",
  "Unable to connect to the server: net/http: TLS handshake timeout\n",
  "E1128 memcache.go:265] couldn't get current server API group list\nUnable to connect to the server: EOF\n",
  "Error from server (ServiceUnavailable): the server is currently unable to handle the request\n",
  "Error from server: etcdserver: leader changed\n",
])("another server is asked although this one is ready again: %j", async (stderr) => {
  expect(await asksAnother(stderr)).toBe(true);
});

test.each([
  'Error from server (NotFound): nodes "a" not found\n',
  "error: timed out waiting for the condition\n",
  "",
])("no other server is asked where the API has decided: %j", async (stderr) => {
  expect(await asksAnother(stderr)).toBe(false);
});
