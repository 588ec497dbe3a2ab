// Compiles one query to a function with graphql-jit. Some queries would be answered differently
// from GraphQL.js: those with @skip and @include are mended here, the others are not compiled.

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

/** One operation that can be compiled, with the fragments that it reaches. */
export interface CompilableQuery {
  readonly document: DocumentNode;
  /** Names of the variables that @skip and @include depend on. */
  readonly conditions: readonly string[];
}

/** The operation alone; undefined: graphql-jit would get something in it wrong. */
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
    // An alias `__proto__` would set the prototype of the answer in graphql-jit's code.
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
 * code that it makes and replaces certain texts by code, so no text may be among them. It also
 * forgets defaults within objects that hold variables.
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
 * Whether coercing a value of the type again changes nothing. graphql-jit coerces what GraphQL.js
 * has coerced before.
 */
function isCoercedTwiceAlike(type: GraphQLInputType, within: readonly GraphQLInputType[] = []): boolean {
  const named = getNamedType(type);
  if (isScalarType(named)) return isSpecifiedScalarType(named);
  if (isEnumType(named)) return named.getValues().every(({ name, value }) => name === value);
  if (!isInputObjectType(named)) return false;
  // graphql-jit does not end on an input type that contains itself.
  if (within.includes(named)) return false;
  return Object.values(named.getFields()).every((field) => isCoercedTwiceAlike(field.type, [...within, named]));
}

/**
 * Compiles the query for these values of its conditions; undefined: graphql-jit cannot. The
 * conditions are applied here. graphql-jit would keep them in nodes that several places and
 * operations of a document share.
 * @param variables coerced, with a Boolean for each condition
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
    // Defaults were filled in when the variables were coerced.
    VariableDefinition: (node) => ({ ...node, defaultValue: undefined }),
  });
  const compiled = compileQuery(schema, plain);
  return isCompiledQuery(compiled) ? compiled : undefined;
}

/** The condition of @skip or @include; undefined: another directive. */
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
