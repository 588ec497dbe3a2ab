// Compares the offenders of a rule with today's list of exceptions.

export interface Offender {
  /** The name in the list of exceptions. It has no lines or counts, since these change often. */
  readonly name: string;
  /** Place and number, for the message. */
  readonly found: string;
}

export interface Rule {
  readonly expected: string;
  /** How to mend an offender. */
  readonly mend: string;
}

/** Reports new offenders, and exceptions that no longer offend. Gives '' if there are none. */
export function compare(rule: Rule, offenders: readonly Offender[], listed: readonly string[]): string {
  const names = new Set(offenders.map(({ name }) => name));
  const fresh = offenders.filter(({ name }) => !listed.includes(name));
  const stale = listed.filter((name, i) => !names.has(name) || listed.indexOf(name) !== i);
  const parts: string[] = [];
  if (fresh.length > 0) {
    parts.push(`Expected: ${rule.expected}. Found ${fresh.length} new:`, ...fresh.map(({ found }) => `  ${found}`));
    parts.push(`To mend it: ${rule.mend}.`);
  }
  if (stale.length > 0) {
    parts.push(
      'These no longer offend, or are listed twice. Take them off the list in test/form/exceptions.ts:',
      ...stale.map((name) => `  ${name}`),
    );
  }
  return parts.join('\n');
}

export interface Rate {
  /** The rate counts offenders per this many sentences: 100 or 1,000. */
  readonly per: number;
  readonly limit: number;
  /** Today's rate, rounded up. It may only fall. */
  readonly ceiling: number;
}

/** Reports a rate above its ceiling, or so far below it that the ceiling must fall. */
export function compareRate(
  rule: Rule,
  offenders: readonly Offender[],
  sentences: number,
  { per, limit, ceiling }: Rate,
): string {
  const actual = (offenders.length / sentences) * per;
  const came = `${offenders.length} of ${sentences} sentences, ${actual.toFixed(2)} per ${per}`;
  if (actual > ceiling) {
    const found = offenders.map((offender) => `  ${offender.found}`);
    return [
      `Expected: ${rule.expected}, and today no more than ${ceiling} per ${per}. Came: ${came}:`,
      ...found,
      `To mend it: ${rule.mend}.`,
    ].join('\n');
  }
  if (ceiling > limit && actual < 0.9 * ceiling) {
    const lower = Math.max(limit, Math.ceil(actual * 10) / 10);
    return `The ceiling in test/form/exceptions.ts is ${ceiling}. Came: ${came}. Lower it to ${lower}.`;
  }
  return '';
}
