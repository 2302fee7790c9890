import { Project } from "../../project";

test("npm run check tells a promise without a test and a stale page, and npm run evidence mends the page", () => {
  const project = Project.withCode();
  const check = (): unknown => project.script("evidence", "--check");
  const page = project.text("docs/evidence.md");
  project.edit("docs/evidence.md", (text) => text.replace("# Evidence", "# Proof"));
  expect(check()).toEqual({ status: 2, output: expect.stringContaining("npm run evidence") });
  expect(project.script("evidence")).toMatchObject({ status: 0 });
  expect(project.text("docs/evidence.md")).toBe(page);
  project.edit("README.md", (text) => `${text}\nIt never fails.\n`);
  expect(check()).toEqual({
    status: 1,
    output: expect.stringContaining('README.md: which test shows this? "It never fails."'),
  });
});

test("npm run evidence keeps a run of the tests, and says how results are made that it cannot use", () => {
  const project = Project.withCode();
  const results = { startTime: 0, numRuntimeErrorTestSuites: 0, testResults: [] };
  project.write("results.json", JSON.stringify(results));
  expect(project.script("evidence", "results.json")).toEqual({
    status: 1,
    output: expect.stringContaining("npm test -- --json --outputFile=results.json"),
  });
  const environment = { commit: "0123456789ab", modified: false, programs: {} };
  project.write("results.json", JSON.stringify({ ...results, environment }));
  expect(project.script("evidence", "results.json")).toMatchObject({ status: 0 });
  expect(project.text("docs/evidence.md")).toContain("On 1970-01-01, of commit `0123456789ab`");
});
