import type * as z from "zod";
import { HOSTS_FOLDER, HOSTS_FOLDERS } from "../names";
import { group, list, matching, text } from "./kinds";

export const HostFilesSchema = group({
  /**
   * Folder of the hosts' files, next to `main.ts`: `nix`, and for each further cluster of the app `nix-` and a name. The folder stays when
   * another cluster is added, and the default state of OpenTofu is named after it.
   * @default "nix"
   */
  folder: matching(HOSTS_FOLDERS, "nix, or nix- and a name of a-z, 0-9 and -", "nix-lab").default(
    HOSTS_FOLDER,
  ),
  /**
   * Markdown files of yours, relative to the working directory. Synth keeps a list of the nodes up to date in them, between
   * the lines `<!-- k3s-nodes:start -->` and `<!-- k3s-nodes:end -->`, and changes nothing else.
   * @default - none
   */
  documents: list(text("k8s/README.md"), ["k8s/README.md"]).default([]),
});

/** What a synth keeps up to date in addition to the hosts' files. */
export interface HostFilesSettings extends Readonly<z.input<typeof HostFilesSchema>> {}
