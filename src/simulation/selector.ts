/** What selectors of Kubernetes take (apimachinery, pkg/apis/meta/v1, LabelSelector; core/v1, NodeSelectorTerm). */

export type Labels = Readonly<Record<string, string>>;

export const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] as const;

export interface Requirement {
  readonly key: string;
  readonly operator: (typeof OPERATORS)[number];
  readonly values?: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly Requirement[];
}

export interface NodeTerm {
  /** On the node's labels. */
  readonly matchExpressions?: readonly Requirement[];
  /** On its name, which is the only field there is. */
  readonly matchFields?: readonly Requirement[];
}

/** Whether a selector takes an object with these labels; one without requirements takes all. */
export const selects = (
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Labels,
): boolean =>
  Object.entries(matchLabels).every(([key, value]) => valueOf(labels, key) === value) &&
  matchExpressions.every((each) => isMet(each, labels));

/** Whether one of the terms takes the node; a term without requirements takes none. */
export const takesNode = (
  terms: readonly NodeTerm[],
  { name, labels }: { readonly name: string; readonly labels: Labels },
): boolean =>
  terms.some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.length + matchFields.length > 0 &&
      matchExpressions.every((each) => isMet(each, labels)) &&
      matchFields.every((each) => isMet(each, { "metadata.name": name })),
  );

function isMet({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = valueOf(labels, key);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return Number(value) > Number(values[0]);
    case "Lt":
      return Number(value) < Number(values[0]);
  }
}

/** A label may have the name of a method. */
const valueOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;
