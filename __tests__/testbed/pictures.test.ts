import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import packageJson from "../../package.json";
import { linesOf, textOf } from "../../testbed/pictures/screen";
import { renderSession, textsIn } from "../../testbed/pictures/svg";
import { timeline } from "../../testbed/pictures/timeline";
import { REPOSITORY } from "../fixture";

const FOLDER = join(REPOSITORY, "docs/pictures");
const pictureOf = (name: string): string => readFileSync(join(FOLDER, name), "utf8");

const parsed = (svg: string): JSDOM["window"]["document"] =>
  new JSDOM(svg, { contentType: "image/svg+xml" }).window.document;

describe.each(readdirSync(FOLDER))("%s", (name) => {
  const picture = parsed(pictureOf(name));

  test("is an SVG that says what it shows", () => {
    expect(picture.documentElement.getAttribute("aria-labelledby")).toBe("title");
    expect(picture.querySelector("#title")?.textContent).toMatch(/\w.*\.$/);
  });

  test("is shown as it is where a picture may not load or run anything", () => {
    expect(picture.querySelectorAll("script, image, foreignObject, use, a")).toHaveLength(0);
    expect(pictureOf(name).replaceAll('"http://www.w3.org/2000/svg"', "")).not.toMatch(
      /https?:|@import|@font-face/,
    );
  });

  test("is small enough for the top of a page", () => {
    expect(pictureOf(name).length).toBeLessThan(150_000);
  });

  test("shows nothing of the machine that it was made on", () => {
    expect(pictureOf(name)).not.toContain(REPOSITORY);
    expect(pictureOf(name)).not.toMatch(/\/(home|root|tmp|Users)\b|planted/);
  });

  test("names only npm scripts that there are", () => {
    const scripts = [...pictureOf(name).matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script);
    expect(scripts).not.toEqual([]);
    expect(scripts.filter((script) => !((script as string) in packageJson.scripts))).toEqual([]);
  });
});

describe("the picture of how it works", () => {
  const texts = [...parsed(pictureOf("topology.svg")).querySelectorAll("text")].map(
    ({ textContent }) => textContent,
  );
  const { nodes, cluster } = JSON.parse(readFileSync(join(REPOSITORY, "nix/cluster.json"), "utf8")) as {
    nodes: Record<string, string | number>[];
    cluster: { network: { nodeCidr: string } };
  };

  test("has the nodes of main.ts, and no others", () => {
    const expected = nodes.flatMap(({ hostname, vmId, ipv4Address, role }) => [
      hostname,
      `VM ${vmId}`,
      ipv4Address,
      `NixOS, K3s ${role}`,
    ]);
    const shown = texts.filter(
      (text) => /^([a-z]+|VM \d+|[\d.]+|NixOS, .*)$/.test(text) && text !== "firewall",
    );
    expect(shown.sort()).toEqual(expected.sort());
    expect(texts).toContain(`node network ${cluster.network.nodeCidr}`);
  });

  test("has their statements as they are in main.ts, if shorter", () => {
    const main = readFileSync(join(REPOSITORY, "main.ts"), "utf8");
    const statements = texts.filter((text) => text.startsWith("new "));
    expect(statements).toHaveLength(nodes.length);
    expect(statements.filter((text) => !main.includes(text.replace(" });", "")))).toEqual([]);
  });
});

describe("a recorded terminal", () => {
  test("shows what was overwritten as a terminal does, and not what erased it", async () => {
    const lines = await linesOf("building\r\x1b[K\x1b[32m+ built\x1b[0m in 2 s\r\n\r\n");
    expect(lines.map(textOf)).toEqual(["+ built in 2 s"]);
    expect(lines[0]?.map(({ text, colour }) => [text, colour])).toEqual([
      ["+ built", 2],
      ["in 2 s", undefined],
    ]);
  });

  test("breaks what is longer than 80 columns", async () => {
    expect((await linesOf("x".repeat(81))).map(textOf)).toEqual(["x".repeat(80), "x"]);
  });

  test("is drawn so that its text can be read back, with characters that XML reserves", async () => {
    const sent = 'a <b> & "c"\r\n\r\n    one   two\r\n';
    const [lines, more] = [await linesOf(sent), await linesOf("end")];
    const beats = [lines, more].map((part) => ({ lines: part, after: 1 }));
    const svg = renderSession(
      "T.",
      timeline([
        { caption: "A & B", beats },
        { caption: "C", beats },
      ]),
    );
    const expected = ['a <b> & "c"', "", "    one   two", "end"];
    expect(textsIn(svg)).toEqual([expected, expected]);
    expect(parsed(svg).querySelectorAll(".caption")).toHaveLength(2);
  });

  test("is still where a reader wants no motion, and shows the end of the last scene", () => {
    const svg = pictureOf("session.svg");
    const motion = /@media \(prefers-reduced-motion: no-preference\) \{[^]*?\n\}/.exec(svg)?.[0] ?? "";
    expect(motion).toContain("animation:");
    expect(svg.replace(motion, "")).not.toContain("animation:");
    expect(svg.split('class="shot"><g class="early').length).toBe(textsIn(svg).length);
  });
});
