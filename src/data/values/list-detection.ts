// Finds out whether the cells of a column hold several values, and what separates them.

/** Give it all values that are not null. */
export class ListDetection {
  add(_text: string): void {
    return;
  }

  /** The separator, 'list' for lists in brackets, undefined for single values. */
  result(): string | undefined {
    return undefined;
  }
}
