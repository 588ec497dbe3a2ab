// Finds the format of a column of dates from all its values.

export type DateFinding =
  /** `zoned`: the times name their zone. `dateOnly`: there is no time of day. */
  | { readonly format: string; readonly dateOnly: boolean; readonly zoned: boolean }
  | {
      readonly ambiguous: readonly [string, string];
      readonly example: string;
      readonly readings: readonly [string, string];
    }
  /** `none` is the reason. `example` is a value that no format reads. */
  | { readonly none: string; readonly example: string };

/** Give it all values that are not null. */
export class DateDetection {
  add(_text: string): void {
    return;
  }

  result(): DateFinding {
    return { none: 'not yet', example: '' };
  }
}
