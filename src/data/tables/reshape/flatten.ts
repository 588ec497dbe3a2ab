// Objects as rows of cells: objects within objects become columns such as `price.amount`.

/**
 * Calls `visit` with each value that is no object, and the names on the way to it, joined by dots.
 */
export function flattenObject(
  object: object,
  isObject: (value: unknown) => value is object,
  visit: (name: string, value: unknown) => void,
  prefix = '',
): void {
  const entries: Iterable<[string, unknown]> =
    object instanceof Map ? (object as ReadonlyMap<string, unknown>) : Object.entries(object);
  for (const [key, value] of entries) {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (isObject(value)) flattenObject(value, isObject, visit, name);
    else visit(name, value);
  }
}
