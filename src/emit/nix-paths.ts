/** Comments, and both kinds of strings, which contain paths only in interpolations. */
const OTHER_THAN_CODE = /#[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\]|\\[^])*"|''(?:''['$]|''\\[^]|'(?!')|[^'])*''/g;

/** A relative path in Nix: not an absolute or home path, not in `<…>`, not in a URL. */
const PATH = /(?<![\w.+~/<:-])[\w.+-]+(?:\/[\w.+-]+)*\/?(?:[\w.+-]+)?/g;

/**
 * Relative paths in a Nix expression, such as `./registries.yaml` or `../modules`. For a computed path, such as
 * `./${name}.nix`, its folder.
 */
export function relativePaths(text: string): string[] {
  const code = text.replace(OTHER_THAN_CODE, (part) =>
    part.startsWith("#") || part.startsWith("/*") ? " " : interpolated(part),
  );
  const found = [...code.matchAll(PATH)].flatMap(({ 0: path, index }) => {
    if (!path.includes("/")) return [];
    const isComputed = code.startsWith("${", index + path.length);
    return [isComputed ? path.slice(0, path.lastIndexOf("/") + 1) : path];
  });
  return [...new Set(found)];
}

const interpolated = (string: string): string =>
  [...string.matchAll(/(?<!''|[\\$])\$\{([^}]*)\}/g)].map(([, code = ""]) => ` ${code} `).join("") || " ";
