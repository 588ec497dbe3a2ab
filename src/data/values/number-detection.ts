// Finds out whether a column has numbers, and their decimal mark, from all its values.

import type { DecimalMark } from './numbers';

export type NumberFinding =
  /** `currencies`: those that were named. `whole`: no value has a fraction. */
  | { readonly decimal: DecimalMark; readonly currencies: readonly string[]; readonly whole: boolean }
  /** All values could have either mark, such as 1,234. The separator of the file is a hint. */
  | { readonly ambiguous: true; readonly currencies: readonly string[]; readonly example: string }
  /** `none` is the reason. */
  | { readonly none: string; readonly example: string };

/** Give it all values that are not null. */
export class NumberDetection {
  add(_text: string): void {
    return;
  }

  result(): NumberFinding {
    return { none: 'not yet', example: '' };
  }
}
