/**
 * Settings are inferred from schemas of Zod. TypeDoc takes the schema of a setting for its default value, and shows a type
 * of Zod as the ancestor of each group.
 */
import { Converter } from "typedoc";

/** @param {import("typedoc").Application} app */
export function load(app) {
  const withoutSchema = ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      if (reflection.defaultValue === "...") delete reflection.defaultValue;
      if (reflection.inheritedFrom?.name.startsWith("Readonly.")) delete reflection.inheritedFrom;
      if (reflection.extendedTypes?.some(({ name }) => name === "Readonly")) {
        delete reflection.extendedTypes;
        delete reflection.typeHierarchy;
      }
    }
  };
  // After TypeDoc's own listeners, which look for inherited members.
  app.converter.on(Converter.EVENT_RESOLVE_END, withoutSchema, -10_000);
}
