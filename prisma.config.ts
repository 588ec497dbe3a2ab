// Tells Prisma's own command line where the schema, the migrations and the database are. The program itself does not
// read this file: it applies the migrations by itself (src/data/postgres/migrate.ts), with the same bookkeeping.

import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Empty where it is not set, since `generate` needs no database; `migrate deploy` then says what is missing.
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
