// Packs the rows of a statement into one cell of JSON. Prisma reads one long text much faster than
// many cells, and numbers and times are the same in any database's settings.

import { Prisma } from '../prisma/client';

/**
 * How a value is written in JSON: as it is; as a number that may be NaN or infinite, which JSON
 * writes as a text; or as a time in Unix milliseconds.
 */
export type Form = 'value' | 'real' | 'time';

/** The fields of a row, in the order of its cells. */
export interface Shape<Row> {
  readonly forms: readonly (readonly [keyof Row & string, Form])[];
  readonly cells: Prisma.Sql;
}

export function shapeOf<Row>(forms: Readonly<Record<keyof Row & string, Form>>): Shape<Row> {
  const entries = Object.entries(forms) as [keyof Row & string, Form][];
  const cells = entries.map(([field, form]) =>
    form === 'time' ? `extract(epoch FROM r."${field}") * 1000` : `r."${field}"`,
  );
  return { forms: entries, cells: Prisma.raw(cells.join(', ')) };
}

/** @param select its columns have the names of the fields; its order is kept */
export function pack(shape: Shape<never>, select: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT coalesce(json_agg(json_build_array(${shape.cells})), '[]')::text AS packed FROM (${select}) AS r`;
}

export function unpack<Row>({ forms }: Shape<Row>, packed: string): Row[] {
  const rows = JSON.parse(packed) as unknown[][];
  return rows.map((cells) => {
    const row: Record<string, unknown> = {};
    for (let i = 0; i < forms.length; i++) {
      const [field, form] = forms[i];
      row[field] = form === 'value' ? cells[i] : form === 'real' ? real(cells[i]) : time(cells[i]);
    }
    return row as Row;
  });
}

/** Reads a number that JSON may hold as a text: "NaN" or "Infinity". */
export function real(cell: unknown): number | null {
  return cell === null ? null : Number(cell);
}

function time(cell: unknown): Date | null {
  return cell === null ? null : new Date(Number(cell));
}
