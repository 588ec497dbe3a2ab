// The error of one item of a batch, where the other items may have succeeded.

import { Field, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'Why nothing was done about one of several items.' })
export class ItemError {
  @Field((_type) => String, { description: 'One of the codes of docs/errors.md.' })
  code!: string;

  @Field((_type) => String, { description: 'What was expected, what came, and what to do.' })
  message!: string;

  @Field((_type) => String, { nullable: true, description: 'Which field of the input it is about.' })
  field!: string | null;
}
