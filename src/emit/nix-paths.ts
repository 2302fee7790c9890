/** Comments, and both kinds of strings, of which only what is interpolated may hold paths. */
const OTHER_THAN_CODE = /#[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\]|\\[^])*"|''(?:''['$]|''\\[^]|'(?!')|[^'])*''/g;

/** A path as Nix reads one, relative to its file: not absolute, of the home folder, of `<…>`, or in a URL. */
const PATH = /(?<![\w.+~/<:-])[\w.+-]+(?:\/[\w.+-]+)*\/?(?:[\w.+-]+)?/g;

/**
 * Relative paths that a Nix expression names, as `./registries.yaml` or `../modules`; of one that is computed, such as
 * `./${name}.nix`, the folder.
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
