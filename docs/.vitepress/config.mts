/** The documents as a site: `npm run docs`. The sources are plain Markdown, and their links are those that GitHub follows. */
import { copyFileSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type DefaultTheme, type MarkdownRenderer } from "vitepress";
import { anchorOf } from "../../src/base/markdown.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The list of pages: `## section`, and the links below it. */
const INDEX = "docs/index.md";

/** Files of the repository to which pages link, and which are no pages: the site has copies as plain text. */
const files = new Set<string>();

function sidebar(): DefaultTheme.SidebarItem[] {
  const [, ...sections] = readFileSync(join(ROOT, INDEX), "utf8").split(/^## /m);
  return sections.map((section) => ({
    text: section.slice(0, section.indexOf("\n")),
    items: [...section.matchAll(/\[([^\]]+)\]\(([\w/-]+)\.md\)/g)].map(([, text = "", path = ""]) => ({
      text: text.replaceAll("`", ""),
      link: `/docs/${path}`,
    })),
  }));
}

const isPage = (path: string): boolean => /^(docs\/.*|README|CHANGELOG|SECURITY)\.md$/.test(path);

/** Where the site has what a page links to. */
function target(href: string, page: string): string {
  const [path = ""] = href.split("#");
  if (path === "" || /^[a-z]+:/.test(path)) return href;
  const file = posix.join(posix.dirname(page), path);
  if (file === "README.md") return "/";
  if (isPage(file)) return href;
  if (!statSync(join(ROOT, file)).isFile()) throw new Error(`${page} links to ${file}, which is no file`);
  files.add(file);
  return `/files/${file}.txt`;
}

function linkFiles(md: MarkdownRenderer): void {
  md.core.ruler.push("files", ({ tokens, env }) => {
    const { relativePath } = env as { relativePath: string };
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.attrGet("href");
      if (token.type === "link_open" && href !== null) token.attrSet("href", target(href, relativePath));
    }
  });
}

export default defineConfig({
  title: "proxmox-nixos-k3s",
  description: "A K3s cluster on NixOS virtual machines under Proxmox VE, from one file",
  srcDir: "..",
  srcExclude: ["!(docs)/**/*.md", "CONTRIBUTING.md"],
  rewrites: { "README.md": "index.md" },
  outDir: "../.docs",
  markdown: { anchor: { slugify: anchorOf }, config: linkFiles },
  themeConfig: {
    nav: [
      { text: "Documents", link: "/docs/" },
      { text: "API", link: "/api/index.html", target: "_self" }, // by `npm run docs:api`
      { text: "Changelog", link: "/CHANGELOG" },
    ],
    sidebar: sidebar(),
    search: { provider: "local" },
    outline: "deep",
  },
  buildEnd({ outDir }) {
    for (const file of files) {
      const copy = join(outDir, "files", `${file}.txt`);
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(join(ROOT, file), copy);
    }
  },
});
