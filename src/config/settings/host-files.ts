import type * as z from "zod";
import { group, list, text } from "./kinds";

export const HostFilesSchema = group({
  /**
   * Markdown files of yours, relative to the working directory. Synth keeps a list of the nodes up to date in them, between
   * the lines `<!-- k3s-nodes:start -->` and `<!-- k3s-nodes:end -->`, and changes nothing else.
   * @default - none
   */
  documents: list(text("k8s/README.md"), ["k8s/README.md"]).default([]),
});

/** What a synth keeps up to date in addition to the hosts' files. */
export interface HostFilesSettings extends Readonly<z.input<typeof HostFilesSchema>> {}
