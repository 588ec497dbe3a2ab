// The scopes: what a key may be allowed to do. Keys hold them, and every operation and sensitive
// field of the API asks for one.

export const SCOPES = [
  'catalogue:read',
  'recommend',
  'events:write',
  'customers:read',
  'catalogue:write',
  'rules:write',
  'admin',
] as const;

export type Scope = (typeof SCOPES)[number];

/** What each scope allows, for people who choose. */
export const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  'catalogue:read': 'read articles, search, similar and trending articles',
  recommend: 'ask for recommendations; includes catalogue:read',
  'events:write': 'record purchases and events',
  'customers:read': 'read customers, what is known of them and what they bought',
  'catalogue:write': 'change and hide articles; includes catalogue:read',
  'rules:write': 'change scenarios and experiments; includes recommend',
  admin: 'everything, also keys, the schema, metrics and the report',
};

/** A scope and those that it includes. */
const INCLUDED: Readonly<Record<Scope, readonly Scope[]>> = {
  'catalogue:read': [],
  recommend: ['catalogue:read'],
  'events:write': [],
  'customers:read': [],
  'catalogue:write': ['catalogue:read'],
  'rules:write': ['recommend', 'catalogue:read'],
  admin: SCOPES,
};

/** All scopes that these scopes allow. */
export function withIncluded(scopes: Iterable<Scope>): ReadonlySet<Scope> {
  const all = new Set<Scope>();
  for (const scope of scopes) for (const one of [scope, ...INCLUDED[scope]]) all.add(one);
  return all;
}

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}

/** A publishable key stands in pages that anyone can read. It may hold these scopes only. */
export const PUBLISHABLE_SCOPES = ['catalogue:read', 'recommend', 'events:write'] as const satisfies readonly Scope[];
