// Compiles a query into a function with graphql-jit, which answers some queries differently from
// GraphQL.js. For queries with @skip or @include this file corrects the difference; the other
// queries that differ are not compiled.

import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  separateOperations,
  typeFromAST,
  visit,
  type ArgumentNode,
  type DirectiveNode,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type ValueNode,
} from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';

export type { CompiledQuery };

/** An operation that can be compiled, with the fragments that it uses. */
export interface CompilableQuery {
  readonly document: DocumentNode;
  /** Names of the variables that @skip and @include depend on. */
  readonly conditions: readonly string[];
}

/**
 * Returns the operation without the document's other operations, or undefined if graphql-jit would
 * answer it wrongly.
 */
export function compilableQuery(
  schema: GraphQLSchema,
  whole: DocumentNode,
  operation: OperationDefinitionNode,
): CompilableQuery | undefined {
  const document = separateOperations(whole)[operation.name?.value ?? ''];
  const conditions = new Set<string>();
  let exact = (operation.variableDefinitions ?? []).every(({ type }) => {
    const named = typeFromAST(schema, type);
    return named !== undefined && isCoercedTwiceAlike(named as GraphQLInputType);
  });
  visit(document, {
    // In graphql-jit's code an alias `__proto__` would set the prototype of the answer.
    Name: ({ value }) => void (exact &&= value !== '__proto__'),
    Argument: ({ value }) => void (exact &&= COMPILED_VALUES.has(value.kind)),
    Directive: (directive) => {
      const value = conditionOf(directive);
      if (value?.kind === Kind.VARIABLE) conditions.add(value.name.value);
    },
  });
  return exact ? { document, conditions: [...conditions] } : undefined;
}

/**
 * Kinds of values that an argument may have in a compiled query. graphql-jit writes values into the
 * code that it makes and replaces certain texts by code, so texts are not allowed. It also ignores
 * default values within objects that contain variables, so objects are not allowed.
 */
const COMPILED_VALUES: ReadonlySet<Kind> = new Set([
  Kind.VARIABLE,
  Kind.INT,
  Kind.FLOAT,
  Kind.BOOLEAN,
  Kind.ENUM,
  Kind.NULL,
]);

/**
 * Whether a value of the type stays the same when it is coerced a second time. graphql-jit coerces
 * values that GraphQL.js has already coerced.
 */
function isCoercedTwiceAlike(type: GraphQLInputType, within: readonly GraphQLInputType[] = []): boolean {
  const named = getNamedType(type);
  if (isScalarType(named)) return isSpecifiedScalarType(named);
  if (isEnumType(named)) return named.getValues().every(({ name, value }) => name === value);
  if (!isInputObjectType(named)) return false;
  // graphql-jit never finishes with an input type that contains itself.
  if (within.includes(named)) return false;
  return Object.values(named.getFields()).every((field) => isCoercedTwiceAlike(field.type, [...within, named]));
}

/**
 * Compiles the query for the values that its conditions have in `variables`. Returns undefined if
 * graphql-jit cannot compile it. The conditions are applied here, because graphql-jit would store
 * them in nodes that several selections and operations of a document share.
 * @param variables coerced values, with a Boolean for each condition
 */
export function compile(
  schema: GraphQLSchema,
  { document }: CompilableQuery,
  variables: Readonly<Record<string, unknown>>,
): CompiledQuery | undefined {
  const decided = (node: SelectionNode) => {
    const conditions = (node.directives ?? []).filter((directive) => conditionOf(directive) !== undefined);
    if (conditions.length === 0) return undefined;
    if (!conditions.every((directive) => holds(directive, variables))) return null;
    return { ...node, directives: node.directives?.filter((directive) => !conditions.includes(directive)) };
  };
  const plain = visit(document, {
    Field: decided,
    FragmentSpread: decided,
    InlineFragment: decided,
    // Default values were already filled in when the variables were coerced.
    VariableDefinition: (node) => ({ ...node, defaultValue: undefined }),
  });
  const compiled = compileQuery(schema, plain);
  return isCompiledQuery(compiled) ? compiled : undefined;
}

/** Returns the condition of @skip or @include, or undefined for any other directive. */
function conditionOf({ name, arguments: given }: DirectiveNode): ValueNode | undefined {
  if (name.value !== 'skip' && name.value !== 'include') return undefined;
  return given?.find((argument: ArgumentNode) => argument.name.value === 'if')?.value;
}

function holds(directive: DirectiveNode, variables: Readonly<Record<string, unknown>>): boolean {
  const asked = conditionOf(directive);
  const value =
    asked?.kind === Kind.VARIABLE ? variables[asked.name.value] : asked?.kind === Kind.BOOLEAN && asked.value;
  return (value === true) === (directive.name.value === 'include');
}
