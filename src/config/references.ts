/** The value of a setting, or why it is not known: cluster.json may contain an expression of OpenTofu. */
export type Setting = { readonly value: string } | { readonly unseen: string };

/** A name, and not a value that only OpenTofu knows. */
export const isLiteral = (text: string): boolean => !/\$\{|^(local|data|var|module)\.|\(/.test(text);

/** Resolves a setting without OpenTofu, where that is possible. */
export function settled(text: string, env: NodeJS.ProcessEnv): Setting {
  const [, variable] = /^var\.(\w+)$/.exec(text) ?? [];
  if (variable !== undefined) {
    const value = env[`TF_VAR_${variable}`];
    return value === undefined || value === "" ? { unseen: `TF_VAR_${variable} is not set` } : { value };
  }
  return isLiteral(text) ? { value: text } : { unseen: `only OpenTofu knows ${text}` };
}

/** Resolves several settings, without duplicates. */
export function settledAll(
  texts: readonly string[],
  env: NodeJS.ProcessEnv,
): { readonly values: string[]; readonly unseen: string[] } {
  const all = [...new Set(texts)].map((text) => settled(text, env));
  const values = all.flatMap((one) => ("value" in one ? [one.value] : []));
  const unseen = all.flatMap((one) => ("unseen" in one ? [one.unseen] : []));
  return { values: [...new Set(values)], unseen: [...new Set(unseen)] };
}
