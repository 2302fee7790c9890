import type * as z from "zod";
import { group, list, text } from "./kinds";

export const HostFilesSchema = group({
  /**
   * Markdown files of people, relative to the working directory, in which the list of nodes is kept up to date between
   * a line `<!-- k3s-nodes:start -->` and a line `<!-- k3s-nodes:end -->`. Nothing else in them is touched.
   * @default - none
   */
  documents: list(text("k8s/README.md"), ["k8s/README.md"]).default([]),
});

/** What is kept up to date beside the files of the hosts. */
export interface HostFilesSettings extends Readonly<z.input<typeof HostFilesSchema>> {}
