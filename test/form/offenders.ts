// Says which offenders a rule of form has found, and how to mend them.

export interface Rule {
  readonly expected: string;
  /** How to mend an offender. */
  readonly mend: string;
}

/** Gives '' if there are no offenders. */
export function report({ expected, mend }: Rule, offenders: readonly string[]): string {
  if (offenders.length === 0) return '';
  return [`Expected: ${expected}. Found ${offenders.length}:`, ...indented(offenders), `To mend it: ${mend}.`].join(
    '\n',
  );
}

/** For a rule that a few sentences may break: `most` of `per` sentences. Gives '' up to there. */
export function reportRate(
  rule: Rule,
  offenders: readonly string[],
  sentences: number,
  { most, per }: { readonly most: number; readonly per: number },
): string {
  if (offenders.length * per <= most * sentences) return '';
  return report({ ...rule, expected: `${rule.expected} in at most ${most} of ${per} sentences` }, offenders);
}

function indented(offenders: readonly string[]): string[] {
  return offenders.map((offender) => `  ${offender}`);
}
