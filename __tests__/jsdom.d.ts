/** The little of it that tests use. */
declare module "jsdom" {
  interface Element {
    readonly textContent: string;
    getAttribute(name: string): string | null;
  }

  export class JSDOM {
    /** @throws Error when XML is not well-formed */
    public constructor(text: string, options: { readonly contentType: "image/svg+xml" });
    public readonly window: {
      readonly document: {
        readonly documentElement: Element;
        querySelector(selector: string): Element | null;
        querySelectorAll(selector: string): ArrayLike<Element> & Iterable<Element>;
      };
    };
  }
}
