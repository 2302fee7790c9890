import { Animations } from "./animations";
import { COLUMNS, type Line, type Run } from "./screen";
import type { Shot } from "./timeline";

/** Of the window; what is longer scrolls. */
const ROWS = 33;

/** Pixels. */
const CELL = { width: 9.6, height: 20 };
const MARGIN = 24;
const BAR = 52;
const WIDTH = COLUMNS * CELL.width + 2 * MARGIN;
const TOP = BAR + 14;
const HEIGHT = TOP + ROWS * CELL.height + 14;
const GAP = 6;

const PALETTE = [
  ...["#6e7681", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#e6edf3"],
  ...["#8b949e", "#ffa198", "#7ee787", "#f2cc60", "#a5d6ff", "#e2c5ff", "#9be9f0", "#ffffff"],
];

/**
 * A terminal that shows one shot after another, again and again. Without animation, which a reader may have turned off, it
 * shows the end of the last.
 */
export function renderSession(title: string, shots: readonly Shot[]): string {
  const animations = new Animations(shots.at(-1)?.to ?? 0);
  const captions = shots.map((_, index) => renderCaption(shots, index, animations));
  const screens = shots.map((shot, index) => renderShot(shot, index === shots.length - 1, animations));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">${escape(title)}</title>
<style>
text { font: 16px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; fill: #d1d7e0; white-space: pre; }
.caption { font: 600 17px system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; fill: #f0f6fc; }
.bold { font-weight: 700; fill: #f0f6fc; }
.dim { opacity: 0.7; }
.early { opacity: 0; }
${PALETTE.map((colour, index) => `.c${index} { fill: ${colour}; }`).join("\n")}
@media (prefers-reduced-motion: no-preference) {
${animations.rules().join("\n")}
}
</style>
<clipPath id="window"><rect y="${TOP}" width="${WIDTH}" height="${ROWS * CELL.height}"/></clipPath>
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="10" fill="#161b22" stroke="#3d444d"/>
<path d="M1 ${BAR}V10A9 9 0 0 1 10 1H${WIDTH - 10}A9 9 0 0 1 ${WIDTH - 1} 10V${BAR}Z" fill="#21262d"/>
${[...captions, ...screens].join("\n")}
</svg>
`;
}

/** What is shown, and its place in the row of all. */
function renderCaption(shots: readonly Shot[], index: number, animations: Animations): string {
  const { from, to, caption } = shots[index] as Shot;
  const width = (WIDTH - 2 * MARGIN + GAP) / shots.length;
  const bar = `x="${round(MARGIN + index * width)}" y="${BAR - 4}" width="${round(width - GAP)}" height="4"`;
  const names = classes(index < shots.length - 1 && "early", animations.shown(from, to));
  return `<rect ${bar} fill="#3d444d"/>
<g${names}><rect ${bar} fill="#58a6ff"/><text x="${MARGIN}" y="32" class="caption">${escape(caption)}</text></g>`;
}

function renderShot({ from, to, appearances }: Shot, isLast: boolean, animations: Animations): string {
  const moves = appearances.map(({ at, row, lines }) => ({
    at,
    pixels: Math.max(0, row + lines.length - ROWS) * CELL.height,
  }));
  const groups = appearances.map(({ lines, row, at }) => {
    const texts = lines.flatMap((line, index) => renderLine(line, row + index));
    return `<g${classes(animations.shown(at, to))}>\n${texts.join("\n")}\n</g>`;
  });
  return `<g clip-path="url(#window)"><g class="shot"><g${classes(!isLast && "early", animations.shown(from, to))}>
<g${classes(animations.scrolled(moves))} style="transform: translateY(${-(moves.at(-1)?.pixels ?? 0)}px)">
${groups.join("\n")}
</g></g></g></g>`;
}

/** Every word is as wide as its cells, whatever the reader's font is. */
const renderLine = (line: Line, row: number): string[] =>
  line.map(({ text, column, ...style }: Run) => {
    const place = `x="${round(MARGIN + column * CELL.width)}" y="${TOP + row * CELL.height + 15}"`;
    const width = `textLength="${round(text.length * CELL.width)}" lengthAdjust="spacingAndGlyphs"`;
    return `<text ${place} ${width}${styled(style)}>${escape(text)}</text>`;
  });

const styled = ({ colour, bold, dim }: Omit<Run, "text" | "column">): string =>
  classes(colour !== undefined && `c${colour}`, bold && "bold", dim && "dim");

function classes(...names: readonly (string | false)[]): string {
  const given = names.filter((name) => name !== false);
  return given.length === 0 ? "" : ` class="${given.join(" ")}"`;
}

const round = (pixels: number): number => Number(pixels.toFixed(1));

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** The text of each shot, as `textOf` a line has it. */
export function textsIn(svg: string): string[][] {
  return svg
    .split('<g class="shot">')
    .slice(1)
    .map((shot) => {
      const lines: string[] = [];
      for (const [, x, y, text = ""] of shot.matchAll(/<text x="([\d.]+)" y="(\d+)"[^>]*>([^<]*)</g)) {
        const row = (Number(y) - 15 - TOP) / CELL.height;
        const column = Math.round((Number(x) - MARGIN) / CELL.width);
        lines[row] = (lines[row] ?? "").padEnd(column) + unescape(text);
      }
      return Array.from(lines, (line: string | undefined) => line ?? "");
    });
}

const unescape = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&amp;", "&");
