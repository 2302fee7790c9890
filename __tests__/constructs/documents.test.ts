import { existsSync, readFileSync } from "node:fs";
import { HostFiles } from "../../constructs";
import { ExitCode } from "../../src/cli/exit-code";
import { addCluster, ALPHARD, HAMAL, MIZAR, testApp } from "../fixture";
import { Project } from "../project";

const DOCUMENT = "k8s/README.md";

/** The faults of a HostFiles with these documents. */
function faults(documents: unknown): string[] {
  const cluster = addCluster(testApp(), [ALPHARD, HAMAL, MIZAR]);
  return new HostFiles(cluster, "nix", { documents } as object).node.validate();
}

test.each([
  [
    ["/etc/README.md"],
    "'documents' should be Markdown files of this project, such as k8s/README.md, as a relative path of letters, digits, . _ and -, got '/etc/README.md'",
  ],
  [
    ["../README.md"],
    "'documents' should be Markdown files of this project, such as k8s/README.md and not outside of it, got '../README.md'",
  ],
  [
    ["k8s; rm -rf .md"],
    "'documents' should be Markdown files of this project, such as k8s/README.md, as a relative path of letters, digits, . _ and -, got 'k8s; rm -rf .md'",
  ],
  [
    ["notes.txt"],
    "'documents' should be Markdown files of this project, such as k8s/README.md, got 'notes.txt'",
  ],
  [["nix/README.md"], "'documents' nix/README.md is in nix/, which is only for emitted files; move it"],
  ["k8s/README.md", `'documents' should be a list such as ["k8s/README.md"], got a text`],
])("documents %j are a fault", (documents, message) => {
  expect(faults(documents)).toEqual([message]);
});

test("a misspelt setting of HostFiles is a fault", () => {
  const cluster = addCluster(testApp(), [ALPHARD]);
  const misspelt = new HostFiles(cluster, "nix", { document: [DOCUMENT] } as object);
  expect(misspelt.node.validate()).toEqual(["'document' is not a setting; did you mean documents?"]);
});

describe("the reference cluster's document for people", () => {
  const mine = "# Mine\n\n<!-- k3s-nodes:start -->\n<!-- k3s-nodes:end -->\n\nmine, too\n";

  test("has its nodes after a synth, and nothing else of it is touched", () => {
    const project = new Project();
    project.write(DOCUMENT, mine);
    expect(project.program("check")).toMatchObject({
      status: ExitCode.Pending,
      output: expect.stringMatching(/stale +k8s\/README\.md/),
    });
    expect(project.synth().status).toBe(0);
    const text = readFileSync(project.path(DOCUMENT), "utf8");
    expect(text).toMatch(
      /^# Mine\n\n<!-- k3s-nodes:start -->\n[^]*`mizar`[^]*<!-- k3s-nodes:end -->\n\nmine, too\n$/,
    );
    expect(project.program("check").status).toBe(0);
  });

  test("without a mark stops the synth and is named, and nothing is written", () => {
    const project = new Project();
    project.write(DOCUMENT, mine.replace("<!-- k3s-nodes:end -->\n", ""));
    project.edit("main.ts", (text) =>
      text.replace(
        "new HostFiles",
        'new K3sAgentNode(cluster, "k3s-agent-2", { hostname: "alnair", vmId: 137 });\nnew HostFiles',
      ),
    );
    const { status, output } = project.synth();
    expect(status).not.toBe(0);
    expect(output).toContain("k8s/README.md has no <!-- k3s-nodes:end -->. It needs one line");
    expect(existsSync(project.path("nix", "k3s-agent-2"))).toBe(false);
  });
});
