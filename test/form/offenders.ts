// Reports the offenders that a rule of form has found, and how to fix them.

export interface Rule {
  readonly expected: string;
  /** Says how to fix an offender. */
  readonly mend: string;
}

/** Returns '' if there are no offenders. */
export function report({ expected, mend }: Rule, offenders: readonly string[]): string {
  if (offenders.length === 0) return '';
  return [`Expected: ${expected}. Found ${offenders.length}:`, ...indented(offenders), `To mend it: ${mend}.`].join(
    '\n',
  );
}

/**
 * Reports a rule that up to `most` in `per` sentences may break. Returns '' if no more sentences
 * than that break the rule.
 */
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
