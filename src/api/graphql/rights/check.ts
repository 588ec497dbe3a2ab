// Checks an operation against the rights of whoever sent it, before it runs. The document alone
// decides: variables are not read, and what @skip or @include leaves out counts too. Whose data is
// read is checked by resolvers, with `checkCustomer`.

import {
  getOperationAST,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { Principal } from '../../../access/principal';
import { VitrineError } from '../../../errors';
import { rightOf, type Right } from './table';

/** One right that an operation needs, and the first field that needs it. */
export interface Need extends Right {
  /** `Type.field`. */
  readonly field: string;
}

export interface OperationRights {
  readonly needs: readonly Need[];
  /** Whether the answer depends on who asks: it has data of a customer, or writes. */
  readonly personal: boolean;
}

export interface OperationToAllow {
  readonly schema: GraphQLSchema;
  /** Valid against the schema. */
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
}

export interface RightsCheck {
  rightsOf(operation: OperationToAllow): OperationRights;
  /**
   * @throws VitrineError FORBIDDEN that names a field and the scope that it needs
   */
  check(operation: OperationToAllow, principal: Principal): void;
}

/**
 * The check remembers what documents need, and whom it has allowed, since clients send the same
 * documents again and again.
 */
export function createRightsCheck(): RightsCheck {
  const known = new WeakMap<DocumentNode, Map<string, OperationRights>>();

  function rightsOf({ schema, document, operationName }: OperationToAllow): OperationRights {
    const byName = known.get(document) ?? new Map<string, OperationRights>();
    known.set(document, byName);
    const name = operationName ?? '';
    let rights = byName.get(name);
    if (!rights) byName.set(name, (rights = findRights(schema, document, operationName)));
    return rights;
  }

  return {
    rightsOf,
    check(operation, principal) {
      if (principal.kind === 'open') return;
      for (const need of rightsOf(operation).needs) if (!isAllowed(need, principal)) throw refusal(need, principal);
    },
  };
}

function isAllowed({ scope, own }: Right, { scopes, customerId }: Principal): boolean {
  return scopes.has(scope) || (own && customerId !== null);
}

function refusal({ field, scope }: Need, { name, scopes }: Principal): VitrineError {
  const held = [...scopes].join(', ') || 'no scope';
  return new VitrineError('FORBIDDEN', `${field} needs the scope ${scope}; the key "${name}" has ${held}`);
}

/** Visits the operation and each fragment that it reaches once. */
function findRights(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): OperationRights {
  const operation = getOperationAST(document, operationName);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const needs = new Map<string, Need>();
  const reached = new Set<string>();
  const waiting: (OperationDefinitionNode | FragmentDefinitionNode)[] = operation ? [operation] : [];
  for (let part = waiting.pop(); part; part = waiting.pop()) {
    const info = new TypeInfo(schema);
    visit(
      part,
      visitWithTypeInfo(info, {
        Field(node) {
          const type = info.getParentType()?.name ?? '';
          const right = rightOf(type, node.name.value);
          if (!right) return;
          const key = `${right.scope} ${right.own}`;
          if (!needs.has(key)) needs.set(key, { ...right, field: `${type}.${node.name.value}` });
        },
        FragmentSpread({ name }) {
          const fragment = fragments.get(name.value);
          if (!fragment || reached.has(name.value)) return;
          reached.add(name.value);
          waiting.push(fragment);
        },
      }),
    );
  }
  const all = [...needs.values()];
  const personal = all.some(({ scope }) => scope !== 'catalogue:read');
  return { needs: all, personal };
}
