import { spawnSync } from "node:child_process";
import { renderNames } from "../../src/render/names";
import { fenced } from "../markdown";
import { cluster } from "./clusters";
import { BIND, describeWith } from "./tools";

const DOCUMENT = renderNames(cluster({ servers: 3, apiEndpoint: "https://k3s.example.org:6443" }));
const RECORDS = fenced(DOCUMENT, "zone")[0] ?? "";

/** What BIND says of a zone with these records. */
function checked(records: string): { status: number | null; output: string } {
  const zone = `$TTL 300\n@ IN SOA ns hostmaster 1 300 300 300 300\n@ IN NS ns\nns IN A 192.0.2.1\n${records}`;
  const { status, stdout, stderr } = spawnSync("named-checkzone", ["example.org", "-"], {
    input: zone,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

describeWith([BIND], "the DNS records of the cluster's document", () => {
  test("are valid for BIND itself, none of them outside of the zone", () => {
    expect(RECORDS.trim().split("\n")).toHaveLength(8);
    const { status, output } = checked(RECORDS);
    expect({ status, ignored: output.match(/ignoring.*/g) }).toEqual({ status: 0, ignored: null });
  });

  test("and it refuses an invalid one", () => {
    expect(checked(RECORDS.replace("IN A 172", "IN A x172")).status).not.toBe(0);
  });
});
