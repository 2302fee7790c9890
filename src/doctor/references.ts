/** A setting that OpenTofu may know only later, as cluster.json writes it. */
export type Setting = { readonly value: string } | { readonly unseen: string };

/** What the setting is, where it can be known without OpenTofu. */
export function settled(text: string, env: NodeJS.ProcessEnv): Setting {
  const [, variable] = /^var\.(\w+)$/.exec(text) ?? [];
  if (variable !== undefined) {
    const value = env[`TF_VAR_${variable}`];
    return value === undefined || value === "" ? { unseen: `TF_VAR_${variable} is not set` } : { value };
  }
  return /\$\{|^(local|data|var|module)\.|\(/.test(text)
    ? { unseen: `OpenTofu alone knows ${text}` }
    : { value: text };
}

/** The same of many, each once. */
export function settledAll(
  texts: readonly string[],
  env: NodeJS.ProcessEnv,
): { readonly values: string[]; readonly unseen: string[] } {
  const all = [...new Set(texts)].map((text) => settled(text, env));
  const values = all.flatMap((one) => ("value" in one ? [one.value] : []));
  const unseen = all.flatMap((one) => ("unseen" in one ? [one.unseen] : []));
  return { values: [...new Set(values)], unseen: [...new Set(unseen)] };
}
