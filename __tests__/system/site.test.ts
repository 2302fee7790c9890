/** The documents as a site, built by `npm run docs` on a machine without a network. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withoutNetwork } from "../../src/preview/confinement";
import packageJson from "../../package.json";
import { REPOSITORY } from "../fixture";
import { DOCUMENTS, linksOf, textOf } from "../markdown";
import { describeWith } from "./tools";

const UNSHARE = {
  name: "unshare with a network of its own",
  debianPackage: "util-linux",
  works: () => withoutNetwork().length > 0,
};

/** Where the site has a document. */
const pageOf = (document: string): string =>
  document === "README.md" ? "index.html" : document.replace(/md$/, "html");

describeWith([UNSHARE], "the documents' site, built without a network", () => {
  const folder = mkdtempSync(join(tmpdir(), "k3s-site-")); // longer than one test
  const pages = new Map<string, string>();

  beforeAll(() => {
    const [program, ...words] = [
      ...withoutNetwork(),
      ...packageJson.scripts.docs.split(" "),
      "--outDir",
      folder,
    ];
    const PATH = `${join(REPOSITORY, "node_modules", ".bin")}:${process.env.PATH}`;
    const { status, stdout, stderr } = spawnSync(program, words, {
      cwd: REPOSITORY,
      encoding: "utf8",
      env: { ...process.env, PATH },
    });
    if (status !== 0) throw new Error(stdout + stderr);
    for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (path.endsWith(".html")) pages.set(path, readFileSync(join(folder, path), "utf8"));
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("has a page for each document of an owner, and no other", () => {
    const documents = DOCUMENTS.filter((document) => document !== "CONTRIBUTING.md");
    expect([...pages.keys()].sort()).toEqual([...documents.map(pageOf), "404.html"].sort());
  });

  test("links to pages, files and headings that it has", () => {
    const broken = [...pages].flatMap(([page, html]) =>
      [...html.matchAll(/ href="([^"]*)"/g)]
        .map(([, href = ""]) => new URL(href.replaceAll("&amp;", "&"), `http://site/${page}`))
        .filter(({ host, pathname }) => host === "site" && !pathname.startsWith("/api/")) // `docs/api.test.ts`
        .filter(({ pathname, hash }) => {
          const path = decodeURIComponent(pathname.slice(1)).replace(/(^|\/)$/, "$1index.html");
          const target = existsSync(join(folder, path)) ? path : `${path}.html`;
          if (!existsSync(join(folder, target)) || !statSync(join(folder, target)).isFile()) return true;
          if (hash === "") return false;
          return !pages.get(target)?.includes(` id="${decodeURIComponent(hash.slice(1))}"`);
        })
        .map(({ pathname, hash }) => `${page}: ${pathname}${hash}`),
    );
    expect(broken).toEqual([]);
  });

  test("needs no other host for its scripts, styles, fonts and pictures", () => {
    const styles = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".css"))
      .map((path) => readFileSync(join(folder, path), "utf8"));
    const foreign = [...pages.values(), ...styles].flatMap(
      (text) =>
        text.match(
          /<(?:link|script|img)[^>]+(?:href|src)="(?:https?:)?\/\/[^"]*"|url\(["']?https?:[^)]*\)/g,
        ) ?? [],
    );
    expect(foreign).toEqual([]);
  });

  test("finds every heading by its own search", () => {
    const scripts = readdirSync(join(folder, "assets", "chunks"));
    const [index = ""] = scripts.filter((name) => name.includes("localSearchIndex"));
    const text = readFileSync(join(folder, "assets", "chunks", index), "utf8");
    for (const heading of ["A clone that failed half-way", "Exit codes", "Nothing of yours is overwritten"])
      expect(text).toContain(heading);
  });
});

test("the list of pages has each page once, and its sections are the site's", () => {
  const listed = linksOf(textOf("docs/index.md")).filter((link) => !/[.#]{2}|^#/.test(link));
  const pages = DOCUMENTS.filter((document) => /^docs\/(?!index)/.test(document)).map((document) =>
    document.replace("docs/", ""),
  );
  expect(pages.filter((page) => !listed.includes(page))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});
