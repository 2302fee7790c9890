/** The last line of a terminal, which says what runs and for how long. A pipe and a file get none of it. */
import { oneLine } from "./printable";
import { cutToLine, wrapped } from "./wrap";

/** Back to the beginning of the line, and erases it (ECMA-48, EL). The cursor is never hidden, so nothing has to show it again. */
const ERASE = "\r\u001b[K";

const TICK_MILLISECONDS = 1000;

export class StatusLine {
  private text: (() => string) | undefined;
  private ticks: NodeJS.Timeout | undefined;

  public constructor(private readonly stream: NodeJS.WriteStream) {}

  /** Shows a text, which is asked for again each second, until `hide`. */
  public show(text: () => string): void {
    if (!this.isTerminal) return;
    this.text = text;
    this.draw();
    this.ticks ??= setInterval(() => this.draw(), TICK_MILLISECONDS).unref();
  }

  public hide(): void {
    if (this.text === undefined) return;
    this.text = undefined;
    clearInterval(this.ticks);
    this.ticks = undefined;
    this.stream.write(ERASE);
  }

  /** Writes a line above it. @param hang - begins the further lines, if the terminal is narrower */
  public print(line: string, hang = ""): void {
    const lines = this.stream.isTTY ? wrapped(line, this.columns, hang) : [line];
    this.stream.write(`${this.text === undefined ? "" : ERASE}${lines.join("\n")}\n`);
    this.draw();
  }

  /** Shows what runs, until it has ended. */
  public async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.show(since(what));
    try {
      return await work();
    } finally {
      this.hide();
    }
  }

  /** Whether lines can be updated in place. */
  private get isTerminal(): boolean {
    return this.stream.isTTY && process.env.TERM !== "dumb";
  }

  private draw(): void {
    if (this.text === undefined) return;
    // One column less: a full line would make the terminal scroll.
    this.stream.write(`${ERASE}${cutToLine(oneLine(this.text()), this.columns - 1)}`);
  }

  private get columns(): number {
    // A terminal that does not know its size says 0.
    return this.stream.columns || 80;
  }
}

/** Something that begins now, with the time that it takes. */
export function since(what: string): () => string {
  const elapsed = stopwatch();
  return () => `${what} ... ${inWords(elapsed())}`;
}

/** Starts now. @returns the seconds that have passed */
export function stopwatch(): () => number {
  const begin = performance.now();
  return () => (performance.now() - begin) / 1000;
}

/** `5 s`, `12 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function inWords(seconds: number, digits = 0): string {
  if (seconds < 60) return `${seconds.toFixed(digits)} s`;
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (hours < 1) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return days < 1 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}
