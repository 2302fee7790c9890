/** CSS that lets parts of a picture come and go, in turns of that many seconds. */
export class Animations {
  private readonly names = new Map<string, string>();

  public constructor(private readonly seconds: number) {}

  /** Class of what is visible only then. */
  public shown(from: number, to: number): string {
    return this.named([
      { at: 0, is: "opacity: 0" },
      { at: from, is: "opacity: 1" },
      { at: to, is: "opacity: 0" },
    ]);
  }

  /** Class of what moves up by so many pixels then. */
  public scrolled(moves: readonly { readonly at: number; readonly pixels: number }[]): string {
    return this.named(
      [{ at: 0, pixels: 0 }, ...moves].map(({ at, pixels }) => ({
        at,
        is: `transform: translateY(${-pixels}px)`,
      })),
    );
  }

  public rules(): string[] {
    return [...this.names].map(
      ([keyframes, name]) =>
        `.${name} { animation: ${name} ${Number(this.seconds.toFixed(2))}s step-end infinite; }\n@keyframes ${name} { ${keyframes} }`,
    );
  }

  private named(states: readonly { readonly at: number; readonly is: string }[]): string {
    // Of two states at one time the later counts, as in CSS.
    const keyframes = states
      .map(({ at, is }) => `${Number(((100 * at) / this.seconds).toFixed(2))}% { ${is}; }`)
      .join(" ");
    const name = this.names.get(keyframes) ?? `a${this.names.size}`;
    this.names.set(keyframes, name);
    return name;
  }
}
